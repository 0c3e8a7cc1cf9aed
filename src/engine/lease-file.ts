import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import * as z from 'zod'
import { leaseVariable } from '../core/lease-reference.ts'
import { ownPlace, Place } from './place.ts'
import { identify, ProcessIdentity } from './process-identity.ts'

/** Who may run the engine on a stack. */
export const Lease = z.object({
  stack: z.string(),
  operation: z.string(),
  user: z.string(),
  place: Place,
  holder: ProcessIdentity,
  /** ISO 8601; for people, never compared. */
  since: z.string(),
  /** Higher than that of every lease of this stack before. */
  token: z.int().min(1),
  /** `NAME=value` in the environment of every process that works under the lease. */
  mark: z.string(),
  /** The holder counts as dead when its beats have not moved for so long. */
  limitMilliseconds: z.int().min(1),
})
export type Lease = z.infer<typeof Lease>

/** A lease file: the lease on its first line, the count of its holder's beats on the second. */
export interface LeaseFile {
  /** Undefined where the first line is no lease. */
  readonly lease: Lease | undefined
  /** Changes with every beat. */
  readonly text: string
}

export interface LeaseOwner {
  readonly stack: string
  readonly operation: string
  readonly path: string
  readonly token: number
  readonly limitMilliseconds: number
}

/** This process's lease. */
export const ownLease = async (owner: LeaseOwner): Promise<Lease> => {
  const { path, ...rest } = owner
  const holder = (await identify(process.pid)) ?? { pid: process.pid, started: 'unknown' }
  const { username: user } = userInfo()
  const mark = `${leaseVariable}=${path}:${owner.token}`
  return { ...rest, user, place: await ownPlace(), holder, since: new Date().toISOString(), mark }
}

const beatDigits = 15

/** The text of a lease file, and where its beats are counted, in bytes. Pure. */
export const writeLease = (lease: Lease): { readonly text: string; readonly offset: number } => {
  const line = `${JSON.stringify(lease)}\n`
  return { text: `${line}${'0'.repeat(beatDigits)}\n`, offset: Buffer.byteLength(line) }
}

const parse = (text: string): Lease | undefined => {
  try {
    return Lease.parse(JSON.parse(text.split('\n', 1)[0] ?? ''))
  } catch {
    return undefined
  }
}

/** Undefined where nobody holds a lease. @throws what reading a file throws, but for its absence. */
export const readLease = async (path: string): Promise<LeaseFile | undefined> => {
  try {
    const text = await readFile(path, 'utf8')
    return { lease: parse(text), text }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Who holds a lease, in a reader's words. */
export const holderText = ({ operation, user, place, holder, since }: Lease): string =>
  `\`${operation}\` of ${user}@${place.host} (pid ${holder.pid}, since ${since})`
