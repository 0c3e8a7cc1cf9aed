import { isIP } from 'node:net'
import type { Issue, Source } from '../core/issue.ts'
import { PathTable } from './path-table.ts'
import {
  childAt,
  entriesOf,
  scalarOf,
  textOf,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
  type YamlPath,
} from './yaml-node.ts'

type Check = (node: YamlMap, path: YamlPath) => readonly Issue[]

const conflict = (path: YamlPath, source: Source, why: string, hint: string): Issue => ({
  code: 'compose/conflict',
  message: `${path.join('.')} ${why}.`,
  source,
  hint,
})

const placeOf = ({ keySource: { file, line } }: YamlEntry): string => `${file}:${line}`

/** Of these fields one may stand at most. */
const exclusive =
  (...fields: readonly string[]): Check =>
  (node, path) => {
    const [first, second] = fields.flatMap((field) => node.entries.get(field) ?? [])
    if (first === undefined || second === undefined) return []
    const why = `has both \`${first.key}\` (${placeOf(first)}) and \`${second.key}\``
    return [conflict(path, second.keySource, why, 'Take one of them out, in a later file with `!reset`.')]
  }

const naming: ReadonlySet<string> = new Set(['external', 'name'])

/** A volume that is there already is only named: nothing of it could be made otherwise. */
const externalVolume: Check = (node, path) => {
  if (scalarOf(childAt(node, 'external')) !== true) return []
  return entriesOf(node)
    .filter(({ key }) => !naming.has(key) && !key.startsWith('x-'))
    .map(({ key, keySource }) =>
      conflict(
        [...path, key],
        keySource,
        'says what a volume is that is `external`, and there already',
        'Take it out, or `external`.',
      ),
    )
}

const address: Check = (node, path) => {
  const ip = childAt(node, 'host_ip')
  const text = textOf(ip)
  if (ip === undefined || text === undefined || isIP(text) !== 0) return []
  return [conflict([...path, 'host_ip'], ip.source, 'is no IP address', 'Write one, as 10.0.0.1 or ::1.')]
}

const checks = new PathTable<Check>([
  ['configs.*', exclusive('file', 'environment', 'content')],
  ['secrets.*', exclusive('file', 'environment')],
  ['services.*.deploy.resources.reservations.devices.*', exclusive('count', 'device_ids')],
  ['services.*.gpus.*', exclusive('count', 'device_ids')],
  ['services.*.ports.*', address],
  ['volumes.*', externalVolume],
])

const checkNode = (node: YamlNode, path: YamlPath, issues: Issue[]): void => {
  if (node.kind === 'scalar') return
  if (node.kind === 'list') {
    for (const [index, item] of node.items.entries()) checkNode(item, [...path, index], issues)
    return
  }
  issues.push(...(checks.find(path)?.(node, path) ?? []))
  for (const one of node.entries.values()) checkNode(one.node, [...path, one.key], issues)
}

/** Fields of a merged model that cannot hold together. Issue code: `compose/conflict`. Never throws. */
export const checkConflicts = (model: YamlMap): readonly Issue[] => {
  const issues: Issue[] = []
  checkNode(model, [], issues)
  return issues
}
