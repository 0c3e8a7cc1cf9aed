import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readStack } from '../../src/cli/compliance/read-stack.ts'
import { checkStack } from '../../src/compliance/check.ts'
import type { Finding } from '../../src/compliance/finding.ts'
import type { Issue } from '../../src/core/issue.ts'
import { type Evasion, evasions, stackFile } from './evasion-cases.ts'
import { requestOf } from './stack-case.ts'

let folder: string
let count = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-evasions-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What comes of files that go the whole way of the command: read, merged, finished, checked. */
const outcomeOf = ({ files, stacks = ['stack.yml'], environment = {} }: Omit<Evasion, 'finds'>) => {
  count += 1
  const root = join(folder, String(count))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const read = readStack(
    stacks.map((name) => join(root, name)),
    { envFiles: [], environment },
  )
  if (!read.ok) return { root, findings: [], issues: read.issues }
  const { open } = checkStack({ ...requestOf({ asked: ['files'] }), model: read.value.model })
  return { root, findings: open.map(({ finding }) => finding), issues: [] as readonly Issue[] }
}

const codesOf = ({ findings, issues }: ReturnType<typeof outcomeOf>): readonly string[] => [
  ...findings.map(({ rule }) => rule),
  ...issues.map(({ code }) => code),
]

const lineOf = (root: string, files: Evasion['files'], { source }: Pick<Finding, 'source'>) => {
  const name = source.file.slice(root.length + 1)
  return { name, text: files[name]?.split('\n')[source.line - 1] ?? '' }
}

describe('what hides from the checks', () => {
  it('has a twin in which nothing is wrong', () => {
    expect(codesOf(outcomeOf({ files: { 'stack.yml': stackFile() } }))).toEqual([])
  })

  it.each(Object.entries(evasions))('is found: %s', (_, evasion) => {
    const outcome = outcomeOf(evasion)
    expect(codesOf(outcome)).toContain(evasion.finds)
    expect(JSON.stringify(outcome)).not.toMatch(/hunter2|abcdef123456/)
  })

  it.each(Object.entries(evasions).filter(([, { at }]) => at !== undefined))(
    'is found where it stands: %s',
    (_, evasion) => {
      const outcome = outcomeOf(evasion)
      const found = outcome.findings.filter(({ rule }) => rule === evasion.finds)
      const [name, text] = evasion.at ?? []
      const places = found.map((finding) => lineOf(outcome.root, evasion.files, finding))
      expect(places).toContainEqual({ name, text: expect.stringContaining(text ?? '') })
    },
  )
})
