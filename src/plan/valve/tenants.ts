import { compareText } from '../../core/issue.ts'
import type { FleetChange, StackChange } from '../fleet-change.ts'
import { type Finding, isTooMany, shareText, someOf, type ValveLook } from './look.ts'

const organizationsOf = (states: readonly { readonly organization: string | null }[]): ReadonlySet<string> =>
  new Set(states.flatMap(({ organization }) => (organization === null ? [] : [organization])))

/** A tenant that was archived has nothing left but its data, and its file may go. */
const isGone = ({ before, after }: StackChange): boolean =>
  before !== undefined && before.lifecycle !== 'archived' && after === undefined

/** Tenants that one change touches, of those that were there before it. */
export const tenantsTouched = ({ change, settings, isLifted, nameOf }: ValveLook): readonly Finding[] => {
  const existing = organizationsOf(change.before)
  const counted = change.stacks.filter(
    (one) =>
      one.organization !== null &&
      existing.has(one.organization) &&
      one.changes.length > 0 &&
      !isLifted('tenants-touched', one),
  )
  const touched = [...organizationsOf(counted)].sort(compareText)
  const { tenantsTouched: limit } = settings
  if (!isTooMany(touched.length, existing.size, limit)) return []
  return [
    {
      rule: 'tenants-touched',
      places: counted,
      message: `One change touches ${shareText(touched.length, existing.size, 'tenants')}, more than ${limit.percent} %: ${someOf(touched.map(nameOf))}`,
      hint: 'Split it into several changes.',
    },
  ]
}

const goneOrganizations = ({ before, after }: FleetChange): readonly string[] => {
  const left = organizationsOf(after)
  return [...organizationsOf(before)].filter((name) => !left.has(name)).sort(compareText)
}

/** Tenants that no file describes any more. A file that is missing is no wish to delete. */
export const tenantsGone = ({ change, isLifted, nameOf }: ValveLook): readonly Finding[] => {
  const gone = new Set(goneOrganizations(change))
  const places = change.stacks.filter(
    (one) => isGone(one) && gone.has(one.organization ?? '') && !isLifted('tenant-gone', one),
  )
  const names = [...organizationsOf(places)].map(nameOf).sort(compareText)
  if (names.length === 0) return []
  const total = organizationsOf(change.before).size
  return [
    {
      rule: 'tenant-gone',
      places,
      message: `${shareText(names.length, total, total === 1 ? 'tenant' : 'tenants')} would be gone: ${someOf(names)}`,
      hint: "Bring the file back; a renamed one says `previously`, and one that leaves is drained (lifecycle: 'draining'), archived and offboarded.",
    },
  ]
}

const goneMessage = ({ organization, cluster }: StackChange, nameOf: ValveLook['nameOf']): string =>
  organization === null
    ? `The cluster ${cluster} would be gone with everything that its organizations share`
    : `${nameOf(organization)} would be gone from the cluster ${cluster}`

/** Clusters that go, and tenants that leave a cluster while both stay. */
export const stacksGone = ({ change, isLifted, nameOf }: ValveLook): readonly Finding[] => {
  const gone = new Set(goneOrganizations(change))
  const clusters = new Set(
    change.stacks.filter((one) => one.organization === null && isGone(one)).map(({ cluster }) => cluster),
  )
  return change.stacks
    .filter((one) => one.organization === null || !(gone.has(one.organization) || clusters.has(one.cluster)))
    .filter((one) => isGone(one) && !isLifted('stack-gone', one))
    .map((one) => ({
      rule: 'stack-gone',
      places: [one],
      message: goneMessage(one, nameOf),
      hint: 'Bring it back in `clusters` or in `stacks/`; else offboard it there first.',
    }))
}
