import type { Resource } from '../../model/resource.ts'
import { bookkeeping, type Change } from '../changes.ts'
import type { StackChange } from '../fleet-change.ts'
import { type Finding, someOf, type ValveLook } from './look.ts'

const isReal = (change: Change): boolean =>
  change.kind !== 'update' || change.fields.some((field) => !bookkeeping.has(field))

/** Those of a stack's changes that the world would see. Never throws. */
export const realChanges = ({ changes }: StackChange): readonly Change[] => changes.filter(isReal)

const counted = (count: number): string => `${count} ${count === 1 ? 'resource' : 'resources'}`

/** Changes that the files of frozen tenants ask for. What thaws one, or drains it, says so in its file. */
export const frozen = ({ change, isLifted }: ValveLook): readonly Finding[] =>
  change.stacks
    .filter((one) => one.after?.lifecycle === 'frozen' && !isLifted('frozen', one))
    .map((one) => ({ one, changes: realChanges(one) }))
    .filter(({ changes }) => changes.length > 0)
    .map(({ one, changes }) => ({
      rule: 'frozen',
      places: [one],
      message: `${one.stack} is frozen, and ${counted(changes.length)} would change: ${someOf(changes.map(({ key }) => key))}`,
      hint: "Take `lifecycle: 'frozen'` out of its file, or take the change back.",
    }))

/** What runs, and what something runs on. */
const workload: ReadonlySet<Resource['kind']> = new Set([
  'DockerService',
  'Network',
  'Repository',
  'VirtualMachine',
  'Volume',
])

const startsWorkload = (change: Change): boolean =>
  (change.kind === 'create' && workload.has(change.after.kind)) ||
  (change.kind === 'update' &&
    change.before.kind === 'DockerService' &&
    change.after.kind === 'DockerService' &&
    change.after.replicas > change.before.replicas)

/** New workload of tenants that are draining. */
export const draining = ({ change, isLifted }: ValveLook): readonly Finding[] =>
  change.stacks
    .filter(
      (one) => one.after?.lifecycle === 'draining' && one.before !== undefined && !isLifted('draining', one),
    )
    .map((one) => ({ one, started: one.changes.filter(startsWorkload) }))
    .filter(({ started }) => started.length > 0)
    .map(({ one, started }) => ({
      rule: 'draining',
      places: [one],
      message: `${one.stack} is draining, and would get new workload: ${someOf(started.map(({ key }) => key))}`,
      hint: 'A draining tenant gets nothing new; take the change back, or make it `active` again.',
    }))

const isArchivedAtOnce = ({ before, after }: StackChange): boolean =>
  after?.lifecycle === 'archived' &&
  before !== undefined &&
  before.lifecycle !== 'archived' &&
  before.lifecycle !== 'draining'

/** Tenants that are archived without having been drained: what they run would be lost from one moment to the next. */
export const archived = ({ change, isLifted }: ValveLook): readonly Finding[] =>
  change.stacks
    .filter((one) => isArchivedAtOnce(one) && !isLifted('archived', one))
    .map((one) => ({
      rule: 'archived',
      places: [one],
      message: `${one.stack} would be archived at once: ${counted(one.changes.filter(({ kind }) => kind === 'delete').length)} would be deleted that somebody may use`,
      hint: "Drain it first: lifecycle: 'draining', then look with `tenantry offboard`.",
    }))
