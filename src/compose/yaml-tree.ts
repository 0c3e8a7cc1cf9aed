import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Checked, Issue, Source } from '../core/issue.ts'
import type { MergeTag, YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar } from './yaml-node.ts'
import { resolvePlain, resolveTagged } from './yaml-scalar.ts'

/** Deepest nesting that is read. */
export const deepestYaml = 64

/** Most parts of a document once its aliases stand for what they name: an alias may name what holds further ones. */
export const mostNodes = 100_000

/** What the tree is made from: the file's name, its text, and places in it. */
export interface TreeInput {
  readonly file: string
  readonly text: string
  readonly at: (start: number, end?: number) => Source
}

/** What an anchor names, and how many parts that has with its aliases written out. */
interface Anchored {
  readonly node: YamlNode
  readonly size: number
  /** How many levels it has. */
  readonly height: number
}

interface Making extends TreeInput {
  readonly issues: Issue[]
  /** Anchors in the order of the file; undefined while what they name is being made. */
  readonly anchors: Map<string, Anchored | undefined>
  depth: number
  /** Deepest level reached inside of the anchor that is being made. */
  deepest: number
  /** Parts made so far, those that aliases stand for counted each time. */
  parts: number
}

type Tag = { readonly tag?: MergeTag }

const core = 'tag:yaml.org,2002:'

/** The last part of a core tag: `str` of `!!str`; undefined of none and of tags of others. */
const coreTag = (node: Node): string | undefined =>
  node.tag?.startsWith(core) ? node.tag.slice(core.length) : undefined

const mergeTagOf = ({ tag }: Node): Tag =>
  tag === '!reset' ? { tag: 'reset' } : tag === '!override' ? { tag: 'override' } : {}

const rangeOf = (node: Node): readonly [number, number] => [node.range?.[0] ?? 0, node.range?.[1] ?? 0]

const placeOf = (node: Node, { at }: Making): Source => {
  const [start, end] = rangeOf(node)
  return at(start, end)
}

const nothingAt = (source: Source): YamlNode => ({
  kind: 'scalar',
  value: null,
  text: '',
  plain: true,
  source,
})

const refuse = (making: Making, issue: Issue & { readonly source: Source }): YamlNode => {
  making.issues.push(issue)
  return nothingAt(issue.source)
}

const checkTag = (node: Node, kind: string, making: Making): void => {
  const { tag } = node
  if (tag === undefined || tag === '!' || tag === '!reset' || tag === '!override') return
  if (coreTag(node) === kind) return
  making.issues.push({
    code: 'yaml/tag',
    message: `The tag '${tag.replace(core, '!!').slice(0, 80)}' cannot stand here.`,
    source: placeOf(node, making),
    hint: 'Compose knows `!reset` and `!override`; leave other tags out.',
  })
}

const scalarTags: ReadonlySet<string> = new Set(['str', 'int', 'float', 'bool', 'null'])

const scalarValue = (text: string, plain: boolean, node: Node, making: Making): YamlScalar['value'] => {
  const tag = coreTag(node) ?? (node.tag === '!' ? 'str' : undefined)
  if (tag === undefined || !scalarTags.has(tag)) {
    checkTag(node, 'str', making)
    return plain ? resolvePlain(text) : text
  }
  const value = resolveTagged(tag, text)
  if (value !== undefined) return value
  making.issues.push({
    code: 'yaml/tag',
    message: `'${text.slice(0, 80)}' is no value of the tag '!!${tag}'.`,
    source: placeOf(node, making),
    hint: 'Leave the tag out, or correct the value.',
  })
  return null
}

const makeScalar = (node: Node & { value: unknown; type?: string }, making: Making): YamlScalar => {
  const text = typeof node.value === 'string' ? node.value : ''
  const plain = node.type === undefined || node.type === 'PLAIN'
  const value = scalarValue(text, plain, node, making)
  return { kind: 'scalar', value, text, plain, source: placeOf(node, making), ...mergeTagOf(node) }
}

