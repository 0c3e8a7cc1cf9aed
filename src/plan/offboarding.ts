import { compareText, type Issue } from '../core/issue.ts'
import { formatBytes } from '../core/units.ts'

/** What may be left of a tenant. */
export type RemnantKind =
  | 'service'
  | 'task'
  | 'agent'
  | 'container'
  | 'network'
  | 'secret'
  | 'config'
  | 'volume'
  | 'image'
  | 'vault secret'
  | 'machine'

/** Something of a tenant that stands on a cluster. Identified by cluster, kind and name. */
export interface Remnant {
  readonly cluster: string
  readonly kind: RemnantKind
  /** Of tasks that of their service, of images that of their repository, of secrets in Vault their mount. */
  readonly name: string
  /** Whether the tenant's stack made it, so that it goes with the stack or is kept by it. */
  readonly isOwn: boolean
  /** Tasks, tags, secrets; 1 of everything else. */
  readonly count: number
  /** Of volumes; null where nobody can tell. Absent of everything else. */
  readonly bytes?: number | null
}

/** What may stand in the way and does not, because somebody said so. */
export interface OffboardingChoices {
  /** Data may stay behind: volumes and secrets in Vault. */
  readonly keepData: boolean
  /** Images go with their repositories. */
  readonly discardImages: boolean
}

const isData = ({ kind }: Remnant): boolean => kind === 'volume' || kind === 'vault secret'

const holdsNothing = ({ kind, bytes, count }: Remnant): boolean =>
  kind === 'volume' ? bytes === 0 : count === 0

/** Whether a tenant cannot go while this is there. */
export const isInTheWay = (remnant: Remnant, { keepData, discardImages }: OffboardingChoices): boolean => {
  if (isData(remnant)) return !keepData && !holdsNothing(remnant)
  if (remnant.kind === 'image') return !discardImages && !holdsNothing(remnant)
  return !remnant.isOwn
}

const hints: Readonly<Record<RemnantKind, string>> = {
  service: 'Whoever made them removes them; look who that was with the label com.docker.ucp.access.owner.',
  task: 'They end with their services.',
  agent: 'Let the builds end, or stop them in Jenkins.',
  container: 'Whoever started them removes them.',
  network: 'Whoever made them removes them, once no service uses them.',
  secret: 'Whoever made them removes them, once no service uses them.',
  config: 'Whoever made them removes them, once no service uses them.',
  volume: 'Have the data moved or deleted; with --keep-data they stay behind with what is in them.',
  image: 'Have the tags moved or deleted; with --discard-images they go with their repositories.',
  'vault secret': 'Have them moved or deleted; with --keep-data they stay behind.',
  machine: 'Take them out of the folder, or delete them in vCenter.',
}

const plurals: Readonly<Record<RemnantKind, string>> = {
  service: 'services',
  task: 'running tasks',
  agent: 'build agents',
  container: 'containers',
  network: 'networks',
  secret: 'docker secrets',
  config: 'docker configs',
  volume: 'volumes',
  image: 'image tags',
  'vault secret': 'secrets in Vault',
  machine: 'VMs',
}

const sizeText = (bytes: number | null | undefined): string => {
  if (bytes === undefined) return ''
  if (bytes === null) return ' (how much it holds nobody can tell)'
  const mebibytes = Math.ceil(bytes / 1024 ** 2)
  return bytes === 0 ? ' (empty)' : ` (${formatBytes(mebibytes * 1024 ** 2)})`
}

/** `ledger (20Gi)`, `payments-api: 3 image tags`. */
export const remnantText = ({ kind, name, count, bytes }: Remnant): string =>
  kind === 'image' || kind === 'task' || kind === 'vault secret'
    ? `${name}: ${count} ${plurals[kind]}`
    : `${name}${sizeText(bytes)}`

/** The plural of what remnants of a kind are called. */
export const remnantKindText = (kind: RemnantKind): string => plurals[kind]

const namedAtMost = 5

