import type { Issue } from '../core/issue.ts'
import type { Connected } from '../deploy/connected.ts'
import type { StackResult } from '../engine/stack-result.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import type { UnownedThing } from '../plan/unowned.ts'
import type { Author, ChangedResource } from '../survey/authors.ts'
import type { BlindSpot, ClusterSurvey, SurveyedCluster } from '../survey/survey-cluster.ts'
import { appliedFolder, readApplied } from './applied.ts'
import { type HandChange, handChanges } from './hand-changes.ts'
import { knownDrift, mergeDrift, rememberDrift } from './known-drift.ts'
import { lookAround, type Surroundings, surroundings } from './look-around.ts'
import { type Repair, repairOf } from './put-right.ts'
import type { RefreshAllReport } from './refresh-all.ts'
import type { RunWavesReport } from './run-waves.ts'
import { straysAmong } from './stray-stacks.ts'
import { vanishedIssues } from './vanished.ts'

/** What drift is looked for with; the effects of it are given, so that what is decided can be tried without them. */
export interface DriftRequest {
  readonly fleet: Fleet
  /** What the files ask for, of every stack. */
  readonly desired: readonly StackState[]
  /** Stacks to read, by name; each has a state. */
  readonly stacks: readonly string[]
  /** Clusters to look around on for what belongs to nobody. */
  readonly clusters: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly fix: boolean
  readonly now: Date
}

export interface DriftEffects {
  readonly refresh: (stacks: readonly string[]) => Promise<RefreshAllReport>
  readonly survey: (survey: ClusterSurvey) => Promise<SurveyedCluster>
  readonly authors: (request: AuthorsOfCluster) => Promise<ReadonlyMap<string, Author>>
  readonly apply: (stacks: readonly StackState[]) => Promise<RunWavesReport>
  /** Reads a cluster's connection. @throws {Fault} where it cannot. */
  readonly connect: (cluster: string) => Connected
}

/** Who is asked about changes: a cluster's systems, of the resources as they were applied. */
export interface AuthorsOfCluster {
  readonly cluster: string
  readonly connected: Connected
  readonly changes: readonly ChangedResource[]
}

/** What was changed by hand in a stack. */
export interface DriftedStack {
  readonly stack: string
  readonly changes: readonly HandChange[]
}

export interface DriftReport {
  readonly results: readonly StackResult[]
  readonly drifted: readonly DriftedStack[]
  readonly unowned: readonly UnownedThing[]
  readonly blindSpots: readonly BlindSpot[]
  /** Stacks that were read and that no file asks for any more. */
  readonly vanished: readonly Issue[]
  /** Where it was asked for. */
  readonly repair?: { readonly withheld: Repair['withheld']; readonly report: RunWavesReport | undefined }
  readonly seconds: number
}

const clusterOf = (stack: string): string => stack.slice(0, stack.indexOf('.'))

const changedResources = ({ stack, resources }: StackResult): readonly ChangedResource[] =>
  resources
    .filter(({ change, failed }) => change !== 'same' && !failed)
    .map(({ name, type, id }) => ({ stack, key: name, type, id }))

/** By `stack key`. Whoever cannot be asked tells nothing: drift is told without a name then. */
const findAuthors = async (
  results: readonly StackResult[],
  { authors, connect }: DriftEffects,
): Promise<ReadonlyMap<string, Author>> => {
  const found = new Map<string, Author>()
  for (const cluster of new Set(results.map(({ stack }) => clusterOf(stack)))) {
    const changes = results.filter(({ stack }) => clusterOf(stack) === cluster).flatMap(changedResources)
    if (changes.length === 0) continue
    const told = await Promise.resolve()
      .then(() => authors({ cluster, connected: connect(cluster), changes }))
      .catch(() => new Map<string, Author>())
    for (const [key, author] of told) found.set(key, author)
  }
  return found
}

/** What a reading found, and what earlier ones found that nobody has put right. */
const driftOf = (
  result: StackResult,
  earlier: readonly HandChange[],
  authors: ReadonlyMap<string, Author>,
): readonly DriftedStack[] => {
  const found = handChanges(result).map((change) => {
    const author = authors.get(`${result.stack} ${change.resource}`)
    return author === undefined ? change : { ...change, by: `${author.user} at ${author.at}` }
  })
  const changes = mergeDrift(earlier, found)
  return changes.length === 0 ? [] : [{ stack: result.stack, changes }]
}

