/** What YAML text is made of here. */
export type YamlValue =
  | string
  | number
  | boolean
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue }

const isList = (value: YamlValue): value is readonly YamlValue[] => Array.isArray(value)

/** JSON's quoted strings are YAML's (YAML 1.2 §7.3.1): nothing is ever taken for a number, a date or a boolean. */
const scalar = (value: string | number | boolean): string =>
  typeof value === 'string' ? JSON.stringify(value) : String(value)

const plainKey = /^[A-Za-z_][A-Za-z0-9_-]*$/

const keyText = (key: string): string => (plainKey.test(key) ? key : JSON.stringify(key))

/** What stands after `key:` or `-`, with its lines below indented by `depth`. */
const block = (value: YamlValue, depth: number): string => {
  if (typeof value !== 'object') return ` ${scalar(value)}\n`
  if (isList(value)) return value.length === 0 ? ' []\n' : `\n${listLines(value, depth)}`
  return Object.keys(value).length === 0 ? ' {}\n' : `\n${mapLines(value, depth)}`
}

const mapLines = (value: { readonly [key: string]: YamlValue }, depth: number): string =>
  Object.entries(value)
    .map(([key, child]) => `${'  '.repeat(depth)}${keyText(key)}:${block(child, depth + 1)}`)
    .join('')

/** An item that is a map begins on the line of its dash. */
const itemText = (item: YamlValue, depth: number): string => {
  const indent = '  '.repeat(depth)
  if (typeof item !== 'object' || isList(item) || Object.keys(item).length === 0)
    return `${indent}-${block(item, depth + 1)}`
  return `${indent}- ${mapLines(item, depth + 1).slice(2 * (depth + 1))}`
}

const listLines = (value: readonly YamlValue[], depth: number): string =>
  value.map((item) => itemText(item, depth)).join('')

/** YAML 1.2 in block style, keys in the order given, every string quoted; ends in a line feed. Never throws. */
export const toYaml = (value: { readonly [key: string]: YamlValue }): string => mapLines(value, 0)
