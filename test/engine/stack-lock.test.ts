import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isFault } from '../../src/core/fault.ts'
import { clearDeadLocks } from '../../src/engine/engine-lock.ts'
import { interruptionsOf } from '../../src/engine/interruptions.ts'
import { mendState } from '../../src/engine/mend-state.ts'
import { identify } from '../../src/engine/process-identity.ts'
import { takeLease } from '../../src/engine/stack-lease.ts'

const stack = 'nonprod.acme'
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** The number of a process that has ended. */
const deadPid = async (): Promise<number> => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  if (child.pid === undefined) throw new Error('no process')
  return child.pid
}

const conflict = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(() => undefined).catch((thrown: unknown) => thrown)
  if (!isFault(error, 'conflict')) throw new Error(`no conflict: ${String(error)}`)
  return `${error.message} ${error.details.hint}`
}

describe('takeLease', () => {
  const request = () => ({ folder, stack, operation: 'up' })
  const file = () => join(folder, '.tenantry', 'leases', `${stack}.json`)

  const leaseOf = async (change: object): Promise<string> => {
    const { release } = await takeLease(request())
    const lease = JSON.parse(await readFile(file(), 'utf8')) as object
    await release()
    return JSON.stringify({ ...lease, ...change })
  }

  test('gives it once, and again when it was released', async () => {
    const first = await takeLease(request())
    const said = await conflict(takeLease(request()))
    expect(said).toContain(`${stack} is being changed by \`up\` of `)
    expect(said).toContain(`(pid ${process.pid}, since 2`)
    await first.release()
    expect((await takeLease(request())).takenOver).toBe(false)
  })

  test('gives it to one of many that ask at once', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => takeLease(request())))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('takes it over from a dead process of this machine, once', async () => {
    const dead = await leaseOf({ holder: { pid: await deadPid(), started: 'long ago' } })
    await writeFile(file(), dead)
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => takeLease(request())))
    const taken = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(taken).toHaveLength(1)
    expect(await readdir(join(folder, '.tenantry', 'leases'))).toEqual([`${stack}.json`])
  })

  test('takes it over where another process got the number', async () => {
    await writeFile(file(), await leaseOf({ holder: { pid: process.pid, started: 'long ago' } }))
    expect((await takeLease(request())).takenOver).toBe(true)
  })

  test('leaves that of another machine alone, and names the file', async () => {
    const text = await leaseOf({ host: 'elsewhere', holder: { pid: await deadPid(), started: 'x' } })
    await writeFile(file(), text)
    expect(await conflict(takeLease(request()))).toContain(file())
    expect(await readFile(file(), 'utf8')).toBe(text)
  })

  test('leaves one that cannot be read alone', async () => {
    await (await takeLease(request())).release()
    await writeFile(file(), '{"stack":')
    expect(await conflict(takeLease(request()))).toContain(file())
  })
})

describe('clearDeadLocks', () => {
  const locked = () => ({ folder, project: 'tenantry', stack })
  const locks = () => join(folder, '.pulumi', 'locks', 'organization', 'tenantry', stack)

  const lock = async (name: string, content: object): Promise<void> => {
    await mkdir(locks(), { recursive: true })
    const whole = {
      pid: process.pid,
      username: 'eva',
      hostname: hostname(),
      timestamp: new Date(),
      ...content,
    }
    await writeFile(join(locks(), `${name}.json`), JSON.stringify(whole))
    await writeFile(join(locks(), `${name}.json.attrs`), '{}')
  }

  test('is content where there are none', async () => {
    await clearDeadLocks(locked(), false)
  })

  test('removes those of dead engines, and of numbers that others got since', async () => {
    await lock('dead', { pid: await deadPid() })
    await lock('reused', { timestamp: new Date(0) })
    await clearDeadLocks(locked(), false)
    expect(await readdir(locks())).toEqual([])
  })

  test.each([
    ['of a live process', {}],
    ['of another machine', { hostname: 'elsewhere' }],
  ])('leaves one %s and tells who holds it', async (_, content) => {
    await lock('live', content)
    await lock('dead', { pid: await deadPid() })
    const said = await conflict(clearDeadLocks(locked(), false))
    expect(said).toContain('eva@')
    expect(said).toContain(`pid ${process.pid}`)
    expect(await readdir(locks())).toEqual(['live.json', 'live.json.attrs'])
  })

  test('waits for an engine that outlived its run', async () => {
    const engine = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
    await lock('orphan', { pid: engine.pid })
    const cleared = clearDeadLocks(locked(), true)
    engine.kill('SIGKILL')
    await cleared
    expect(await readdir(locks())).toEqual([])
  })
})

describe('mendState', () => {
  test('removes attributes that were cut and files that were not renamed, and nothing else', async () => {
    const stacks = join(folder, '.pulumi', 'stacks', 'tenantry')
    await mkdir(stacks, { recursive: true })
    const files = {
      [`${stack}.json`]: '{"version":3}',
      [`${stack}.json.attrs`]: '',
      [`${stack}.json.bak`]: '',
      [`${stack}.json.bak.attrs`]: '{"user.cache',
      [`${stack}.json.18e3a4b5c6d7e8f9.tmp`]: '{"ver',
      'nonprod.other.json.attrs': '',
      'nonprod.whole.json.attrs': '{}',
    }
    for (const [name, text] of Object.entries(files)) await writeFile(join(stacks, name), text)
    await mendState({ folder, project: 'tenantry', stack })
    expect((await readdir(stacks)).sort()).toEqual(
      [`${stack}.json`, `${stack}.json.bak`, 'nonprod.other.json.attrs', 'nonprod.whole.json.attrs'].sort(),
    )
  })
})

test('a process is told apart from itself at another time', async () => {
  expect(await identify(process.pid)).toEqual(await identify(process.pid))
  expect(await identify(await deadPid())).toBeUndefined()
})

test('the engine’s warning says what was interrupted', () => {
  const message = [
    'Attempting to deploy or update resources with 2 pending operations from previous deployment.',
    '  * urn:pulumi:a::b::ucp:index:Team::team/x, interrupted while creating',
    '  * urn:pulumi:a::b::ucp:index:Team::team/y, interrupted while updating',
    'These resources are in an unknown state',
  ].join('\n')
  expect(interruptionsOf([{ severity: 'warning', message }])).toEqual([
    { urn: 'urn:pulumi:a::b::ucp:index:Team::team/x', operation: 'creating' },
    { urn: 'urn:pulumi:a::b::ucp:index:Team::team/y', operation: 'updating' },
  ])
  expect(interruptionsOf([{ severity: 'warning', message: 'something else' }])).toEqual([])
})
