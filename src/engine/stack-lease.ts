import { link, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../core/fault.ts'
import { takeFile } from './file-lock.ts'
import { holderText, type Lease, type LeaseFile, ownLease, readLease, writeLease } from './lease-file.ts'
import { isSamePlace, ownPlace } from './place.ts'
import { isAlive } from './process-identity.ts'
import { type LossReason, type Pulse, startPulse } from './pulse.ts'
import { issueToken, listRuns, runFolder, runsOf } from './run-folders.ts'

export interface LeaseRequest {
  /** Of the file back end: whoever shares the state shares the leases. */
  readonly folder: string
  readonly stack: string
  readonly operation: string
  /** Without a sign of life for so long, others may take the lease. */
  readonly limitMilliseconds?: number
  /** Called once where this process loses the lease; its engines have been ended already. */
  readonly onLoss?: (fault: Fault) => void
}

/** A lease that is held. */
export interface HeldLease {
  /** Higher than that of every lease of the stack before. */
  readonly token: number
  readonly path: string
  /** `NAME=value` that the environment of every process has that works under it. */
  readonly mark: string
  readonly by: string
  /** The lease of a holder that died or showed no life, which this one took the place of. */
  readonly takenFrom: Lease | undefined
  /** Returns while the lease is held. @throws {Fault} `lease-lost` with who has it. */
  readonly verify: () => Promise<void>
  /** Idempotent. Never touches a lease of somebody else. */
  readonly release: () => Promise<void>
}

/** How often a lease that just became free is tried to take before somebody else counts as its holder. */
const attempts = 5
/**
 * A third of the 30 s in which a lease has to be taken over is left for the rest: the observation begins when somebody
 * wants the stack, and the old holder's processes have to end.
 */
const defaultLimitMilliseconds = 15_000
const beatsPerLimit = 15
const observeMilliseconds = 100

const limitOf = ({ limitMilliseconds }: LeaseRequest): number => {
  if (limitMilliseconds !== undefined) return limitMilliseconds
  const seconds = Number(process.env.TENANTRY_LEASE_SECONDS)
  return seconds > 0 ? Math.ceil(seconds * 1000) : defaultLimitMilliseconds
}

export const leasePath = (folder: string, stack: string): string =>
  join(folder, '.tenantry', 'leases', `${stack}.json`)

const held = (stack: string, path: string, lease: Lease | undefined): Fault => {
  const who = lease === undefined ? `whoever wrote ${path}` : holderText(lease)
  return new Fault('conflict', `${stack} is being changed by ${who}. Nothing was changed.`, {
    details: { resource: stack, hint: 'Wait for it to end, then run this again. A dead one is taken over.' },
  })
}

const lost = (stack: string, token: number, now: Lease | undefined, reason?: LossReason): Fault => {
  const why =
    reason === 'unreachable'
      ? 'it could not be renewed in time'
      : now === undefined
        ? 'somebody took it away'
        : `${holderText(now)} has it`
  return new Fault('lease-lost', `This run lost ${stack}: ${why}. It was ended and changes nothing more.`, {
    details: {
      resource: stack,
      hint: `Its lease ${token} ran out while it could not renew it: asleep, stopped, or cut off from the state's folder. Run this again once ${stack} is free: it begins with what is there.`,
    },
  })
}

/** Whether the holder is known to be dead: it ran where its process number can be asked for. */
const isDead = async ({ place, holder }: Lease): Promise<boolean> =>
  isSamePlace(place, await ownPlace()) && !(await isAlive(holder))

/**
 * Whether a holder shows no sign of life while it is watched for its limit. By this process's own steady clock: those of two
 * machines may differ by any amount.
 */
const showsNoLife = async (path: string, first: LeaseFile, own: number): Promise<boolean> => {
  const limit = first.lease?.limitMilliseconds ?? own
  const until = performance.now() + limit
  while (performance.now() < until) {
    await wait(observeMilliseconds)
    const now = await readLease(path)
    if (now?.text !== first.text) return false
  }
  return true
}

/** Removes exactly this lease: moved aside before it is judged again, so of several that remove it one does. Whether it did. */
const removeLease = async (path: string, token: number | undefined): Promise<boolean> => {
  const aside = `${path}.${process.pid}.${process.hrtime.bigint()}.aside`
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  )
  if (!moved) return false
  const isIt = (await readLease(aside))?.lease?.token === token
  if (!isIt) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
  return isIt
}

