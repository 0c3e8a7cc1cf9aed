import type * as z from 'zod'
import type { Issue } from '../core/issue.ts'
import { Scenario, Settings } from './scenario.ts'

/** A field that is to be another: `pause.loadPercent`, `watch.cluster.maxStep`, `max`; and its value as it was written. */
export interface Asked {
  readonly field: string
  readonly value: string
}

type Tree = { [key: string]: unknown }

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Numbers as numbers; everything else as text, which the schema judges. */
const readValue = (text: string): unknown =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text

const put = (tree: Tree, path: readonly string[], value: unknown): Tree => {
  const [first = '', ...rest] = path
  const below = Object.hasOwn(tree, first) ? tree[first] : undefined
  return { ...tree, [first]: rest.length === 0 ? value : put(isTree(below) ? below : {}, rest, value) }
}

/** Settings with other values, or every reason why they cannot be. */
export type AskedSettings =
  | { readonly ok: true; readonly value: Settings }
  | { readonly ok: false; readonly issues: readonly string[] }

const sentence = ({ path, message }: z.core.$ZodIssue): string =>
  `${path.join('.') || 'settings'}: ${message}`

/** What is asked for on top of settings, checked by the schema. Never throws. */
export const askFor = (settings: Settings, asked: readonly Asked[]): AskedSettings => {
  const tree = asked.reduce<Tree>(
    (before, { field, value }) => put(before, field.split('.'), readValue(value)),
    { ...settings },
  )
  const found = Settings.safeParse(tree)
  if (!found.success) return { ok: false, issues: found.error.issues.map(sentence) }
  const wrong = contradictions(found.data)
  return wrong.length > 0 ? { ok: false, issues: wrong } : { ok: true, value: found.data }
}

/** What each field allows but not all of them together. */
const contradictions = ({ min, max, pause, resume }: Settings): string[] => [
  ...(min > max ? [`min: ${min} VMs at least are more than ${max} at most`] : []),
  ...(['loadPercent', 'memoryPercent'] as const)
    .filter((name) => resume[name] >= pause[name])
    .map((name) => `resume.${name}: ${resume[name]} % is not below pause.${name} of ${pause[name]} %`),
]

/** A scenario file's content, or every problem of it. Issue code: `scenario/field`. Never throws. */
export const parseScenario = (
  content: unknown,
  file: string,
):
  | { readonly ok: true; readonly value: Scenario }
  | { readonly ok: false; readonly issues: readonly Issue[] } => {
  const found = Scenario.safeParse(content)
  const issue = (message: string): Issue => ({
    code: 'scenario/field',
    message,
    source: { file, line: 1, column: 1 },
  })
  if (!found.success) return { ok: false, issues: found.error.issues.map((one) => issue(sentence(one))) }
  const wrong = contradictions(found.data.settings).map((one) => issue(`settings.${one}`))
  return wrong.length > 0 ? { ok: false, issues: wrong } : { ok: true, value: found.data }
}
