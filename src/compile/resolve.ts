import type { Cluster } from '../cluster/schema.ts'
import { compareText } from '../core/issue.ts'
import { madeAs, organizationMadeAs } from '../tenant/former-name.ts'
import type {
  Application,
  Environment,
  JobRole,
  Network,
  OfferName,
  ReservationPolicy,
  SizeClass,
  Team,
  Tenant,
  Volume,
} from '../tenant/schema.ts'
import { environmentsAt } from './on-cluster.ts'
import {
  byDefault,
  type Candidate,
  firstOf,
  given,
  inBytes,
  inFile,
  inMillis,
  inOverride,
  type Resolved,
} from './provenance.ts'
import { publicBlock } from './public-block.ts'
import { type SizeDefaults, sizeClasses } from './size-classes.ts'

export interface ResolvedQuota {
  readonly cpuMillis: Resolved<number>
  readonly memoryBytes: Resolved<number>
  readonly storageBytes: Resolved<number>
  readonly containers: Resolved<number>
}

export interface ResolvedLimits {
  readonly cpuMillis: Resolved<number>
  readonly memoryBytes: Resolved<number>
}

export interface ResolvedTeam {
  readonly name: string
  /** The name under which it was made; so below. */
  readonly madeAs: string
  readonly role: Resolved<JobRole>
  readonly ldapGroup: Resolved<string | null>
  readonly members: Resolved<readonly string[]>
  /** Names of applications, sorted; null for all of the organization. */
  readonly applications: Resolved<readonly string[] | null>
  readonly description: Resolved<string>
}

/** VMs of the organization's own. */
interface ResolvedPool {
  readonly machine: string
  readonly min: number
  readonly max: number
}

interface ResolvedOffer {
  readonly name: OfferName
  readonly pool: Resolved<ResolvedPool | null>
}

/** An application with an environment on the cluster. */
export interface ResolvedApplication {
  readonly name: string
  readonly madeAs: string
  /** Those of the cluster's stage. */
  readonly environments: Resolved<readonly Environment[]>
  readonly repositories: Resolved<readonly string[]>
  readonly reservation: Resolved<ReservationPolicy>
  readonly offer: Resolved<'run/std' | 'run/edge'>
  readonly secrets: Resolved<readonly string[]>
  readonly description: Resolved<string>
}

interface NetworkOwner {
  readonly name: string
  readonly madeAs: string
  readonly application: Resolved<string | null>
}

export interface ResolvedOverlay extends NetworkOwner {
  readonly kind: 'overlay'
  readonly subnet: Resolved<string>
  readonly internal: Resolved<boolean>
}

interface ResolvedVpn extends NetworkOwner {
  readonly kind: 'vpn'
  readonly vlan: Resolved<string>
  readonly subnet: Resolved<string>
}

interface ResolvedPublic extends NetworkOwner {
  readonly kind: 'public'
  readonly addresses: Resolved<number>
  /** Pinned, or derived from the names; null where the cluster's public pool has no such block. */
  readonly subnet: Resolved<string | null>
}

export type ResolvedNetwork = ResolvedOverlay | ResolvedVpn | ResolvedPublic

export interface ResolvedVolume {
  readonly name: string
  readonly madeAs: string
  readonly backend: Resolved<string>
  readonly sizeBytes: Resolved<number>
  readonly application: Resolved<string | null>
  readonly access: Resolved<'simple' | 'secured'>
}

export interface ResolvedCi {
  readonly agents: ResolvedLimits & {
    readonly max: Resolved<number>
    readonly labels: Resolved<readonly string[]>
  }
  readonly controller: ResolvedLimits
  readonly account: Resolved<string | null>
}

/**
 * A tenant file as it holds on one cluster: defaults, size class and the cluster's overrides applied, and for every
 * field where its value is from. Every list of named things is sorted by name. Applications without an environment
 * of the cluster's stage are left out, and so are the networks and volumes that are theirs alone.
 */
