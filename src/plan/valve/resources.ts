import { GuardedKind } from '../../fleet/schema.ts'
import type { StackState } from '../../model/desired-state.ts'
import type { Resource } from '../../model/resource.ts'
import { bookkeeping } from '../changes.ts'
import type { StackChange } from '../fleet-change.ts'
import { type Finding, isTooMany, type Place, shareText, type ValveLook } from './look.ts'

/** What a change takes away: what is deleted, and what is replaced by another. */
interface Loss {
  readonly before: Resource
  /** Undefined for what is deleted; else why another takes its place. */
  readonly fields: readonly string[] | undefined
}

const lossesOf = ({ changes }: StackChange): readonly Loss[] =>
  changes.flatMap((change): readonly Loss[] => {
    if (change.kind === 'delete') return [{ before: change.before, fields: undefined }]
    return change.kind === 'replace' ? [{ before: change.before, fields: change.fields }] : []
  })

/** An archived tenant without a file has been offboarded, or its stack still stands and stops the run. */
const wasArchived = ({ before, after }: StackChange): boolean =>
  before?.lifecycle === 'archived' && after === undefined

const dataName = (resource: Resource): string => {
  if (resource.kind === 'Volume') return `The volume ${resource.name}`
  if (resource.kind === 'VaultMount') return `The secrets below ${resource.path}`
  return `${resource.kind} ${resource.key}`
}

const dataMessage = ({ before, fields }: Loss, { stack }: Place): string =>
  fields === undefined
    ? `${dataName(before)} of ${stack} would be given up with the data in it`
    : `${dataName(before)} of ${stack} would be replaced by an empty one (${fields.filter((field) => !bookkeeping.has(field)).join(', ')} would be another)`

/**
 * Volumes and Vault mounts that a change deletes or replaces. The valve makes no call, so each counts as holding data; an
 * override says that somebody looked.
 */
export const dataDeleted = ({ change, isLifted }: ValveLook): readonly Finding[] =>
  change.stacks
    .filter((one) => !wasArchived(one) && !isLifted('data-deleted', one))
    .flatMap((one) =>
      lossesOf(one)
        .filter((loss) => loss.before.retained === 'data')
        .map((loss) => ({
          rule: 'data-deleted',
          places: [one],
          message: dataMessage(loss, one),
          hint: 'A renamed one says `previously` with its former name; its data stays.',
        })),
    )

const countKind = (states: readonly StackState[], kind: GuardedKind): number =>
  states.reduce((sum, { resources }) => sum + resources.filter((one) => one.kind === kind).length, 0)

/** Whole stacks that go are the business of other rules. */
const isKept = ({ after }: StackChange): boolean => after !== undefined && after.lifecycle !== 'archived'

const kindFinding = ({ change, settings, isLifted }: ValveLook, kind: GuardedKind): readonly Finding[] => {
  const places = change.stacks.filter((one) => isKept(one) && !isLifted('kind-deleted', one))
  const losing = places.map((one) => ({
    one,
    lost: lossesOf(one).filter(({ before }) => before.kind === kind).length,
  }))
  const count = losing.reduce((sum, { lost }) => sum + lost, 0)
  const limit = settings.kindsDeleted[kind]
  if (count <= limit.floor) return []
  const total = countKind(change.before, kind)
  if (!isTooMany(count, total, limit)) return []
  return [
    {
      rule: 'kind-deleted',
      places: losing.filter(({ lost }) => lost > 0).map(({ one }) => one),
      message: `One change deletes or replaces ${shareText(count, total, `resources of kind ${kind}`)}, more than ${limit.percent} %`,
      hint: 'Split it into several changes.',
    },
  ]
}

/** Resources of a kind that one change deletes or replaces, of all of that kind in the fleet. */
export const kindsDeleted = (look: ValveLook): readonly Finding[] =>
  GuardedKind.options.flatMap((kind) => kindFinding(look, kind))
