import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LockedStack } from './engine-lock.ts'

const isWhole = async (file: string): Promise<boolean> => {
  try {
    JSON.parse(await readFile(file, 'utf8'))
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

/** A copy that a dead engine had not renamed yet: `<name>.<hex>.tmp`. */
const isTemporary = (name: string): boolean => /\.[0-9a-f]{8,}\.tmp$/.test(name)

const mendFile = async (folder: string, name: string): Promise<void> => {
  const isBroken = name.endsWith('.attrs') && !(await isWhole(join(folder, name)))
  if (isBroken || isTemporary(name)) await rm(join(folder, name), { force: true })
}

const mendFolder = async (folder: string, prefix: string): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) if (name.startsWith(prefix)) await mendFile(folder, name)
}

/**
 * Removes what an engine that was killed while it wrote a stack's state left beside it. The state itself it replaces whole.
 *
 * Each file has one of attributes (content type, digest) beside it, which is written in place; cut short, every later run
 * fails with `failed to load checkpoint: EOF`. Without one the engine takes its defaults. Source: `setAttrs` and `getAttrs`
 * of gocloud.dev/blob/fileblob. The caller holds the stack alone.
 */
export const mendState = async ({ folder, project, stack }: LockedStack): Promise<void> => {
  await mendFolder(join(folder, '.pulumi', 'stacks', project), `${stack}.json`)
  await mendFolder(join(folder, '.pulumi', 'history', project, stack), stack)
}
