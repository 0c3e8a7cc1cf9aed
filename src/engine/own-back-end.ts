import { copyFile, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { endRun, forgetEnds, listRuns, runFolder, runsOf } from './run-folders.ts'
import { isOfStack, pastsOf, type StackPlace, stateNames, statesOf } from './stack-place.ts'

/**
 * Every run works in a back end of its own, `.tenantry/runs/<stack>/<token>/`, which begins with the stack's state; where
 * that state was, a link leads to it. Whoever takes the stack over moves the folder, so that an engine that wakes up later
 * can neither change the state nor, since it writes down each step before it begins it, begin another step.
 */
export interface OwnBackEnd {
  /** As a folder of a file back end. */
  readonly folder: string
  /** Whether it continues where a run that died stopped. */
  readonly inherited: boolean
}

export interface RunOnStack extends StackPlace {
  readonly token: number
  /** Who runs, for those that are fenced off. */
  readonly by: string
  /** @throws {Fault} `lease-lost`. */
  readonly verify: () => Promise<void>
}

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => [])

const kindOf = async (path: string): Promise<'link' | 'file' | 'none'> => {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return 'none'
  return found.isSymbolicLink() ? 'link' : 'file'
}

const ownPlace = (run: RunOnStack): StackPlace => ({
  ...run,
  folder: runFolder(runsOf(run.folder, run.stack), run.token),
})

/** The run whose folder a link to a state leads into; undefined where it leads elsewhere. */
const linkedRun = async (run: StackPlace, path: string): Promise<number | undefined> => {
  const target = resolve(dirname(path), await readlink(path))
  const [token] = relative(runsOf(run.folder, run.stack), target).split('/')
  return /^\d+$/.test(token ?? '') ? Number(token) : undefined
}

const hasState = async (run: RunOnStack, token: number): Promise<boolean> => {
  const folder = statesOf({ ...run, folder: runFolder(runsOf(run.folder, run.stack), token) })
  const names = await namesIn(folder)
  return stateNames(run.stack).some((name) => names.includes(name))
}

/** The highest run that left a folder with a state in it. */
const lastWithState = async (run: RunOnStack): Promise<number | undefined> => {
  const tokens = (await listRuns(runsOf(run.folder, run.stack)))
    .filter(({ token, isFolder }) => isFolder && token < run.token)
    .map(({ token }) => token)
  for (const token of tokens.reverse()) if (await hasState(run, token)) return token
  return undefined
}

/** The run that holds the state; undefined where it lies in its own place. */
const keeperOf = async (run: RunOnStack): Promise<number | undefined> => {
  for (const name of stateNames(run.stack)) {
    const path = join(statesOf(run), name)
    const kind = await kindOf(path)
    if (kind === 'file') return undefined
    const linked = kind === 'link' ? await linkedRun(run, path) : undefined
    if (linked !== undefined && (await hasState(run, linked))) return linked
  }
  return lastWithState(run)
}

/** What runs that died while they ended others, or themselves, left half moved. */
const removeRests = async (runs: string, token: number): Promise<void> => {
  for (const name of await namesIn(runs)) {
    const [, of] = /^(\d+)\./.exec(name) ?? []
    if (of !== undefined && Number(of) < token) await rm(join(runs, name), { recursive: true, force: true })
  }
}

/** Ends the folders of all earlier runs; that of the keeper becomes this run's. Whether it did. */
const fenceEarlier = async (run: RunOnStack, keeper: number | undefined): Promise<boolean> => {
  const runs = runsOf(run.folder, run.stack)
  const own = runFolder(runs, run.token)
  let inherited = false
  await removeRests(runs, run.token)
  for (const { token, isFolder } of await listRuns(runs)) {
    if (!isFolder || token >= run.token) continue
    const end = { token, ended: 'fenced', at: new Date().toISOString(), by: run.by } as const
    const aside = token === keeper ? own : `${own}.from-${token}`
    const moved = await endRun(runs, end, aside)
    if (token === keeper) inherited = moved
    else await rm(aside, { recursive: true, force: true })
  }
  return inherited
}

const copyInto = async (from: string, to: string, names: readonly string[]): Promise<void> => {
  await mkdir(to, { recursive: true })
  for (const name of names) await copyFile(join(from, name), join(to, name))
}