const makeAlias = (name: string, node: Node, making: Making): YamlNode => {
  const source = placeOf(node, making)
  if (!making.anchors.has(name))
    return refuse(making, {
      code: 'yaml/unknown-alias',
      message: `The alias '*${name.slice(0, 80)}' names no anchor above it.`,
      source,
      hint: `Write '&${name.slice(0, 80)}' before the value it stands for, or put the text in quotes.`,
    })
  const made = making.anchors.get(name)
  if (made !== undefined) {
    if (making.depth + made.height > deepestYaml) return refuse(making, tooDeep(source))
    making.parts += made.size
    making.deepest = Math.max(making.deepest, making.depth + made.height)
    isSpent(node, making)
    return made.node
  }
  return refuse(making, {
    code: 'yaml/alias-loop',
    message: `The alias '*${name.slice(0, 80)}' stands inside of what it names.`,
    source,
    hint: 'Take the alias out: a value cannot contain itself.',
  })
}

const makeList = (seq: YAMLSeq, making: Making): YamlList => {
  checkTag(seq, 'seq', making)
  const items = seq.items.map((item) => make(item as Node, making))
  return { kind: 'list', items, source: placeOf(seq, making), ...mergeTagOf(seq) }
}

interface MapMaking {
  readonly own: Map<string, YamlEntry>
  /** What merge keys bring, the strongest first. */
  readonly merged: YamlMap[]
  /** Keys told already, with their place. */
  readonly seen: Map<string, Source>
}

const keyIssue = (message: string, source: Source): Issue => ({
  code: 'yaml/key',
  message,
  source,
  hint: 'A key is text on one line; put it in quotes where it looks like something else.',
})

/** The text of a key; undefined after saying why it is none. */
const keyOf = (node: Node, making: Making): { text: string; merge: boolean } | undefined => {
  const made = make(node, making)
  if (isSpent(node, making)) return undefined
  if (made.kind !== 'scalar' || made.tag !== undefined) {
    making.issues.push(keyIssue('A map or a list cannot be a key.', placeOf(node, making)))
    return undefined
  }
  if (typeof made.value === 'string') return { text: made.value, merge: made.plain && made.value === '<<' }
  making.issues.push(
    keyIssue(
      `The key ${made.text === '' ? 'is empty' : `'${made.text}' is no text`}.`,
      placeOf(node, making),
    ),
  )
  return undefined
}

const duplicateIssue = (key: string, source: Source, first: Source): Issue => ({
  code: 'yaml/duplicate-key',
  message: `The key '${key.slice(0, 80)}' stands here again; it was first given in line ${first.line}.`,
  source,
  hint: 'Keep one of the two: parsers differ in which they take.',
})

const addMerged = (node: YamlNode, source: Source, { merged }: MapMaking, making: Making): void => {
  const parts = node.kind === 'list' ? node.items : [node]
  for (const part of parts)
    if (part.kind === 'map') merged.push(part)
    else
      making.issues.push({
        code: 'yaml/merge-key',
        message: 'The merge key `<<` takes a map, or a list of maps.',
        source,
        hint: 'Write `<<: *anchor` where the anchor names a map.',
      })
}

const addPair = (pair: Pair, map: MapMaking, making: Making): void => {
  const keyNode = pair.key as Node
  const key = keyOf(keyNode, making)
  const keySource = placeOf(keyNode, making)
  const told = making.issues.length
  const node = pair.value === null ? nothingAt(keySource) : make(pair.value as Node, making)
  if (key === undefined) return
  const first = map.seen.get(key.text)
  if (first !== undefined) making.issues.push(duplicateIssue(key.text, keySource, first))
  map.seen.set(key.text, keySource)
  if (key.merge && making.issues.length === told) addMerged(node, keySource, map, making)
  else map.own.set(key.text, { key: key.text, keySource, node })
}

