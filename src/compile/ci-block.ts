import type { Cluster } from '../cluster/schema.ts'
import { namedBlock } from './named-block.ts'
import { formatSubnet, parseSubnet } from './subnet.ts'

/** Addresses of a CI network: a controller, its gateway and what swarm takes for itself. */
const ciAddresses = 16

/**
 * The CI network's block of an organization, in CIDR form: 16 addresses out of the cluster's `jenkins.subnet`,
 * derived from the organization's name alone. Undefined where the subnet is none or smaller than a block.
 *
 * Two organizations can get the same block; whoever reads all files reports that. Never throws.
 */
export const ciBlock = (jenkins: Cluster['jenkins'], organization: string): string | undefined => {
  const space = parseSubnet(jenkins.subnet)
  if (space === undefined) return undefined
  const block = namedBlock({ space, size: ciAddresses, name: `ci/${organization}`, avoid: [] })
  return block === undefined ? undefined : formatSubnet(block)
}
