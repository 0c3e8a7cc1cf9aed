import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { recordApplied } from '../../src/cli/applied.ts'
import type { RunAllRequest } from '../../src/cli/run-all.ts'
import { type RunWavesRequest, runWaves, stoppedLines, type WaveRunner } from '../../src/cli/run-waves.ts'
import { waveSettings } from '../../src/fleet/settings.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { result } from './stack-results.ts'

const state = (cluster: string, organization: string | null): StackState => ({
  stack: `${cluster}.${organization ?? 'platform'}`,
  cluster,
  organization,
  resources: [],
})

const stages = new Map([
  ['nonprod', 'nonprod'],
  ['prod', 'prod'],
] as const)

const fleet = (tenants: number): readonly StackState[] =>
  ['nonprod', 'prod'].flatMap((cluster) => [
    state(cluster, null),
    ...Array.from({ length: tenants }, (_, index) => state(cluster, `org-${String(index).padStart(3, '0')}`)),
  ])

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-waves-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const request = (stacks: readonly StackState[], more: Partial<RunWavesRequest> = {}): RunWavesRequest => ({
  project: folder,
  terminal: fakeTerminal(),
  stacks,
  engine: '/nowhere',
  environment: { PULUMI_BACKEND_URL: `file://${folder}` },
  parallel: 2,
  full: false,
  stages,
  settings: waveSettings(undefined),
  keepGoing: false,
  ...more,
})

/** Runs nothing: every stack ends as it is told, and what was run is written down, wave by wave. */
const runner = (failing: readonly string[] = []) => {
  const waves: (readonly string[])[] = []
  const run: WaveRunner = async ({ stacks }: RunAllRequest) => {
    waves.push(stacks.map(({ stack }) => stack))
    const results = stacks.map(({ stack }) =>
      result([], { stack, operation: 'up', outcome: failing.includes(stack) ? 'failed' : 'succeeded' }),
    )
    return { results, access: {}, skipped: [], seconds: 1 }
  }
  return { run, waves }
}

describe('runWaves', () => {
  test('applies platforms before tenants, nonprod before prod, many tenants in waves', async () => {
    const { run, waves } = runner()
    const report = await runWaves(request(fleet(40)), run)
    expect(report.waves.map(({ name, stacks, outcome }) => `${name}: ${stacks.length} ${outcome}`)).toEqual([
      'nonprod platform: 1 succeeded',
      'nonprod canary: 1 succeeded',
      'nonprod 5 %: 1 succeeded',
      'nonprod 25 %: 8 succeeded',
      'nonprod all others: 30 succeeded',
      'prod platform: 1 succeeded',
      'prod canary: 1 succeeded',
      'prod 5 %: 1 succeeded',
      'prod 25 %: 8 succeeded',
      'prod all others: 30 succeeded',
    ])
    expect(waves.map((wave) => wave.length)).toEqual([1, 1, 1, 8, 30, 1, 1, 1, 8, 30])
    expect(report.results).toHaveLength(82)
    expect(stoppedLines(report.waves)).toEqual([])
  })

  test('ends the wave that a stack fails in, and begins no other', async () => {
    const { run, waves } = runner(['nonprod.org-005'])
    const report = await runWaves(request(fleet(40)), run)
    expect(waves.map((wave) => wave.length)).toEqual([1, 1, 1, 8])
    expect(report.waves.map(({ outcome }) => outcome)).toEqual([
      'succeeded',
      'succeeded',
      'succeeded',
      'failed',
      ...Array.from({ length: 6 }, () => 'not begun'),
    ])
    expect(report.waves[3]?.failed).toEqual(['nonprod.org-005'])
    const said = stoppedLines(report.waves).join(' ')
    expect(said).toContain('the wave nonprod 25 % failed (nonprod.org-005): 71 stacks')
    expect(said).toContain('goes on with what is left')
  })

  test('lets a change reach no production where non-production failed, however few stacks it has', async () => {
    const { run, waves } = runner(['nonprod.org-000'])
    await runWaves(request(fleet(2)), run)
    expect(waves).toEqual([['nonprod.platform'], ['nonprod.org-000', 'nonprod.org-001']])
  })

  test('keeps going where it is told to', async () => {
    const { run, waves } = runner(['nonprod.platform', 'prod.org-001'])
    const report = await runWaves(request(fleet(2), { keepGoing: true }), run)
    expect(waves.flat()).toHaveLength(6)
    expect(report.waves.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded', 'succeeded', 'failed'])
    expect(stoppedLines(report.waves)).toEqual([])
  })

  test('goes on with what is left after a run that stopped', async () => {
    const stacks = fleet(40)
    const applied = join(folder, '.tenantry', 'applied')
    const first = runner(['nonprod.org-020'])
    const stopped = await runWaves(request(stacks), first.run)
    const done = new Set(
      stopped.results.filter(({ outcome }) => outcome === 'succeeded').map(({ stack }) => stack),
    )
    for (const one of stacks) if (done.has(one.stack)) await recordApplied(applied, one)
    const second = runner()
    const report = await runWaves(request(stacks), second.run)
    expect(second.waves.flat()).toHaveLength(82 - done.size)
    expect(second.waves.flat().filter((stack) => done.has(stack))).toEqual([])
    expect(report.skipped).toHaveLength(done.size)
    expect(second.waves.flat()).toContain('nonprod.org-020')
  })

  test('begins nothing after an interruption, and says so', async () => {
    const interrupted = new AbortController()
    const { run, waves } = runner()
    const once: WaveRunner = (one) => {
      interrupted.abort()
      return run(one)
    }
    const report = await runWaves(request(fleet(2), { signal: interrupted.signal }), once)
    expect(waves).toEqual([['nonprod.platform']])
    expect(stoppedLines(report.waves).join()).toContain('the run was interrupted: 5 stacks')
  })

  test('runs nothing where everything is as applied', async () => {
    const stacks = fleet(40)
    for (const one of stacks) await recordApplied(join(folder, '.tenantry', 'applied'), one)
    const { run, waves } = runner()
    const report = await runWaves(request(stacks), run)
    expect(waves).toEqual([])
    expect(report).toMatchObject({ results: [], waves: [] })
    expect(report.skipped).toHaveLength(82)
  })
})
