import { secretValue } from '../../compliance/secrets/looks-secret.ts'
import { type Explained, explainModel } from '../../compose/explain.ts'
import type { Replaced } from '../../compose/merge.ts'
import { nodeAt, plainOf, type YamlMap, type YamlNode, type YamlPath } from '../../compose/yaml-node.ts'
import { placeText, type Source } from '../../core/issue.ts'

/** One explained value as plain data. */
export interface ExplainedValue {
  readonly path: YamlPath
  /** Undefined where it was taken away, `[secret]` where it looks like one. */
  readonly value: unknown
  readonly source: Source | undefined
  readonly instead: readonly { readonly value: unknown; readonly source: Source }[]
}

/** Keys by longest first, of which the text may begin with one: keys hold dots too. */
const keyIn = (text: string, keys: readonly string[]): string | undefined =>
  keys.filter((key) => text === key || text.startsWith(`${key}.`)).sort((a, b) => b.length - a.length)[0]

const keysOf = (node: YamlNode | undefined): readonly string[] => {
  if (node?.kind === 'map') return [...node.entries.keys()]
  return node?.kind === 'list' ? node.items.map((_, index) => String(index)) : []
}

/**
 * `services.api.deploy.labels.com.docker.ucp.access.label` as the steps that a model has: of keys that fit the longest one is
 * taken. What the model does not have is split at dots. Never throws.
 */
export const stepsOf = (model: YamlMap, text: string): YamlPath => {
  const steps: string[] = []
  let rest = text
  while (rest !== '') {
    const key = keyIn(rest, keysOf(nodeAt(model, steps))) ?? rest.split('.', 1)[0] ?? rest
    steps.push(key)
    rest = rest.slice(key.length + 1)
  }
  return steps
}

const shown = (path: YamlPath, node: YamlNode): unknown => {
  const value = plainOf(node)
  const name = String(path.at(-1) ?? '')
  return typeof value === 'string' && secretValue(name, value) !== undefined ? '[secret]' : value
}

const plain = ({ path, value, source, instead }: Explained): ExplainedValue => ({
  path,
  value: value === undefined ? undefined : shown(path, value),
  source,
  instead: instead.map((one) => ({ value: shown(path, one), source: one.source })),
})

/** What gave each value at a path and below it; empty where there never was one. Secrets are masked. Never throws. */
export const explainPath = (
  model: YamlMap,
  replaced: readonly Replaced[],
  text: string,
): readonly ExplainedValue[] => explainModel(model, replaced, stepsOf(model, text)).map(plain)

/** One value as a line: `services.api.user = "1000"  (dev.yml:4:11, not "root" of base.yml:9:11)`. */
export const explainedLine = ({ path, value, source, instead }: ExplainedValue): string => {
  const lost = instead.map((one) => `${JSON.stringify(one.value)} of ${placeText(one.source)}`)
  const notes = [
    ...(source === undefined ? [] : [placeText(source)]),
    ...(lost.length === 0 ? [] : [`not ${lost.join(', ')}`]),
  ]
  const said = value === undefined ? 'is taken away' : `= ${JSON.stringify(value)}`
  return `${path.join('.')} ${said}  (${notes.join(', ')})`
}
