import { mapFrom, mapValues } from './make-node.ts'
import { PathTable } from './path-table.ts'
import { childAt, textOf, type YamlMap, type YamlNode, type YamlPath } from './yaml-node.ts'

type DefaultsOf = (node: YamlMap) => YamlMap

const secretTarget: DefaultsOf = (node) => {
  const source = textOf(childAt(node, 'source'))
  return mapFrom(source === undefined ? {} : { target: `/run/secrets/${source}` }, node.source)
}

/** All devices, unless they are counted or named. */
const deviceCount: DefaultsOf = (node) =>
  mapFrom(childAt(node, 'device_ids') === undefined ? { count: 'all' } : {}, node.source)

const defaults = new PathTable<DefaultsOf>([
  ['services.*.deploy.resources.reservations.devices.*', deviceCount],
  ['services.*.gpus.*', deviceCount],
  ['services.*.build', (node) => mapFrom({ context: '.' }, node.source)],
  ['services.*.ports.*', (node) => mapFrom({ protocol: 'tcp', mode: 'ingress' }, node.source)],
  ['services.*.secrets.*', secretTarget],
  ['services.*.volumes.*.bind', (node) => mapFrom({ create_host_path: true }, node.source)],
  [
    'services.*.depends_on.*',
    (node) => mapFrom({ condition: 'service_started', required: true }, node.source),
  ],
  ['services.*.env_file.*', (node) => mapFrom({ required: true }, node.source)],
])

const filled = (node: YamlNode, path: YamlPath): YamlNode => {
  const missing = node.kind === 'map' ? defaults.find(path)?.(node) : undefined
  if (node.kind !== 'map' || missing === undefined) return node
  const entries = new Map(node.entries)
  for (const one of missing.entries.values()) if (!entries.has(one.key)) entries.set(one.key, one)
  return { ...node, entries }
}

const fillNode = (node: YamlNode, path: YamlPath): YamlNode => {
  const own = filled(node, path)
  if (own.kind === 'map') return mapValues(own, ({ key, node: child }) => fillNode(child, [...path, key]))
  if (own.kind === 'scalar') return own
  return { ...own, items: own.items.map((item, index) => fillNode(item, [...path, index])) }
}

/** The model with the values that the specification gives where a file says nothing; each stands where its part does. Never throws. */
export const withDefaults = (model: YamlMap): YamlMap => {
  const node = fillNode(model, [])
  return node.kind === 'map' ? node : model
}
