import { readdir, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../../engine/process-identity.ts'

/** Where cgroups are: version 2 has one tree here, version 1 a tree in each folder. */
const cgroupRoot = '/sys/fs/cgroup'
const attempts = 50
const pauseMilliseconds = 100

const pattern = /^tenantry-docker\.(\d+)\.(\d+)\.[0-9a-f]{8}/

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

const foldersIn = async (path: string): Promise<string[]> => {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

const removeTree = async (path: string): Promise<void> => {
  for (const name of await foldersIn(path)) await removeTree(join(path, name))
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

const cgroupTrees = async (): Promise<string[]> => [
  cgroupRoot,
  ...(await foldersIn(cgroupRoot)).map((name) => join(cgroupRoot, name)),
]

/** A cgroup cannot go before the last of its processes has. */
const patiently = async (action: () => Promise<void>): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action()
    } catch (error) {
      if (attempt === attempts) throw error
      await pause(pauseMilliseconds)
    }
  }
}

const isAbandoned = async (name: string): Promise<boolean> => {
  const [, pid, ticks] = pattern.exec(name) ?? []
  return pid !== undefined && !(await isAlive({ pid: Number(pid), started: `${ticks} ticks` }))
}

/** Takes away what an engine of this process left: its cgroups and folders. @throws the system's error when it cannot. */
export const removeOwn = async (cgroup: string, folders: readonly string[]): Promise<void> => {
  for (const tree of await cgroupTrees()) await patiently(() => removeTree(join(tree, cgroup)))
  for (const folder of folders) await patiently(() => rm(folder, { recursive: true, force: true }))
}

/** Takes away what engines left whose process was killed together with what would have tidied up. Never throws. */
export const removeAbandoned = async (): Promise<void> => {
  const ignore = (): undefined => undefined
  for (const tree of await cgroupTrees())
    for (const name of await foldersIn(tree))
      if (await isAbandoned(name)) await removeTree(join(tree, name)).catch(ignore)
  for (const name of await foldersIn(tmpdir()))
    if (await isAbandoned(name))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(ignore)
}
