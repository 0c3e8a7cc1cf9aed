import { readdir, readFile, readlink } from 'node:fs/promises'

/** A process that stands below another. */
export interface Descendant {
  readonly pid: number
  readonly name: string
  readonly commandLine: string
  readonly folder: string
}

const parentOf = async (pid: number): Promise<number | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
  return parent === undefined ? undefined : Number(parent)
}

const describe = async (pid: number): Promise<Descendant> => ({
  pid,
  name: (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim(),
  commandLine: (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '),
  folder: await readlink(`/proc/${pid}/cwd`).catch(() => ''),
})

/** Every process below one, its children first. Linux only. */
export const descendantsOf = async (root: number): Promise<readonly Descendant[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const parents = await Promise.all(pids.map(async (pid) => [pid, await parentOf(pid)] as const))
  const found: number[] = []
  for (let level = [root]; level.length > 0; ) {
    level = parents.flatMap(([pid, parent]) => (parent !== undefined && level.includes(parent) ? [pid] : []))
    found.push(...level)
  }
  return Promise.all(found.map(describe))
}

/** Ends a process at once; one that is gone is none to end. */
export const killNow = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