type Found = { readonly lease: Lease | undefined } | undefined

/** The lease that was in the way and is no more, as its holder is dead. @throws {Fault} `conflict` where it lives. */
const freeDead = async (stack: string, path: string, limit: number): Promise<Found> => {
  const found = await readLease(path)
  if (found === undefined) return undefined
  const { lease } = found
  if (lease === undefined || !(await isDead(lease)))
    if (!(await showsNoLife(path, found, limit))) {
      if ((await readLease(path)) === undefined) return undefined
      throw held(stack, path, lease)
    }
  return (await removeLease(path, lease?.token)) ? { lease } : undefined
}

/** Whether a run with a higher token has held the stack: one that was issued in vain leaves nothing but an empty folder. */
const isOvertaken = async (runs: string, token: number): Promise<boolean> => {
  for (const run of await listRuns(runs))
    if (run.token > token && (!run.isFolder || (await readdir(runFolder(runs, run.token))).length > 0))
      return true
  return false
}

/** One try; undefined where somebody else was faster. */
const tryTake = async (
  request: LeaseRequest,
  path: string,
): Promise<(Lease & { offset: number }) | undefined> => {
  const runs = runsOf(request.folder, request.stack)
  const token = await issueToken(runs)
  const { stack, operation } = request
  const lease = await ownLease({ stack, operation, path, token, limitMilliseconds: limitOf(request) })
  const { text, offset } = writeLease(lease)
  try {
    if (await takeFile(path, text)) {
      if (!(await isOvertaken(runs, token))) return { ...lease, offset }
      await removeLease(path, token)
    }
  } catch (error) {
    await rm(runFolder(runs, token), { recursive: true, force: true })
    throw error
  }
  await rm(runFolder(runs, token), { recursive: true, force: true })
  return undefined
}

const verifier = (stack: string, path: string, token: number) => async (): Promise<void> => {
  const now = await readLease(path)
  if (now?.lease?.token !== token) throw lost(stack, token, now?.lease)
}

const hold = (
  { stack, onLoss }: LeaseRequest,
  path: string,
  lease: Lease & { offset: number },
  takenFrom: Lease | undefined,
): HeldLease => {
  const { token, mark, offset, limitMilliseconds } = lease
  const beatMilliseconds = Math.max(50, limitMilliseconds / beatsPerLimit)
  const pulse: Pulse = startPulse(
    { path, token, mark, offset, beatMilliseconds, limitMilliseconds },
    async (reason) => {
      const now = await readLease(path).catch(() => undefined)
      onLoss?.(lost(stack, token, now?.lease, reason))
    },
  )
  return {
    token,
    path,
    mark,
    by: holderText(lease),
    takenFrom,
    verify: verifier(stack, path, token),
    release: async () => {
      pulse.stop()
      await removeLease(path, token)
    },
  }
}

/**
 * Takes the lease of a stack; over from a holder that died, or that shows no sign of life while it is watched for the lease's
 * limit. From then on the lease is renewed until it is released.
 *
 * @throws {Fault} `conflict` where somebody alive holds it: who, what for and since when.
 */
export const takeLease = async (request: LeaseRequest): Promise<HeldLease> => {
  const { folder, stack } = request
  const path = leasePath(folder, stack)
  await mkdir(join(folder, '.tenantry', 'leases'), { recursive: true })
  let takenFrom: Lease | undefined
  for (let attempt = 0; attempt < attempts; attempt++) {
    const freed = await freeDead(stack, path, limitOf(request))
    takenFrom = freed?.lease ?? takenFrom
    const lease = await tryTake(request, path)
    if (lease !== undefined) return hold(request, path, lease, takenFrom)
  }
  throw held(stack, path, (await readLease(path))?.lease)
}
