import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { markedProcesses } from '../../bin/marked-processes.mjs'
import { leaseVariable } from '../../src/core/lease-reference.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { tallyFaults } from '../faults/record-row.ts'
import { handsOn } from './by-hand.ts'
import { descendantsOf, killNow } from './processes.ts'
import { openTinyTenant, type Running, type TinyTenant } from './tiny-tenant.ts'

const isLinux = process.platform === 'linux'
if (!isLinux) console.log('skipped: stopping parts of a run needs /proc, which only Linux has')
const isRoot = process.getuid?.() === 0
if (isLinux && !isRoot)
  console.log('skipped: another host’s name needs a namespace, which only root can make')
const isFull = process.env.TENANTRY_FAULTS === 'full' || process.env.TENANTRY_CASES !== undefined

/** Others may take the lease after so long without a beat; 15 s otherwise. */
const leaseSeconds = { TENANTRY_LEASE_SECONDS: '3' }

let tiny: TinyTenant

beforeAll(async () => {
  if (!isLinux) return
  tiny = await openTinyTenant('leases', ['leases-other'])
})
afterAll(async () => {
  if (tiny === undefined) return
  await tiny.close()
  for (const tally of Object.values(tallies)) await tally.write()
})

const tallies = {
  here: tallyFaults('lease-frozen-same-host', {
    fault: 'A run that is stopped (SIGSTOP), and wakes up',
    step: 'sampled calls of `up`; taken over on the same host',
  }),
  elsewhere: tallyFaults('lease-frozen-other-host', {
    fault: 'A run that is stopped (SIGSTOP), and wakes up',
    step: 'sampled calls of `up`; taken over from another host',
  }),
  signals: tallyFaults('lease-signals', {
    fault: 'Ctrl-C once and twice, SIGTERM, SIGHUP',
    step: 'in the middle of `up`',
  }),
  locks: tallyFaults('lease-plain-pulumi', {
    fault: 'A plain `pulumi` holds the stack: alive, dead, on another host',
    step: 'before `up`',
  }),
}

const send = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids)
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Starts a run and calls `act` when it sends its so-many-th call that changes something; that call is slow. */
const atWrite = async (
  write: number,
  act: (running: Running) => Promise<void>,
  milliseconds = 300,
): Promise<Running> => {
  let reached: () => void = () => undefined
  const there = new Promise<void>((resolve) => {
    reached = resolve
  })
  tiny.onWrite((count) => {
    if (count === write) reached()
    return count === write ? { kind: 'slow', milliseconds } : undefined
  })
  const running = tiny.start('up', { environment: leaseSeconds })
  await Promise.race([there, running.ended.then(({ output }) => Promise.reject(new Error(output)))])
  await act(running)
  return running
}

/** Stops a run with everything below it. */
const freeze = async ({ pid }: Running): Promise<readonly number[]> => {
  const pids = [pid, ...(await descendantsOf(pid)).map((one) => one.pid)]
  send(pids, 'SIGSTOP')
  return pids
}

const points = (): readonly number[] => {
  const some = isFull
    ? Array.from({ length: tiny.writes }, (_, index) => index + 1)
    : [1, Math.ceil(tiny.writes / 2)]
  return [...new Set(some)]
}

