import { formatSubnet, parseHost, parseSubnet } from '../compile/subnet.ts'
import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'

type Path = readonly (string | number)[]

/** Shortest and longest prefix that a subnet may have. */
export type PrefixRange = readonly [shortest: number, longest: number]

/**
 * Sane sizes of subnets. Overlay: swarm takes an address of its own on every node, so fewer than sixteen addresses
 * carry nothing; vpn and public: a network, a gateway and a broadcast address beside those of services (our choice). CI: a controller and what
 * swarm takes.
 */
export const prefixRanges = {
  overlay: [16, 28],
  vpn: [18, 29],
  public: [22, 30],
  ci: [22, 28],
  space: [8, 28],
} as const satisfies Readonly<Record<string, PrefixRange>>

export interface SubnetPlace {
  readonly path: Path
  readonly area: 'tenant' | 'cluster'
  readonly range: PrefixRange
}

/** The subnet that the text most likely means: the same prefix with zero host bits. */
const withoutHostBits = (text: string): string | undefined => {
  const [address = '', prefix = ''] = text.split('/')
  const host = parseHost(address)
  const bits = Number(prefix)
  if (host === undefined || bits > 32) return undefined
  const size = 2 ** (32 - bits)
  return formatSubnet({ first: host.first - (host.first % size), size })
}

const malformed = (text: string, file: Loaded<unknown>, { path, area }: SubnetPlace): Issue => {
  const meant = withoutHostBits(text)
  return {
    code: `${area}/wrong-subnet`,
    message:
      meant === undefined ? `'${text}' is not a subnet.` : `'${text}' has host bits that are not zero.`,
    source: file.locate(path),
    hint:
      meant === undefined
        ? 'Four numbers up to 255, and a prefix up to 32: 10.64.17.0/25.'
        : `The subnet around it is ${meant}.`,
  }
}

/** Whether a text is a subnet of a sane size. Issue code: `<area>/wrong-subnet`. Never throws. */
export const checkSubnet = (file: Loaded<unknown>, text: string | undefined, place: SubnetPlace): Issue[] => {
  if (text === undefined) return []
  const subnet = parseSubnet(text)
  if (subnet === undefined) return [malformed(text, file, place)]
  const prefix = 32 - Math.log2(subnet.size)
  const [shortest, longest] = place.range
  if (prefix >= shortest && prefix <= longest) return []
  return [
    {
      code: `${place.area}/wrong-subnet`,
      message: `'${text}' has ${subnet.size} addresses, which is too ${prefix < shortest ? 'many' : 'few'}.`,
      source: file.locate(place.path),
      hint: `Write a prefix from /${shortest} to /${longest}.`,
    },
  ]
}

/** Whether a pool's fewest is at most its most. Never throws. */
export const checkRange = (
  file: Loaded<unknown>,
  pool: { readonly min: number; readonly max: number },
  { path, code }: { readonly path: Path; readonly code: string },
): Issue[] =>
  pool.min <= pool.max
    ? []
    : [
        {
          code,
          message: `The pool's \`min\` of ${pool.min} is above its \`max\` of ${pool.max}.`,
          source: file.locate([...path, 'min']),
          hint: `Lower \`min\` to ${pool.max} or raise \`max\` to ${pool.min}.`,
        },
      ]
