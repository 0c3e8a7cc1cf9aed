import { readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StackResult } from '../engine/stack-result.ts'
import { fileFault } from '../engine/state-fault.ts'
import { stateFolder } from '../engine/state-folder.ts'
import type { StackState } from '../model/desired-state.ts'
import type { RemovedResource } from '../plan/offboarding.ts'

/** What went of a tenant when it was archived, beside the state of a file back end: the report of its offboarding tells it. */
const folderOf = (environment: NodeJS.ProcessEnv): string | undefined => {
  const folder = stateFolder(environment)
  return folder === undefined ? undefined : join(folder, '.tenantry', 'departed')
}

const fileOf = (folder: string, stack: string): string => join(folder, `${stack}.json`)

/** Empty where nothing is known, and where the back end is none of files. Never throws. */
export const readDeparted = (environment: NodeJS.ProcessEnv, stack: string): readonly RemovedResource[] => {
  const folder = folderOf(environment)
  if (folder === undefined) return []
  try {
    const found: unknown = JSON.parse(readFileSync(fileOf(folder, stack), 'utf8'))
    return Array.isArray(found) ? (found as RemovedResource[]) : []
  } catch {
    return []
  }
}

/** Called when a stack is at work again, and when it has gone. */
export const forgetDeparted = async (environment: NodeJS.ProcessEnv, stack: string): Promise<void> => {
  const folder = folderOf(environment)
  if (folder !== undefined) await rm(fileOf(folder, stack), { force: true })
}

const deletedBy = ({ stack, resources }: StackResult): readonly RemovedResource[] =>
  resources
    .filter(({ change, failed }) => change === 'delete' && !failed)
    .map(({ type, name }) => ({ stack, type, name }))

/** Written whole or not at all. */
const write = async (folder: string, stack: string, removed: readonly RemovedResource[]): Promise<void> => {
  const file = fileOf(folder, stack)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(`${file}.${process.pid}`, `${JSON.stringify(removed)}\n`)
    await rename(`${file}.${process.pid}`, file)
  } catch (error) {
    throw fileFault(error, `What went of ${stack}`, folder)
  }
}

/** Keeps what went of stacks, beside what is known already. @throws {Fault} `unavailable` where the folder cannot be written. */
export const addDeparted = async (
  environment: NodeJS.ProcessEnv,
  removed: readonly RemovedResource[],
): Promise<void> => {
  const folder = folderOf(environment)
  if (folder === undefined) return
  for (const stack of new Set(removed.map((one) => one.stack))) {
    const own = removed.filter((one) => one.stack === stack)
    await write(folder, stack, [...readDeparted(environment, stack), ...own])
  }
}

/**
 * Keeps what an apply of an archived tenant removed, whether it ended well or not.
 *
 * @throws {Fault} `unavailable` where the folder cannot be written.
 */
export const keepDeparted = async (
  environment: NodeJS.ProcessEnv,
  { lifecycle }: StackState,
  result: StackResult,
): Promise<void> => {
  if (result.operation !== 'up') return
  if (lifecycle === 'archived') await addDeparted(environment, deletedBy(result))
  else await forgetDeparted(environment, result.stack)
}
