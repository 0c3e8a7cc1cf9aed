import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyMemory, type PoolMemory } from '../../../src/watch/cluster/memory.ts'
import { forgetLive, readAllLive, readLive, writeLive } from '../../../src/watch/pools/live-record.ts'
import { readMemories, writeMemories } from '../../../src/watch/pools/memory-record.ts'

let state: string

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'tenantry-records-'))
})
afterAll(() => rm(state, { recursive: true, force: true }))

const stack = 'nonprod.platform'

describe('the record of live VMs', () => {
  it('is read as it was written, and nothing is read where none is', async () => {
    expect(readLive(state, stack)).toBeUndefined()
    expect(readAllLive(join(state, 'nowhere'))).toEqual(new Map())
    const record = { stack, pools: { std: ['a', 'b'] }, removing: ['c'], replacing: [] }
    await writeLive(state, record)
    expect(readLive(state, stack)).toEqual(record)
    expect(readAllLive(state)).toEqual(new Map([[stack, { std: ['a', 'b'] }]]))
    await forgetLive(state, stack)
    expect(readLive(state, stack)).toBeUndefined()
  })

  it('is never taken for none where it cannot be read', async () => {
    await mkdir(join(state, '.tenantry', 'pools'), { recursive: true })
    await writeFile(join(state, '.tenantry', 'pools', 'broken.x.json'), '{"stack":')
    expect(() => readLive(state, 'broken.x')).toThrow('cannot be read')
    expect(() => readAllLive(state)).toThrow('cannot be read')
    await forgetLive(state, 'broken.x')
  })
})

describe('what is remembered', () => {
  const memory: PoolMemory = {
    ...emptyMemory,
    pressedSince: 900,
    grownAt: 5_000,
    awaited: { vm: { since: 4_000, attempt: 1, isGivenUp: false } },
    shrink: { node: 'n', machine: 'vm', since: 6_000, step: 'draining' },
  }
  const at = (milliseconds: number) => new Date(Date.UTC(2026, 10, 23) + milliseconds)

  it('is told on the clock of whoever leads next', async () => {
    const memories = new Map([['nonprod.platform/std', memory]])
    await writeMemories(state, 'nonprod', { memories, now: 10_000, wallTime: at(0) })
    const next = await readMemories(state, 'nonprod', { now: 500_000, wallTime: at(60_000) })
    expect(next?.get('nonprod.platform/std')).toMatchObject({
      grownAt: 500_000 - 60_000 - 5_000,
      awaited: { vm: { since: 500_000 - 60_000 - 6_000, attempt: 1 } },
      shrink: { since: 500_000 - 60_000 - 4_000 },
    })
    expect(next?.get('nonprod.platform/std')?.pressedSince).toBeUndefined()
  })

  it('is nothing where it cannot be read', async () => {
    await writeFile(join(state, '.tenantry', 'watch', 'prod.json'), '[]')
    expect(await readMemories(state, 'prod', { now: 0, wallTime: at(0) })).toBeUndefined()
    expect(await readMemories(state, 'none', { now: 0, wallTime: at(0) })).toBeUndefined()
  })
})
