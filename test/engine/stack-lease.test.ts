import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Fault, isFault } from '../../src/core/fault.ts'
import { identify } from '../../src/engine/process-identity.ts'
import { type HeldLease, leasePath, takeLease } from '../../src/engine/stack-lease.ts'
import { deadPid } from './dead-process.ts'

const stack = 'nonprod.acme'
/** Long enough that a starved machine does not let it run out. */
const limitMilliseconds = 5_000
/** Of holders that show no life: the holder's own figure is what others wait for. */
const shortMilliseconds = 400
let folder: string
let taken: HeldLease[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-lease-'))
  taken = []
})
afterEach(async () => {
  for (const lease of taken) await lease.release()
  await rm(folder, { recursive: true, force: true })
})

const request = () => ({ folder, stack, operation: 'up', limitMilliseconds })
const file = () => leasePath(folder, stack)

const take = async (onLoss?: (fault: Fault) => void): Promise<HeldLease> => {
  const lease = await takeLease(onLoss === undefined ? request() : { ...request(), onLoss })
  taken.push(lease)
  return lease
}

/**
 * How many hold the lease of so many that ask at once. On a machine that stands still for longer than the lease's limit one takes
 * it over from another of them, which has lost it then.
 */
const holdersAmong = async (many: number): Promise<number> => {
  const asked = await Promise.allSettled(Array.from({ length: many }, () => take()))
  const given = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value.verify()] : []))
  return (await Promise.allSettled(given)).filter(({ status }) => status === 'fulfilled').length
}

const conflict = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(() => undefined).catch((thrown: unknown) => thrown)
  if (!isFault(error, 'conflict')) throw new Error(`no conflict: ${String(error)}`)
  return `${error.message} ${error.details.hint}`
}

/** A lease file as a holder leaves it that nobody renews any more. */
const abandoned = async (change: object): Promise<string> => {
  const { release } = await takeLease(request())
  const [line = '', beats] = (await readFile(file(), 'utf8')).split('\n')
  await release()
  const lease = { ...JSON.parse(line), limitMilliseconds: shortMilliseconds, ...change }
  const text = `${JSON.stringify(lease)}\n${beats}\n`
  await writeFile(file(), text)
  return text
}

const elsewhere = { host: 'elsewhere', boot: 'b', processes: 'pid:[1]' }

describe('takeLease', () => {
  test('gives it once, and again when it was released', async () => {
    const first = await take()
    const said = await conflict(take())
    expect(said).toContain(`${stack} is being changed by \`up\` of `)
    expect(said).toContain(`(pid ${process.pid}, since 2`)
    await first.verify()
    await first.release()
    expect((await take()).takenFrom).toBeUndefined()
  })

  test('gives it to one of many that ask at once', async () => {
    expect(await holdersAmong(20)).toBe(1)
  })

  test('numbers leases upwards, whatever became of the one before', async () => {
    const first = await take()
    await first.release()
    await abandoned({ holder: { pid: await deadPid(), started: 'long ago' } })
    const second = await take()
    expect(second.takenFrom?.token).toBeGreaterThan(first.token - 1)
    expect(second.token).toBeGreaterThan(second.takenFrom?.token ?? Number.POSITIVE_INFINITY)
  })

  test('takes it over from a dead process of this machine, once, without watching it', async () => {
    await abandoned({
      holder: { pid: await deadPid(), started: 'long ago' },
      limitMilliseconds: 3_600_000,
    })
    expect(await holdersAmong(5)).toBe(1)
    expect(await readdir(join(folder, '.tenantry', 'leases'))).toEqual([`${stack}.json`])
  })

  test('takes it over where another process got the number', async () => {
    await abandoned({
      holder: { pid: process.pid, started: 'long ago' },
      limitMilliseconds: 3_600_000,
    })
    expect((await take()).takenFrom?.holder.started).toBe('long ago')
  })

  test.each([
    ['of another machine', { place: elsewhere }],
    ['of another machine whose clock is a day ahead', { place: elsewhere, since: '2999-01-01T00:00:00Z' }],
    ['of this machine before it was started again', { holder: { pid: 1, started: 'x' }, place: elsewhere }],
  ])('takes that of a holder %s over that shows no life', async (_, change) => {
    await abandoned(change)
    expect(await holdersAmong(3)).toBe(1)
  })

  test('leaves that of another machine alone whose beats move, whatever its clock says', async () => {
    const text = await abandoned({
      place: { ...elsewhere, host: 'far-away' },
      since: '1999-01-01T00:00:00Z',
      holder: { pid: await deadPid(), started: 'x' },
      limitMilliseconds,
    })
    let beats = 0
    const beating = setInterval(async () => {
      await writeFile(file(), text.replace(/\n0+\n$/, `\n${String(++beats).padStart(15, '0')}\n`))
    }, 60)
    const said = await conflict(take())
    clearInterval(beating)
    expect(said).toContain('@far-away (pid')
  })

  test('takes over one that cannot be read and does not change', async () => {
    await writeFile(await take().then(({ release }) => release().then(file)), '{"stack":')
    taken.push(await takeLease({ ...request(), limitMilliseconds: shortMilliseconds }))
    expect(taken.at(-1)?.takenFrom).toBeUndefined()
  })

  test('is renewed while this thread is busy', async () => {
    await take()
    const before = await readFile(file(), 'utf8')
    // Until another thread has changed the file; nothing of this one's runs meanwhile.
    const busy = new Int32Array(new SharedArrayBuffer(4))
    const { readFileSync } = await import('node:fs')
    let rounds = 0
    while (readFileSync(file(), 'utf8') === before && rounds++ < 200) Atomics.wait(busy, 0, 0, 20)
    expect(readFileSync(file(), 'utf8')).not.toBe(before)
  })
})

describe('a lease that was lost', () => {
  test('says so when it is verified, tells who has it, and leaves that one alone', async () => {
    let fault: Fault | undefined
    const first = await take((lost) => {
      fault = lost
    })
    const text = await readFile(file(), 'utf8')
    const other = text
      .replace(/"token":\d+/, `"token":${first.token + 1}`)
      .replace('"operation":"up"', '"operation":"destroy"')
    await rm(file())
    await writeFile(file(), other)
    const error = await first.verify().catch((thrown: unknown) => thrown)
    expect(isFault(error, 'lease-lost')).toBe(true)
    expect(String(error)).toContain('`destroy` of ')
    while (fault === undefined) await wait(20)
    expect(fault.code).toBe('lease-lost')
    await first.release()
    expect(await readFile(file(), 'utf8')).toBe(other)
  })

  test('is noticed where somebody removed it', async () => {
    let fault: Fault | undefined
    await take((lost) => {
      fault = lost
    })
    await rm(file())
    while (fault === undefined) await wait(20)
    expect(fault.message).toContain('somebody took it away')
  })
})

test('a process is told apart from itself at another time', async () => {
  expect(await identify(process.pid)).toEqual(await identify(process.pid))
  expect(await identify(await deadPid())).toBeUndefined()
})
