import type { Source } from '../core/issue.ts'
import type { ScalarValue, YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar } from './yaml-node.ts'

/** A scalar that stands at `source`, or was made for what stands there. */
export const scalar = (value: ScalarValue, source: Source): YamlScalar => ({
  kind: 'scalar',
  value,
  text: value === null ? '' : String(value),
  plain: typeof value !== 'string',
  source,
})

/** A list of these items. */
export const listOf = (items: readonly YamlNode[], source: Source): YamlList => ({
  kind: 'list',
  items,
  source,
})

/** A map of these entries; of two with one key the later one holds, at the place of the first. */
export const mapOf = (entries: Iterable<YamlEntry>, source: Source): YamlMap => ({
  kind: 'map',
  entries: new Map([...entries].map((entry) => [entry.key, entry])),
  source,
})

/** An entry whose key stands where its value does. */
export const entry = (key: string, node: YamlNode): YamlEntry => ({ key, keySource: node.source, node })

/** A map of plain values that all stand at `source`; undefined ones are left out. */
export const mapFrom = (
  fields: Readonly<Record<string, ScalarValue | YamlNode | undefined>>,
  source: Source,
): YamlMap =>
  mapOf(
    Object.entries(fields).flatMap(([key, value]) =>
      value === undefined
        ? []
        : [entry(key, typeof value === 'object' && value !== null ? value : scalar(value, source))],
    ),
    source,
  )

/** The map with one entry put in place of that of the same key, or at the end. */
export const withEntry = (map: YamlMap, added: YamlEntry): YamlMap => ({
  ...map,
  entries: new Map(map.entries).set(added.key, added),
})

/** The map without a key. */
export const without = (map: YamlMap, key: string): YamlMap => {
  if (!map.entries.has(key)) return map
  const entries = new Map(map.entries)
  entries.delete(key)
  return { ...map, entries }
}

/** The map with each value made anew; a value of undefined takes its key away. */
export const mapValues = (map: YamlMap, make: (one: YamlEntry) => YamlNode | undefined): YamlMap => {
  const entries = new Map<string, YamlEntry>()
  let changed = false
  for (const one of map.entries.values()) {
    const node = make(one)
    changed ||= node !== one.node
    if (node !== undefined) entries.set(one.key, node === one.node ? one : { ...one, node })
  }
  return changed ? { ...map, entries } : map
}

/** A float as the reference prints it: exponents of two digits, from 1e-4 down and 1e21 up. */
const floatText = (value: number): string => {
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e21) return String(value)
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  if (size >= 1e-4 && size < 1e21) return String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

/** The text that a scalar becomes where compose wants text, as in a label or a variable. */
export const scalarText = (value: ScalarValue): string =>
  typeof value === 'number' ? floatText(value) : String(value ?? '')
