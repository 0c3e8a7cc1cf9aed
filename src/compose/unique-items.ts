import { mapValues, scalarText } from './make-node.ts'
import { PathTable } from './path-table.ts'
import { childAt, plainOf, scalarOf, type YamlNode, type YamlPath } from './yaml-node.ts'

type KeyOf = (item: YamlNode) => string

const whole: KeyOf = (item) => `=${JSON.stringify(plainOf(item))}`

const fieldText = (item: YamlNode, field: string): string | undefined => {
  const value = scalarOf(childAt(item, field))
  return value === undefined || value === null ? undefined : scalarText(value)
}

/** Text up to its `=`; anything else by all that it is. */
const name: KeyOf = (item) => {
  const value = scalarOf(item)
  return typeof value === 'string' ? (value.split('=', 1)[0] ?? value) : whole(item)
}

const target: KeyOf = (item) => fieldText(item, 'target') ?? whole(item)

const mount =
  (folder: string): KeyOf =>
  (item) =>
    fieldText(item, 'target') ?? `${folder}/${fieldText(item, 'source') ?? whole(item)}`

const port: KeyOf = (item) => {
  if (item.kind !== 'map') return whole(item)
  const [ip = '0.0.0.0', published = '', to = '', protocol = 'tcp'] = [
    'host_ip',
    'published',
    'target',
    'protocol',
  ].map((field) => fieldText(item, field))
  return `${ip}:${published}:${to}/${protocol}`
}

const exposed: KeyOf = (item) => scalarText(scalarOf(item) ?? '')

const path: KeyOf = (item) => fieldText(item, 'path') ?? whole(item)

const ofService: readonly (readonly [string, KeyOf])[] = [
  ['build.platforms', whole],
  ['build.tags', name],
  ['cap_add', name],
  ['cap_drop', name],
  ['configs', mount('')],
  ['devices', target],
  ['dns', name],
  ['dns_opt', name],
  ['dns_search', name],
  ['env_file', path],
  ['expose', exposed],
  ['links', name],
  ['networks.*.aliases', name],
  ['networks.*.link_local_ips', name],
  ['ports', port],
  ['profiles', name],
  ['secrets', mount('/run/secrets')],
  ['tmpfs', name],
  ['volumes', target],
]

const keys = new PathTable<KeyOf>(ofService.map(([at, key]) => [`services.*.${at}`, key] as const))

/**
 * What makes an item of a list the same as another: a mount's target, a port with its addresses, a name; of a list without such
 * a rule the whole item. Source: the Compose specification, "Unique resources". Never throws.
 */
export const itemKey = (path: YamlPath, item: YamlNode): string => (keys.find(path) ?? whole)(item)

const uniqueNode = (node: YamlNode, path: YamlPath): YamlNode => {
  if (node.kind === 'map') return mapValues(node, ({ key, node: child }) => uniqueNode(child, [...path, key]))
  const keyOf = node.kind === 'list' ? keys.find(path) : undefined
  if (node.kind !== 'list' || keyOf === undefined) return node
  const items = new Map<string, YamlNode>()
  for (const item of node.items) items.set(keyOf(item), item)
  return items.size === node.items.length ? node : { ...node, items: [...items.values()] }
}

/** The model with lists of unique things holding each once: at the place of the first, with what the last one says. Never throws. */
export const uniqueLists = (root: YamlNode): YamlNode => uniqueNode(root, [])
