import type { Stage } from '../../cluster/schema.ts'
import type { Resource } from '../../model/resource.ts'
import type { Change } from '../changes.ts'
import type { StackChange } from '../fleet-change.ts'
import { type ChangeLine, changeLines, type Facts } from './change-lines.ts'
import { counted, joined, listed, names, own, type Phrase, say } from './phrase.ts'
import { nameOf, nouns } from './resource-words.ts'
import { type Risk, tenantArchived, tenantGone } from './risk.ts'

/** What a tenant would miss first. */
const missed: readonly Resource['kind'][] = [
  'Team',
  'Repository',
  'Network',
  'Volume',
  'DockerService',
  'VirtualMachine',
]

/** What a stack holds, by kind: `4 teams, 3 networks and 2 volumes`. */
const contents = (resources: readonly Resource[]): Phrase =>
  listed(
    missed.flatMap((kind) => {
      const { length } = resources.filter((resource) => resource.kind === kind)
      return length === 0 ? [] : [counted(length, nouns[kind])]
    }),
  )

const mostVolumes = 6

/** What stays in the world when a stack goes. */
const staying = (resources: readonly Resource[]): Phrase => {
  const kept = resources.filter(({ retained }) => retained === 'data')
  const volumes = kept.filter(({ kind }) => kind === 'Volume').map((volume) => nameOf(volume) ?? '')
  const parts = [
    ...(volumes.length === 0
      ? []
      : [say`${own(volumes.length === 1 ? 'volume' : 'volumes')} ${names(volumes, mostVolumes)}`]),
    ...(kept.some(({ kind }) => kind === 'VaultMount') ? [own('its secrets in Vault')] : []),
  ]
  return parts.length === 0 ? own('') : say`; what stays: ${joined(parts, ', ')}`
}

interface Ending {
  readonly deleted: readonly Resource[]
  /** Among the deleted ones what leaves the books alone, or what is not deleted at all. */
  readonly kept: readonly Resource[]
  readonly risk: Risk
}

const ending = ({ deleted, kept, risk }: Ending): ChangeLine => ({
  change: 'delete',
  concern: 'access',
  what: say`everything (${contents(deleted.filter((one) => one.retained === undefined))}${staying(kept)})`,
  count: deleted.length,
  risk,
  seamless: false,
  follows: false,
})

const gone = ({ organization, cluster }: StackChange, resources: readonly Resource[]): ChangeLine =>
  ending({ deleted: resources, kept: resources, risk: tenantGone(organization ?? cluster) })

const isDelete = ({ kind }: Change): boolean => kind === 'delete'

/** What an archived tenant loses is one line; what little changes besides stands beside it. */
const archived = (stack: StackChange, stage: Stage, facts?: Facts): readonly ChangeLine[] => {
  const deleted = stack.changes.flatMap((change) => (change.kind === 'delete' ? [change.before] : []))
  const others = { ...stack, changes: stack.changes.filter((change) => !isDelete(change)) }
  const kept = stack.after?.resources ?? []
  return [ending({ deleted, kept, risk: tenantArchived }), ...changeLines(others, stage, facts)]
}

/** Whether a change ends what a tenant does on a cluster, though its file stays. */
export const isArchiving = ({ before, after }: StackChange): boolean =>
  after?.lifecycle === 'archived' && before !== undefined && before.lifecycle !== 'archived'

/** What happens to one stack; that a whole one goes is one line. Never throws. */
export const stackLines = (stack: StackChange, stage: Stage, facts?: Facts): readonly ChangeLine[] => {
  if (stack.after === undefined && stack.before !== undefined) return [gone(stack, stack.before.resources)]
  return isArchiving(stack) ? archived(stack, stage, facts) : changeLines(stack, stage, facts)
}
