import type { PropertyChange, ResourceResult, StackResult } from '../engine/stack-result.ts'
import { concernOf } from './kind-groups.ts'
import { formatSeconds, plural, type Terminal } from './terminal.ts'

/** Something that is otherwise at the servers than it was when it was applied. */
export interface HandChange {
  /** The key of the desired state, e.g. `team/developers`. */
  readonly resource: string
  readonly type: string
  readonly concern: string
  /** `granted again`: a grant that the files take away is back. */
  readonly what: 'removed' | 'renamed' | 'changed' | 'granted again'
  readonly properties: readonly PropertyChange[]
  /** Who did it and when, in a reader's words, where the system tells. */
  readonly by?: string
}

const whatOf = ({ type, change, properties }: ResourceResult): HandChange['what'] => {
  if (change === 'delete') return type === 'ucp:index:RevokedGrant' ? 'granted again' : 'removed'
  return properties.some(({ path }) => path === 'name') ? 'renamed' : 'changed'
}

/** What a refresh found otherwise, by name. Pure. */
export const handChanges = ({ resources }: StackResult): readonly HandChange[] =>
  resources
    .filter(({ change, failed }) => change !== 'same' && !failed)
    .map((one) => ({
      resource: one.name,
      type: one.type,
      concern: concernOf(one.urn),
      what: whatOf(one),
      properties: one.change === 'delete' ? [] : one.properties,
    }))
    .sort((a, b) => (a.resource < b.resource ? -1 : 1))

const longestValue = 60

const escaped = (character: string): string =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`

/** Without signs that a terminal acts on: somebody else wrote it. Pure. */
export const plainText = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, escaped)

/** As JSON without signs that a terminal acts on: somebody else wrote these values. */
const shownValue = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  const text = value === '[secret]' ? value : plainText(JSON.stringify(value))
  return text.length <= longestValue ? text : `${text.slice(0, longestValue - 1)}…`
}

const propertyLine = ({ path, from, to }: PropertyChange): string =>
  from === to ? path : `${path}: ${shownValue(from)} → ${shownValue(to)}`

const verbs: Readonly<Record<HandChange['what'], string>> = {
  removed: 'removed by hand',
  renamed: 'renamed by hand',
  changed: 'changed by hand',
  'granted again': 'granted again by hand',
}

const changeLines = ({ color }: Terminal, change: HandChange): string[] => {
  const who = change.by === undefined ? '' : `, by ${plainText(change.by)}`
  const line = `  ${change.resource} was ${verbs[change.what]}${who}`
  return [
    change.what === 'removed' ? color.red(line) : line,
    ...change.properties.map((one) => `    ${propertyLine(one)}`),
  ]
}

const warningLines = ({ color }: Terminal, { diagnostics }: StackResult): string[] =>
  diagnostics
    .filter(({ severity }) => severity === 'warning')
    .flatMap(({ resource, message, hint }) => [
      `  ${color.yellow('warning')} ${resource === undefined ? '' : `${resource}: `}${message}`,
      ...(hint === undefined ? [] : [`    ${hint}`]),
    ])

/** `3 changed by hand`, `as applied`; `not read` of a run that failed. */
const summaryOf = (result: StackResult, { length }: readonly HandChange[]): string => {
  if (result.outcome !== 'succeeded')
    return length === 0 ? 'not read' : `${plural(length, 'change')} by hand so far`
  return length === 0 ? 'as applied' : `${plural(length, 'change')} by hand`
}

/** One line for a stack that was read. */
export const readLine = ({ color }: Terminal, result: StackResult): string => {
  const word = result.outcome === 'succeeded' ? color.green('ok') : color.red(result.outcome)
  return `${word} ${result.stack}: ${summaryOf(result, handChanges(result))} (${formatSeconds(result.seconds)})`
}

/** Stack by stack: what was renamed, removed and changed, property by property. Stacks that are as applied are left out. */
export const printHandChanges = (
  terminal: Terminal,
  results: readonly StackResult[],
  changesOf: (result: StackResult) => readonly HandChange[] = handChanges,
): void => {
  for (const result of results) {
    const changes = changesOf(result)
    const lines = [...changes.flatMap((one) => changeLines(terminal, one)), ...warningLines(terminal, result)]
    if (lines.length === 0) continue
    const rest = result.counts.same === 0 ? '' : terminal.color.dim(`; ${result.counts.same} as applied`)
    terminal.print(`${terminal.color.bold(result.stack)}: ${summaryOf(result, changes)}${rest}`)
    for (const line of lines) terminal.print(line)
    terminal.print('')
  }
}

/** How many stacks were read and what comes next. `changed`: how many are otherwise; `isPutRight`: whether that was followed up. */
export const closingLine = (
  results: readonly StackResult[],
  seconds: number,
  {
    changed = results.filter((one) => handChanges(one).length > 0).length,
    isPutRight = false,
  }: { readonly changed?: number; readonly isPutRight?: boolean } = {},
): string => {
  const failed = results.filter(({ outcome }) => outcome !== 'succeeded').length
  const parts = [
    `${plural(results.length, 'stack')} read, ${changed} changed by hand`,
    ...(failed === 0 ? [] : [`${failed} not read whole`]),
  ]
  const next = changed === 0 || isPutRight ? '' : ' The next `tenantry up` puts back what the files say.'
  return `${parts.join('; ')} (${formatSeconds(seconds)}).${next}`
}
