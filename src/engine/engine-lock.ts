import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { Fault } from '../core/fault.ts'
import { identify, startTime } from './process-identity.ts'
import type { StackPlace } from './stack-place.ts'

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

/** A process that began later than its lock was written is another one that got the number; clocks may differ this much. */
const toleranceMilliseconds = 2_000

const locksFolder = ({ folder, project, stack }: StackPlace): string =>
  join(folder, '.pulumi', 'locks', 'organization', project, stack)

const readLock = async (file: string): Promise<EngineLock | undefined> => {
  try {
    const content = LockContent.parse(JSON.parse(await readFile(file, 'utf8')))
    return { file, ...content }
  } catch {
    return undefined
  }
}

const locksOf = async (place: StackPlace): Promise<readonly EngineLock[]> => {
  const locks = locksFolder(place)
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

/** The run that a lock is of: ours are named after their lease. Undefined for an engine's own. */
const runOfLock = ({ file }: EngineLock): number | undefined => {
  const token = /\/tenantry\.(\d+)\.json$/.exec(file)?.[1]
  return token === undefined ? undefined : Number(token)
}

/** Whether nobody is behind a lock any more: a run whose lease is over, or an engine that died on this machine. */
const isLeft = async (lock: EngineLock, token: number): Promise<boolean> => {
  const run = runOfLock(lock)
  return run === undefined ? isDead(lock) : run < token
}

/** The lock that somebody alive, or on another machine, holds; those that were left behind are removed. */
const liveLock = async (place: StackPlace, token: number): Promise<EngineLock | undefined> => {
  let live: EngineLock | undefined
  for (const lock of await locksOf(place))
    if (await isLeft(lock, token)) await removeLock(lock)
    else if (runOfLock(lock) !== token) live = lock
  return live
}

const held = (stack: string, { username, hostname: host, pid, timestamp, file }: EngineLock): Fault => {
  const who = `an engine of ${username}@${host} (pid ${pid}, since ${timestamp.toISOString()})`
  const dead =
    host === hostname()
      ? ''
      : ` It runs without Tenantry on another machine: if it is dead, which cannot be seen from here, \`pulumi cancel --stack ${stack}\` removes ${file}.`
  return new Fault('conflict', `${stack} is being changed by ${who}. Nothing was changed.`, {
    details: { resource: stack, hint: `Wait for it to end, then run this again.${dead}` },
  })
}

/** The engine's lock on a stack, held by a run of ours for all the engines that it starts. */
export interface HeldLock {
  readonly release: () => Promise<void>
}

/**
 * Locks a stack as the engine does, so that a plain `pulumi` keeps away; removes the locks of runs whose lease is over and of
 * engines that died on this machine, which have no expiry. Never touches one of a live process or of another machine's
 * engine. The caller holds the lease with this token.
 *
 * @throws {Fault} `conflict` where an engine holds the stack, with who and since when.
 */
export const takeEngineLock = async (place: StackPlace, token: number): Promise<HeldLock> => {
  const live = await liveLock(place, token)
  if (live !== undefined) throw held(place.stack, live)
  const file = join(locksFolder(place), `tenantry.${token}.json`)
  const release = () => rm(file, { force: true })
  const { username } = userInfo()
  const content = { pid: process.pid, username, hostname: hostname(), timestamp: new Date().toISOString() }
  await mkdir(locksFolder(place), { recursive: true })
  await writeFile(file, JSON.stringify(content))
  // An engine that looked before this one was written has written its own by now, or gives way to this one.
  const late = await liveLock(place, token)
  if (late === undefined) return { release }
  await release()
  throw held(place.stack, late)
}
