import { mapOf, scalar, scalarText, withEntry, without } from '../make-node.ts'
import { childAt, nodeAt, scalarOf, type YamlEntry, type YamlMap, type YamlNode } from '../yaml-node.ts'

/** Sets a value below a map unless something stands there; maps on the way are made where there are none. */
const setBelow = (map: YamlMap, path: readonly string[], entry: YamlEntry): YamlMap => {
  const [key = '', ...rest] = path
  const own = map.entries.get(key)
  if (rest.length === 0) {
    if (own !== undefined && scalarOf(own.node) !== null) return map
    return withEntry(map, { ...entry, key })
  }
  if (own !== undefined && own.node.kind !== 'map' && scalarOf(own.node) !== null) return map
  const child = own?.node.kind === 'map' ? own.node : mapOf([], entry.node.source)
  const keySource = own?.keySource ?? entry.keySource
  return withEntry(map, { key, keySource, node: setBelow(child, rest, entry) })
}

/** A field of a single container, and where a stack has it. */
export interface Move {
  readonly from: string
  readonly to: readonly string[]
}

const limits = ['deploy', 'resources', 'limits'] as const

/** The documentation and the tests read it too. */
export const moves: readonly Move[] = [
  { from: 'cpus', to: [...limits, 'cpus'] },
  { from: 'mem_limit', to: [...limits, 'memory'] },
  { from: 'pids_limit', to: [...limits, 'pids'] },
  { from: 'mem_reservation', to: ['deploy', 'resources', 'reservations', 'memory'] },
  { from: 'scale', to: ['deploy', 'replicas'] },
]

/** A field of a single container at its place below `deploy`; it stays, to be told, where something else stands there. */
const moved = (service: YamlMap, { from, to }: Move): YamlMap => {
  const own = service.entries.get(from)
  if (own === undefined || own.node.kind !== 'scalar') return service
  const before = nodeAt(service, to)
  const isTaken = before !== undefined && scalarOf(before) !== null
  if (!isTaken) return setBelow(without(service, from), to, own)
  return scalarText(scalarOf(before) ?? '') === scalarText(own.node.value) ? without(service, from) : service
}

const conditions: Readonly<Record<string, string>> = {
  always: 'any',
  'unless-stopped': 'any',
  no: 'none',
  false: 'none',
  'on-failure': 'on-failure',
}

const restartMoved = (service: YamlMap): YamlMap => {
  const own = service.entries.get('restart')
  const policy = nodeAt(service, ['deploy', 'restart_policy'])
  if (own?.node.kind !== 'scalar' || (policy !== undefined && scalarOf(policy) !== null)) return service
  const [word = '', attempts] = scalarText(own.node.value).split(':', 2)
  const condition = conditions[word]
  if (condition === undefined) return service
  const place = (value: string | number): YamlEntry => ({ ...own, node: scalar(value, own.node.source) })
  const at = ['deploy', 'restart_policy']
  const set = setBelow(without(service, 'restart'), [...at, 'condition'], place(condition))
  return attempts === undefined || !/^\d{1,9}$/.test(attempts)
    ? set
    : setBelow(set, [...at, 'max_attempts'], place(Number(attempts)))
}

/**
 * A service whose limits, scale and restart policy stand below `deploy`, where Swarm reads them, each with the place that gave it.
 * What stands there already holds: the other field then stays where it was. Never throws.
 */
export const withDeployForms = (service: YamlNode): YamlNode => {
  if (service.kind !== 'map') return service
  const own = moves.reduce(moved, service)
  return childAt(own, 'restart') === undefined ? own : restartMoved(own)
}
