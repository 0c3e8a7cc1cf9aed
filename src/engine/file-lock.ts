import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'

const pollMilliseconds = 250

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const isAbandoned = (holder: string): boolean => {
  const [host, pid] = holder.split(' ')
  return host === hostname() && !isAlive(Number(pid))
}

/** What a lock file says of its holder; undefined where nobody holds it. Never throws. */
export const readHolder = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch(() => undefined)

/**
 * Makes the lock file with the holder in it, unless there is one; whether it did.
 *
 * Written elsewhere and linked into place, so that nobody reads a lock that has no holder yet.
 */
export const takeFile = async (path: string, holder: string): Promise<boolean> => {
  const own = `${path}.${process.pid}.${process.hrtime.bigint()}`
  try {
    await writeFile(own, holder)
    await link(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    await rm(own, { force: true })
  }
}

/** Removes the lock of this holder, of nobody else: renamed before it is judged again, so of several that clear it one succeeds. */
export const clearHolder = async (path: string, holder: string): Promise<void> => {
  const aside = `${path}.abandoned.${process.pid}.${process.hrtime.bigint()}`
  await rename(path, aside).catch(() => undefined)
  if ((await readHolder(aside)) !== holder) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

const clearAbandoned = async (path: string): Promise<void> => {
  const holder = await readHolder(path)
  if (holder !== undefined && isAbandoned(holder)) await clearHolder(path, holder)
}

/**
 * Runs `task` while no other process of this machine holds the lock file; a dead holder's lock is taken over.
 * It saves work, it does not guard correctness: what the task makes must be put in place atomically.
 */
export const withFileLock = async <T>(
  path: string,
  task: () => Promise<T>,
  onWait: () => void = () => {},
): Promise<T> => {
  for (let told = false; !(await takeFile(path, `${hostname()} ${process.pid}`)); told = true) {
    if (!told) onWait()
    await clearAbandoned(path)
    await wait(pollMilliseconds)
  }
  try {
    return await task()
  } finally {
    await rm(path, { force: true })
  }
}
