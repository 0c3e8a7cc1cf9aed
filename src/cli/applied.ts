import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { canonicalJson, sha256 } from '../core/canonical.ts'
import type { StackState } from '../model/desired-state.ts'

/** What was applied last, beside the state of a file back end, so that whoever shares the state shares it. */
export interface AppliedRecord {
  readonly stack: string
  /** `stackDigest` of what was applied. */
  readonly digest: string
  /** ISO 8601. */
  readonly appliedAt: string
  /** The desired state itself: what a preview compares access with. Holds no secret. */
  readonly state: StackState
}

/** The folder of the records; undefined for back ends other than files, whose stacks are always run. */
export const appliedFolder = (environment: NodeJS.ProcessEnv): string | undefined => {
  const url = environment.PULUMI_BACKEND_URL ?? ''
  if (!url.startsWith('file://')) return undefined
  const path = url.slice('file://'.length).replace(/^~(?=\/|$)/, homedir())
  return join(path, '.tenantry', 'applied')
}

/** Digest of a stack's desired state and of the program that applies it: with either, the outcome may change. */
const stackDigest = (state: StackState, program: string): string =>
  sha256(`${program}\n${canonicalJson(state)}`)

const fileOf = (folder: string, stack: string): string => join(folder, `${stack}.json`)

/** The record of a stack; undefined where there is none or it cannot be read as one. */
export const readApplied = async (folder: string, stack: string): Promise<AppliedRecord | undefined> => {
  try {
    const record: unknown = JSON.parse(await readFile(fileOf(folder, stack), 'utf8'))
    const whole =
      record !== null &&
      typeof record === 'object' &&
      'digest' in record &&
      'appliedAt' in record &&
      'state' in record
    return whole ? (record as AppliedRecord) : undefined
  } catch {
    return undefined
  }
}

/** Written whole or not at all. */
const writeApplied = async (folder: string, record: AppliedRecord): Promise<void> => {
  await mkdir(folder, { recursive: true })
  const file = fileOf(folder, record.stack)
  await writeFile(`${file}.${process.pid}`, `${JSON.stringify(record)}\n`)
  await rename(`${file}.${process.pid}`, file)
}

/** Called before a stack changes: a run that dies midway must not look applied. */
export const forgetApplied = async (folder: string, stack: string): Promise<void> => {
  await rm(fileOf(folder, stack), { force: true })
}

/** The digest of the sources that this bundle was made of, which is the name of its folder. */
const programDigest = (): string => /\/build\/([0-9a-f]+)\//.exec(import.meta.url)?.[1] ?? 'sources'

/** The record of a stack whose desired state is the one applied last, by this very program. */
export const appliedRecord = async (
  folder: string,
  state: StackState,
): Promise<AppliedRecord | undefined> => {
  const record = await readApplied(folder, state.stack)
  return record?.digest === stackDigest(state, programDigest()) ? record : undefined
}

/** Records what was just applied. */
export const recordApplied = (folder: string, state: StackState): Promise<void> =>
  writeApplied(folder, {
    stack: state.stack,
    digest: stackDigest(state, programDigest()),
    appliedAt: new Date().toISOString(),
    state,
  })

/** Whether the files still say what was applied last, whichever version of Tenantry applied it. */
export const isApplied = async (folder: string, state: StackState): Promise<boolean> => {
  const record = await readApplied(folder, state.stack)
  return record !== undefined && canonicalJson(record.state) === canonicalJson(state)
}
