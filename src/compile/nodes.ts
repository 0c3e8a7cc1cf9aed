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
import { nodePool } from './node-pool.ts'
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

/** The cluster's own pools: folder, tags, VMs and their places. Of an edge pool nobody but the platform may use the nodes. */
export const platformNodes = (cluster: Cluster): readonly Resource[] => {
  const pools = Object.entries(cluster.pools).sort(([a], [b]) => compareText(a, b))
  const offers = [...new Set(pools.map(([, pool]) => pool.offer))]
  const category = [keys.tagCategory]
  return [
    folderOf(cluster, cluster.vsphere.folder),
    categoryOf(cluster),
    tagOf(cluster, clusterTag(cluster), category),
    ...offers.map((offer) => tagOf(cluster, offerTag(offer), category)),
    ...pools.flatMap(([name, pool]) =>
      nodePool({
        cluster,
        name,
        physicalName: [cluster.cluster, name],
        machine: pool.machine,
        min: pool.min,
        max: pool.max,
        shares: offerShares[pool.offer],
        folder: cluster.vsphere.folder,
        tagKeys: [keys.tag(clusterTag(cluster)), keys.tag(offerTag(pool.offer))].sort(compareText),
        collection: offerCollections[pool.offer],
      }),
    ),
  ]
}

/** The VMs of an organization's own; none without an edge pool. */
export const nodes = ({ cluster, organization, resolved }: TenantScope): readonly Resource[] => {
  const pool = resolved.offers.find((offer) => offer.name === 'run/edge')?.pool.value ?? null
  if (pool === null) return []
  const folder = `${cluster.vsphere.folder}/${organization}`
  const tag = `organization-${organization}`
  return [
    folderOf(cluster, folder),
    tagOf(cluster, tag, []),
    ...nodePool({
      cluster,
      name: 'edge',
      physicalName: [cluster.cluster, organization, 'edge'],
      machine: pool.machine,
      min: pool.min,
      max: pool.max,
      shares: policyShares[resolved.reservation.value],
      folder,
      tagKeys: [keys.tag(tag)],
      collection: nodeCollection('run/edge', organization),
    }),
  ]
}
