import type { Cluster } from '../cluster/schema.ts'
import type { Tenant } from '../tenant/schema.ts'
import { namedBlock } from './named-block.ts'
import { formatSubnet, parseSubnet } from './subnet.ts'

/** Addresses of a CI network: a controller, its gateway and what swarm takes for itself. */
const ciAddresses = 16

/** The block that a tenant's file pins for its CI network on a cluster; undefined where it pins none. Never throws. */
export const pinnedCiBlock = ({ clusters, ci }: Tenant, cluster: string): string | undefined =>
  clusters?.[cluster]?.ci?.subnet ?? ci?.subnet

/**
 * The CI network's block of an organization, in CIDR form: the pinned one, or 16 addresses out of the cluster's
 * `jenkins.subnet`, derived from the organization's name alone. Undefined where the subnet is none or smaller than a block.
 *
 * Two organizations can get the same block; whoever reads all files reports that. Never throws.
 */
export const ciBlock = (
  jenkins: Cluster['jenkins'],
  organization: string,
  pinned?: string,
): string | undefined => {
  if (pinned !== undefined) return pinned
  const space = parseSubnet(jenkins.subnet)
  if (space === undefined) return undefined
  const block = namedBlock({ space, size: ciAddresses, name: `ci/${organization}`, avoid: [] })
  return block === undefined ? undefined : formatSubnet(block)
}