export interface ResolvedTenant {
  readonly organization: string
  /** The name under which it was made: every system knows it by that. */
  readonly madeAs: string
  readonly cluster: string
  readonly displayName: Resolved<string>
  readonly size: Resolved<SizeClass>
  readonly owner: Resolved<string>
  readonly technicalLead: Resolved<string>
  readonly costCentre: Resolved<string>
  readonly reservation: Resolved<ReservationPolicy>
  readonly quota: ResolvedQuota
  readonly teams: readonly ResolvedTeam[]
  readonly offers: readonly ResolvedOffer[]
  readonly applications: readonly ResolvedApplication[]
  readonly networks: readonly ResolvedNetwork[]
  readonly volumes: readonly ResolvedVolume[]
  readonly ci: ResolvedCi | null
}

type Override = NonNullable<Tenant['clusters']>[string]

/** One tenant on one cluster, with what the parts below need to resolve theirs. */
interface Context {
  readonly tenant: Tenant
  readonly cluster: Cluster
  readonly override: Override
  /** Where the override stands in the file. */
  readonly at: readonly string[]
  readonly size: Resolved<SizeClass>
  readonly defaults: SizeDefaults
}

/** Reservation where no file says one. Source: our choice; full hardware without overcommitted memory. */
const defaultReservation: ReservationPolicy = 'optimized'

const named = <T>(record: Readonly<Record<string, T>> | undefined): readonly (readonly [string, T])[] =>
  Object.entries(record ?? {}).sort(([a], [b]) => compareText(a, b))

const sizeOf = (tenant: Tenant, override: Override, at: readonly string[]): Resolved<SizeClass> =>
  firstOf([inOverride(override.size, [...at, 'size'])], given(tenant.size, ['size']))

const contextOf = (tenant: Tenant, cluster: Cluster): Context => {
  const override = tenant.clusters?.[cluster.cluster] ?? {}
  const at = ['clusters', cluster.cluster]
  const size = sizeOf(tenant, override, at)
  return { tenant, cluster, override, at, size, defaults: sizeClasses[size.value] }
}

/** The size class's value, whose place is that of the size. */
const bySize = <T>(context: Context, value: T): Resolved<T> => ({
  value,
  origin: 'size-class',
  path: context.size.path,
})

const reservationOf = ({ tenant, override, at }: Context): Resolved<ReservationPolicy> =>
  firstOf(
    [inOverride(override.reservation, [...at, 'reservation']), inFile(tenant.reservation, ['reservation'])],
    byDefault(defaultReservation, ['reservation']),
  )

const quotaOf = (context: Context): ResolvedQuota => {
  const { tenant, override, at, defaults } = context
  const places = (field: 'cpu' | 'memory' | 'storage'): readonly Candidate<string>[] => [
    inOverride(override.quota?.[field], [...at, 'quota', field]),
    inFile(tenant.quota?.[field], ['quota', field]),
  ]
  const containers = [
    inOverride(override.quota?.containers, [...at, 'quota', 'containers']),
    inFile(tenant.quota?.containers, ['quota', 'containers']),
  ]
  return {
    cpuMillis: firstOf(places('cpu').map(inMillis), bySize(context, defaults.quota.cpuMillis)),
    memoryBytes: firstOf(places('memory').map(inBytes), bySize(context, defaults.quota.memoryBytes)),
    storageBytes: firstOf(places('storage').map(inBytes), bySize(context, defaults.quota.storageBytes)),
    containers: firstOf(containers, bySize(context, defaults.quota.containers)),
  }
}

const teamOf = ([name, team]: readonly [string, Team]): ResolvedTeam => {
  const at = ['teams', name]
  const applications = team.applications === undefined ? undefined : [...team.applications].sort(compareText)
  const members = team.members === undefined ? undefined : [...team.members].sort(compareText)
  return {
    name,
    madeAs: madeAs(name, team),
    role: given(team.role, [...at, 'role']),
    ldapGroup: optional(team.ldapGroup, null, [...at, 'ldapGroup']),
    members: optional(members, [], [...at, 'members']),
    applications: optional(applications, null, [...at, 'applications']),
    description: optional(team.description, '', [...at, 'description']),
  }
}

/** The file's value, else the default. */
const optional = <T, D>(value: T | undefined, fallback: D, path: readonly string[]): Resolved<T | D> =>
  value === undefined ? byDefault(fallback, path) : given(value, path)