const metaNames = ['meta.yaml', 'meta.yaml.attrs']

const copyMeta = async (from: string, to: string): Promise<void> => {
  const present = await namesIn(join(to, '.pulumi'))
  const names = (await namesIn(join(from, '.pulumi'))).filter((name) => metaNames.includes(name))
  const missing = names.filter((name) => !present.includes(name))
  await copyInto(join(from, '.pulumi'), join(to, '.pulumi'), missing)
}

const copyState = async (run: RunOnStack): Promise<void> => {
  const names = (await namesIn(statesOf(run))).filter((name) => isOfStack(run.stack, name))
  const kinds = await Promise.all(names.map((name) => lstat(join(statesOf(run), name))))
  const files = names.filter((_, index) => kinds[index]?.isFile() === true)
  await copyInto(statesOf(run), statesOf(ownPlace(run)), files)
}

/** The name of the state in a folder; of a stack that is new, the plain one. */
const stateNameIn = async (place: StackPlace): Promise<string> => {
  const names = await namesIn(statesOf(place))
  return stateNames(place.stack).find((name) => names.includes(name)) ?? `${place.stack}.json`
}

/** Lets the state's own place lead into this run's folder. */
const link = async (run: RunOnStack): Promise<void> => {
  const name = await stateNameIn(ownPlace(run))
  const target = join(statesOf(ownPlace(run)), name)
  const own = join(ownPlace(run).folder, 'link')
  await mkdir(statesOf(run), { recursive: true })
  await rm(own, { force: true })
  await symlink(relative(statesOf(run), target), own)
  await run.verify()
  await rename(own, join(statesOf(run), name))
  await rm(join(statesOf(run), `${name}.attrs`), { force: true })
}

/**
 * Makes the back end of a run out of the stack's, or of what a dead run left of its own; fences off every earlier run. The
 * caller holds the lease and the engine's lock.
 *
 * @throws {Fault} `lease-lost` where another run took the stack meanwhile.
 */
export const enterBackEnd = async (run: RunOnStack): Promise<OwnBackEnd> => {
  const own = ownPlace(run)
  const inherited = await fenceEarlier(run, await keeperOf(run))
  if (!inherited) await copyState(run)
  await copyMeta(run.folder, own.folder)
  // Of engines that are dead or fenced off.
  await rm(join(own.folder, '.pulumi', 'locks'), { recursive: true, force: true })
  await link(run)
  return { folder: own.folder, inherited }
}

const moveAll = async (from: string, to: string): Promise<void> => {
  const names = await namesIn(from)
  if (names.length > 0) await mkdir(to, { recursive: true })
  for (const name of names) await rename(join(from, name), join(to, name))
}

/** What lies beside the state goes first: a reader of the state finds it. */
const moveState = async (run: RunOnStack): Promise<void> => {
  const from = statesOf(ownPlace(run))
  const to = statesOf(run)
  const names = (await namesIn(from)).filter((name) => isOfStack(run.stack, name))
  const isState = (name: string): boolean => stateNames(run.stack).includes(name)
  const states = names.filter(isState)
  for (const name of [...names.filter((one) => !isState(one)), ...states])
    await rename(join(from, name), join(to, name))
  for (const name of stateNames(run.stack))
    if (!states.includes(name) && (await kindOf(join(to, name))) === 'link')
      await rm(join(to, name), { force: true })
}

/**
 * Puts a run's state back into its place, with what the engine added to its past, and ends the run. Called when its engines
 * have ended.
 *
 * @throws {Fault} `lease-lost`: nothing was put back.
 */
export const leaveBackEnd = async (run: RunOnStack, resources: number | undefined): Promise<void> => {
  const own = ownPlace(run)
  await copyMeta(own.folder, run.folder)
  await run.verify()
  for (const past of pastsOf(run)) await moveAll(join(own.folder, past), join(run.folder, past))
  await moveState(run)
  const end = { token: run.token, ended: 'released', at: new Date().toISOString(), by: run.by } as const
  const aside = `${own.folder}.ended`
  await endRun(runsOf(run.folder, run.stack), resources === undefined ? end : { ...end, resources }, aside)
  await rm(aside, { recursive: true, force: true })
  await forgetEnds(runsOf(run.folder, run.stack), run.token)
}
