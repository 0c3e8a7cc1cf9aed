import type { Stage } from '../../cluster/schema.ts'
import { compareText, type Issue } from '../../core/issue.ts'
import type { Change } from '../changes.ts'
import type { FleetChange, StackChange } from '../fleet-change.ts'
import type { UsedOverride } from '../valve.ts'
import { type AccessReport, accessReport } from './access-report.ts'
import { type AddressesLeft, addressReport } from './address-report.ts'
import { type Alike, alike } from './alike.ts'
import { type Attention, attentionOf } from './attention.ts'
import { type ClusterCapacity, capacityReport } from './capacity-report.ts'
import { type ChangeLine, changeOrder } from './change-lines.ts'
import { type CostReport, costReport } from './cost-report.ts'
import { type Beyond, beyondFiles, type EngineRun } from './engine-run.ts'
import { type Failure, failuresOf } from './failures.ts'
import { type FileChange, fileChanges } from './file-changes.ts'
import { type BothFiles, stagesOf } from './fleet-files.ts'
import { type LetThrough, letThrough } from './let-through.ts'
import type { Members } from './membership.ts'
import type { Phrase } from './phrase.ts'
import { rankOf } from './risk.ts'
import { stackLines } from './stack-lines.ts'
import { tenantFacts } from './tenant-facts.ts'

/** What a report is made of. */
export interface ReportInput {
  readonly change: FleetChange
  readonly files: BothFiles
  /** The engine's previews, where they ran. */
  readonly runs?: readonly EngineRun[]
  /** Who is in the teams, as far as it could be read. */
  readonly members?: Members
  /** What the reader should know of how this was made, e.g. that members could not be read. */
  readonly notes?: readonly Phrase[]
  /** Why it would not be applied as it stands. */
  readonly refusals?: readonly Issue[]
  /** Overrides without which it would be refused. */
  readonly overrides?: readonly UsedOverride[]
}

/** Why a change would not be applied as it stands, and the way out. */
type Refusal = Pick<Issue, 'code' | 'message' | 'hint'>

/** One resource that changes, as the desired state calls it. */
export interface ChangedResource {
  readonly stack: string
  readonly change: Change['kind']
  readonly key: string
}

/**
 * What a change of files does to the fleet, for a reviewer: plain data without a secret, from which Markdown, text and JSON
 * are written. Lists are sorted, what matters most first.
 */
export interface ChangeReport {
  readonly version: 1
  readonly counts: Readonly<Record<Change['kind'], number>>
  readonly stacks: { readonly changed: number; readonly all: number }
  readonly organizations: {
    readonly changed: readonly string[]
    readonly added: readonly string[]
    readonly gone: readonly string[]
    readonly all: number
  }
  /** Clusters that the change touches. */
  readonly clusters: readonly string[]
  /** Why it would not be applied as it stands; empty where nothing speaks against it, or nobody looked. */
  readonly refusals: readonly Refusal[]
  readonly overrides: readonly LetThrough[]
  readonly attention: readonly Attention[]
  /** Deletions and replacements, line by line, with where they happen. */
  readonly destructive: readonly Alike<ChangeLine>[]
  /** Everything else, stack by stack; stacks that change alike are one. */
  readonly groups: readonly Alike<readonly ChangeLine[]>[]
  readonly fileChanges: readonly FileChange[]
  readonly access: AccessReport
  readonly capacity: readonly ClusterCapacity[]
  readonly addresses: readonly AddressesLeft[]
  /** Null where the files of the base are not at hand. */
  readonly cost: CostReport | null
  /** Null where no engine ran. */
  readonly preview: {
    readonly stacks: number
    readonly failures: readonly Failure[]
    readonly beyond: readonly Beyond[]
  } | null
  readonly resources: readonly ChangedResource[]
  readonly notes: readonly Phrase[]
}

const countsOf = (change: FleetChange): ChangeReport['counts'] => {
  const counts = { create: 0, update: 0, replace: 0, delete: 0 }
  for (const { changes } of change.stacks) for (const { kind } of changes) counts[kind] += 1
  return counts
}

const organizationsIn = (states: readonly { readonly organization: string | null }[]): readonly string[] =>
  [...new Set(states.flatMap(({ organization }) => (organization === null ? [] : [organization])))].sort(
    compareText,
  )

const organizationsOf = (
  change: FleetChange,
  files: readonly FileChange[],
): ChangeReport['organizations'] => {
  const [then, now] = [organizationsIn(change.before), organizationsIn(change.after)]
  const changed = new Set([
    ...organizationsIn(change.stacks),
    ...files.map(({ organization }) => organization),
  ])
  return {
    changed: [...changed].sort(compareText),
    added: now.filter((one) => !then.includes(one)),
    gone: then.filter((one) => !now.includes(one)),
    all: new Set([...then, ...now]).size,
  }
}

const rewritten = (line: ChangeLine, rewrite: (phrase: Phrase) => Phrase): ChangeLine => ({
  ...line,
  what: rewrite(line.what),
  ...(line.risk === undefined ? {} : { risk: { ...line.risk, why: rewrite(line.risk.why) } }),
})

const isDestructive = ({ change }: ChangeLine): boolean => change === 'delete' || change === 'replace'