const offersOf = ({ tenant, override, at }: Context): readonly ResolvedOffer[] => {
  const inherited = named(tenant.offers).filter(
    ([name]) => override.offers?.[name as OfferName] === undefined,
  )
  return [
    ...inherited.map(([name, offer]) => ({
      name: name as OfferName,
      pool: optional(offer.pool, null, ['offers', name, 'pool']),
    })),
    ...named(override.offers).map(([name, offer]) => ({
      name: name as OfferName,
      pool: firstOf<ResolvedPool | null>(
        [inOverride(offer.pool, [...at, 'offers', name, 'pool'])],
        byDefault(null, [...at, 'offers', name]),
      ),
    })),
  ].sort((a, b) => compareText(a.name, b.name))
}

/** An application's own policy stands above the organization's, whichever part of the file says that. */
const applicationOf = (
  { cluster }: Context,
  reservation: Resolved<ReservationPolicy>,
  [name, application]: readonly [string, Application],
): ResolvedApplication => {
  const at = ['applications', name]
  return {
    name,
    madeAs: madeAs(name, application),
    environments: given(environmentsAt(application, cluster.stage), [...at, 'environments']),
    repositories: optional(sortedText(application.repositories), [], [...at, 'repositories']),
    reservation: firstOf([inFile(application.reservation, [...at, 'reservation'])], reservation),
    offer: optional(application.offer, 'run/std', [...at, 'offer']),
    secrets: optional(sortedText(application.secrets), [], [...at, 'secrets']),
    description: optional(application.description, '', [...at, 'description']),
  }
}

const sortedText = (texts: readonly string[] | undefined): readonly string[] | undefined =>
  texts === undefined ? undefined : [...texts].sort(compareText)

const publicSubnet = (
  { tenant, cluster }: Context,
  network: string,
  addresses: number,
  pinned: Resolved<string | null>,
): Resolved<string | null> => {
  if (cluster.publicPool === undefined) return { ...pinned, value: null }
  const block = publicBlock(
    cluster.publicPool,
    organizationMadeAs(tenant),
    network,
    addresses,
    pinned.value ?? undefined,
  )
  return { ...pinned, value: block.ok ? block.block : null }
}

const networkOf = (context: Context, [name, network]: readonly [string, Network]): ResolvedNetwork => {
  const { override, at } = context
  const place = ['networks', name]
  const own = override.networks?.[name]
  const ownSubnet = inOverride(own?.subnet, [...at, 'networks', name, 'subnet'])
  const application = optional(network.application, null, [...place, 'application'])
  const made = madeAs(name, network)
  if (network.kind === 'public') {
    const addresses = firstOf(
      [inOverride(own?.addresses, [...at, 'networks', name, 'addresses'])],
      given(network.addresses, [...place, 'addresses']),
    )
    const pinned = firstOf<string | null>(
      [ownSubnet, inFile(network.subnet, [...place, 'subnet'])],
      byDefault(null, [...place, 'subnet']),
    )
    const subnet = publicSubnet(context, made, addresses.value, pinned)
    return { name, madeAs: made, application, kind: 'public', addresses, subnet }
  }
  const subnet = firstOf([ownSubnet], given(network.subnet, [...place, 'subnet']))
  return network.kind === 'vpn'
    ? { name, madeAs: made, application, kind: 'vpn', vlan: given(network.vlan, [...place, 'vlan']), subnet }
    : {
        name,
        madeAs: made,
        application,
        kind: 'overlay',
        subnet,
        internal: optional(network.internal, false, [...place, 'internal']),
      }
}

const volumeOf = ({ override, at }: Context, [name, volume]: readonly [string, Volume]): ResolvedVolume => {
  const place = ['volumes', name]
  const own = override.volumes?.[name]
  const sizes = [
    inOverride(own?.size, [...at, 'volumes', name, 'size']),
    inFile(volume.size, [...place, 'size']),
  ]
  return {
    name,
    madeAs: madeAs(name, volume),
    backend: firstOf(
      [inOverride(own?.backend, [...at, 'volumes', name, 'backend'])],
      given(volume.backend, [...place, 'backend']),
    ),
    sizeBytes: firstOf(sizes.map(inBytes), byDefault(0, [...place, 'size'])),
    application: optional(volume.application, null, [...place, 'application']),
    access: optional(volume.access, 'simple', [...place, 'access']),
  }
}

