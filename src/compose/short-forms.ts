import { entry, listOf, mapFrom, mapOf, scalar } from './make-node.ts'
import type { YamlList, YamlMap, YamlNode, YamlScalar } from './yaml-node.ts'

/** What a short form stands for, or a sentence that says why it stands for nothing. */
export type LongForm = readonly YamlNode[] | string

interface PortRange {
  readonly first: number
  readonly last: number
}

const parseRange = (text: string): PortRange | undefined => {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = match[2] === undefined ? first : Number(match[2])
  return first <= last && last <= 65_535 ? { first, last } : undefined
}

const portPattern =
  /^(?:(\[[0-9a-fA-F:.%]+\]|[0-9.]*|[0-9a-fA-F:]*:[0-9a-fA-F:]*):)??(?:([0-9-]*):)?([0-9-]+)(?:\/([a-zA-Z]+))?$/

const sizeOf = ({ first, last }: PortRange): number => last - first

/** The published port of the container's port at `index`: a range beside a single port stays one. */
const publishedAt = (
  published: PortRange | undefined,
  target: PortRange,
  index: number,
): string | undefined => {
  if (published === undefined) return undefined
  if (sizeOf(target) === 0 && sizeOf(published) > 0) return `${published.first}-${published.last}`
  return String(published.first + index)
}

/** Most ports that one range may stand for. */
const mostPorts = 1_000

/** `[ip:][published:]target[/protocol]`, ranges written out. */
export const longPorts = (node: YamlScalar): LongForm => {
  const [whole, ip, published = '', target = '', protocol = 'tcp'] =
    portPattern.exec(String(node.value)) ?? []
  const to = parseRange(target)
  const from = published === '' ? undefined : parseRange(published)
  if (whole === undefined || to === undefined || (published !== '' && from === undefined))
    return 'is no port: write `published:target`, e.g. "8080:80"'
  if (!['tcp', 'udp', 'sctp'].includes(protocol.toLowerCase()))
    return 'has a protocol that is not tcp, udp or sctp'
  if (from !== undefined && sizeOf(from) !== sizeOf(to) && sizeOf(to) > 0)
    return 'has two ranges of different length'
  if (sizeOf(to) >= mostPorts) return `stands for more than ${mostPorts} ports`
  const ports = Array.from({ length: sizeOf(to) + 1 }, (_, index) =>
    mapFrom(
      {
        mode: 'ingress',
        host_ip: ip === undefined || ip === '' ? undefined : ip.replace(/^\[|\]$/g, ''),
        target: to.first + index,
        published: publishedAt(from, to, index),
        protocol: protocol.toLowerCase(),
      },
      node.source,
    ),
  )
  return ports
}

const isPath = (source: string): boolean =>
  /^[./~]/.test(source) || source.startsWith('\\\\') || /^[a-zA-Z]:/.test(source)

/** Parts between colons, of which a Windows drive's is none. */
const volumeParts = (text: string): string[] =>
  text.split(/:/).reduce<string[]>((parts, part) => {
    const last = parts.at(-1)
    if (last !== undefined && /^[a-zA-Z]$/.test(last)) parts[parts.length - 1] = `${last}:${part}`
    else parts.push(part)
    return parts
  }, [])

/** A path without `.`, `..` and doubled slashes. */
export const cleanPath = (path: string): string => {
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue
    if (step === '..' && steps.length > 0 && steps.at(-1) !== '..') steps.pop()
    else if (step !== '..' || !path.startsWith('/')) steps.push(step)
  }
  const joined = steps.join('/')
  return path.startsWith('/') ? `/${joined}` : joined === '' ? '.' : joined
}

const propagations = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave']