/** Own keys win over merged ones, earlier merged maps over later ones; merged keys stand first. */
const withMerged = ({ own, merged }: MapMaking): Map<string, YamlEntry> => {
  if (merged.length === 0) return own
  const entries = new Map<string, YamlEntry>()
  for (const map of merged)
    for (const [key, entry] of map.entries) if (!entries.has(key)) entries.set(key, entry)
  for (const [key, entry] of own) entries.set(key, entry)
  return entries
}

const makeMap = (map: YAMLMap, making: Making): YamlMap => {
  checkTag(map, 'map', making)
  const parts: MapMaking = { own: new Map(), merged: [], seen: new Map() }
  for (const pair of map.items) addPair(pair, parts, making)
  const entries = withMerged(parts)
  return { kind: 'map', entries, source: placeOf(map, making), ...mergeTagOf(map) }
}

const makeInside = (node: Node, making: Making): YamlNode => {
  if (isMap(node)) return makeMap(node, making)
  if (isSeq(node)) return makeList(node, making)
  return nothingAt(placeOf(node, making))
}

const tooDeep = (source: Source): Issue & { readonly source: Source } => ({
  code: 'yaml/too-deep',
  message: `Maps and lists stand more than ${deepestYaml} deep.`,
  source,
  hint: 'No part of a compose file needs that; check the brackets and the indentation.',
})

const tooManyParts = (source: Source): Issue => ({
  code: 'yaml/expands',
  message: `With its aliases written out the file has more than ${mostNodes} parts.`,
  source,
  hint: 'Aliases of aliases multiply: write out what is needed, or use `extends`.',
})

/** Tells once that there are too many parts; from then on nothing more is made. */
const isSpent = (node: Node, making: Making): boolean => {
  if (making.parts <= mostNodes) return false
  if (!making.issues.some(({ code }) => code === 'yaml/expands'))
    making.issues.push(tooManyParts(placeOf(node, making)))
  return true
}

const makeOne = (node: Node, making: Making): YamlNode => {
  making.parts++
  if (isScalar(node)) return makeScalar(node, making)
  making.depth++
  making.deepest = Math.max(making.deepest, making.depth)
  const made = makeInside(node, making)
  making.depth--
  return made
}

const makeAnchored = (anchor: string, node: Node, making: Making): YamlNode => {
  const { parts, depth, deepest } = making
  making.anchors.set(anchor, undefined)
  making.deepest = depth
  const made = makeOne(node, making)
  making.anchors.set(anchor, { node: made, size: making.parts - parts, height: making.deepest - depth })
  making.deepest = Math.max(deepest, making.deepest)
  return made
}

const make = (node: Node, making: Making): YamlNode => {
  if (isSpent(node, making)) return nothingAt({ file: making.file, line: 1, column: 1 })
  if (isAlias(node)) return makeAlias(node.source, node, making)
  if (making.depth >= deepestYaml && !isScalar(node)) return refuse(making, tooDeep(placeOf(node, making)))
  const { anchor } = node as { anchor?: string }
  return anchor === undefined ? makeOne(node, making) : makeAnchored(anchor, node, making)
}

/**
 * The tree of a parsed document, aliases resolved and merge keys carried out, in time and memory that grow with the text.
 * Issue codes: `yaml/alias-loop`, `yaml/duplicate-key`, `yaml/expands`, `yaml/key`, `yaml/merge-key`, `yaml/tag`,
 * `yaml/too-deep`, `yaml/unknown-alias`. Never throws.
 */
export const treeOf = (contents: Node | null, input: TreeInput): Checked<YamlNode> => {
  const making: Making = { ...input, issues: [], anchors: new Map(), depth: 0, deepest: 0, parts: 0 }
  const made =
    contents === null ? nothingAt({ file: input.file, line: 1, column: 1 }) : make(contents, making)
  return making.issues.length === 0 ? { ok: true, value: made } : { ok: false, issues: making.issues }
}
