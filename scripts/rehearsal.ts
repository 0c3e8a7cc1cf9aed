// Runs every shipped scenario and writes its plot and its table into docs/rehearsal.md. Takes about a minute.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compare, variantsOf } from '../src/simulate/compare.ts'
import { comparisonRows } from '../src/simulate/comparison-rows.ts'
import { generatedLoad } from '../src/simulate/generated-load.ts'
import { plot } from '../src/simulate/plot.ts'
import type { Scenario } from '../src/simulate/scenario.ts'
import { shippedScenarios } from '../src/simulate/scenarios/shipped.ts'

const docs = join(import.meta.dirname, '..', 'docs')
const page = join(docs, 'rehearsal.md')

const table = (rows: readonly (readonly string[])[]): string => {
  const [head = [], ...rest] = rows
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '--:'))), ...rest.map(line)].join('\n')
}

/** What stands between the marks of a scenario. */
const blockOf = (scenario: Scenario): string => {
  const runs = compare(scenario, variantsOf(scenario), () => generatedLoad(scenario.load))
  writeFileSync(join(docs, 'rehearsal', `${scenario.name}.svg`), plot(scenario, runs))
  const rows = comparisonRows(runs, scenario.prices.currency)
  return `${scenario.about}\n\n![${scenario.title}](rehearsal/${scenario.name}.svg)\n\n${table(rows)}`
}

const begin = (name: string): string => `<!-- ${name}, made by \`npm run rehearsal\`. -->`
const end = (name: string): string => `<!-- End of ${name}. -->`

/** @throws {Error} where the page has no marks for a scenario. */
const withBlock = (text: string, name: string, block: string): string => {
  const [before, rest] = text.split(begin(name))
  const after = rest?.split(end(name))[1]
  if (before === undefined || after === undefined) throw new Error(`docs/rehearsal.md has no ${begin(name)}`)
  return `${before}${begin(name)}\n\n${block}\n\n${end(name)}${after}`
}

mkdirSync(join(docs, 'rehearsal'), { recursive: true })
let text = readFileSync(page, 'utf8')
for (const scenario of shippedScenarios) {
  text = withBlock(text, scenario.name, blockOf(scenario))
  console.log(`${scenario.name} written.`)
}
writeFileSync(page, text)