/** `[source:]target[:options]`. */
export const longVolume = (node: YamlScalar): LongForm => {
  const text = String(node.value)
  const parts = text.length <= 2 ? [text] : volumeParts(text)
  if (parts.includes('') || parts.length > 3)
    return 'is no volume: write `source:target` or `source:target:ro`'
  const [source, target = source, options = ''] = parts.length === 1 ? [undefined, parts[0]] : parts
  const set = options.split(',')
  const isBind = source !== undefined && isPath(source)
  const propagation = set.findLast((option) => propagations.includes(option))
  const selinux = set.findLast((option) => option === 'z' || option === 'Z')
  return [
    mapFrom(
      {
        type: isBind ? 'bind' : 'volume',
        source,
        target: cleanPath(target ?? ''),
        read_only: set.findLast((option) => option === 'ro' || option === 'rw') === 'ro' ? true : undefined,
        bind: isBind ? mapFrom({ create_host_path: true, propagation, selinux }, node.source) : undefined,
        volume: set.includes('nocopy') ? mapFrom({ nocopy: true }, node.source) : undefined,
      },
      node.source,
    ),
  ]
}

/** `source[:target[:permissions]]`. */
export const longDevice = (node: YamlScalar): LongForm => {
  const [source, target, permissions = 'rwm', more] = String(node.value).split(':')
  if (more !== undefined) return 'is no device: write `source:target:permissions`'
  return [mapFrom({ source, target: target || source, permissions }, node.source)]
}

/** What holds anything else is left to the schema, which tells what is wrong with it. */
const isListOfScalars = (node: YamlNode): node is YamlList =>
  node.kind === 'list' && node.items.every(({ kind }) => kind === 'scalar')

/** A list of names as a map of names without values. */
export const namesAsMap = (node: YamlNode): YamlNode =>
  isListOfScalars(node)
    ? mapOf(
        node.items.flatMap((item) =>
          item.kind === 'scalar' ? [entry(String(item.value), scalar(null, item.source))] : [],
        ),
        node.source,
      )
    : node

/** A list of services to depend on as a map, each with what the list means: started, and required. */
export const dependenciesAsMap = (node: YamlNode): YamlNode =>
  isListOfScalars(node)
    ? mapOf(
        node.items.map((item) =>
          entry(
            item.kind === 'scalar' ? String(item.value) : '',
            mapFrom({ condition: 'service_started', required: true }, item.source),
          ),
        ),
        node.source,
      )
    : node

const keyAndValue = (item: YamlScalar): readonly [string, YamlScalar] => {
  const text = String(item.value ?? '')
  const at = text.indexOf('=')
  return at === -1
    ? [text, scalar(null, item.source)]
    : [text.slice(0, at), scalar(text.slice(at + 1), item.source)]
}

/** A list of `KEY=value` as a map, at the place of the first of a key and with the value of the last. */
export const pairsAsMap = (node: YamlNode): YamlNode => {
  if (!isListOfScalars(node)) return node
  const pairs = node.items.flatMap((item) => (item.kind === 'scalar' ? [keyAndValue(item)] : []))
  return mapOf(
    pairs.map(([key, value]) => entry(key, value)),
    node.source,
  )
}

/** One text as a list of it. */
export const asList = (node: YamlNode): YamlNode =>
  node.kind === 'scalar' && typeof node.value === 'string' ? listOf([node], node.source) : node

/** A map of hosts as a list of `host=address`, several addresses one after another. */
export const hostsAsList = (node: YamlNode): YamlNode => {
  if (node.kind !== 'map') return node
  const hosts = [...node.entries.values()].flatMap(({ key, node: value }) =>
    (value.kind === 'list' ? value.items : [value]).flatMap((one) =>
      one.kind === 'scalar' ? [scalar(`${key}=${String(one.value)}`, one.source)] : [],
    ),
  )
  return listOf(hosts, node.source)
}

/** One text as a map of one field, `build: .` as `build: { context: . }`. */
export const asField =
  (field: string) =>
  (node: YamlNode): YamlNode =>
    node.kind === 'scalar' && typeof node.value === 'string'
      ? (mapFrom({ [field]: node }, node.source) as YamlMap)
      : node
