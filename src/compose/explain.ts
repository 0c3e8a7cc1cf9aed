import type { Source } from '../core/issue.ts'
import type { Replaced } from './merge.ts'
import { nodeAt, type YamlMap, type YamlNode, type YamlPath } from './yaml-node.ts'

/** One value of a merged model, and which files gave it or lost to it. */
export interface Explained {
  readonly path: YamlPath
  /** Undefined where `!reset` took it away. */
  readonly value: YamlNode | undefined
  /** Where the value was written; undefined where there is none. */
  readonly source: Source | undefined
  /** Values that this one took the place of, the earliest first. */
  readonly instead: readonly YamlNode[]
}

const valuesOf = (
  node: YamlNode,
  path: YamlPath,
): readonly { readonly path: YamlPath; readonly node: YamlNode }[] => {
  if (node.kind === 'map')
    return [...node.entries.values()].flatMap((one) => valuesOf(one.node, [...path, one.key]))
  if (node.kind === 'list') return node.items.flatMap((item, index) => valuesOf(item, [...path, index]))
  return [{ path, node }]
}

const keyOf = (path: YamlPath): string => JSON.stringify(path.map(String))

const startsWith = (path: YamlPath, start: YamlPath): boolean =>
  start.every((step, index) => String(path[index]) === String(step))

/**
 * Every value at a path and below it with the file and line that gave it and the values it replaced, in the order of the model;
 * values that nothing took the place of come last. Empty where the path was in no file. Never throws.
 */
export const explainModel = (
  model: YamlMap,
  replaced: readonly Replaced[],
  path: YamlPath,
): readonly Explained[] => {
  const lost = grouped(replaced)
  const node = nodeAt(model, path)
  const present = node === undefined ? [] : valuesOf(node, path)
  const kept = present.map((one): Explained => {
    const instead = lost.get(keyOf(one.path)) ?? []
    return {
      path: one.path,
      value: one.node,
      source: one.node.source,
      instead: instead.map((other) => other.lost),
    }
  })
  const shown = new Set(present.map((one) => keyOf(one.path)))
  const gone = [...lost.values()].filter(
    ([first]) => first !== undefined && startsWith(first.path, path) && !shown.has(keyOf(first.path)),
  )
  return [...kept, ...gone.flatMap(goneOf)]
}

const goneOf = (all: readonly Replaced[]): readonly Explained[] => {
  const last = all.at(-1)
  if (last === undefined) return []
  return [
    { path: last.path, value: last.kept, source: last.kept?.source, instead: all.map(({ lost }) => lost) },
  ]
}

const grouped = (replaced: readonly Replaced[]): ReadonlyMap<string, readonly Replaced[]> => {
  const groups = new Map<string, Replaced[]>()
  for (const one of replaced) groups.set(keyOf(one.path), [...(groups.get(keyOf(one.path)) ?? []), one])
  return groups
}