/** A stack with the lines that tell it. */
interface ToldStack {
  readonly stack: StackChange
  readonly lines: readonly ChangeLine[]
}

const linesTogether = (
  told: readonly ToldStack[],
  keep: (line: ChangeLine) => boolean,
): readonly Alike<ChangeLine>[] =>
  alike(
    told.flatMap(({ stack: { cluster, organization }, lines }) =>
      lines.filter(keep).map((value) => ({ cluster, organization, value })),
    ),
    rewritten,
  )

const stageOfPlaces = ({ places }: Alike<unknown>, stageOf: (cluster: string) => Stage): Stage =>
  places.some(({ cluster }) => stageOf(cluster) === 'prod') ? 'prod' : 'nonprod'

/** By risk, production first; what nobody notices last; deletions before replacements. */
const destructiveOf = (
  told: readonly ToldStack[],
  stageOf: (cluster: string) => Stage,
): readonly Alike<ChangeLine>[] =>
  [...linesTogether(told, isDestructive)].sort(
    (a, b) =>
      rankOf(a.value.risk, stageOfPlaces(a, stageOf)) - rankOf(b.value.risk, stageOfPlaces(b, stageOf)) ||
      Number(a.value.seamless) - Number(b.value.seamless) ||
      Number(a.value.follows) - Number(b.value.follows) ||
      changeOrder.indexOf(a.value.change) - changeOrder.indexOf(b.value.change),
  )

/** The worst first, then what touches most. */
const groupsOf = (
  told: readonly ToldStack[],
  stageOf: (cluster: string) => Stage,
): readonly Alike<readonly ChangeLine[]>[] => {
  const others = told.flatMap(({ stack: { cluster, organization }, lines }) => {
    const value = lines.filter((line) => !isDestructive(line))
    return value.length === 0 ? [] : [{ cluster, organization, value }]
  })
  const worst = (group: Alike<readonly ChangeLine[]>): number =>
    Math.min(...group.value.map(({ risk }) => rankOf(risk, stageOfPlaces(group, stageOf))))
  return [...alike(others, (lines, rewrite) => lines.map((line) => rewritten(line, rewrite)))].sort(
    (a, b) => worst(a) - worst(b) || b.places.length - a.places.length,
  )
}

const previewOf = (change: FleetChange, runs: readonly EngineRun[] | undefined): ChangeReport['preview'] =>
  runs === undefined
    ? null
    : { stacks: runs.length, failures: failuresOf(runs), beyond: beyondFiles(change, runs) }

type Scope = Pick<ChangeReport, 'counts' | 'stacks' | 'organizations' | 'clusters'>

/** How far a change reaches, in numbers and names. */
const scopeOf = (change: FleetChange, inFiles: readonly FileChange[]): Scope => ({
  counts: countsOf(change),
  stacks: {
    changed: change.stacks.length,
    all: new Set([...change.before, ...change.after].map(({ stack }) => stack)).size,
  },
  organizations: organizationsOf(change, inFiles),
  clusters: [...new Set(change.stacks.map(({ cluster }) => cluster))],
})

const resourcesOf = (change: FleetChange): readonly ChangedResource[] =>
  change.stacks.flatMap(({ stack, changes }) =>
    changes.map(({ kind, key }) => ({ stack, change: kind, key })),
  )

type Amounts = Pick<ChangeReport, 'capacity' | 'addresses' | 'cost'>

const amountsOf = (change: FleetChange, files: BothFiles): Amounts => ({
  capacity: capacityReport(files, change.after),
  addresses: addressReport(change, files.after),
  cost: costReport(files) ?? null,
})

const failedStacks = (preview: ChangeReport['preview']): number =>
  preview?.failures.reduce((total, { stacks }) => total + stacks.length, 0) ?? 0

const refusalsOf = ({ refusals = [] }: ReportInput): readonly Refusal[] =>
  refusals.map(({ code, message, hint }) => ({ code, message, ...(hint === undefined ? {} : { hint }) }))

const linesOf = (change: FleetChange, files: BothFiles, stageOf: (cluster: string) => Stage) =>
  change.stacks.map(
    (stack): ToldStack => ({
      stack,
      lines: stackLines(stack, stageOf(stack.cluster), tenantFacts(files.after, stack)),
    }),
  )

/** The report of a change. Pure; the same for the same input. Never throws on checked files. */
export const changeReport = (input: ReportInput): ChangeReport => {
  const { change, files, members = new Map(), notes = [] } = input
  const stageOf = stagesOf(files)
  const told = linesOf(change, files, stageOf)
  const access = accessReport(change, members, stageOf)
  const amounts = amountsOf(change, files)
  const preview = previewOf(change, input.runs)
  const inFiles = fileChanges(files)
  const parts = { lines: linesTogether(told, () => true), access: access.lines, ...amounts, stageOf }
  return {
    version: 1,
    ...scopeOf(change, inFiles),
    refusals: refusalsOf(input),
    overrides: letThrough(input.overrides ?? []),
    attention: attentionOf({ ...parts, beyond: preview?.beyond ?? [], failed: failedStacks(preview) }),
    destructive: destructiveOf(told, stageOf),
    groups: groupsOf(told, stageOf),
    fileChanges: inFiles,
    access,
    ...amounts,
    preview,
    resources: resourcesOf(change),
    notes,
  }
}
