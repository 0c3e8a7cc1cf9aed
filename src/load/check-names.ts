import type { Issue } from '../core/issue.ts'
import { type NameLimit, physicalName } from '../core/name.ts'
import { duplicates } from './duplicates.ts'
import type { Fleet, Placement } from './fleet.ts'

/** A physical name that something of a tenant gets on a cluster. */
interface NameClaim {
  readonly placement: Placement
  /** Names of one space are unique: one a system and cluster, but one for the hosts of all. */
  readonly space: string
  readonly name: string
  readonly what: string
  readonly path: readonly string[]
}

const claim = (
  placement: Placement,
  limit: NameLimit,
  { what, parts, path }: { what: string; parts: readonly string[]; path: readonly string[] },
): NameClaim => ({
  placement,
  space: limit === 'nodeHostname' ? limit : `${limit} ${placement.resolved.cluster}`,
  name: physicalName(limit, ...parts),
  what,
  path,
})

const networkNames = (placement: Placement): NameClaim[] =>
  placement.resolved.networks.map(({ name, madeAs }) =>
    claim(placement, 'dockerNetwork', {
      what: `the network '${name}'`,
      parts: [placement.resolved.madeAs, madeAs],
      path: ['networks', name],
    }),
  )

const volumeNames = (placement: Placement): NameClaim[] =>
  placement.resolved.volumes.map(({ name, madeAs }) =>
    claim(placement, 'dockerVolume', {
      what: `the volume '${name}'`,
      parts: [placement.resolved.madeAs, madeAs],
      path: ['volumes', name],
    }),
  )

const secretNames = (placement: Placement): NameClaim[] =>
  placement.resolved.applications.map(({ name, madeAs }) =>
    claim(placement, 'dockerSecret', {
      what: `the secret of '${name}'`,
      parts: [placement.resolved.madeAs, madeAs, 'role-id'],
      path: ['applications', name],
    }),
  )

/** What a Jenkins controller is made of. */
const ciNames = (placement: Placement): NameClaim[] => {
  const { madeAs, ci } = placement.resolved
  if (ci === null) return []
  const part = (limit: NameLimit, what: string, name: string) =>
    claim(placement, limit, { what, parts: [madeAs, name], path: ['ci'] })
  return [
    part('dockerNetwork', 'the CI network', 'jenkins'),
    part('dockerVolume', "the CI controller's volume", 'jenkins-home'),
    part('dockerSecret', "the CI controller's secret", 'jenkins-vault-approle'),
    part('dockerService', 'the CI controller', 'jenkins'),
  ]
}

const policyNames = (placement: Placement): NameClaim[] => {
  const { madeAs: organization, applications, teams } = placement.resolved
  const roles = new Map(teams.map(({ name, role }) => [role.value, name]))
  return [
    ...applications.map(({ name, madeAs }) =>
      claim(placement, 'vaultName', {
        what: `the Vault policy of '${name}'`,
        parts: [organization, 'app', madeAs],
        path: ['applications', name],
      }),
    ),
    ...[...roles].map(([role, team]) =>
      claim(placement, 'vaultName', {
        what: `the Vault policy of the job role '${role}'`,
        parts: [organization, role],
        path: ['teams', team],
      }),
    ),
  ]
}

/** Host names end in a number of two digits or more, so one for a pool stands for all of them. */
const hostNames = (placement: Placement): NameClaim[] =>
  placement.resolved.offers.flatMap(({ name, pool }) =>
    name === 'run/edge' && pool.value !== null
      ? [
          claim(placement, 'nodeHostname', {
            what: 'the edge pool',
            parts: [placement.resolved.cluster, placement.resolved.madeAs, 'edge'],
            path: ['offers', name],
          }),
        ]
      : [],
  )

const inSpace = ({ space, name }: NameClaim): string => `${space} ${name}`

const collision = (own: NameClaim, other: NameClaim): Issue => {
  const { resolved, tenant } = other.placement
  const { file, line } = tenant.locateKey(other.path)
  return {
    code: 'fleet/name-collision',
    message: `On ${resolved.cluster}, ${own.what} of ${own.placement.resolved.organization} and ${other.what} of ${resolved.organization} (${file}:${line}) are both called '${own.name}'.`,
    source: own.placement.tenant.locateKey(own.path),
    hint: 'Rename one of the two.',
  }
}

const withinTenants = (placements: readonly Placement[]): Issue[] => {
  const claims = placements.flatMap((placement) => [
    ...networkNames(placement),
    ...volumeNames(placement),
    ...secretNames(placement),
    ...ciNames(placement),
    ...policyNames(placement),
    ...hostNames(placement),
  ])
  return duplicates(claims, inSpace)
    .filter(({ item, first }) => !areOneOrganization(item, first))
    .flatMap(({ item, first }) => [collision(item, first), collision(first, item)])
}

/** Two files of one organization: `fleet/previously-taken` says so once. */
const areOneOrganization = (a: NameClaim, b: NameClaim): boolean =>
  a.placement.tenant !== b.placement.tenant && a.placement.resolved.madeAs === b.placement.resolved.madeAs

interface PoolName {
  readonly cluster: Placement['cluster']
  readonly pool: string
  readonly name: string
}

/** Host names of the clusters' own pools: `nonprod-std` of pool `std`. */
const poolNames = ({ clusters }: Fleet): PoolName[] =>
  clusters.flatMap((cluster) =>
    Object.keys(cluster.value.pools).map((pool) => ({
      cluster,
      pool,
      name: physicalName('nodeHostname', cluster.value.cluster, pool),
    })),
  )

const betweenPools = (pools: readonly PoolName[]): Issue[] =>
  duplicates(pools, ({ name }) => name).map(({ item, first }) => ({
    code: 'fleet/name-collision',
    message: `The hosts of the pool '${item.pool}' of ${item.cluster.value.cluster} and '${first.pool}' of ${first.cluster.value.cluster} are both called ${item.name}-01.`,
    source: item.cluster.locateKey(['pools', item.pool]),
    hint: 'Rename one of the two.',
  }))

const withPools = (placements: readonly Placement[], pools: readonly PoolName[]): Issue[] => {
  const byName = new Map(pools.map((pool) => [pool.name, pool]))
  return placements.flatMap(hostNames).flatMap(({ name, placement, path }) => {
    const same = byName.get(name)
    if (same === undefined) return []
    return [
      {
        code: 'fleet/name-collision',
        message: `The hosts of the edge pool of ${placement.resolved.organization} are called like those of the cluster pool '${same.pool}', ${name}-01.`,
        source: placement.tenant.locateKey(path),
        hint: `Rename the pool in ${same.cluster.file}.`,
      },
    ]
  })
}

/**
 * Physical names that two things of a cluster would share: parts are joined by `-`, so `retail` with `banking-web` meets
 * `retail-banking` with `web`. Issue code: `fleet/name-collision`. Never throws.
 */
export const checkNames = (fleet: Fleet, placements: readonly Placement[]): Issue[] => {
  const pools = poolNames(fleet)
  return [...withinTenants(placements), ...withPools(placements, pools), ...betweenPools(pools)]
}
