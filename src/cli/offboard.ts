import type { Cluster } from '../cluster/schema.ts'
import { compileTenant } from '../compile/compile.ts'
import { isOnCluster } from '../compile/on-cluster.ts'
import { tenantStack } from '../compile/stack-name.ts'
import { compareText, type Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import type { Connected } from '../deploy/connected.ts'
import { readConnection } from '../deploy/read-connection.ts'
import type { StackResult } from '../engine/stack-result.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import type { RemovedResource } from '../plan/offboarding.ts'
import type { RemnantSearch } from '../survey/tenant-remnants.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import type { Tenant } from '../tenant/schema.ts'
import { appliedFolder, readApplied } from './applied.ts'
import { UsageError } from './exit-code.ts'

/** An organization that leaves. */
export interface Leaver {
  /** The name it was made under. */
  readonly organization: string
  /** Undefined where its file is gone. */
  readonly file: Loaded<Tenant> | undefined
  readonly clusters: readonly Cluster[]
}

const fileOf = ({ tenants }: Fleet, name: string): Loaded<Tenant> | undefined =>
  tenants.find(({ value }) => value.organization === name || organizationMadeAs(value) === name)

/**
 * Who leaves, and from where: the clusters named, else every one where the organization's file puts it or a stack of it stands.
 *
 * @throws {UsageError} where nobody of that name is anywhere.
 */
export const leaverOf = (
  fleet: Fleet,
  name: string,
  { existing, named }: { readonly existing: readonly string[]; readonly named: readonly string[] },
): Leaver => {
  const file = fileOf(fleet, name)
  const organization = file === undefined ? name : organizationMadeAs(file.value)
  const clusters = fleet.clusters
    .map(({ value }) => value)
    .filter(
      (cluster) =>
        existing.includes(tenantStack(cluster.cluster, organization)) ||
        (file !== undefined && isOnCluster(file.value, cluster)),
    )
    .filter(({ cluster }) => named.length === 0 || named.includes(cluster))
  if (clusters.length > 0) return { organization, file, clusters }
  const where = named.length === 0 ? 'on any cluster' : `on ${named.join(' or ')}`
  throw new UsageError(`Nothing of '${name}' is ${where}.`, 'See `tenantry status` for who is where.')
}

/** An organization at work does not leave from one moment to the next. Issue code: `offboard/at-work`. Never throws. */
export const atWorkIssues = ({ file, clusters }: Leaver): readonly Issue[] => {
  const lifecycle = file?.value.lifecycle ?? 'active'
  const leavesAll = file !== undefined && clusters.some((cluster) => isOnCluster(file.value, cluster))
  if (file === undefined || !leavesAll || lifecycle === 'draining' || lifecycle === 'archived') return []
  return [
    {
      code: 'offboard/at-work',
      message: `${file.value.organization} is ${lifecycle}.`,
      source: file.locateKey(['lifecycle']),
      hint: "Drain it first: lifecycle: 'draining', merged and applied, so that nothing new begins while it leaves.",
    },
  ]
}

const isLeaving = (lifecycle: string | undefined): boolean =>
  lifecycle === 'draining' || lifecycle === 'archived'

/**
 * A file that drains an organization does nothing until it is applied: until then its people go on. Issue code:
 * `offboard/not-applied`. Never throws.
 */
export const unappliedIssues = (
  { organization, file, clusters }: Leaver,
  environment: NodeJS.ProcessEnv,
): readonly Issue[] => {
  const folder = appliedFolder(environment)
  if (folder === undefined || file === undefined || !isLeaving(file.value.lifecycle)) return []
  return clusters
    .filter((cluster) => isOnCluster(file.value, cluster))
    .map(({ cluster }) => tenantStack(cluster, organization))
    .filter((stack) => {
      const record = readApplied(folder, stack)
      return record !== undefined && !isLeaving(record.state.lifecycle)
    })
    .map((stack) => ({
      code: 'offboard/not-applied',
      message: `${stack} is at work still: that ${file.value.organization} is ${file.value.lifecycle} was not applied to it.`,
      source: file.locate(['lifecycle']),
      hint: `Apply it first: tenantry up ${file.value.organization}.`,
    }))
}

/** What a stack holds as far as is known: as it was applied, else as the file says. */
const stateOf = (
  { organization, file }: Leaver,
  cluster: Cluster,
  environment: NodeJS.ProcessEnv,
): StackState | undefined => {
  const folder = appliedFolder(environment)
  const stack = tenantStack(cluster.cluster, organization)
  const recorded = folder === undefined ? undefined : readApplied(folder, stack)?.state
  if (recorded !== undefined || file === undefined || !isOnCluster(file.value, cluster)) return recorded
  return compileTenant(file.value, cluster)
}

/** What to look for on a cluster. */
export const searchOf = (leaver: Leaver, cluster: Cluster, environment: NodeJS.ProcessEnv): RemnantSearch => {
  const { organization } = leaver
  const resources = stateOf(leaver, cluster, environment)?.resources ?? []
  return {
    cluster: cluster.cluster,
    organization,
    stack: tenantStack(cluster.cluster, organization),
    machineFolder: `/${cluster.vsphere.datacenter}/vm/${cluster.vsphere.folder}/${organization}`,
    machines: new Set(resources.flatMap((one) => (one.kind === 'VirtualMachine' ? [one.name] : []))),
  }
}

/** How a cluster's systems are reached. @throws {Fault} `invalid-request` where a file is missing or wrong. */
export const connectedTo = ({ cluster, endpoints }: Cluster, environment: NodeJS.ProcessEnv): Connected =>
  readConnection({ cluster, file: environment.TENANTRY_CONNECTIONS, endpoints: () => endpoints })

/** Keys of what a stack leaves in the world when it goes. */
export const retainedKeys = (
  leaver: Leaver,
  cluster: Cluster,
  environment: NodeJS.ProcessEnv,
): ReadonlySet<string> =>
  new Set(
    (stateOf(leaver, cluster, environment)?.resources ?? [])
      .filter(({ retained }) => retained !== undefined)
      .map(({ key }) => key),
  )

/** By stack, type and name. Never throws. */
export const sortRemoved = (removed: readonly RemovedResource[]): readonly RemovedResource[] =>
  [...removed].sort(
    (a, b) => compareText(a.stack, b.stack) || compareText(a.type, b.type) || compareText(a.name, b.name),
  )

/** What went with the stacks, without what each leaves in the world. Never throws. */
export const removedBy = (
  results: readonly StackResult[],
  retained: ReadonlyMap<string, ReadonlySet<string>>,
): readonly RemovedResource[] =>
  results.flatMap(({ stack, resources }) =>
    resources
      .filter(
        ({ change, failed, name }) =>
          change === 'delete' && !failed && retained.get(stack)?.has(name) !== true,
      )
      .map(({ type, name }) => ({ stack, type, name })),
  )
