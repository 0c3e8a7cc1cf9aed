import type { Cluster } from '../cluster/schema.ts'
import {
  isWithin,
  ownedCollection,
  resourceCollection,
  workloadCollection,
} from '../compile/collection-paths.ts'
import { compileTenant } from '../compile/compile.ts'
import { accessLabel } from '../compile/docker-labels.ts'
import { type TenantScope, tenantScope } from '../compile/tenant-scope.ts'
import { parseBytes, parseCpuMillis } from '../core/units.ts'
import type { RestingLifecycle } from '../model/desired-state.ts'
import type { Resource } from '../model/resource.ts'
import { partFor, withinBound } from '../policy/binding.ts'
import type { CompliancePolicy } from '../policy/schema.ts'
import { madeAs } from '../tenant/former-name.ts'
import type { ReservationPolicy, Tenant } from '../tenant/schema.ts'
import { type ComplianceSettings, complianceSettings } from './settings.ts'

/** What a tenant's stack may use on a cluster, in the names that the cluster knows things by. */
export interface TenantRights {
  /** The name under which the organization was made. */
  readonly organization: string
  readonly cluster: string
  readonly stage: Cluster['stage']
  /** Undefined for a tenant at work. */
  readonly lifecycle: RestingLifecycle | undefined
  readonly quota: { readonly cpuMillis: number; readonly memoryBytes: number; readonly containers: number }
  /** What one container may have at most. */
  readonly container: { readonly cpuMillis: number; readonly memoryBytes: number }
  readonly reservation: ReservationPolicy
  /** Most nodes that a service on every node of its offers runs on. */
  readonly nodes: number
  /** Names of networks, volumes, secrets and configs that the tenant's file makes. */
  readonly networks: ReadonlySet<string>
  readonly volumes: ReadonlySet<string>
  readonly secrets: ReadonlySet<string>
  readonly configs: ReadonlySet<string>
  /** Collections of all of the organization's services, whichever application the stack is of. */
  readonly organizationWorkloads: readonly string[]
  /** Collections that services may stand in, with everything below. */
  readonly workloads: readonly string[]
  /** Collections that networks, volumes, secrets and configs may stand in, with everything below. */
  readonly resources: readonly string[]
  /** `registry.prod.bank.example`. */
  readonly registry: string
  /** Repositories of the tenant in it, `retail-banking/payments-api-prod`. */
  readonly repositories: ReadonlySet<string>
  /** Teams of the platform of which each must have signed an image; empty where none must be signed. */
  readonly signers: readonly string[]
  readonly mustBeSigned: boolean
  readonly settings: ComplianceSettings
}

type Named = Extract<Resource, { readonly name: string }>

const namesOf = (resources: readonly Resource[], kind: Named['kind']): ReadonlySet<string> =>
  new Set(resources.flatMap((one) => (one.kind === kind && 'name' in one ? [one.name] : [])))

const repositoriesOf = (resources: readonly Resource[]): ReadonlySet<string> =>
  new Set(resources.flatMap((one) => (one.kind === 'Repository' ? [`${one.namespace}/${one.name}`] : [])))

/** Offers on which a tenant's own services run; builds run agents alone. */
const runOffers = ['run/std', 'run/edge'] as const

interface Pool {
  readonly machine: string
  readonly max: number
}

/** Pools that the tenant's services may run on: the offers' shared ones, and its own. */
const poolsOf = ({ resolved, cluster }: TenantScope): readonly Pool[] =>
  resolved.offers
    .filter(({ name }) => name !== 'build/std')
    .flatMap(({ name, pool }) => [
      ...(pool.value === null ? [] : [pool.value]),
      ...Object.values(cluster.pools).filter(({ offer }) => offer === name && pool.value === null),
    ])

/** What a container may have at most by policy and cluster file; undefined where neither says. */
const saidMost = (cluster: Cluster, policy: CompliancePolicy | undefined) => {
  const bound = partFor(policy, cluster.stage).container
  const asked = cluster.compliance?.container
  return {
    cpuMillis: withinBound(parseCpuMillis(bound?.cpu ?? ''), parseCpuMillis(asked?.cpu ?? '')),
    memoryBytes: withinBound(parseBytes(bound?.memory ?? ''), parseBytes(asked?.memory ?? '')),
  }
}

