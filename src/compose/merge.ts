import type { Issue } from '../core/issue.ts'
import { mapOf } from './make-node.ts'
import { PathTable } from './path-table.ts'
import { itemKey } from './unique-items.ts'
import type { YamlEntry, YamlList, YamlMap, YamlNode, YamlPath } from './yaml-node.ts'
import { plainOf } from './yaml-node.ts'

/** A value that another took the place of, or that was taken away. */
export interface Replaced {
  readonly path: YamlPath
  readonly lost: YamlNode
  /** What stands there now; undefined where `!reset` took it away. */
  readonly kept: YamlNode | undefined
}

/** What a merge tells beside its result. */
export interface MergeLog {
  readonly replaced: (one: Replaced) => void
  readonly issue: (issue: Issue) => void
}

type Merge = (base: YamlNode, over: YamlNode, path: YamlPath, log: MergeLog) => YamlNode

const isNull = (node: YamlNode): boolean => node.kind === 'scalar' && node.value === null

const keepOver: Merge = (base, over, path, log) => {
  log.replaced({ path, lost: base, kept: over })
  return over
}

const mergeMaps = (base: YamlMap, over: YamlMap, path: YamlPath, log: MergeLog): YamlMap => {
  const entries = new Map<string, YamlEntry>(base.entries)
  for (const one of over.entries.values()) {
    const before = base.entries.get(one.key)
    entries.set(
      one.key,
      before === undefined
        ? one
        : { ...one, node: mergeNodes(before.node, one.node, [...path, one.key], log) },
    )
  }
  return { ...over, entries }
}

/** Later items take the place of earlier ones of the same key, e.g. a target; equal items stand once. */
const mergeLists = (base: YamlList, over: YamlList, path: YamlPath, log: MergeLog): YamlList => {
  const items: YamlNode[] = []
  const places = new Map<string, number>()
  for (const [index, item] of [...base.items, ...over.items].entries()) {
    const key = itemKey(path, item)
    const place = places.get(key)
    if (place === undefined) places.set(key, items.push(item) - 1)
    else {
      const lost = items[place]
      if (lost !== undefined && index >= base.items.length && !isSame(lost, item))
        log.replaced({ path: [...path, place], lost, kept: item })
      items[place] = item
    }
  }
  return { ...over, items }
}

const isSame = (a: YamlNode, b: YamlNode): boolean =>
  JSON.stringify(plainOf(a)) === JSON.stringify(plainOf(b))

const kindNames = { map: 'a map', list: 'a list', scalar: 'a single value' } as const

const mergeAny: Merge = (base, over, path, log) => {
  if (isNull(over)) return base
  if (base.kind === 'scalar') {
    if (!isNull(base) && !isSame(base, over)) log.replaced({ path, lost: base, kept: over })
    return over
  }
  if (base.kind === 'map' && over.kind === 'map') return mergeMaps(base, over, path, log)
  if (base.kind === 'list' && over.kind === 'list') return mergeLists(base, over, path, log)
  log.issue({
    code: 'compose/cannot-merge',
    message: `${path.join('.')} is ${kindNames[over.kind]} here and ${kindNames[base.kind]} in ${base.source.file}:${base.source.line}.`,
    source: over.source,
    hint: 'Write it in the same form, or begin the value with `!override`.',
  })
  return over
}

/** Options of two different drivers have nothing to do with each other. */
const mergeLogging: Merge = (base, over, path, log) => {
  if (base.kind !== 'map' || over.kind !== 'map') return mergeAny(base, over, path, log)
  const before = base.entries.get('driver')?.node
  const after = over.entries.get('driver')?.node
  return before === undefined || after === undefined || isSame(before, after)
    ? mergeMaps(base, over, path, log)
    : keepOver(base, over, path, log)
}

const mergeUlimit: Merge = (base, over, path, log) =>
  base.kind === 'map' && over.kind === 'map'
    ? mergeMaps(base, over, path, log)
    : keepOver(base, over, path, log)

/** A key without a value among others takes its value from the environment, so it replaces too. */
const mergePairs: Merge = (base, over, path, log) => {
  if (base.kind !== 'map' || over.kind !== 'map') return mergeAny(base, over, path, log)
  const entries = new Map(base.entries)
  for (const one of over.entries.values()) {
    const before = base.entries.get(one.key)
    if (before !== undefined && !isSame(before.node, one.node))
      log.replaced({ path: [...path, one.key], lost: before.node, kept: one.node })
    entries.set(one.key, one)
  }
  return { ...over, entries }
}

/** A map or nothing: nothing is an empty map. */
const mergeNamed: Merge = (base, over, path, log) => {
  const asMap = (node: YamlNode): YamlNode => (isNull(node) ? mapOf([], node.source) : node)
  return mergeAny(asMap(base), asMap(over), path, log)
}

/** Blocks of addresses of the same subnet are one. */
const mergeAddresses: Merge = (base, over, path, log) => {
  if (base.kind !== 'list' || over.kind !== 'list') return mergeAny(base, over, path, log)
  const subnetOf = (node: YamlNode): unknown =>
    node.kind === 'map' ? JSON.stringify(plainOf(node.entries.get('subnet')?.node ?? node)) : undefined
  const items = [...base.items]
  for (const item of over.items) {
    const at = items.findIndex((one) => subnetOf(one) === subnetOf(item))
    const before = items[at]
    if (before === undefined) items.push(item)
    else items[at] = mergeAny(before, item, [...path, at], log)
  }
  return { ...over, items }
}

const ofService: readonly (readonly [string, Merge])[] = [
  ['annotations', mergePairs],
  ['build.args', mergePairs],
  ['build.additional_contexts', mergePairs],
  ['build.labels', mergePairs],
  ['command', keepOver],
  ['depends_on', mergeNamed],
  ['deploy.labels', mergePairs],
  ['entrypoint', keepOver],
  ['environment', mergePairs],
  ['healthcheck.test', keepOver],
  ['labels', mergePairs],
  ['logging', mergeLogging],
  ['models', mergeNamed],
  ['networks', mergeNamed],
  ['sysctls', mergePairs],
  ['ulimits.*', mergeUlimit],
  ['volumes.*.volume.labels', mergePairs],
]

const merges = new PathTable<Merge>([
  ...ofService.map(([path, merge]) => [`services.*.${path}`, merge] as const),
  ['networks.*.ipam.config', mergeAddresses],
  ...['networks', 'volumes', 'secrets', 'configs'].map((kind) => [`${kind}.*.labels`, mergePairs] as const),
])

/**
 * The later of two nodes over the earlier one, both in long form: maps key by key, lists joined, single values replaced, and the
 * exceptions of the specification. Nothing of the earlier one goes without being told to `log.replaced`.
 *
 * Issue code: `compose/cannot-merge`. Source: the Compose specification, "Merge". Never throws.
 */
export const mergeNodes: Merge = (base, over, path, log) =>
  (merges.find(path) ?? mergeAny)(base, over, path, log)
