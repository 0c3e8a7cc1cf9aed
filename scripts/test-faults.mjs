// The whole fault matrix: every fault at every step, with the table of what came of it.
// `--write` keeps the result in git for the README; `--rounds N` kills N of the four victims at each call instead of all.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled, root, run } from './setup.mjs'

const args = process.argv.slice(2)
const seed = process.env.TENANTRY_SEED ?? '117916'
const rounds = args.includes('--rounds') ? args[args.indexOf('--rounds') + 1] : '4'
const env = { ...process.env, TENANTRY_FAULTS: 'full', TENANTRY_SEED: seed, TENANTRY_KILL_ROUNDS: rounds }

const npx = (command, more = {}) => run('npx', ['--no-install', ...command], { env: { ...env, ...more } })

/** Every test file of a folder that takes part: it writes rows, or has more cases for this command. */
const testsIn = (folder) =>
  readdirSync(join(root, 'test', folder), { recursive: true })
    .map((name) => join('test', folder, String(name)))
    .filter((file) => file.endsWith('.test.ts') && !file.includes('matrix'))
    .filter((file) => /record-row|TENANTRY_FAULTS|model-shard/.test(readFileSync(join(root, file), 'utf8')))

const runTests = (project, files, more) =>
  files.length === 0 ? 0 : npx(['vitest', 'run', '--project', project, ...files], more)

await ensureInstalled()
const setup = await npx(['tsx', 'scripts/setup-real.ts', 'engine', 'vcsim'])
if (setup !== 0) process.exit(setup)
rmSync(join(root, '.tenantry', 'faults'), { recursive: true, force: true })

const started = Date.now()
// Two engines at a time: each waits for servers half of its time.
const matrix = await Promise.all([
  runTests('faults', ['test/faults/matrix/matrix.test.ts'], { TENANTRY_FAULTS_PART: 'http' }),
  runTests('faults', ['test/faults/matrix/matrix.test.ts'], { TENANTRY_FAULTS_PART: 'kills' }),
])
const rest = [
  await runTests('model', testsIn('faults')),
  await runTests('contract', testsIn('contract')),
  await runTests('integration', testsIn('integration')),
]
const minutes = String(Math.ceil((Date.now() - started) / 60_000))
const kept = args.filter((one) => one === '--write')
const told = await npx(['tsx', 'scripts/report-faults.ts', seed, minutes, ...kept])
if (kept.length > 0) await npx(['tsx', 'scripts/docs.ts'])
const failed = [...matrix, ...rest, told].filter((code) => code !== 0).length
console.log(failed === 0 ? '\nevery case ended in the same state' : `\n${failed} parts of the matrix FAILED`)
process.exitCode = failed === 0 ? 0 : 1
