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

const readHolder = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch(() => undefined)

/** Written elsewhere and linked into place, so that nobody reads a lock that has no holder yet. */
const take = async (path: string): Promise<boolean> => {
  const own = `${path}.${process.pid}.${process.hrtime.bigint()}`
  await writeFile(own, `${hostname()} ${process.pid}`)
  try {
    await link(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    await rm(own, { force: true })
  }
}

/** Renamed before it is judged again: of several that clear a dead holder's lock, one succeeds. */
const clearAbandoned = async (path: string): Promise<void> => {
  const holder = await readHolder(path)
  if (holder === undefined || !isAbandoned(holder)) return
  const aside = `${path}.abandoned.${process.pid}`
  await rename(path, aside).catch(() => undefined)
  if ((await readHolder(aside)) !== holder) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
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
  for (let told = false; !(await take(path)); told = true) {
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
