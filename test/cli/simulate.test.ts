import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { simulateCommand } from '../../src/cli/commands/simulate.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { scenario } from '../simulate/small-scenario.ts'
import { fakeContext } from './fake-context.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenantry-simulate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const mine = join(folder, 'mine.json')
writeFileSync(mine, JSON.stringify({ ...scenario, seconds: 7200 }))

const simulate = async (...args: string[]) => {
  const told = fakeContext(checkoutRoot())
  await simulateCommand(told.context).exitOverride().parseAsync(args, { from: 'user' })
  return told
}

describe('tenantry simulate', () => {
  it('lists what there is to rehearse', async () => {
    const { out } = await simulate()
    for (const name of ['growth', 'monday', 'builds', 'host-loss', 'flapping', 'reservation', 'critics'])
      expect(out()).toContain(name)
  })

  it('prints a scenario that can be rehearsed as a file of one’s own', async () => {
    const { out } = await simulate('--print', 'flapping')
    const file = join(folder, 'flapping.json')
    writeFileSync(file, JSON.stringify({ ...JSON.parse(out()), seconds: 600 }))
    const run = await simulate('--file', file)
    expect(run.out()).toContain('nodes paused')
    expect(run.exitCode()).toBe(0)
  })

  it('shows what is asked for beside what is', async () => {
    const { out } = await simulate('--file', mine, '--min', '6', '--reservation', 'safe', '--json')
    const [{ runs }] = JSON.parse(out())
    expect(runs.map(({ name }: { name: string }) => name)).toEqual(['as it is', 'as asked'])
    expect(runs[1].settings).toMatchObject({ policy: 'safe', pool: { min: 6 } })
    expect(runs[0].settings).toMatchObject({ policy: 'optimized', pool: { min: 2 } })
  })

  it('goes by a pool of a cluster file, and its VMs by the machine that is asked for', async () => {
    const { out } = await simulate('--file', mine, '--pool', 'prod/build', '--machine', '8:32Gi', '--json')
    const [{ runs }] = JSON.parse(out())
    expect(runs[0].settings).toMatchObject({ machine: { cpuMillis: 16_000 }, pool: { min: 1, max: 8 } })
    expect(runs[1].settings).toMatchObject({ machine: { cpuMillis: 8000, memoryBytes: 32 * 1024 ** 3 } })
  })

  it('knows the machines of the pool’s cluster by name', async () => {
    const { out } = await simulate('--file', mine, '--pool', 'prod/build', '--machine', 'large', '--json')
    const [{ runs }] = JSON.parse(out())
    expect(runs[1].settings.machine).toEqual({ cpuMillis: 32_000, memoryBytes: 256 * 1024 ** 3 })
  })

  it('replays a recording and writes its plot', async () => {
    const recording = join(folder, 'june.csv')
    const head =
      'seconds,service,containers,cpuMillis,memoryBytes,cpuLimitMillis,memoryLimitBytes,cpuFloorMillis,memoryFloorBytes'
    writeFileSync(recording, `${head}\n0,web,40,400,1000000,1000,2000000,100,500000\n`)
    const { out, err } = await simulate('--load', recording, '--write', folder)
    expect(out()).toContain('Replay of')
    expect(err()).toContain('recorded.svg')
    expect(readFileSync(join(folder, 'recorded.svg'), 'utf8')).toContain('</svg>')
  })

  it.each([
    [['nope'], 'There is no scenario nope.'],
    [
      ['--file', mine, '--set', 'pause.loadPercent=60'],
      'resume.loadPercent: 75 % is not below pause.loadPercent of 60 %',
    ],
    [['--file', mine, '--machine', 'large'], 'machine.cpus'],
    [['--file', mine, '--pool', 'nonprod'], 'nonprod is no pool of a cluster.'],
    [['--file', mine, '--pool', 'nonprod/nope'], 'Cluster nonprod has no pool nope.'],
    [['--file', mine, '--pool', 'nope/std'], 'There is no cluster nope.'],
    [['--file', join(folder, 'absent.json')], 'cannot be read'],
    [['--load', mine], 'cannot be replayed'],
  ])('refuses %j with the way out', async (args, message) => {
    await expect(simulate(...args)).rejects.toThrow(message)
  })
})
