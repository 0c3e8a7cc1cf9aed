// Everything that must hold before the long tests: each step by name, all run, one verdict.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureInstalled, run } from './setup.mjs'

await ensureInstalled()

/** Steps of one lane run one after another, the lanes beside each other: the compiler keeps one core busy for as long as the others take. */
const lanes = [
  [['types', ['tsc', '--noEmit']]],
  [
    ['format and lint', ['biome', 'check', '--error-on-warnings', '.']],
    ['layers', ['depcruise', '--config', '.dependency-cruiser.mjs', 'src']],
    ['unused code', ['knip']],
    ['generated docs', ['tsx', 'scripts/docs.ts', '--check']],
  ],
]
// On every core: one is left idle otherwise, on a machine that has two. Files of one worker share what they load, which takes a third
// of the time away; `npm test` runs each file for itself.
const tests = ['fast tests', ['vitest', 'run', '--project', 'unit', '--maxWorkers=100%', '--no-isolate']]

const failed = []
const folder = mkdtempSync(join(tmpdir(), 'tenantry-check-'))

/** Runs a step and tells how it ended; `finish` gives its output where that was kept back. */
const step = async ([name, args], options, finish = () => '') => {
  const started = Date.now()
  const code = await run('npx', ['--no-install', ...args], options)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  console.log(`${finish()}${code === 0 ? 'ok' : 'FAILED'}: ${name} (${seconds} s)`)
  if (code !== 0) failed.push(name)
}

/** What steps print at the same time would be mixed: it is shown when they end. */
const quietStep = async (one) => {
  const file = join(folder, one[0])
  const output = openSync(file, 'w')
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  await step(one, { stdio: ['ignore', output, output], env: { ...process.env, ...color } }, () => {
    closeSync(output)
    return `\n── ${one[0]}\n${readFileSync(file, 'utf8')}`
  })
}

const inTurn = async (steps) => {
  for (const one of steps) await quietStep(one)
}

try {
  await Promise.all(lanes.map(inTurn))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`\n── ${tests[0]}`)
await step(tests)
if (failed.length > 0) console.error(`\nFailed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
