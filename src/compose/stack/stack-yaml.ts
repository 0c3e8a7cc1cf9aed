import { compareText, type Source } from '../../core/issue.ts'
import { scalarText } from '../make-node.ts'
import type { YamlMap, YamlNode, YamlPath, YamlScalar } from '../yaml-node.ts'
import { resolvePlain } from '../yaml-scalar.ts'

/**
 * What stands as a comment behind a part, without `#`; that of a map or a list holds for all below it, which then has none.
 * Undefined where it needs none, or the parts below have their own.
 */
export type RemarkOf = (node: YamlNode, path: YamlPath) => string | undefined

/** How a stack is written. */
export interface StackStyle {
  readonly remarkOf: RemarkOf
  /** Whether the text at a path is meant for the reader of stacks, dollars and all. */
  readonly isTemplate: (path: YamlPath) => boolean
}

const safe = /^(?:--?)?[A-Za-z_/.][A-Za-z0-9_/.@+-]*(?::[A-Za-z0-9_/.@+-]+)*$/

/** Words that some reader of YAML takes for something else than text. */
const words = /^(?:y|n|yes|no|on|off|true|false|null|~|\.inf|\.nan)$/i

const escaped = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]/g, (one) =>
    /[\ud800-\udfff]/.test(one) ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const isPlain = (text: string): boolean =>
  safe.test(text) && !words.test(text) && typeof resolvePlain(text) === 'string'

/** A dollar is doubled: `docker stack deploy` fills in variables once more. */
const textYaml = (text: string, isTemplate: boolean): string => {
  const literal = isTemplate ? text : text.replaceAll('$', '$$$$')
  return isPlain(literal) ? literal : escaped(literal)
}

const keyYaml = (key: string): string => (isPlain(key) ? key : escaped(key))

const isMode = (path: YamlPath): boolean =>
  path.at(-1) === 'mode' && (path[2] === 'secrets' || path[2] === 'configs') && path.length === 5

const scalarYaml = ({ value }: YamlScalar, path: YamlPath, style: StackStyle): string => {
  if (typeof value === 'string') return textYaml(value, style.isTemplate(path))
  if (typeof value === 'number' && isMode(path)) return `0${value.toString(8)}`
  return value === null ? '' : scalarText(value)
}

const topOrder = ['version', 'services', 'networks', 'volumes', 'secrets', 'configs']

/** Keys by code unit; those of the top in the order of every compose file. */
const sortedEntries = (map: YamlMap, path: YamlPath) => {
  const rank = (key: string): number => (path.length === 0 ? topOrder.indexOf(key) : 0)
  return [...map.entries.values()].sort((a, b) => rank(a.key) - rank(b.key) || compareText(a.key, b.key))
}

interface Writing {
  readonly lines: string[]
  readonly style: StackStyle
}

interface Place {
  readonly path: YamlPath
  readonly indent: string
  /** Whether a remark above tells already where this came from. */
  readonly told: boolean
}

/** Text that stays in one comment: without line breaks and the like. */
export const commentText = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]/gu, '?')

const withRemark = (line: string, remark: string | undefined): string =>
  remark === undefined ? line : `${line} # ${commentText(remark)}`

const emptyForm = (node: YamlNode): string | undefined => {
  if (node.kind === 'map' && node.entries.size === 0) return '{}'
  return node.kind === 'list' && node.items.length === 0 ? '[]' : undefined
}

/** Lines that a block can show as they are. */
const blockLines =
  /^[^\s#\p{C}][^\p{C}\u2028\u2029]*(?:\n(?:[^\p{C}\u2028\u2029]*[^\s\p{C}\u2028\u2029])?)*$/u

/** Text of several lines as a block, which people read more easily than escapes; undefined where a block could not give it back. */
const blockForm = (node: YamlNode, path: YamlPath, style: StackStyle) => {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return undefined
  const text = style.isTemplate(path) ? node.value : node.value.replaceAll('$', '$$$$')
  const body = text.endsWith('\n') ? text.slice(0, -1) : text
  if (!body.includes('\n') || body.endsWith('\n') || !blockLines.test(body)) return undefined
  return { header: body === text ? '|-' : '|', lines: body.split('\n') }
}

/** Writes what follows `start`, a key with its colon or the dash of an item. */
const writeValue = (start: string, node: YamlNode, place: Place, writing: Writing): void => {
  const remark = place.told ? undefined : writing.style.remarkOf(node, place.path)
  const block = blockForm(node, place.path, writing.style)
  if (block !== undefined) {
    const lines = block.lines.map((line) => (line === '' ? '' : `${place.indent}  ${line}`))
    writing.lines.push(withRemark(`${start} ${block.header}`, remark), ...lines)
    return
  }
  const inline = node.kind === 'scalar' ? scalarYaml(node, place.path, writing.style) : emptyForm(node)
  if (inline !== undefined) {
    writing.lines.push(withRemark(`${start} ${inline}`.trimEnd(), remark))
    return
  }
  const told = place.told || remark !== undefined
  const below = { ...place, indent: `${place.indent}  `, told }
  if (start.endsWith('-') && node.kind === 'map') {
    writeItem(start, remark, node, below, writing)
    return
  }
  writing.lines.push(withRemark(start, remark))
  writeParts(node, below, writing)
}

/** A map as an item: its first key stands behind the dash. */
const writeItem = (
  start: string,
  remark: string | undefined,
  node: YamlMap,
  place: Place,
  writing: Writing,
): void => {
  const first = writing.lines.length
  writeParts(node, place, writing)
  const line = writing.lines[first] ?? ''
  writing.lines[first] = withRemark(`${start} ${line.slice(place.indent.length)}`, remark)
}

const writeParts = (node: YamlNode, place: Place, writing: Writing): void => {
  if (node.kind === 'map')
    for (const { key, node: child } of sortedEntries(node, place.path))
      writeValue(`${place.indent}${keyYaml(key)}:`, child, { ...place, path: [...place.path, key] }, writing)
  if (node.kind === 'list')
    for (const [index, item] of node.items.entries())
      writeValue(`${place.indent}-`, item, { ...place, path: [...place.path, index] }, writing)
}

/**
 * A tree as the text of a stack file: block style, two spaces, keys sorted, a comment where a remark is, the same bytes for the same
 * tree. Dollars in text are doubled, as the reader of stacks fills in variables. Never throws.
 */
export const stackYaml = (stack: YamlMap, style: StackStyle): string => {
  const writing: Writing = { lines: [], style }
  writeParts(stack, { path: [], indent: '', told: false }, writing)
  return `${writing.lines.join('\n')}\n`
}

/** `ops.yml:12`. */
export const shownPlace = ({ file, line }: Source): string => `${file}:${line}`
