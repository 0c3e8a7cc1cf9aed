import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fileFault } from '../../engine/state-fault.ts'

/** Whole or not at all: a file that is cut short would still be used. @throws {Fault} where it cannot be written. */
export const writeWhole = async (file: string, text: string, what: string): Promise<void> => {
  const target = resolve(file)
  const temporary = `${target}.${randomUUID()}`
  try {
    await mkdir(dirname(target), { recursive: true })
    await writeFile(temporary, text)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw fileFault(error, what, file)
  }
}
