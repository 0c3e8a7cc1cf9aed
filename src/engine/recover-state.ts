import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../core/fault.ts'
import { chooseState, type StateChoice, type StateCopies } from './choose-state.ts'
import { lastEnd, runsOf } from './run-folders.ts'
import { isOfStack, pastsOf, type StackPlace, stateNames, statesOf } from './stack-place.ts'
import type { Diagnostic } from './stack-result.ts'
import { digestOf, readCopy, type StateCopy } from './state-copy.ts'

export interface RecoveryRequest {
  /** Where the state is looked for. */
  readonly place: StackPlace
  /** Where the stack's past is kept; the state's own back end, or another. */
  readonly past: StackPlace
}

export interface Recovery {
  /** For whoever reads the run's result. */
  readonly warnings: readonly Diagnostic[]
  /** Whether the state is older than the world, which has to be read before anything is changed. */
  readonly isOlder: boolean
}

const nothing: Recovery = { warnings: [], isOlder: false }

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => [])

/** A copy that a dead engine had not renamed yet: `<name>.<hex>.tmp`. */
const isTemporary = (name: string): boolean => /\.[0-9a-f]{8,}\.tmp$/.test(name)

const readAll = async (paths: readonly string[]): Promise<readonly StateCopy[]> =>
  (await Promise.all(paths.map((path) => readCopy(path).catch(() => undefined)))).flatMap(
    (copy) => copy ?? [],
  )

const filesBelow = async (folder: string): Promise<readonly string[]> =>
  (await namesIn(folder)).map((name) => join(folder, name))

/** Newest last: the engine names them after the time. Only so many are read. */
const mostPast = 5

const isPastState = (stack: string) => (path: string) => {
  const name = basename(path)
  return name.startsWith(stack) && /\.json(?:\.gz|\.zst)?$/.test(name) && !/\.history\.json/.test(name)
}

const pastOf = async ({ place, past }: RecoveryRequest): Promise<readonly StateCopy[]> => {
  const copies: StateCopy[] = []
  for (const folder of [
    ...pastsOf(place).map((one) => join(place.folder, one)),
    ...pastsOf(past).map((one) => join(past.folder, one)),
  ]) {
    const paths = (await filesBelow(folder)).filter(isPastState(place.stack)).sort()
    copies.push(...(await readAll(paths.slice(-mostPast))))
  }
  return copies
}

/** The name of the state: of several, since the packing was changed, the first. */
const stateName = async (place: StackPlace): Promise<string> => {
  const names = await namesIn(statesOf(place))
  return stateNames(place.stack).find((name) => names.includes(name)) ?? `${place.stack}.json`
}

const copiesOf = async (request: RecoveryRequest): Promise<StateCopies & { readonly path: string }> => {
  const { place, past } = request
  const folder = statesOf(place)
  const path = join(folder, await stateName(place))
  const state = await readCopy(path)
  const temporary = (await namesIn(folder)).filter(
    (name) =>
      name.startsWith(`${basename(path)}.`) && !name.startsWith(`${basename(path)}.bak`) && isTemporary(name),
  )
  const isWhole = state?.verdict === 'sound'
  return {
    path,
    state,
    unplaced: isWhole ? [] : await readAll(temporary.map((name) => join(folder, name))),
    backup: isWhole ? undefined : (await readAll([`${path}.bak`]))[0],
    past: isWhole ? [] : await pastOf(request),
    resourcesBefore: (await lastEnd(runsOf(past.folder, past.stack)))?.resources,
  }
}

const way = (request: RecoveryRequest, path: string): string =>
  `Put the file back from a backup of ${request.past.folder}, then run this again. Where nothing of the stack is left in the world, or everything is to be adopted by name, remove ${path} and ${runsOf(request.past.folder, request.past.stack)}: the next run begins with an empty state.`

const describe = (state: StateCopy | undefined): string => {
  if (state === undefined) return 'is missing, though the stack was applied before'
  if (state.bytes.length === 0) return 'is empty'
  return state.verdict === 'altered'
    ? 'was changed by somebody or something else than the engine: it is not the one whose digest stands beside it'
    : `is damaged (${state.bytes.length} bytes that are no checkpoint)`
}

const refusal = (request: RecoveryRequest, path: string, state: StateCopy | undefined): Fault =>
  new Fault(
    'conflict',
    `The state of ${request.place.stack} ${describe(state)}, and no older copy of it is whole. Nothing was changed.`,
    { details: { resource: request.place.stack, hint: way(request, path) } },
  )

/** The engine's own attributes of a file, with the digest of its content. */
const attributesOf = (bytes: Buffer): string =>
  JSON.stringify({
    ...Object.fromEntries(
      ['cache_control', 'content_disposition', 'content_encoding', 'content_language'].map((name) => [
        `user.${name}`,
        '',
      ]),
    ),
    'user.content_type': 'application/json',
    'user.metadata': null,
    md5: digestOf(bytes),
  })

