import { readdir, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import * as z from 'zod'
import { Fault } from '../core/fault.ts'
import { identify, startTime } from './process-identity.ts'

/** What the engine writes into a stack's lock of a file back end. Source: `lockContent` of pkg/v3/backend/diy/lock.go, 3.245.0. */
const LockContent = z.object({
  pid: z.int().min(1),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.coerce.date(),
})

interface EngineLock extends z.infer<typeof LockContent> {
  readonly file: string
}

export interface LockedStack {
  /** Of the file back end. */
  readonly folder: string
  /** Name of the Pulumi project. */
  readonly project: string
  readonly stack: string
}

/** A process that began later than its lock was written is another one that got the number; clocks may differ this much. */
const toleranceMilliseconds = 2_000
const pollMilliseconds = 250
/** How long the engine of a run that died is waited for: it ends when it next reports a step, and one call may take a minute. */
const patienceMilliseconds = 90_000

const readLock = async (file: string): Promise<EngineLock | undefined> => {
  try {
    const content = LockContent.parse(JSON.parse(await readFile(file, 'utf8')))
    return { file, ...content }
  } catch {
    return undefined
  }
}

const locksOf = async ({ folder, project, stack }: LockedStack): Promise<readonly EngineLock[]> => {
  const locks = join(folder, '.pulumi', 'locks', 'organization', project, stack)
  const names = await readdir(locks).catch(() => [])
  const files = names.filter((name) => name.endsWith('.json')).map((name) => join(locks, name))
  return (await Promise.all(files.map(readLock))).flatMap((lock) => lock ?? [])
}

const isDead = async ({ pid, hostname: host, timestamp }: EngineLock): Promise<boolean> => {
  if (host !== hostname()) return false
  if ((await identify(pid)) === undefined) return true
  const started = await startTime(pid)
  return started !== undefined && started.getTime() > timestamp.getTime() + toleranceMilliseconds
}

/** With what the file back end keeps beside each of its files. */
const removeLock = async ({ file }: EngineLock): Promise<void> => {
  await rm(file, { force: true })
  await rm(`${file}.attrs`, { force: true })
}

/** The lock that somebody alive, or on another machine, holds; those of dead engines of this machine are removed. */
const liveLock = async (stack: LockedStack): Promise<EngineLock | undefined> => {
  let live: EngineLock | undefined
  for (const lock of await locksOf(stack))
    if (await isDead(lock)) await removeLock(lock)
    else live = lock
  return live
}

const held = (stack: string, { username, hostname: host, pid, timestamp, file }: EngineLock): Fault =>
  new Fault(
    'conflict',
    `${stack} is being changed by an engine of ${username}@${host} (pid ${pid}, since ${timestamp.toISOString()}). Nothing was changed.`,
    {
      details: {
        resource: stack,
        hint: `Wait for it to end. If it is dead, which cannot be seen from here, \`pulumi cancel --stack ${stack}\` removes ${file}.`,
      },
    },
  )

/**
 * Removes the locks that engines left on a stack when they died. Never touches one of a live process or of another machine.
 *
 * The engine's locks have no expiry, and its next run refuses. `orphaned`: the run that held the stack before died, so an
 * engine of this machine that still works on it is waited for.
 * @throws {Fault} `conflict` where an engine holds the stack, with who and since when.
 */
export const clearDeadLocks = async (stack: LockedStack, orphaned: boolean): Promise<void> => {
  const until = performance.now() + patienceMilliseconds
  for (;;) {
    const live = await liveLock(stack)
    if (live === undefined) return
    const waits = orphaned && live.hostname === hostname() && performance.now() < until
    if (!waits) throw held(stack.stack, live)
    await wait(pollMilliseconds)
  }
}