const groupsOf = (remnants: readonly Remnant[]): readonly (readonly Remnant[])[] => {
  const groups = new Map<string, Remnant[]>()
  for (const one of remnants) {
    const key = `${one.cluster} ${one.kind}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()]
}

const issueOf = (organization: string, group: readonly Remnant[]): Issue[] => {
  const [first] = group
  if (first === undefined) return []
  const total = group.reduce((sum, { count }) => sum + count, 0)
  const named = group.map(remnantText).sort(compareText)
  const rest = named.length - namedAtMost
  const names = `${named.slice(0, namedAtMost).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
  return [
    {
      code: 'offboard/not-empty',
      message: `${first.cluster} still has ${plurals[first.kind]} of ${organization}, ${total}: ${names}.`,
      hint: hints[first.kind],
    },
  ]
}

/** Why a tenant cannot go: what is left of it, an issue a cluster and kind. Issue code: `offboard/not-empty`. Never throws. */
export const offboardingIssues = (
  organization: string,
  remnants: readonly Remnant[],
  choices: OffboardingChoices,
): readonly Issue[] =>
  groupsOf(remnants.filter((one) => isInTheWay(one, choices))).flatMap((group) =>
    issueOf(organization, group),
  )

/** A resource that went with its stack. */
export interface RemovedResource {
  readonly stack: string
  /** Type token. */
  readonly type: string
  /** Key of the desired state. */
  readonly name: string
}

/** How an organization left: what was removed, and what was kept. */
export interface OffboardingReport {
  readonly organization: string
  /** ISO 8601. */
  readonly at: string
  readonly clusters: readonly string[]
  readonly choices: OffboardingChoices
  /** Whether every stack of it has gone. */
  readonly isComplete: boolean
  /** With the stacks, and before that when it was archived. Sorted by stack, type, name. */
  readonly removed: readonly RemovedResource[]
  /** What was still there afterwards. Sorted by cluster, kind, name. */
  readonly kept: readonly Remnant[]
}

const byPlace = (a: Remnant, b: Remnant): number =>
  compareText(a.cluster, b.cluster) || compareText(a.kind, b.kind) || compareText(a.name, b.name)

/** Sorted by cluster, kind, name. Never throws. */
export const sortRemnants = (remnants: readonly Remnant[]): readonly Remnant[] => [...remnants].sort(byPlace)

const typeName = (type: string): string => type.slice(type.lastIndexOf(':') + 1)

const removedLines = (removed: readonly RemovedResource[]): readonly string[] => {
  const stacks = new Map<string, Map<string, number>>()
  for (const { stack, type } of removed) {
    const counts = stacks.get(stack) ?? new Map<string, number>()
    stacks.set(stack, counts.set(typeName(type), (counts.get(typeName(type)) ?? 0) + 1))
  }
  return [...stacks].map(
    ([stack, counts]) =>
      `  ${stack}: ${[...counts]
        .sort(([a], [b]) => compareText(a, b))
        .map(([type, count]) => `${count} ${type}`)
        .join(', ')}`,
  )
}

const keptLines = (kept: readonly Remnant[]): readonly string[] =>
  groupsOf(kept).flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    return [`  ${first.cluster}, ${plurals[first.kind]}: ${group.map(remnantText).join(', ')}`]
  })

/** The report as lines of text. Holds no secret: of secrets it knows how many there are. Never throws. */
export const renderOffboarding = (report: OffboardingReport): readonly string[] => [
  report.isComplete
    ? `${report.organization} left ${report.clusters.join(' and ')} at ${report.at}.`
    : `${report.organization} has not left ${report.clusters.join(' and ')} altogether at ${report.at}: put right what failed, and run this again.`,
  '',
  report.removed.length === 0 ? 'Nothing was removed.' : `Removed, ${report.removed.length}:`,
  ...removedLines(report.removed),
  '',
  report.kept.length === 0 ? 'Nothing was kept.' : 'Kept, and nobody’s care any more:',
  ...keptLines(report.kept),
]
