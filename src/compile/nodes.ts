import type { Cluster } from '../cluster/schema.ts'
import { compareText } from '../core/issue.ts'
import type { Resource } from '../model/resource.ts'
import type { Tag } from '../model/tag.ts'
import type { TagCategory } from '../model/tag-category.ts'
import type { VmFolder } from '../model/vm-folder.ts'
import type { VmResourcePool } from '../model/vm-resource-pool.ts'
import type { OfferName, ReservationPolicy } from '../tenant/schema.ts'
import { nodeCollection, offerCollections } from './collection-paths.ts'
import { keys } from './keys.ts'
import { type LivePools, noLivePools } from './live-machines.ts'
import { type NodePool, nodePool } from './node-pool.ts'
import { type Amounts, reserve } from './reservation.ts'
import type { TenantScope } from './tenant-scope.ts'

/** The category of a cluster's tags; its name says the cluster, since clusters may share a vCenter. */
const tagCategory = (cluster: Cluster): string => `tenantry-${cluster.cluster}`

const categoryOf = (cluster: Cluster): TagCategory => ({
  kind: 'TagCategory',
  key: keys.tagCategory,
  concern: 'nodes',
  dependsOn: [],
  name: tagCategory(cluster),
  description: `Nodes of ${cluster.cluster} by offer and organization, kept by Tenantry`,
})

const tagOf = (cluster: Cluster, name: string, category: readonly string[]): Tag => ({
  kind: 'Tag',
  key: keys.tag(name),
  concern: 'nodes',
  dependsOn: category,
  category: tagCategory(cluster),
  name,
})

const folderOf = (cluster: Cluster, path: string): VmFolder => ({
  kind: 'VmFolder',
  key: keys.folder,
  concern: 'nodes',
  dependsOn: [],
  datacenter: cluster.vsphere.datacenter,
  path,
})

/** `run/std` → `offer-run-std`. */
const offerTag = (offer: OfferName): string => `offer-${offer.replace('/', '-')}`

const clusterTag = (cluster: Cluster): string => `cluster-${cluster.cluster}`

/** Who gets the hosts first when they are full: dedicated nodes, then services, then builds, which can wait. */
const offerShares: Readonly<Record<OfferName, VmResourcePool['cpuShares']>> = {
  'run/edge': 'high',
  'run/std': 'normal',
  'build/std': 'low',
}

/** What an organization reserves of its containers' limits, its VMs have of the hosts. */
const policyShares: Readonly<Record<ReservationPolicy, VmResourcePool['cpuShares']>> = {
  safe: 'high',
  optimized: 'normal',
  minimum: 'low',
}

const nothing: Amounts = { cpuMillis: 0, memoryBytes: 0 }

const shareOf =
  (percent: number) =>
  ({ cpuMillis, memoryBytes }: Amounts): Amounts => ({
    cpuMillis: (cpuMillis * percent) / 100,
    memoryBytes: (memoryBytes * percent) / 100,
  })

const liveOf = (live: LivePools, name: string): Pick<NodePool, 'live'> =>
  live[name] === undefined ? {} : { live: live[name] }

/** The cluster's own pools, by name. */
export const platformPools = (cluster: Cluster, live: LivePools = noLivePools): readonly NodePool[] =>
  Object.entries(cluster.pools)
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, pool]) => ({
      cluster,
      name,
      physicalName: [cluster.cluster, name],
      machine: pool.machine,
      min: pool.min,
      max: pool.max,
      shares: offerShares[pool.offer],
      reserved: shareOf(pool.reservedPercent ?? 0),
      folder: cluster.vsphere.folder,
      tagKeys: [keys.tag(clusterTag(cluster)), keys.tag(offerTag(pool.offer))].sort(compareText),
      collection: offerCollections[pool.offer],
      ...liveOf(live, name),
    }))

/** The cluster's own pools: folder, tags, VMs and their places. Of an edge pool nobody but the platform may use the nodes. */
export const platformNodes = (cluster: Cluster, live: LivePools = noLivePools): readonly Resource[] => {
  const offers = [
    ...new Set(
      Object.entries(cluster.pools)
        .sort(([a], [b]) => compareText(a, b))
        .map(([, pool]) => pool.offer),
    ),
  ]
  const category = [keys.tagCategory]
  return [
    folderOf(cluster, cluster.vsphere.folder),
    categoryOf(cluster),
    tagOf(cluster, clusterTag(cluster), category),
    ...offers.map((offer) => tagOf(cluster, offerTag(offer), category)),
    ...platformPools(cluster, live).flatMap(nodePool),
  ]
}

/** Within an organization's stack. */
const edgePool = 'edge'

const ownFolder = (cluster: Cluster, organization: string): string =>
  `${cluster.vsphere.folder}/${organization}`

const ownTag = (organization: string): string => `organization-${organization}`

/** The pool of an organization's own; undefined without an edge pool. */
export const dedicatedPool = ({
  cluster,
  organization,
  resolved,
  live,
}: TenantScope): NodePool | undefined => {
  const pool = resolved.offers.find((offer) => offer.name === 'run/edge')?.pool.value ?? null
  if (pool === null) return undefined
  return {
    cluster,
    name: edgePool,
    physicalName: [cluster.cluster, organization, edgePool],
    machine: pool.machine,
    min: pool.min,
    max: pool.max,
    shares: policyShares[resolved.reservation.value],
    reserved: (fewest) => reserve(resolved.reservation.value, fewest, nothing),
    folder: ownFolder(cluster, organization),
    tagKeys: [keys.tag(ownTag(organization))],
    collection: nodeCollection('run/edge', organization),
    ...liveOf(live, edgePool),
  }
}

/** The VMs of an organization's own; none without an edge pool. */
export const nodes = (scope: TenantScope): readonly Resource[] => {
  const pool = dedicatedPool(scope)
  if (pool === undefined) return []
  const { cluster, organization } = scope
  return [folderOf(cluster, pool.folder), tagOf(cluster, ownTag(organization), []), ...nodePool(pool)]
}
