import ipaddr from 'ipaddr.js'

/** An IPv4 subnet as numbers: where it begins, and how many addresses it has (a power of two). */
export interface Subnet {
  readonly first: number
  readonly size: number
}

const toNumber = (octets: readonly number[]): number => octets.reduce((sum, octet) => sum * 256 + octet, 0)

const parseAddress = (text: string): number | undefined =>
  ipaddr.IPv4.isValidFourPartDecimal(text) ? toNumber(ipaddr.IPv4.parse(text).octets) : undefined

/** The subnet of a CIDR text, or undefined where it is none or its host bits are not zero. Never throws. */
export const parseSubnet = (text: string): Subnet | undefined => {
  const [address = '', prefix = ''] = text.split('/')
  const first = parseAddress(address)
  const bits = /^\d{1,2}$/.test(prefix) ? Number(prefix) : 33
  if (first === undefined || bits > 32) return undefined
  const size = 2 ** (32 - bits)
  return first % size === 0 ? { first, size } : undefined
}

/** Dotted form of an address given as a number. */
const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')

/** CIDR form: `{ first: 0x0a000000, size: 256 }` → `10.0.0.0/24`. */
export const formatSubnet = ({ first, size }: Subnet): string =>
  `${formatAddress(first)}/${32 - Math.log2(size)}`

/** Whether the two share an address. */
export const overlaps = (a: Subnet, b: Subnet): boolean =>
  a.first < b.first + b.size && b.first < a.first + a.size

/** Whether every address of `inner` is one of `outer`. */
export const contains = (outer: Subnet, inner: Subnet): boolean =>
  outer.first <= inner.first && inner.first + inner.size <= outer.first + outer.size

/** The one-address subnet of an address, or undefined where the text is none. Never throws. */
export const parseHost = (text: string): Subnet | undefined => {
  const first = parseAddress(text)
  return first === undefined ? undefined : { first, size: 1 }
}

/** The first address of a subnet that a host can have: `10.0.0.0/28` → `10.0.0.1`. */
export const firstHost = (cidr: string): string => {
  const subnet = parseSubnet(cidr)
  if (subnet === undefined) throw new Error(`not a subnet: ${cidr}`)
  return formatAddress(subnet.first + 1)
}