/** Reads the stacks. What is otherwise is kept until somebody puts it right, with who did it. */
const readStacks = async (
  { environment, stacks }: DriftRequest,
  effects: DriftEffects,
): Promise<Pick<DriftReport, 'results' | 'drifted'>> => {
  const earlier = new Map(stacks.map((stack) => [stack, knownDrift(environment, stack)]))
  const { results } = await effects.refresh(stacks)
  const authors = await findAuthors(results, effects)
  const drifted: DriftedStack[] = []
  for (const result of results) {
    const before = earlier.get(result.stack) ?? []
    const found = driftOf(result, before, authors)
    const changes = found.flatMap((one) => one.changes)
    if (before.length > 0 || changes.length > 0) await rememberDrift(environment, result.stack, changes)
    drifted.push(...found)
  }
  return { results, drifted }
}

/** The states that say what stacks hold: what the files ask for, and what was applied before. */
const holdingsOf = (
  cluster: string,
  { desired, stacks, environment }: DriftRequest,
): readonly StackState[] => {
  const folder = appliedFolder(environment)
  const names = new Set([...desired.map(({ stack }) => stack), ...stacks])
  const applied = [...names].flatMap((stack) => {
    const record = folder === undefined ? undefined : readApplied(folder, stack)
    return record === undefined ? [] : [record.state]
  })
  return [...desired, ...applied].filter((state) => state.cluster === cluster)
}

const repairAll = async (
  request: DriftRequest,
  drifted: readonly DriftedStack[],
  { apply }: DriftEffects,
): Promise<NonNullable<DriftReport['repair']>> => {
  const { due, withheld } = repairOf({ ...request, drifted: drifted.map(({ stack }) => stack) })
  return { withheld, report: due.length === 0 ? undefined : await apply(due) }
}

type Repaired = NonNullable<DriftReport['repair']>

/** Drift that is there still. */
const leftAfter = (drifted: readonly DriftedStack[], { report }: Repaired): readonly DriftedStack[] => {
  const right = (report?.results ?? []).filter(({ outcome }) => outcome === 'succeeded')
  return drifted.filter(({ stack }) => right.every((one) => one.stack !== stack))
}

interface Followed {
  readonly around: Surroundings
  readonly repair?: Repaired
}

/** Puts right what may be, where it is asked for. What was seen before that is looked at again: it may be gone with it. */
const followUp = async (
  request: DriftRequest,
  seen: { readonly drifted: readonly DriftedStack[]; readonly around: Surroundings },
  look: () => ReturnType<typeof lookAround>,
  effects: DriftEffects,
): Promise<Followed> => {
  const { drifted, around } = seen
  if (!request.fix) return { around }
  const repair = await repairAll(request, drifted, effects)
  if (repair.report === undefined || around.unowned.length === 0) return { around, repair }
  return { around: surroundings(await look(), leftAfter(drifted, repair)), repair }
}

const surveysOf = (request: DriftRequest, { connect }: DriftEffects): readonly ClusterSurvey[] =>
  request.clusters.map((cluster) => ({
    cluster,
    connected: connect(cluster),
    states: holdingsOf(cluster, request),
  }))

const vanishedOf = ({ fleet, desired, stacks, now }: DriftRequest): readonly Issue[] =>
  vanishedIssues(fleet, straysAmong(stacks, new Set(desired.map(({ stack }) => stack))), now)

/**
 * Reads every stack, tells what was changed by hand and by whom, now or before an earlier reading that nobody followed up, and what
 * is there that belongs to nobody, which stacks no file asks for; puts right what may be put right, where it is asked for.
 *
 * The reading of one stack that fails stops no other. @throws {Fault} where a cluster's connection cannot be read.
 */
export const driftAll = async (request: DriftRequest, effects: DriftEffects): Promise<DriftReport> => {
  const started = performance.now()
  const surveys = surveysOf(request, effects)
  const look = () => lookAround(surveys, effects.survey)
  const [{ results, drifted }, looks] = await Promise.all([readStacks(request, effects), look()])
  const seen = { drifted, around: surroundings(looks, drifted) }
  const { around, repair } = await followUp(request, seen, look, effects)
  return {
    results,
    drifted,
    vanished: vanishedOf(request),
    ...around,
    ...(repair === undefined ? {} : { repair }),
    seconds: (performance.now() - started) / 1000,
  }
}
