import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'

/**
 * How a run ended, in the place of its folder: an engine that wakes up later finds a file there, cannot write its state
 * and therefore begins no further step.
 */
const RunEnd = z.object({
  token: z.int().min(1),
  ended: z.enum(['released', 'fenced']),
  /** ISO 8601. */
  at: z.string(),
  /** Who held the stack, or who took it. */
  by: z.string(),
  /** Resources in the state that it left; absent where that is not known. */
  resources: z.int().min(0).optional(),
})
export type RunEnd = z.infer<typeof RunEnd>

/** Where the runs of a stack work: `<token>/` each while it lasts, a file of that name afterwards. */
export const runsOf = (folder: string, stack: string): string => join(folder, '.tenantry', 'runs', stack)

export const runFolder = (runs: string, token: number): string => join(runs, String(token))

interface RunEntry {
  readonly token: number
  readonly isFolder: boolean
}

/** By token, lowest first. */
export const listRuns = async (runs: string): Promise<readonly RunEntry[]> => {
  const entries = await readdir(runs, { withFileTypes: true }).catch(() => [])
  return entries
    .filter(({ name }) => /^\d+$/.test(name))
    .map((entry) => ({ token: Number(entry.name), isFolder: entry.isDirectory() }))
    .sort((a, b) => a.token - b.token)
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

/**
 * Issues the next token of a stack with an empty folder for its run. Tokens only grow: the last one's file or folder stays.
 *
 * Several that ask at once get one each.
 */
export const issueToken = async (runs: string): Promise<number> => {
  await mkdir(runs, { recursive: true })
  for (let token = ((await listRuns(runs)).at(-1)?.token ?? 0) + 1; ; token++)
    try {
      await mkdir(runFolder(runs, token))
      return token
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
}

/** What the last run that ended left; undefined where none did, or its folder still stands. Never throws. */
export const lastEnd = async (runs: string): Promise<RunEnd | undefined> => {
  const last = (await listRuns(runs)).filter(({ isFolder }) => !isFolder).at(-1)
  if (last === undefined) return undefined
  try {
    return RunEnd.parse(JSON.parse(await readFile(runFolder(runs, last.token), 'utf8')))
  } catch {
    return undefined
  }
}

/** Whether there was something to move. */
const moveAway = async (path: string, target: string): Promise<boolean> => {
  try {
    await rename(path, target)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Whether nothing stood in the way. */
const putFile = async (path: string, text: string): Promise<boolean> => {
  try {
    await writeFile(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || codeOf(error) === 'EISDIR') return false
    throw error
  }
}

/**
 * Puts a run's end in the place of its folder, which is moved to `aside` first: in one step, so that of two that do it one
 * succeeds. An engine that made the folder anew meanwhile loses that one too. Whether there was a folder.
 */
export const endRun = async (runs: string, end: RunEnd, aside: string): Promise<boolean> => {
  const place = runFolder(runs, end.token)
  if (!(await moveAway(place, aside))) return false
  while (!(await putFile(place, `${JSON.stringify(end)}\n`))) {
    await moveAway(place, `${aside}.again`)
    await rm(`${aside}.again`, { recursive: true, force: true })
  }
  return true
}

/** Engines that were fenced off may sleep for so long; after that their ends are forgotten. */
const rememberedMilliseconds = 30 * 24 * 60 * 60 * 1000

const isForgettable = async (runs: string, token: number, now: number): Promise<boolean> => {
  try {
    const end = RunEnd.parse(JSON.parse(await readFile(runFolder(runs, token), 'utf8')))
    return end.ended === 'released' || now - Date.parse(end.at) > rememberedMilliseconds
  } catch {
    return true
  }
}

/** Removes the ends of runs below a token that nobody needs any more. */
export const forgetEnds = async (runs: string, below: number): Promise<void> => {
  for (const { token, isFolder } of await listRuns(runs))
    if (token < below && !isFolder && (await isForgettable(runs, token, Date.now())))
      await rm(runFolder(runs, token), { force: true })
}
