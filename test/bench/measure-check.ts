// Checks each compose file as a stack of its own by the static rules, out of the build that `tenantry` runs, and prints as JSON how
// long that took after the start and what was found. Arguments: the bundles of src/cli/compliance/read-stack.ts and src/compliance/check.ts, a file that lists the stacks.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { requestOf } from '../compliance/stack-case.ts'

type Read = typeof import('../../src/cli/compliance/read-stack.ts')
type Check = typeof import('../../src/compliance/check.ts')

const [readBundle = '', checkBundle = '', list = ''] = process.argv.slice(2)
const { readStack } = (await import(pathToFileURL(readBundle).href)) as Read
const { checkStack } = (await import(pathToFileURL(checkBundle).href)) as Check
const files = readFileSync(list, 'utf8').split('\n').filter(Boolean)
const request = requestOf({ asked: ['files'] })

const modelIn = (file: string) => {
  const stack = readStack([file], { envFiles: [], environment: {} })
  if (!stack.ok) throw new Error(JSON.stringify(stack.issues))
  return stack.value.model
}

const started = performance.now()
const found = files.map((file) => {
  const { open, rules } = checkStack({ ...request, model: modelIn(file) })
  return { file, rules, findings: open.map(({ finding }) => [finding.rule, finding.subject.service ?? '']) }
})
const seconds = (performance.now() - started) / 1000
process.stdout.write(JSON.stringify({ seconds, found }))
