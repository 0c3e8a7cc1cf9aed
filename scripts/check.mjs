// Everything that must hold before the long tests: each step by name, all run, one verdict.
import { ensureInstalled, run } from './setup.mjs'

await ensureInstalled()
const steps = [
  ['format and lint', ['biome', 'check', '--error-on-warnings', '.']],
  ['types', ['tsc', '--noEmit']],
  ['layers', ['depcruise', '--config', '.dependency-cruiser.mjs', 'src']],
  ['unused code', ['knip']],
  ['generated docs', ['tsx', 'scripts/docs.ts', '--check']],
  // On every core: one is left idle otherwise, on a machine that has two.
  ['fast tests', ['vitest', 'run', '--project', 'unit', '--maxWorkers=100%']],
]
const failed = []
for (const [name, args] of steps) {
  console.log(`\n── ${name}`)
  const started = Date.now()
  const code = await run('npx', ['--no-install', ...args])
  console.log(`${code === 0 ? 'ok' : 'FAILED'}: ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (code !== 0) failed.push(name)
}
if (failed.length > 0) console.error(`\nFailed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
