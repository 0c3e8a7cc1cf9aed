// The whole fault matrix: every fault at every step, with the table of what came of it.
// `--write` keeps the result in git for the README; `--rounds N` kills N of the four victims at each call instead of all.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled, root, run } from './setup.mjs'

const args = process.argv.slice(2)
const seed = process.env.TENANTRY_SEED ?? '117916'
const rounds = args.includes('--rounds') ? args[args.indexOf('--rounds') + 1] : '4'
const env = { ...process.env, TENANTRY_FAULTS: 'full', TENANTRY_SEED: seed, TENANTRY_KILL_ROUNDS: rounds }

const npx = (command, more = {}) => run('npx', ['--no-install', ...command], { env: { ...env, ...more } })

/** Those of some tests that are there, in one project. */
const runTests = (project, files, more) => {
  const there = files.filter((file) => existsSync(join(root, file)))
  return there.length === 0 ? 0 : npx(['vitest', 'run', '--project', project, ...there], more)
}

await ensureInstalled()
const setup = await npx(['tsx', 'scripts/setup-real.ts', 'engine', 'vcsim'])
if (setup !== 0) process.exit(setup)
rmSync(join(root, '.tenantry', 'faults'), { recursive: true, force: true })

const started = Date.now()
/** Two engines at a time: each waits for servers half of its time. */
const matrix = await Promise.all([
  runTests('faults', ['test/faults/matrix/matrix.test.ts'], { TENANTRY_FAULTS_PART: 'http' }),
  runTests('faults', ['test/faults/matrix/matrix.test.ts'], { TENANTRY_FAULTS_PART: 'kills' }),
])
const rest = [
  await runTests('unit', ['test/faults/model.test.ts']),
  await runTests('contract', [
    'test/contract/lab-faults.test.ts',
    'test/contract/vault-faults.test.ts',
    'test/contract/vsphere-faults.test.ts',
  ]),
  await runTests(
    'integration',
    ['state', 'leases', 'drift', 'vault', 'pools'].map((name) => `test/integration/${name}.test.ts`),
  ),
]
const minutes = String(Math.ceil((Date.now() - started) / 60_000))
const kept = args.filter((one) => one === '--write')
const told = await npx(['tsx', 'scripts/report-faults.ts', seed, minutes, ...kept])
if (kept.length > 0) await npx(['tsx', 'scripts/docs.ts'])
const failed = [...matrix, ...rest, told].filter((code) => code !== 0).length
console.log(failed === 0 ? '\nevery case ended in the same state' : `\n${failed} parts of the matrix FAILED`)
process.exitCode = failed === 0 ? 0 : 1