const largest = (
  { resolved, cluster }: TenantScope,
  pools: readonly Pool[],
  most: ReturnType<typeof saidMost>,
): TenantRights['container'] => {
  const machines = pools.flatMap(({ machine }) => cluster.machines[machine] ?? [])
  const asked = {
    cpuMillis: most.cpuMillis ?? Math.max(0, ...machines.map(({ cpus }) => cpus * 1000)),
    memoryBytes: most.memoryBytes ?? Math.max(0, ...machines.map(({ memory }) => parseBytes(memory) ?? 0)),
  }
  return {
    cpuMillis: Math.min(asked.cpuMillis, resolved.quota.cpuMillis.value),
    memoryBytes: Math.min(asked.memoryBytes, resolved.quota.memoryBytes.value),
  }
}

const reservationOf = (
  { resolved, tenant }: TenantScope,
  application: string | undefined,
): ReservationPolicy => {
  const made =
    application === undefined ? undefined : madeAs(application, tenant.applications[application] ?? {})
  const own = resolved.applications.find(({ name }) => name === made)
  return own?.reservation.value ?? resolved.reservation.value
}

/** Collections: all of the organization's, or one application's and what all of them share. */
const collectionsOf = ({ organization, resolved, tenant }: TenantScope, application: string | undefined) => {
  const offers = resolved.offers.filter(({ name }) => runOffers.some((run) => run === name))
  const roots = offers.map(({ name }) => workloadCollection(name, organization))
  const all = {
    organizationWorkloads: resolved.offers.map(({ name }) => workloadCollection(name, organization)),
    workloads: roots,
    resources: [resourceCollection(organization)],
  }
  if (application === undefined) return all
  const made = madeAs(application, tenant.applications[application] ?? {})
  return {
    ...all,
    workloads: roots.map((root) => `${root}/${made}`),
    resources: [ownedCollection(organization, made), ownedCollection(organization, null)],
  }
}

const ownedBy = (resources: readonly Resource[], collections: readonly string[]): readonly Resource[] =>
  resources.filter((one) => {
    const label = 'labels' in one ? one.labels[accessLabel] : undefined
    return label !== undefined && collections.some((root) => isWithin(label, root))
  })

/**
 * What a tenant may use on a cluster: compiled from its file, so that it is what `tenantry up` makes. `application` narrows it to
 * what one application may use, where the stack is of one; `policy` is the platform's own, where it has one.
 *
 * Throws Error on what the checks across files report first.
 */
export const tenantRights = (
  tenant: Tenant,
  cluster: Cluster,
  application?: string,
  policy?: CompliancePolicy,
): TenantRights => {
  const scope = tenantScope(tenant, cluster)
  const { quota } = scope.resolved
  const pools = poolsOf(scope)
  const collections = collectionsOf(scope, application)
  const compiled = compileTenant(tenant, cluster).resources
  const resources = ownedBy(compiled, collections.resources)
  return {
    organization: scope.organization,
    cluster: cluster.cluster,
    stage: cluster.stage,
    lifecycle: scope.lifecycle,
    quota: {
      cpuMillis: quota.cpuMillis.value,
      memoryBytes: quota.memoryBytes.value,
      containers: quota.containers.value,
    },
    container: largest(scope, pools, saidMost(cluster, policy)),
    reservation: reservationOf(scope, application),
    nodes: pools.reduce((sum, { max }) => sum + max, 0),
    networks: namesOf(resources, 'Network'),
    volumes: namesOf(resources, 'Volume'),
    secrets: namesOf(resources, 'DockerSecret'),
    configs: namesOf(resources, 'DockerConfig'),
    ...collections,
    registry: new URL(cluster.endpoints.registry).host,
    repositories: repositoriesOf(compiled),
    signers: Object.keys(cluster.contentTrust.signers),
    mustBeSigned: cluster.contentTrust.required,
    settings: complianceSettings(tenant, cluster, policy),
  }
}