describe.runIf(isLinux)('a run that is stopped with all its processes', () => {
  test('is ended by the next run on this host, which finishes its work', async () => {
    for (const write of isFull ? points() : points().slice(1, 2))
      await tallies.here.count(async () => {
        await tiny.remove()
        let pids: readonly number[] = []
        const running = await atWrite(write, async (one) => {
          pids = await freeze(one)
        })
        tiny.onWrite(() => undefined)
        const taker = await tiny.start('up', { environment: leaseSeconds }).ended
        expect(taker.code, taker.output).toBe(0)
        const { code } = await running.ended
        expect(code).toBeNull()
        expect(pids.filter(isAlive), `write ${write}`).toEqual([])
        await tiny.expectUndisturbed(`stopped at write ${write}`)
        return 1
      })
  })

  test.runIf(isRoot)('changes nothing after another host took its stack over and it wakes', async () => {
    for (const write of points())
      await tallies.elsewhere.count(async () => {
        const what = `stopped at write ${write}`
        await tiny.remove()
        let pids: readonly number[] = []
        const running = await atWrite(write, async (one) => {
          pids = await freeze(one)
        })
        tiny.onWrite(() => undefined)
        const taker = await tiny.start('up', { environment: leaseSeconds, host: 'far-away' }).ended
        expect(taker.code, `${what}: ${taker.output}`).toBe(0)
        expect(pids.filter(isAlive), what).toEqual([...pids])
        const before = await readFile(tiny.stateFile)
        const count = tiny.onWrite(() => undefined)
        send(pids, 'SIGCONT')
        const { code, output } = await running.ended
        expect(code, `${what}: ${output}`).toBe(3)
        expect(output, what).toContain(`lost ${tiny.stack}`)
        expect(count(), what).toBe(0)
        expect(await readFile(tiny.stateFile), what).toEqual(before)
        await tiny.expectUndisturbed(what)
        return 1
      })
  })

  test('ends its engine where `tenantry` alone was stopped and wakes without its lease', async () => {
    await tiny.remove()
    const running = await atWrite(2, async ({ pid }) => send([pid], 'SIGSTOP'))
    const lease = join(tiny.folder, '.tenantry', 'leases', `${tiny.stack}.json`)
    const text = await readFile(lease, 'utf8')
    const { mark, token } = JSON.parse(text.split('\n', 1)[0] ?? '') as { mark: string; token: number }
    expect(mark.startsWith(`${leaseVariable}=`)).toBe(true)
    expect(markedProcesses(mark).length).toBeGreaterThan(0)
    // Another host has it now, as far as the file tells, and is in no hurry.
    await writeFile(lease, text.replace(`"token":${token}`, `"token":${token + 1000}`))
    send([running.pid], 'SIGCONT')
    const { code, output } = await running.ended
    expect(code, output).toBe(3)
    expect(output).toContain(`lost ${tiny.stack}`)
    expect(markedProcesses(mark)).toEqual([])
    // Whose holder shows no life, so that the next run takes it over.
    tiny.onWrite(() => undefined)
    await tiny.up()
    await tiny.expectUndisturbed('a stolen lease')
  })
})

describe.runIf(isLinux)('runs at once', () => {
  test('go on side by side on different stacks', async () => {
    await tiny.remove()
    tiny.onWrite(() => ({ kind: 'slow', milliseconds: 50 }))
    const both = [tiny.start('up'), tiny.start('up', { organization: 'leases-other' })]
    for (const { ended } of both) {
      const { code, output } = await ended
      expect(code, output).toBe(0)
    }
    tiny.onWrite(() => undefined)
    expect(await tiny.up()).toEqual([])
    const gone = await tiny.start('destroy', { organization: 'leases-other' }).ended
    expect(gone.code, gone.output).toBe(0)
    // It holds data, so a destroy leaves it.
    const hands = handsOn(tiny.cluster)
    await hands.vault('DELETE', 'sys/mounts/orgs/leases-other')
    await hands.close()
    await tiny.expectUndisturbed('side by side')
  })

  test('one that is busy is named to whoever else wants the stack, a plain `pulumi` too', async () => {
    await tiny.remove()
    let plain: Promise<string> | undefined
    let refused: Running | undefined
    // Longer than it takes the others to start and to be refused.
    const running = await atWrite(
      1,
      async () => {
        plain = pulumi(['up', '--yes', '--skip-preview']).ended
        refused = tiny.start('up')
      },
      20_000,
    )
    expect(await plain).toContain(`(pid ${running.pid}) at`)
    const { code, output } = (await refused?.ended) ?? { code: 0, output: '' }
    expect(code, output).toBe(3)
    expect(output).toContain(`(pid ${running.pid}, since `)
    tiny.onWrite(() => undefined)
    expect((await running.ended).code).toBe(0)
    await tiny.expectUndisturbed('two at once')
  })
})

