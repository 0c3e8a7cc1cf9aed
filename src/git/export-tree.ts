import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readObjects, type TreeEntry } from './read-tree.ts'
import type { Repository } from './repository.ts'

/** Writes files as they were committed into a folder. Links and submodules are left out. @throws {Fault} where git fails. */
export const writeEntries = async (
  repository: Repository,
  entries: readonly TreeEntry[],
  folder: string,
): Promise<void> => {
  const files = entries.filter(({ kind }) => kind === 'file')
  const contents = await readObjects(
    repository,
    files.map(({ object }) => object),
  )
  const folders = new Set(files.map(({ path }) => dirname(join(folder, path))))
  for (const one of folders) await mkdir(one, { recursive: true })
  for (const { path, object, executable } of files)
    await writeFile(join(folder, path), contents.get(object) ?? '', { mode: executable ? 0o755 : 0o644 })
}

/** Another process may have put the same folder in place first: then its one stays. */
const putInPlace = async (made: string, folder: string): Promise<void> => {
  try {
    await rename(made, folder)
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
  }
}

/**
 * Makes a folder of files as they were committed, whole or not at all; `finish` completes it before it is put in place.
 *
 * @throws {Fault} where git fails; what `finish` throws.
 */
export const exportEntries = async (
  repository: Repository,
  entries: readonly TreeEntry[],
  folder: string,
  finish: (folder: string) => Promise<void>,
): Promise<void> => {
  await mkdir(dirname(folder), { recursive: true })
  const made = await mkdtemp(`${folder}.`)
  try {
    await writeEntries(repository, entries, made)
    await finish(made)
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    throw error
  }
  await putInPlace(made, folder)
}
