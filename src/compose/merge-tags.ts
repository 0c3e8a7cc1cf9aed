import type { MergeLog } from './merge.ts'
import type { YamlEntry, YamlNode, YamlPath } from './yaml-node.ts'

/** A document without its merge tags, and the paths at which they stood. */
export interface Untagged {
  readonly node: YamlNode
  /** What is taken away from the files before, whether something comes in its place or not. */
  readonly cleared: readonly YamlPath[]
}

const untagMap = (node: YamlNode & { kind: 'map' }, path: YamlPath, cleared: YamlPath[]): YamlNode => {
  const entries = new Map<string, YamlEntry>()
  for (const one of node.entries.values()) {
    const child = untagNode(one.node, [...path, one.key], cleared)
    if (child !== undefined) entries.set(one.key, { ...one, node: child })
  }
  return { ...node, entries }
}

const untagNode = (node: YamlNode, path: YamlPath, cleared: YamlPath[]): YamlNode | undefined => {
  if (node.tag !== undefined) cleared.push(path)
  if (node.tag === 'reset') return undefined
  if (node.tag === 'override' || node.kind === 'scalar') return node
  if (node.kind === 'map') return untagMap(node, path, cleared)
  return {
    ...node,
    items: node.items.flatMap((item, index) => untagNode(item, [...path, index], cleared) ?? []),
  }
}

/** Takes the merge tags out of a document: what `!reset` stands before goes, what `!override` stands before stays. Never throws. */
export const untag = (root: YamlNode): Untagged => {
  const cleared: YamlPath[] = []
  return {
    node: untagNode(root, [], cleared) ?? { ...root, kind: 'scalar', value: null, text: '', plain: true },
    cleared,
  }
}

const clearOne = (node: YamlNode, path: YamlPath, depth: number, log: MergeLog): YamlNode => {
  const step = path[depth]
  if (node.kind !== 'map' || step === undefined) return node
  const child = node.entries.get(String(step))
  if (child === undefined) return node
  const entries = new Map(node.entries)
  if (depth === path.length - 1) {
    entries.delete(child.key)
    log.replaced({ path, lost: child.node, kept: undefined })
  } else entries.set(child.key, { ...child, node: clearOne(child.node, path, depth + 1, log) })
  return { ...node, entries }
}

/** The tree without what stands at the paths; each is told to the log. Never throws. */
export const clearPaths = (root: YamlNode, paths: readonly YamlPath[], log: MergeLog): YamlNode =>
  paths.reduce((node, path) => clearOne(node, path, 0, log), root)
