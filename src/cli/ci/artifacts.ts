import { appendFile, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileFault } from '../../engine/state-fault.ts'
import { UsageError } from '../exit-code.ts'

/** Where a job's artifacts lie, below the folder with the files. */
export const artifactFolder = join('.tenantry', 'ci')

const isLink = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )

/** A pull request may bring a link in its place, which leads where nothing of it is to be written. */
const refuseLinks = async (root: string): Promise<void> => {
  for (const part of ['.tenantry', artifactFolder])
    if (await isLink(join(root, part)))
      throw new UsageError(
        `${part} is a symbolic link: reports are written into a folder only.`,
        `Take it out of the repository: git rm --cached ${part}`,
      )
}

/** Files of the folder that an apply needs, which `ci preview` wrote before it. */
const isPlan = (name: string): boolean => /^plan-[a-z]+\.json$/.test(name)

/**
 * Makes the folder for a job's artifacts, without the reports of an earlier run: none of them is taken for this one's. Plans stay
 * where they are kept. Its path.
 *
 * @throws {UsageError} where a link stands in its place. @throws {Fault} where it cannot be written.
 */
export const freshArtifacts = async (root: string, plans: 'kept' | 'dropped'): Promise<string> => {
  await refuseLinks(root)
  const folder = join(root, artifactFolder)
  try {
    await mkdir(folder, { recursive: true })
    const old = (await readdir(folder)).filter((name) => plans === 'dropped' || !isPlan(name))
    for (const name of old) await rm(join(folder, name), { recursive: true })
  } catch (error) {
    throw fileFault(error, 'The folder for the artifacts', folder)
  }
  return folder
}

/** Writes artifacts by name. @throws {Fault} where one cannot be written. */
export const writeArtifacts = async (
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> => {
  for (const [name, text] of Object.entries(files))
    try {
      await writeFile(join(folder, name), text)
    } catch (error) {
      throw fileFault(error, `The artifact ${name}`, folder)
    }
}

/** Adds lines to a file that the forge gave the job. @throws {Fault} where it cannot be written. */
export const appendForForge = async (file: string, text: string): Promise<void> => {
  try {
    await appendFile(file, `${text}\n`)
  } catch (error) {
    throw fileFault(error, 'What the forge is told', file)
  }
}