const limitsOf = (
  context: Context,
  part: 'agents' | 'controller',
  fallback: SizeDefaults['agent'],
): ResolvedLimits => {
  const { tenant, override, at } = context
  const places = (field: 'cpu' | 'memory'): readonly Candidate<string>[] => [
    inOverride(override.ci?.[part]?.[field], [...at, 'ci', part, field]),
    inFile(tenant.ci?.[part]?.[field], ['ci', part, field]),
  ]
  return {
    cpuMillis: firstOf(places('cpu').map(inMillis), bySize(context, fallback.cpuMillis)),
    memoryBytes: firstOf(places('memory').map(inBytes), bySize(context, fallback.memoryBytes)),
  }
}

const ciOf = (context: Context): ResolvedCi | null => {
  const { tenant, override, at, defaults } = context
  if (tenant.ci === undefined) return null
  const own = override.ci?.agents
  return {
    agents: {
      ...limitsOf(context, 'agents', defaults.agent),
      max: firstOf(
        [inOverride(own?.max, [...at, 'ci', 'agents', 'max'])],
        given(tenant.ci.agents.max, ['ci', 'agents', 'max']),
      ),
      labels: firstOf<readonly string[]>(
        [
          inOverride(sortedText(own?.labels), [...at, 'ci', 'agents', 'labels']),
          inFile(sortedText(tenant.ci.agents.labels), ['ci', 'agents', 'labels']),
        ],
        byDefault([], ['ci', 'agents', 'labels']),
      ),
    },
    controller: limitsOf(context, 'controller', defaults.controller),
    account: optional(tenant.ci.account, null, ['ci', 'account']),
  }
}

/** Whether what belongs to an application, or to all of them, has a place on the cluster. */
const isFor = (applications: readonly ResolvedApplication[], owner: string | undefined): boolean =>
  owner === undefined || applications.some((application) => application.name === owner)

const resolve = (tenant: Tenant, cluster: Cluster): ResolvedTenant => {
  const context = contextOf(tenant, cluster)
  const reservation = reservationOf(context)
  const applications = named(tenant.applications)
    .filter(([, application]) => environmentsAt(application, cluster.stage).length > 0)
    .map((entry) => applicationOf(context, reservation, entry))
  return {
    organization: tenant.organization,
    madeAs: organizationMadeAs(tenant),
    cluster: cluster.cluster,
    displayName: optional(tenant.displayName, tenant.organization, ['displayName']),
    size: context.size,
    owner: given(tenant.owner, ['owner']),
    technicalLead: given(tenant.technicalLead, ['technicalLead']),
    costCentre: given(tenant.costCentre, ['costCentre']),
    reservation,
    quota: quotaOf(context),
    teams: named(tenant.teams).map(teamOf),
    offers: offersOf(context),
    applications,
    networks: named(tenant.networks)
      .filter(([, network]) => isFor(applications, network.application))
      .map((entry) => networkOf(context, entry)),
    volumes: named(tenant.volumes)
      .filter(([, volume]) => isFor(applications, volume.application))
      .map((entry) => volumeOf(context, entry)),
    ci: ciOf(context),
  }
}

/** Checks, compilation and explanation ask for the same tenant on the same cluster. */
const resolved = new WeakMap<Tenant, WeakMap<Cluster, ResolvedTenant>>()

/**
 * The tenant as it holds on a cluster; the same value for the same two objects. References (VLANs, back ends, machines)
 * are not looked up here.
 *
 * Throws Error on a quantity that the schema lets nobody write, e.g. a CPU limit of zero.
 */
export const resolveTenant = (tenant: Tenant, cluster: Cluster): ResolvedTenant => {
  const byCluster = resolved.get(tenant) ?? new WeakMap<Cluster, ResolvedTenant>()
  resolved.set(tenant, byCluster)
  const known = byCluster.get(cluster)
  if (known !== undefined) return known
  const fresh = resolve(tenant, cluster)
  byCluster.set(cluster, fresh)
  return fresh
}
