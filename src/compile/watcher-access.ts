import type { Cluster } from '../cluster/schema.ts'
import { digest } from '../core/canonical.ts'
import { compareText } from '../core/issue.ts'
import { physicalName } from '../core/name.ts'
import type { Operations } from '../core/ucp-operations.ts'
import type { Grant } from '../model/grant.ts'
import type { Resource } from '../model/resource.ts'
import type { Role } from '../model/role.ts'
import type { OfferName } from '../tenant/schema.ts'
import { offerCollections } from './collection-paths.ts'
import { keys } from './keys.ts'

/** What a node watcher calls: it reads nodes and updates its own (reference §4.3). It starts, moves and sees no workload. */
const operations: Operations = { Node: { 'Node Update': [], 'Node View': [] } }

const label = 'node-watcher'

const role: Role = {
  kind: 'Role',
  key: keys.role(label),
  concern: 'access',
  dependsOn: [],
  name: physicalName('ucpRole', label, digest(operations).slice(0, 8)),
  operations,
}

const grantOf = (offer: OfferName, user: string): Grant => {
  const collection = offerCollections[offer]
  return {
    kind: 'Grant',
    key: `grant/user/${user}/${label}${collection}`,
    concern: 'access',
    dependsOn: [keys.collection(collection), role.key],
    subject: { kind: 'user', user },
    role: role.name,
    collection,
  }
}

/** The role of the node watchers, and for each account of theirs a grant of it on its offer's nodes; nothing without one. */
export const watcherAccess = (cluster: Cluster): readonly Resource[] => {
  const accounts = Object.entries(cluster.watch?.node?.accounts ?? {}) as [OfferName, string][]
  if (accounts.length === 0) return []
  return [
    role,
    ...accounts.sort(([a], [b]) => compareText(a, b)).map(([offer, user]) => grantOf(offer, user)),
  ]
}
