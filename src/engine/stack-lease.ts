import { mkdir, rm } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { Fault } from '../core/fault.ts'
import { clearHolder, readHolder, takeFile } from './file-lock.ts'
import { identify, isAlive, ProcessIdentity } from './process-identity.ts'

/** Who may run the engine on a stack. */
const Lease = z.object({
  stack: z.string(),
  operation: z.string(),
  host: z.string(),
  user: z.string(),
  holder: ProcessIdentity,
  /** ISO 8601. */
  since: z.string(),
})
type Lease = z.infer<typeof Lease>

export interface LeaseRequest {
  /** Of the file back end: whoever shares the state shares the leases. */
  readonly folder: string
  readonly stack: string
  readonly operation: string
}

/** A lease that is held. */
export interface HeldLease {
  /** Whether its holder before died with it. */
  readonly takenOver: boolean
  readonly release: () => Promise<void>
}

/** How often a lease that just became free is tried to take before somebody else counts as its holder. */
const attempts = 5

const parseLease = (text: string): Lease | undefined => {
  try {
    return Lease.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

const ownLease = async ({ stack, operation }: LeaseRequest): Promise<Lease> => {
  const holder = (await identify(process.pid)) ?? { pid: process.pid, started: 'unknown' }
  const { username: user } = userInfo()
  return { stack, operation, host: hostname(), user, holder, since: new Date().toISOString() }
}

const held = (stack: string, path: string, lease: Lease | undefined): Fault => {
  const who =
    lease === undefined
      ? `whoever wrote ${path}`
      : `\`${lease.operation}\` of ${lease.user}@${lease.host} (pid ${lease.holder.pid}, since ${lease.since})`
  return new Fault('conflict', `${stack} is being changed by ${who}. Nothing was changed.`, {
    details: {
      resource: stack,
      hint:
        lease?.host === hostname()
          ? 'Wait for it to end, then run this again.'
          : `Wait for it to end. If it is dead, which cannot be seen from here, remove ${path}.`,
    },
  })
}

const isDead = async (lease: Lease | undefined): Promise<boolean> =>
  lease !== undefined && lease.host === hostname() && !(await isAlive(lease.holder))

/** Frees a lease whose holder died on this machine; whether there was one. @throws {Fault} `conflict` where it lives. */
const freeDead = async (stack: string, path: string): Promise<boolean> => {
  const text = await readHolder(path)
  if (text === undefined) return false
  const lease = parseLease(text)
  if (!(await isDead(lease))) throw held(stack, path, lease)
  await clearHolder(path, text)
  return true
}

/**
 * Takes the lease of a stack, over from a dead process of this machine where one holds it.
 *
 * @throws {Fault} `conflict` where somebody alive, or on another machine, holds it: who, what for and since when.
 */
export const takeLease = async (request: LeaseRequest): Promise<HeldLease> => {
  const folder = join(request.folder, '.tenantry', 'leases')
  const path = join(folder, `${request.stack}.json`)
  await mkdir(folder, { recursive: true })
  const text = `${JSON.stringify(await ownLease(request))}\n`
  let takenOver = false
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await takeFile(path, text)) return { takenOver, release: () => rm(path, { force: true }) }
    takenOver = (await freeDead(request.stack, path)) || takenOver
  }
  throw held(request.stack, path, undefined)
}
