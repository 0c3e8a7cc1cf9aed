import ipaddr from 'ipaddr.js'
import type { Network } from '../../clients/docker-objects.ts'
import { Refusal } from './refusal.ts'
import type { EngineState } from './state.ts'

/** First and last address, as numbers. */
export type Range = readonly [number, number]

export const rangeOf = (subnet: string): Range => {
  if (!ipaddr.IPv4.isValidCIDR(subnet))
    throw new Refusal(500, `Invalid subnet ${subnet} : invalid CIDR address: ${subnet}`)
  const [address, bits] = ipaddr.IPv4.parseCIDR(subnet)
  const first = address.octets.reduce((sum, octet) => sum * 256 + octet, 0)
  const size = 2 ** (32 - bits)
  const aligned = Math.floor(first / size) * size
  return [aligned, aligned + size - 1]
}

export const overlap = (a: Range, b: Range): boolean => a[0] <= b[1] && b[0] <= a[1]

export const subnetsOf = (network: Pick<Network, 'IPAM'>): string[] =>
  (network.IPAM.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [Subnet] : []))

export const addressText = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')

/**
 * Whether the swarm could give a network the addresses it asks for. One that overlaps an earlier one is taken all the same,
 * and its services' tasks wait until the other is gone.
 */
export const isAllocated = (state: EngineState, network: Network): boolean => {
  if (network.Scope !== 'swarm') return true
  const own = subnetsOf(network).map(rangeOf)
  for (const other of state.networks.values()) {
    if (other.Id === network.Id) return true
    if (
      other.Scope === 'swarm' &&
      subnetsOf(other).some((used) => own.some((one) => overlap(one, rangeOf(used))))
    )
      return false
  }
  return true
}
