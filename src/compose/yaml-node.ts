import type { Source } from '../core/issue.ts'

/** What compose writes before a value: take away what stands there, or put this in its place instead of merging. */
export type MergeTag = 'reset' | 'override'

/** What a scalar stands for; whole numbers beyond ±2^53 stay text, digit by digit. */
export type ScalarValue = string | number | boolean | null

/** A scalar of a YAML file. */
export interface YamlScalar {
  readonly kind: 'scalar'
  readonly value: ScalarValue
  /** As the author wrote it, without quotes and escapes: `0644` of the number 420. */
  readonly text: string
  /** Whether it stands without quotes; `80` and `"80"` differ in it. */
  readonly plain: boolean
  readonly source: Source
  readonly tag?: MergeTag
}

/** A key of a map with its value. */
export interface YamlEntry {
  readonly key: string
  /** Place of the key. */
  readonly keySource: Source
  readonly node: YamlNode
}

/** A map in the order of the file; keys are unique text, merge keys (`<<`) are carried out. */
export interface YamlMap {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, YamlEntry>
  readonly source: Source
  readonly tag?: MergeTag
}

/** A list in the order of the file. */
export interface YamlList {
  readonly kind: 'list'
  readonly items: readonly YamlNode[]
  readonly source: Source
  readonly tag?: MergeTag
}

/**
 * A part of a YAML file with its place: 1-based line and column of where it was written, which is at the anchor where an
 * alias stands for it. Aliases are resolved: one node may hang at several places, none contains itself, and the whole has
 * a bounded number of parts when walked (`mostNodes`).
 */
export type YamlNode = YamlScalar | YamlMap | YamlList

/** Steps from a node down: keys of maps, 0-based indexes of lists. */
export type YamlPath = readonly (string | number)[]

/** The value under a key; undefined where the node is no map or has no such key. Never throws. */
export const childAt = (node: YamlNode | undefined, key: string): YamlNode | undefined =>
  node?.kind === 'map' ? node.entries.get(key)?.node : undefined

const stepDown = (node: YamlNode | undefined, step: string | number): YamlNode | undefined =>
  node?.kind === 'list' ? node.items[Number(step)] : childAt(node, String(step))

/** The node at a path; undefined where the file has none there. Never throws. */
export const nodeAt = (root: YamlNode | undefined, path: YamlPath): YamlNode | undefined =>
  path.reduce<YamlNode | undefined>(stepDown, root)

/** Where a path stands: its node, or the nearest part around it that exists. Never throws. */
export const sourceAt = (root: YamlNode, path: YamlPath): Source => {
  let node = root
  for (const step of path) {
    const child = stepDown(node, step)
    if (child === undefined) break
    node = child
  }
  return node.source
}

/** Where the key of a path's last step stands; as `sourceAt` where that is no key of a map. Never throws. */
export const keySourceAt = (root: YamlNode, path: YamlPath): Source => {
  const parent = nodeAt(root, path.slice(0, -1))
  const entry = parent?.kind === 'map' ? parent.entries.get(String(path[path.length - 1])) : undefined
  return entry?.keySource ?? sourceAt(root, path)
}

/** The entries of a map in order; none of anything else. Never throws. */
export const entriesOf = (node: YamlNode | undefined): readonly YamlEntry[] =>
  node?.kind === 'map' ? [...node.entries.values()] : []

/** The items of a list in order; none of anything else. Never throws. */
export const itemsOf = (node: YamlNode | undefined): readonly YamlNode[] =>
  node?.kind === 'list' ? node.items : []

/** The value of a scalar; undefined of anything else. Never throws. */
export const scalarOf = (node: YamlNode | undefined): ScalarValue | undefined =>
  node?.kind === 'scalar' ? node.value : undefined

/** The text of a scalar that is text; undefined of anything else. Never throws. */
export const textOf = (node: YamlNode | undefined): string | undefined => {
  const value = scalarOf(node)
  return typeof value === 'string' ? value : undefined
}

/** A map as an object; `__proto__` is an own key like any other. */
const plainMap = (map: YamlMap): Record<string, unknown> => {
  const plain: Record<string, unknown> = {}
  for (const { key, node } of map.entries.values()) {
    const value = plainOf(node)
    if (key === '__proto__')
      Object.defineProperty(plain, key, { value, enumerable: true, configurable: true, writable: true })
    else plain[key] = value
  }
  return plain
}

/** Plain data of a node: objects, arrays, scalars. Tags are left out. Never throws. */
export const plainOf = (node: YamlNode): unknown => {
  if (node.kind === 'scalar') return node.value
  return node.kind === 'list' ? node.items.map(plainOf) : plainMap(node)
}
