import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isFault } from '../../src/core/fault.ts'
import { awaitLease, type Patience } from '../../src/engine/await-lease.ts'
import { type HeldLease, takeLease } from '../../src/engine/stack-lease.ts'

const stack = 'nonprod.acme'
let folder: string
let holder: HeldLease

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-await-'))
  holder = await takeLease(request())
})
afterEach(async () => {
  await holder.release()
  await rm(folder, { recursive: true, force: true })
})

const request = () => ({ folder, stack, operation: 'up', limitMilliseconds: 6_000 })

const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'given',
    (error: unknown) => (isFault(error, 'conflict') ? error.message : `another error: ${String(error)}`),
  )

describe('awaitLease', () => {
  test('stops at once with the name of a living holder where nobody asked to wait', async () => {
    expect(await refusal(awaitLease(request()))).toContain(`(pid ${process.pid}, since`)
  })

  test('waits for a living holder, says so once and whom for, and gets the lease when that one ends', async () => {
    const said: string[] = []
    const patience: Patience = {
      milliseconds: 60_000,
      onWait: (sentence) => {
        said.push(sentence)
        void holder.release()
      },
    }
    const lease = await awaitLease({ ...request(), patience })
    expect(lease.token).toBeGreaterThan(holder.token)
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(`(pid ${process.pid}, since`)
    await lease.release()
  })

  test('stops with the name of the holder when the patience is at its end', async () => {
    const said: string[] = []
    const patience: Patience = { milliseconds: 1, onWait: (sentence) => said.push(sentence) }
    expect(await refusal(awaitLease({ ...request(), patience }))).toContain(`(pid ${process.pid}, since`)
  })

  test('stops waiting when the run is interrupted', async () => {
    const interrupted = new AbortController()
    const patience: Patience = { milliseconds: 3_600_000, onWait: () => interrupted.abort() }
    const asked = awaitLease({ ...request(), patience, signal: interrupted.signal })
    expect(await refusal(asked)).toContain(stack)
  })
})
