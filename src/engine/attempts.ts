import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { nameOfUrn } from './stack-result.ts'

/**
 * What runs of a stack wanted that are not settled yet. Until then something may stand in the world that neither the state
 * nor the files know: a create that was cut off, or failed after it took effect.
 */
const Attempt = z.object({
  /** ISO 8601, of the last run that wanted it. */
  at: z.string(),
  /** URNs of creates that failed. */
  doubtful: z.array(z.string()),
  /** The compiled state of the stack, which holds no secret. */
  desired: z.looseObject({ resources: z.array(z.looseObject({ key: z.string() })) }),
})
type Attempt = z.infer<typeof Attempt>

/** Where a stack's attempts are kept, beside the state. */
export interface AttemptsPlace {
  readonly folder: string
  readonly stack: string
}

interface StoredAttempt extends Attempt {
  readonly file: string
}

const folderOf = ({ folder, stack }: AttemptsPlace): string => join(folder, '.tenantry', 'attempted', stack)

const readAttempt = async (file: string): Promise<readonly StoredAttempt[]> => {
  try {
    return [{ file, ...Attempt.parse(JSON.parse(await readFile(file, 'utf8'))) }]
  } catch {
    return [] // Cut by a full disk or a dead run: as good as none.
  }
}

/** Newest first. */
const attemptsOf = async (place: AttemptsPlace): Promise<readonly StoredAttempt[]> => {
  const names = await readdir(folderOf(place)).catch(() => [])
  const files = names.filter((name) => name.endsWith('.json')).map((name) => join(folderOf(place), name))
  const found = (await Promise.all(files.map(readAttempt))).flat()
  return found.sort((a, b) => (a.at < b.at ? 1 : -1))
}

const write = async ({ file, ...attempt }: StoredAttempt): Promise<void> => {
  const own = `${file}.${process.pid}.new`
  try {
    await writeFile(own, JSON.stringify(attempt))
    await rename(own, file)
  } finally {
    // What a full disk cut short would stay.
    await rm(own, { force: true })
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** Called before a run: what it wants, and that nothing of it is certain until it has ended well. Same attempts are one. */
export const recordAttempt = async (place: AttemptsPlace, desired: string): Promise<void> => {
  const text = await readFile(desired, 'utf8')
  await mkdir(folderOf(place), { recursive: true })
  const file = join(folderOf(place), `${digestOf(text)}.json`)
  const [before] = await readAttempt(file)
  const { desired: wanted } = Attempt.parse({ at: '', doubtful: [], desired: JSON.parse(text) })
  await write({ file, at: new Date().toISOString(), doubtful: before?.doubtful ?? [], desired: wanted })
}

/** Creates of the last attempt that failed, of which nobody knows whether they took effect. */
export const recordDoubtful = async (place: AttemptsPlace, urns: readonly string[]): Promise<void> => {
  const [last] = await attemptsOf(place)
  if (last === undefined || urns.length === 0) return
  await write({ ...last, doubtful: [...new Set([...last.doubtful, ...urns])].sort() })
}

/** Records creates as they fail. */
export interface DoubtfulRecorder {
  readonly failed: (urn: string) => void
  /** Called after the run: records them all once more, and rejects where that cannot be written. */
  readonly done: () => Promise<void>
}

/** A run that dies later could not record what had failed in it before, and the engine knows nothing of that. */
export const doubtfulRecorder = (place: AttemptsPlace): DoubtfulRecorder => {
  const urns: string[] = []
  let writing = Promise.resolve()
  return {
    failed: (urn) => {
      urns.push(urn)
      writing = writing.then(() => recordDoubtful(place, [urn])).catch(() => undefined)
    },
    done: async () => {
      await writing
      await recordDoubtful(place, urns)
    },
  }
}

/** Creates that failed and were not settled since. */
export const doubtfulOf = async (place: AttemptsPlace): Promise<readonly string[]> =>
  [...new Set((await attemptsOf(place)).flatMap(({ doubtful }) => doubtful))].sort()

/** Whether there are any. */
export const hasAttempts = async (place: AttemptsPlace): Promise<boolean> =>
  (await attemptsOf(place)).length > 0

/** Those of some resources that a compiled state has not. */
export const missingIn = async (desired: string, urns: readonly string[]): Promise<readonly string[]> => {
  const wanted = Attempt.shape.desired.parse(JSON.parse(await readFile(desired, 'utf8')))
  const keys = new Set(wanted.resources.map(({ key }) => key))
  return urns.filter((urn) => !keys.has(nameOfUrn(urn)))
}

/** What is wanted of some resources, as a file that the program reads. */
export interface AttemptOf {
  readonly urns: readonly string[]
  readonly desired: string
}

const holds = ({ desired }: Attempt, urn: string): boolean =>
  desired.resources.some(({ key }) => key === nameOfUrn(urn))

/**
 * The latest attempts that wanted these resources; what nobody remembers to have wanted is left out. `act` gets a file each,
 * which is gone afterwards.
 */
export const withAttempts = async <T>(
  place: AttemptsPlace,
  urns: readonly string[],
  act: (attempt: AttemptOf) => Promise<T>,
): Promise<readonly T[]> => {
  const results: T[] = []
  const left = new Set(urns)
  for (const attempt of await attemptsOf(place)) {
    const here = [...left].filter((urn) => holds(attempt, urn))
    if (here.length === 0) continue
    for (const urn of here) left.delete(urn)
    const desired = `${attempt.file}.${process.pid}.desired`
    await writeFile(desired, JSON.stringify(attempt.desired))
    try {
      results.push(await act({ urns: here, desired }))
    } finally {
      await rm(desired, { force: true })
    }
  }
  return results
}

/** Called when everything that was begun stands in the state or is gone. */
export const forgetAttempts = (place: AttemptsPlace): Promise<void> =>
  rm(folderOf(place), { recursive: true, force: true })
