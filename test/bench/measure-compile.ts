// One cold measurement in a process of its own: reads, checks and compiles every tenant file of a folder.
import { compile } from '../../src/compile/compile.ts'
import { policyIssues } from '../../src/compile/policy.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'

const [root = ''] = process.argv.slice(2)
const started = performance.now()
const checked = await loadFleet(root)
if (!checked.ok) throw new Error(checked.issues.map(({ code, message }) => `${code} ${message}`).join('\n'))
const read = performance.now()
const tenants = checked.value.tenants.map(({ value }) => value)
let resources = 0
let issues = 0
for (const { value: cluster } of checked.value.clusters)
  for (const state of compile(tenants, cluster).stacks) {
    resources += state.resources.length
    issues += policyIssues(state, cluster.stage).length
  }
const ended = performance.now()
process.stdout.write(
  JSON.stringify({
    readSeconds: (read - started) / 1000,
    compileSeconds: (ended - read) / 1000,
    seconds: (ended - started) / 1000,
    resources,
    issues,
  }),
)
