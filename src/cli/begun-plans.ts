import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileFault } from '../engine/state-fault.ts'

const folderOf = (folder: string): string => join(folder, '.tenantry', 'begun')
const fileOf = (folder: string, stack: string): string => join(folderOf(folder), stack)

/**
 * Keeps that a plan begins to change a stack, beside the state: what a run that dies leaves half done is then known to be this
 * plan's. `plan` is its digest.
 *
 * @throws {Fault} `unavailable` where the folder cannot be written.
 */
export const markBegun = async (folder: string, stack: string, plan: string): Promise<void> => {
  const file = fileOf(folder, stack)
  try {
    await mkdir(folderOf(folder), { recursive: true })
    await writeFile(`${file}.${process.pid}`, plan)
    await rename(`${file}.${process.pid}`, file)
  } catch (error) {
    throw fileFault(error, `What is known of the plan that ${stack} is changed by`, folderOf(folder))
  }
}

/** Whether this plan was the last that began to change a stack, and did not end well. */
export const isBegun = (folder: string, stack: string, plan: string): Promise<boolean> =>
  readFile(fileOf(folder, stack), 'utf8').then(
    (text) => text === plan,
    () => false,
  )

/** Called when the stack is as desired, and before anything but a plan changes it. */
export const forgetBegun = (folder: string, stack: string): Promise<void> =>
  rm(fileOf(folder, stack), { force: true })