/** The plain CLI on the tenant's stack. */
const pulumi = (args: readonly string[]): { readonly pid: number; readonly ended: Promise<string> } => {
  const { engine, environment, files } = tiny.session
  const child = spawn(join(engine, 'pulumi'), [...args, '--stack', tiny.stack, '--non-interactive'], {
    cwd: checkoutRoot(),
    env: { ...environment, TENANTRY_ROOT: files },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  if (child.pid === undefined) throw new Error('pulumi did not start')
  return { pid: child.pid, ended: once(child, 'close').then(() => output) }
}

describe.runIf(isLinux)('a plain `pulumi` on the stack', () => {
  test('is named while it lives, and followed once it is dead', async () => {
    await tiny.remove()
    await tallies.locks.count(async () => {
      let reached: () => void = () => undefined
      const there = new Promise<void>((resolve) => {
        reached = resolve
      })
      tiny.onWrite((count) => {
        if (count === 1) reached()
        // Nothing is answered and nothing happens until it is killed.
        return { kind: 'timeout-before' }
      })
      const plain = pulumi(['up', '--yes', '--skip-preview'])
      await there
      const { code, output } = await tiny.start('up').ended
      expect(code, output).toBe(3)
      expect(output).toContain(`(pid ${plain.pid}, since `)
      for (const { pid } of await descendantsOf(plain.pid)) killNow(pid)
      killNow(plain.pid)
      await plain.ended
      tiny.onWrite(() => undefined)
      await tiny.up()
      await tiny.expectUndisturbed('a dead pulumi')
      return 1
    })
  })

  test('of another host is left alone until a person says that it is dead', async () => {
    await tiny.remove()
    await tallies.locks.count(async () => {
      const locks = join(tiny.folder, '.pulumi', 'locks', 'organization', 'tenantry', tiny.stack)
      const lock = { pid: 7, username: 'eva', hostname: `not-${hostname()}`, timestamp: new Date() }
      await writeFile(join(locks, '7d0b2f9e.json'), JSON.stringify(lock))
      const { code, output } = await tiny.start('up').ended
      expect(code, output).toBe(3)
      expect(output).toContain(`eva@not-${hostname()} (pid 7`)
      expect(output).toContain(`pulumi cancel --stack ${tiny.stack}`)
      await pulumi(['cancel', '--yes']).ended
      await tiny.up()
      await tiny.expectUndisturbed('a cancelled pulumi')
      return 1
    })
  })
})

describe.runIf(isLinux)('a run that is told to end', () => {
  const cases: readonly (readonly [string, readonly NodeJS.Signals[]])[] = [
    ['Ctrl-C', ['SIGINT']],
    ['Ctrl-C twice', ['SIGINT', 'SIGINT']],
    ['SIGTERM', ['SIGTERM']],
    ['SIGHUP', ['SIGHUP']],
  ]
  const some = isFull ? cases : cases.filter(([what]) => what === 'Ctrl-C twice' || what === 'SIGTERM')
  test.each(some)('by %s ends, and the next finishes its work', async (what, signals) => {
    await tallies.signals.count(async () => {
      await tiny.remove()
      const running = await atWrite(2, async ({ pid }) => {
        for (const signal of signals) {
          process.kill(pid, signal)
          await wait(100)
        }
      })
      const { code, output } = await running.ended
      expect(code, output).not.toBe(0)
      expect(output).toContain('Stopping: letting the resources under way finish')
      tiny.onWrite(() => undefined)
      const next = await tiny.start('up').ended
      expect(next.code, next.output).toBe(0)
      await tiny.expectUndisturbed(what)
      return 1
    })
  })
})
