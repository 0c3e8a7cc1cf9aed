import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { selectStacks } from '../../src/cli/select.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import { generateFleet } from '../fixtures/generate-fleet.ts'
import { median } from './median.ts'

const tenants = 1500
const times = 3

type Applied = typeof import('../../src/cli/applied.ts')

/** The module out of the build that `tenantry` runs, whose digest the records carry. */
const builtApplied = async (): Promise<Applied> => {
  const { ensureBundle } = (await import(
    pathToFileURL(join(checkoutRoot(), 'bin', 'bundle.mjs')).href
  )) as typeof import('../../bin/bundle.mjs')
  return (await import(pathToFileURL(await ensureBundle('cli/applied')).href)) as Applied
}

const writeFleet = (root: string): void => {
  for (const { file, text } of generateFleet(tenants)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
}

/** Makes every stack look applied; tells how many there are. */
const applyAll = async (root: string, environment: NodeJS.ProcessEnv): Promise<number> => {
  const { appliedFolder, recordApplied } = await builtApplied()
  const folder = appliedFolder(environment)
  const fleet = await loadFleet(root)
  if (folder === undefined || !fleet.ok) throw new Error('the generated fleet is wrong')
  const stacks = selectStacks(fleet.value, { organizations: [], clusters: [] })
  for (const state of stacks) await recordApplied(folder, state)
  return stacks.length
}

const up = (root: string, env: NodeJS.ProcessEnv): SpawnSyncReturns<string> =>
  spawnSync(
    process.execPath,
    [join(checkoutRoot(), 'bin', 'tenantry.mjs'), '--root', root, 'up', '--all', '--json'],
    {
      env,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    },
  )

interface Report {
  readonly results: readonly unknown[]
  readonly skipped: readonly unknown[]
}

/** Seconds of one run, which must have left every stack alone. */
const timed = (root: string, environment: NodeJS.ProcessEnv, stacks: number): number => {
  const started = performance.now()
  const { status, stdout, stderr } = up(root, environment)
  const seconds = (performance.now() - started) / 1000
  if (status !== 0) throw new Error(stderr || stdout)
  const report = JSON.parse(stdout) as Report
  if (report.results.length > 0 || report.skipped.length !== stacks)
    throw new Error(`${report.results.length} of ${stacks} stacks were run`)
  return seconds
}

/** `tenantry up` over a fleet with nothing to change: no engine runs. */
export const benchIdle = async (): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
  try {
    writeFleet(root)
    const environment = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(root, 'state')}`,
      TENANTRY_CONNECTIONS: join(root, 'connections.json'),
    }
    const stacks = await applyAll(root, environment)
    const seconds = median(Array.from({ length: times }, () => timed(root, environment, stacks)))
    console.log(
      `tenantry up, nothing to change: ${tenants} tenants, ${stacks} stacks: ${seconds.toFixed(2)} s (median of ${times})`,
    )
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
