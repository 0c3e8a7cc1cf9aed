import { readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, sha256 } from '../core/canonical.ts'
import { fileFault } from '../engine/state-fault.ts'
import { stateFolder } from '../engine/state-folder.ts'
import type { StackState } from '../model/desired-state.ts'
import { fileDigest } from '../tenant/file-digest.ts'
import { tenantOf } from './compile-once.ts'

/** That a stack was applied: what `up` compares with before it runs an engine. */
export interface AppliedHead {
  readonly stack: string
  /** `stackDigest` of what was applied. */
  readonly digest: string
  /** ISO 8601. */
  readonly appliedAt: string
  /** `fileDigest` of the tenant; absent of what a cluster shares, and of what older versions wrote. */
  readonly file?: string
}

/** What was applied last, beside the state of a file back end, so that whoever shares the state shares it. */
export interface AppliedRecord extends AppliedHead {
  /** The desired state itself: what a preview compares access with. Holds no secret. */
  readonly state: StackState
}

/** The folder of the records; undefined for back ends other than files, whose stacks are always run. */
export const appliedFolder = (environment: NodeJS.ProcessEnv): string | undefined => {
  const state = stateFolder(environment)
  return state === undefined ? undefined : join(state, '.tenantry', 'applied')
}

/** Digest of a stack's desired state and of the program that applies it: with either, the outcome may change. */
const stackDigest = (state: StackState, program: string): string => {
  const known = digests.get(state) ?? sha256(`${program}\n${canonicalJson(state)}`)
  digests.set(state, known)
  return known
}

/** A state never changes and this program is one: the valve, the plan and the run ask for thousands of digests each. */
const digests = new WeakMap<StackState, string>()

const fileOf = (folder: string, stack: string): string => join(folder, `${stack}.json`)

/** A record's lines: its head, and the state. Undefined where there is none. Read at once: a fleet has thousands. */
const linesOf = (folder: string, stack: string): { head: string; state: string } | undefined => {
  try {
    const text = readFileSync(fileOf(folder, stack), 'utf8')
    const end = text.indexOf('\n')
    return { head: text.slice(0, end), state: text.slice(end + 1) }
  } catch {
    return undefined
  }
}

const parseObject = (json: string | undefined): object | undefined => {
  try {
    const value: unknown = json === undefined ? undefined : JSON.parse(json)
    return value !== null && typeof value === 'object' ? value : undefined
  } catch {
    return undefined
  }
}

const headOf = (line: string | undefined): AppliedHead | undefined => {
  const head = parseObject(line)
  return head !== undefined && 'stack' in head && 'digest' in head && 'appliedAt' in head
    ? (head as AppliedHead)
    : undefined
}

/** The record of a stack; undefined where there is none or it cannot be read as one. */
export const readApplied = (folder: string, stack: string): AppliedRecord | undefined => {
  const lines = linesOf(folder, stack)
  const head = headOf(lines?.head)
  const state = parseObject(lines?.state)
  return head === undefined || state === undefined ? undefined : { ...head, state: state as StackState }
}

/** Written whole or not at all. @throws {Fault} `unavailable` where the folder cannot be written, e.g. on a full disk. */
const writeApplied = async (folder: string, { state, ...head }: AppliedRecord): Promise<void> => {
  const file = fileOf(folder, head.stack)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(`${file}.${process.pid}`, `${JSON.stringify(head)}\n${JSON.stringify(state)}\n`)
    await rename(`${file}.${process.pid}`, file)
  } catch (error) {
    await rm(`${file}.${process.pid}`, { force: true }).catch(() => undefined)
    throw fileFault(error, `The record of what was applied to ${head.stack}`, folder)
  }
}

/** Digest of no desired state at all: under way, or ended badly. */
const unsettled = ''

/**
 * Called before a stack changes: a run that dies midway must not look applied. What was applied before it stays known, so
 * that the next preview can say who gains and who loses what.
 */
export const unsettleApplied = async (folder: string, stack: string): Promise<void> => {
  const record = readApplied(folder, stack)
  if (record !== undefined) await writeApplied(folder, { ...record, digest: unsettled })
}

/** Takes `unsettleApplied` back, once the record is known to hold still; one that somebody wrote since stays. */
export const keepApplied = async (folder: string, record: AppliedRecord): Promise<void> => {
  const now = readApplied(folder, record.stack)
  if (now?.digest === unsettled && now.appliedAt === record.appliedAt) await writeApplied(folder, record)
}

/** A run that changes a part of a stack is under way; a digest is hexadecimal. */
const partly = '~'

/**
 * Called before a part of a stack changes, as its pools' VMs: answers what `amendApplied` is given. @throws {Fault} `unavailable` as `unsettleApplied`.
 */
export const unsettlePart = async (
  folder: string,
  record: AppliedRecord,
  token: string,
): Promise<AppliedRecord> => {
  const isSettled = /^[0-9a-f]+$/.test(record.digest)
  const begun = { ...record, digest: isSettled ? `${partly}${token}` : unsettled }
  await writeApplied(folder, begun)
  return begun
}

/**
 * Called after a part of a stack was changed: the rest is as it was. Where the whole was applied as recorded, it is again; where somebody has begun to apply
 * it meanwhile, or it was not before, it is not. @throws {Fault} `unavailable` where it cannot be written.
 */
export const amendApplied = async (
  folder: string,
  begun: AppliedRecord,
  state: StackState,
): Promise<AppliedRecord> => {
  const now = readApplied(folder, begun.stack)
  const isOurs = now?.digest === begun.digest && begun.digest.startsWith(partly)
  const amended = { ...begun, state, digest: isOurs ? stackDigest(state, programDigest()) : unsettled }
  await writeApplied(folder, amended)
  return amended
}

/** Called when a stack goes. */
export const forgetApplied = async (folder: string, stack: string): Promise<void> => {
  await rm(fileOf(folder, stack), { force: true })
}

/** The digest of the sources that this bundle was made of, which is the name of its folder. */
const programDigest = (): string => /\/build\/([0-9a-f]+)\//.exec(import.meta.url)?.[1] ?? 'sources'

/** That a stack's desired state is the one applied last, by this very program; else undefined. */
export const appliedAsIs = (folder: string, state: StackState): AppliedHead | undefined => {
  const head = headOf(linesOf(folder, state.stack)?.head)
  return head?.digest === stackDigest(state, programDigest()) ? head : undefined
}

const fileOfTenant = (state: StackState): Pick<AppliedHead, 'file'> => {
  const tenant = tenantOf(state)
  return tenant === undefined ? {} : { file: fileDigest(tenant) }
}

/** Records what was just applied. */
export const recordApplied = (folder: string, state: StackState): Promise<void> =>
  writeApplied(folder, {
    stack: state.stack,
    digest: stackDigest(state, programDigest()),
    appliedAt: new Date().toISOString(),
    ...fileOfTenant(state),
    state,
  })

/** Whether the files still say what was applied last, whichever version of Tenantry applied it. */
export const isApplied = (folder: string, state: StackState): boolean => {
  const record = readApplied(folder, state.stack)
  return (
    record !== undefined &&
    record.digest !== unsettled &&
    !record.digest.startsWith(partly) &&
    canonicalJson(record.state) === canonicalJson(state)
  )
}
