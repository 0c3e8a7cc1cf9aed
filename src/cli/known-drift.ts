import { readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { PropertyChange } from '../engine/stack-result.ts'
import { fileFault } from '../engine/state-fault.ts'
import { stateFolder } from '../engine/state-folder.ts'
import type { HandChange } from './hand-changes.ts'

/**
 * What was found changed by hand and not put right yet, beside the state of a file back end: a reading writes what it finds into
 * the state, so that the next one would find nothing. Holds no secret.
 */
const folderOf = (environment: NodeJS.ProcessEnv): string | undefined => {
  const folder = stateFolder(environment)
  return folder === undefined ? undefined : join(folder, '.tenantry', 'drift')
}

const fileOf = (folder: string, stack: string): string => join(folder, `${stack}.json`)

/** Empty where nothing is known, and where the back end is none of files. Never throws. */
export const knownDrift = (environment: NodeJS.ProcessEnv, stack: string): readonly HandChange[] => {
  const folder = folderOf(environment)
  if (folder === undefined) return []
  try {
    const found: unknown = JSON.parse(readFileSync(fileOf(folder, stack), 'utf8'))
    return Array.isArray(found) ? (found as HandChange[]) : []
  } catch {
    return []
  }
}

/** Called when a stack is as desired again, or goes. */
export const forgetDrift = async (environment: NodeJS.ProcessEnv, stack: string): Promise<void> => {
  const folder = folderOf(environment)
  if (folder !== undefined) await rm(fileOf(folder, stack), { force: true })
}

/** Written whole or not at all. @throws {Fault} `unavailable` where the folder cannot be written. */
export const rememberDrift = async (
  environment: NodeJS.ProcessEnv,
  stack: string,
  changes: readonly HandChange[],
): Promise<void> => {
  const folder = folderOf(environment)
  if (folder === undefined) return
  if (changes.length === 0) return forgetDrift(environment, stack)
  const file = fileOf(folder, stack)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(`${file}.${process.pid}`, JSON.stringify(changes))
    await rename(`${file}.${process.pid}`, file)
  } catch (error) {
    throw fileFault(error, `What is known of the drift of ${stack}`, folder)
  }
}

/** A property that was changed twice is changed from what it was first; one that is as it was is not changed. */
const mergedProperties = (
  before: readonly PropertyChange[],
  now: readonly PropertyChange[],
): readonly PropertyChange[] => {
  const merged = new Map(before.map((one) => [one.path, one]))
  for (const one of now) {
    const first = merged.get(one.path)
    if (first === undefined) merged.set(one.path, one)
    else if (isDeepStrictEqual(first.from, one.to)) merged.delete(one.path)
    else merged.set(one.path, 'from' in first ? { ...one, from: first.from } : one)
  }
  return [...merged.values()]
}

const mergedChange = (before: HandChange, now: HandChange): readonly HandChange[] => {
  if (now.what === 'removed' || before.properties.length === 0) return [now]
  const properties = mergedProperties(before.properties, now.properties)
  return properties.length === 0 ? [] : [{ ...now, properties }]
}

/**
 * What is changed by hand after a reading, given what was known before it: what was found now, and what was found before and is
 * still so. A change that somebody took back by hand is none any more. By resource. Pure.
 */
export const mergeDrift = (
  before: readonly HandChange[],
  now: readonly HandChange[],
): readonly HandChange[] => {
  const merged = new Map(before.map((one) => [one.resource, [one] as readonly HandChange[]]))
  for (const one of now) {
    const [known] = merged.get(one.resource) ?? []
    merged.set(one.resource, known === undefined ? [one] : mergedChange(known, one))
  }
  return [...merged.values()].flat().sort((a, b) => (a.resource < b.resource ? -1 : 1))
}
