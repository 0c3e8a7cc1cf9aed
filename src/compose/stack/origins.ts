import type { Source } from '../../core/issue.ts'
import { compareText } from '../../core/issue.ts'
import type { Replaced } from '../merge.ts'
import type { YamlNode, YamlPath } from '../yaml-node.ts'
import { type RemarkOf, shownPlace } from './stack-yaml.ts'

/** A value at a path of a model: many supplied ones stand at one line. */
const keyOf = (path: YamlPath, { file, line, column }: Source): string =>
  JSON.stringify([path.map(String), file, line, column])

/** Places that a value took the place of, by its key. */
type Losers = ReadonlyMap<string, readonly Source[]>

const losersOf = (replaced: readonly Replaced[]): Losers => {
  const losers = new Map<string, Source[]>()
  for (const { path, lost, kept } of replaced) {
    if (kept === undefined) continue
    const key = keyOf(path, kept.source)
    losers.set(key, [...(losers.get(key) ?? []), lost.source])
  }
  return losers
}

const sourcesOf = (node: YamlNode): readonly Source[] => {
  if (node.kind === 'scalar') return [node.source]
  const below =
    node.kind === 'list' ? node.items.flatMap(sourcesOf) : [...node.entries.values()].flatMap(entrySources)
  return below.length === 0 ? [node.source] : below
}

const entrySources = ({ node }: { readonly node: YamlNode }): readonly Source[] => sourcesOf(node)

/** `ops.yml:4`, `ops.yml:4-9`; undefined where there is more than one file. */
const spanOf = (sources: readonly Source[]): string | undefined => {
  const [first] = sources
  if (first === undefined || sources.some(({ file }) => file !== first.file)) return undefined
  const lines = sources.map(({ line }) => line)
  const from = Math.min(...lines)
  const to = Math.max(...lines)
  return from === to ? shownPlace(first) : `${first.file}:${from}-${to}`
}

const withLost = (place: string, lost: readonly Source[]): string => {
  const others = [...new Set(lost.map(shownPlace))].filter((one) => one !== place).sort(compareText)
  return others.length === 0 ? place : `${place}, not ${others.join(', ')}`
}

/** Whether anything below a part took the place of something, so that each value has to tell. */
const hasLosersBelow = (node: YamlNode, path: YamlPath, losers: Losers): boolean => {
  if (node.kind === 'scalar') return false
  const below: readonly (readonly [string | number, YamlNode])[] =
    node.kind === 'list'
      ? node.items.map((item, index) => [index, item] as const)
      : [...node.entries.values()].map((one) => [one.key, one.node] as const)
  return below.some(([step, child]) => {
    const at = [...path, step]
    return losers.has(keyOf(at, child.source)) || hasLosersBelow(child, at, losers)
  })
}

/** Depth at which one remark may stand for all below: an attribute of a service, a whole network. */
const wholeFrom = (path: YamlPath): number => (path[0] === 'services' ? 3 : 2)

/**
 * What tells of each part of a model which file and line gave it, and which place it took the place of: one remark where all of a
 * part came from one file, else one for each value. No value stands in a remark. Never throws.
 */
export const originRemarks = (replaced: readonly Replaced[]): RemarkOf => {
  const losers = losersOf(replaced)
  return (node, path) => {
    if (path.length < wholeFrom(path)) return undefined
    const lost = losers.get(keyOf(path, node.source)) ?? []
    if (node.kind === 'scalar') return withLost(shownPlace(node.source), lost)
    const span = spanOf(sourcesOf(node))
    return span === undefined || hasLosersBelow(node, path, losers) ? undefined : withLost(span, lost)
  }
}
