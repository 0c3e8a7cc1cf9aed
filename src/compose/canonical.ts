import type { Issue } from '../core/issue.ts'
import { listOf, mapFrom, mapValues, scalar, scalarText } from './make-node.ts'
import { PathTable } from './path-table.ts'
import {
  asField,
  asList,
  dependenciesAsMap,
  hostsAsList,
  type LongForm,
  longDevice,
  longPorts,
  longVolume,
  namesAsMap,
  pairsAsMap,
} from './short-forms.ts'
import { scalarOf, type YamlMap, type YamlNode, type YamlPath, type YamlScalar } from './yaml-node.ts'

type Report = (issue: Issue) => void
type Rewrite = (node: YamlNode, path: YamlPath, report: Report) => YamlNode

const wrongShort = (node: YamlScalar, path: YamlPath, why: string): Issue => ({
  code: 'compose/short-form',
  message: `'${String(node.value).slice(0, 120)}' in ${path.join('.')} ${why}.`,
  source: node.source,
  hint: 'Correct it, or write the long form: one field a line.',
})

/** Each short item of a list in its long form; a short one may stand for several. */
const longItems =
  (toLong: (node: YamlScalar) => LongForm): Rewrite =>
  (node, path, report) => {
    if (node.kind !== 'list') return node
    const items = node.items.flatMap((item) => {
      if (item.kind !== 'scalar' || item.value === null) return [item]
      const long = toLong(item)
      if (typeof long !== 'string') return long
      report(wrongShort(item, path, long))
      return [item]
    })
    return { ...node, items }
  }

const asSource = longItems((node) => [mapFrom({ source: node }, node.source)])

const asEnvFiles: Rewrite = (node, path, report) =>
  longItems((one) => [mapFrom({ path: one }, one.source)])(asList(node), path, report)

const gpus: Rewrite = (node) =>
  node.kind === 'scalar' ? listOf([mapFrom({ count: 'all' }, node.source)], node.source) : node

/** A flag where text may stand too. */
const asText: Rewrite = (node) =>
  node.kind === 'scalar' && node.value !== null ? scalar(scalarText(node.value), node.source) : node

/** `external: { name: x }`, which is old, as `external: true` and a name. */
const external: Rewrite = (node, path, report) => {
  const own = node.kind === 'map' ? node.entries.get('external')?.node : undefined
  if (node.kind !== 'map' || own?.kind !== 'map') return node
  const [said, older] = [node, own].map((map) => map.entries.get('name')?.node)
  if (said !== undefined && older !== undefined && scalarOf(said) !== scalarOf(older))
    report(twoNames(older, path))
  return withName(node, own, said ?? older)
}

const twoNames = ({ source }: YamlNode, path: YamlPath): Issue => ({
  code: 'compose/conflict',
  message: `${path.join('.')} has one name in \`name\` and another in \`external\`.`,
  source,
  hint: 'Write `external: true`, and the name once.',
})

const trueAt = (node: YamlNode): YamlScalar => ({
  kind: 'scalar',
  value: true,
  text: 'true',
  plain: true,
  source: node.source,
})

const withName = (node: YamlMap, own: YamlNode, name: YamlNode | undefined): YamlNode => {
  const entries = new Map(node.entries)
  entries.set('external', { key: 'external', keySource: own.source, node: trueAt(own) })
  if (name !== undefined) entries.set('name', { key: 'name', keySource: name.source, node: name })
  return { ...node, entries }
}

const ofService: readonly (readonly [string, Rewrite])[] = [
  ['annotations', pairsAsMap],
  ['build', asField('context')],
  ['build.args', pairsAsMap],
  ['build.additional_contexts', pairsAsMap],
  ['build.extra_hosts', hostsAsList],
  ['build.labels', pairsAsMap],
  ['build.provenance', asText],
  ['build.sbom', asText],
  ['build.secrets', asSource],
  ['build.ssh', pairsAsMap],
  ['configs', asSource],
  ['depends_on', dependenciesAsMap],
  ['deploy.labels', pairsAsMap],
  ['devices', longItems(longDevice)],
  ['dns', asList],
  ['dns_opt', asList],
  ['dns_search', asList],
  ['env_file', asEnvFiles],
  ['environment', pairsAsMap],
  ['extends', asField('service')],
  ['extra_hosts', hostsAsList],
  ['gpus', gpus],
  ['label_file', asList],
  ['labels', pairsAsMap],
  ['models', namesAsMap],
  ['networks', namesAsMap],
  ['ports', longItems(longPorts)],
  ['secrets', asSource],
  ['sysctls', pairsAsMap],
  ['tmpfs', asList],
  ['volumes', longItems(longVolume)],
  ['volumes.*.volume.labels', pairsAsMap],
]

const rewrites = new PathTable<Rewrite>([
  ...ofService.map(([path, rewrite]) => [`services.*.${path}`, rewrite] as const),
  ...['networks', 'volumes', 'secrets', 'configs'].flatMap((kind) => [
    [`${kind}.*`, external] as const,
    [`${kind}.*.labels`, pairsAsMap as Rewrite] as const,
  ]),
])

const rewriteNode = (node: YamlNode, path: YamlPath, report: Report): YamlNode => {
  const own = rewrites.find(path)?.(node, path, report) ?? node
  if (own.kind === 'map')
    return mapValues(own, ({ key, node: child }) => rewriteNode(child, [...path, key], report))
  if (own.kind === 'scalar') return own
  const items = own.items.map((item, index) => rewriteNode(item, [...path, index], report))
  return items.every((item, index) => item === own.items[index]) ? own : { ...own, items }
}

/** Where one field may be written in a short and in a long form: the long one. Issue code: `compose/short-form`. Never throws. */
export const toLongForms = (
  root: YamlNode,
): { readonly node: YamlNode; readonly issues: readonly Issue[] } => {
  const issues: Issue[] = []
  return { node: rewriteNode(root, [], (issue) => issues.push(issue)), issues }
}
