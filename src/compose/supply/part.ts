import type { Issue, Source } from '../../core/issue.ts'
import { entry, mapOf, scalar, withEntry, without } from '../make-node.ts'
import type { Replaced } from '../merge.ts'
import { childAt, type ScalarValue, type YamlMap, type YamlNode } from '../yaml-node.ts'
import type { VaultReference } from './supplied.ts'

/** Keys from the model's top. */
export type KeyPath = readonly string[]

/** A value put into a model, or taken out of it, whatever the files say. */
export interface Rewrite {
  readonly path: KeyPath
  /** Undefined to take it out. */
  readonly node: YamlNode | undefined
}

/** What one concern supplies. */
export interface Part {
  /** Values where the files say nothing: each a model with one value. */
  readonly base: readonly YamlMap[]
  readonly rewrites: readonly Rewrite[]
  readonly replaced: readonly Replaced[]
  readonly references: readonly (VaultReference & { readonly template: string })[]
  readonly issues: readonly Issue[]
  readonly warnings: readonly Issue[]
}

const emptyPart: Part = { base: [], rewrites: [], replaced: [], references: [], issues: [], warnings: [] }

export const part = (fields: Partial<Part>): Part => ({ ...emptyPart, ...fields })

export const joined = (parts: readonly Part[]): Part => ({
  base: parts.flatMap(({ base }) => base),
  rewrites: parts.flatMap(({ rewrites }) => rewrites),
  replaced: parts.flatMap(({ replaced }) => replaced),
  references: parts.flatMap(({ references }) => references),
  issues: parts.flatMap(({ issues }) => issues),
  warnings: parts.flatMap(({ warnings }) => warnings),
})

/** A model with one value. */
export const modelWith = (path: KeyPath, value: ScalarValue | YamlNode, source: Source): YamlMap => {
  const node = typeof value === 'object' && value !== null ? value : scalar(value, source)
  const whole = path.reduceRight<YamlNode>((below, key) => mapOf([entry(key, below)], source), node)
  return whole.kind === 'map' ? whole : mapOf([], source)
}

/** A model with one value for each field. */
export const modelsWith = (
  path: KeyPath,
  fields: Readonly<Record<string, ScalarValue | YamlNode>>,
  source: Source,
): readonly YamlMap[] =>
  Object.entries(fields).map(([key, value]) => modelWith([...path, key], value, source))

/** The model with one value put in or taken out; a value below what is no map is left out. */
export const rewritten = (map: YamlMap, { path, node }: Rewrite): YamlMap => {
  const [key, ...below] = path
  if (key === undefined) return map
  if (below.length === 0) return node === undefined ? without(map, key) : withEntry(map, entry(key, node))
  const child = childAt(map, key)
  if (child?.kind !== 'map') return map
  const own = map.entries.get(key) ?? entry(key, child)
  return withEntry(map, { ...own, node: rewritten(child, { path: below, node }) })
}
