import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  amendApplied,
  readApplied,
  recordApplied,
  unsettleApplied,
  unsettlePart,
} from '../../src/cli/applied.ts'
import { LeaseWatch } from '../../src/cli/lease-watch.ts'
import { withLivePools } from '../../src/cli/live-machines.ts'
import { syncedRecord } from '../../src/cli/pool-stacks.ts'
import { compilePlatform } from '../../src/compile/compile.ts'
import { leasePath } from '../../src/engine/stack-lease.ts'
import { writeLive } from '../../src/watch/pools/live-record.ts'
import { nonprod } from '../compile/fixtures/clusters.ts'

let state: string

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'tenantry-records-'))
})
afterAll(() => rm(state, { recursive: true, force: true }))

const applied = compilePlatform(nonprod)
const stack = applied.stack

describe('the record of live VMs', () => {
  it('begins with what was applied, gains what `up` made, and keeps what is to go apart', () => {
    const first = syncedRecord(stack, undefined, { applied, pools: ['std', 'build', 'none'] })
    expect(first.pools).toEqual({ std: ['nonprod-std-01', 'nonprod-std-02'], build: ['nonprod-build-01'] })
    const raised = compilePlatform({
      ...nonprod,
      pools: { std: { offer: 'run/std', machine: 'standard', min: 3, max: 4 } },
    })
    const record = {
      stack,
      pools: { std: ['nonprod-std-02', 'nonprod-std-07'] },
      removing: ['nonprod-std-01'],
      replacing: [],
    }
    expect(syncedRecord(stack, record, { applied: raised, pools: ['std'] }).pools.std).toEqual([
      'nonprod-std-02',
      'nonprod-std-03',
      'nonprod-std-07',
    ])
  })

  it('ends a run that was compiled without them, and no other', async () => {
    const look = () => Promise.reject(new Error('not asked for'))
    const environment = { PULUMI_BACKEND_URL: `file://${state}` }
    await withLivePools(environment, applied, undefined)(look)
    await writeLive(state, {
      ...{ stack, removing: [], replacing: [] },
      pools: { std: ['nonprod-std-01', 'nonprod-std-02', 'nonprod-std-03'] },
    })
    await expect(withLivePools(environment, applied, undefined)(look)).rejects.toThrow('other VMs')
    const grown = compilePlatform(nonprod, { std: ['nonprod-std-01', 'nonprod-std-02', 'nonprod-std-03'] })
    let asked = 0
    await withLivePools(environment, grown, async () => {
      asked += 1
    })(look)
    expect(asked).toBe(1)
  })
})

describe('what was applied, after a part of it was changed', () => {
  const other = compilePlatform(nonprod, { std: ['nonprod-std-01', 'nonprod-std-02', 'nonprod-std-03'] })
  const folder = () => join(state, '.tenantry', 'applied')
  const recorded = () => readApplied(folder(), stack) ?? expect.fail('no record')

  it('is as the whole with it, where it was applied before', async () => {
    await recordApplied(folder(), other)
    const whole = recorded().digest
    await recordApplied(folder(), applied)
    const begun = await unsettlePart(folder(), recorded(), '1')
    expect(recorded().digest).not.toBe(whole)
    await amendApplied(folder(), begun, other)
    expect(recorded()).toMatchObject({ digest: whole, state: other })
  })

  it('is unsettled where it was before, or somebody has begun to apply it since', async () => {
    await recordApplied(folder(), applied)
    await unsettleApplied(folder(), stack)
    await amendApplied(folder(), await unsettlePart(folder(), recorded(), '2'), other)
    expect(recorded()).toMatchObject({ digest: '', state: other })
    await recordApplied(folder(), applied)
    const begun = await unsettlePart(folder(), recorded(), '3')
    await unsettleApplied(folder(), stack)
    await amendApplied(folder(), begun, other)
    expect(recorded().digest).toBe('')
  })
})

describe('the holder of a stack', () => {
  const lease = {
    stack,
    operation: 'up',
    user: 'ada',
    place: { host: 'elsewhere', boot: 'b', processes: 'p' },
    holder: { pid: 7, started: '1' },
    since: '2026-11-23T00:00:00Z',
    token: 1,
    mark: 'X=1',
    limitMilliseconds: 15_000,
  }
  const write = async (beat: number): Promise<void> => {
    const path = leasePath(state, stack)
    await mkdir(join(state, '.tenantry', 'leases'), { recursive: true })
    await writeFile(path, `${JSON.stringify(lease)}\n${String(beat).padStart(15, '0')}\n`)
  }

  it('is whoever shows life, and nobody once the beats stand still', async () => {
    let now = 0
    const watch = new LeaseWatch(state, () => now)
    expect(await watch.holderOf(stack)).toBeUndefined()
    await write(1)
    expect(await watch.holderOf(stack)).toContain('`up` of ada@elsewhere')
    now = 40_000
    await write(2)
    expect(await watch.holderOf(stack)).toContain('ada@elsewhere')
    now = 80_000
    expect(await watch.holderOf(stack)).toBeUndefined()
    expect(await readFile(leasePath(state, stack), 'utf8')).toContain('ada')
  })
})