/** Whole or not at all; its attributes after it, so that a death in between leaves a state that speaks for itself. */
const putState = async (path: string, bytes: Buffer): Promise<void> => {
  const own = `${path}.${process.pid}.new`
  await writeFile(own, bytes)
  await rm(`${path}.attrs`, { force: true })
  await rename(own, path)
  await writeFile(`${path}.attrs`, `${attributesOf(bytes)}\n`)
}

const setAside = async ({ past }: RecoveryRequest, state: StateCopy): Promise<string> => {
  const folder = join(past.folder, '.tenantry', 'damaged')
  const path = join(folder, `${past.stack}.${new Date().toISOString().replaceAll(':', '-')}.json`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await copyFile(state.path, path)
  return path
}

const restored = async (
  request: RecoveryRequest,
  path: string,
  state: StateCopy | undefined,
  copy: StateCopy,
): Promise<Recovery> => {
  const kept = state === undefined || state.bytes.length === 0 ? undefined : await setAside(request, state)
  await putState(path, copy.bytes)
  const { stack } = request.place
  const message = `The state of ${stack} ${describe(state)}. It was put back from ${basename(copy.path)}, which the engine wrote at ${copy.time.toISOString()}, and the world was read.`
  const found = kept === undefined ? '' : ` What was found is kept as ${kept}.`
  const hint = `Look whether something of ${stack} is left over that was made after that time and is in no file any more.${found}`
  return { warnings: [{ severity: 'warning', message, resource: stack, hint }], isOlder: true }
}

const isCut = async (path: string): Promise<boolean> => {
  try {
    JSON.parse(await readFile(path, 'utf8'))
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

/** Attributes are written in place: cut short, every later run of the engine fails with `failed to load checkpoint: EOF`. */
const removeRest = async (path: string): Promise<void> => {
  if (isTemporary(path) || (path.endsWith('.attrs') && (await isCut(path)))) await rm(path, { force: true })
}

/** What an engine that was killed left beside the state. */
const removeRests = async (place: StackPlace): Promise<void> => {
  const beside = (await filesBelow(statesOf(place))).filter((path) => isOfStack(place.stack, basename(path)))
  const past = await Promise.all(pastsOf(place).map((one) => filesBelow(join(place.folder, one))))
  for (const path of [...beside, ...past.flat()]) await removeRest(path)
}

const act = async (
  request: RecoveryRequest,
  { path, state }: { readonly path: string; readonly state: StateCopy | undefined },
  choice: StateChoice,
): Promise<Recovery> => {
  if (choice.kind === 'refuse') throw refusal(request, path, state)
  if (choice.kind === 'restore') return restored(request, path, state, choice.copy)
  if (choice.kind === 'finish') await putState(path, choice.copy.bytes)
  return nothing
}

/**
 * Makes a stack's state one that the engine can go on with: keeps a whole one, finishes what an engine that died was
 * writing, puts an older copy in the place of one that is damaged or gone. The caller holds the stack alone.
 *
 * Every file has one of attributes beside it (content type, digest), without which the engine takes its defaults. Source:
 * `setAttrs` and `getAttrs` of gocloud.dev/blob/fileblob.
 * @throws {Fault} `conflict` where nothing can take its place, with the way out.
 */
export const recoverState = async (request: RecoveryRequest): Promise<Recovery> => {
  const copies = await copiesOf(request)
  const recovery = await act(request, copies, chooseState(copies))
  await removeRests(request.place)
  return recovery
}

const attempts = 5
const againMilliseconds = 100

/** The state as whoever does not hold the stack may find it: a run that lives is writing it. */
const damageOf = async (place: StackPlace): Promise<string | undefined> => {
  const copies = await copiesOf({ place, past: place })
  const choice = chooseState(copies)
  if (choice.kind !== 'restore' && choice.kind !== 'refuse') return undefined
  return describe(copies.state)
}

/**
 * Looks whether a stack's state can be read as it is. Changes nothing.
 *
 * @throws {Fault} `conflict` where it is damaged or gone: what `up` makes of it.
 */
export const inspectState = async (place: StackPlace): Promise<void> => {
  let damage = await damageOf(place)
  for (let attempt = 1; damage !== undefined && attempt < attempts; attempt++) {
    await wait(againMilliseconds)
    damage = await damageOf(place)
  }
  if (damage === undefined) return
  throw new Fault('conflict', `The state of ${place.stack} ${damage}.`, {
    details: {
      resource: place.stack,
      hint: '`tenantry up` puts an older copy in its place where there is one, reads the world, and goes on.',
    },
  })
}
