import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cataloguePage } from '../src/compliance/catalogue-page.ts'
import { differencesPage } from '../src/compose/differences-page.ts'
import { type GeneratedFile, generatedDocs, withTenantFields } from '../src/load/generated-docs.ts'
import { readFaultResults, withFaultTable } from './fault-table.ts'

const root = join(import.meta.dirname, '..')

const isStale = ({ file, text }: GeneratedFile): boolean => {
  try {
    return readFileSync(join(root, file), 'utf8') !== text
  } catch {
    return true
  }
}

const write = ({ file, text }: GeneratedFile): void => {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

const readme = {
  file: 'README.md',
  text: withFaultTable(
    withTenantFields(readFileSync(join(root, 'README.md'), 'utf8')),
    readFaultResults(root),
  ),
}
const rules = { file: 'docs/compliance-rules.md', text: cataloguePage() }
const differences = { file: 'docs/compose-differences.md', text: differencesPage() }
const stale = [...generatedDocs(), rules, differences, readme].filter(isStale)

if (process.argv.includes('--check')) {
  for (const { file } of stale) console.error(`${file} is stale: run npm run docs.`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  stale.forEach(write)
  for (const { file } of stale) console.log(`${file} written.`)
}
