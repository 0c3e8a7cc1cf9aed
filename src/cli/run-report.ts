import { type ChangeKind, hasChanges, type StackResult } from '../engine/stack-result.ts'
import { renderRows } from './table.ts'
import { formatSeconds, plural, type Terminal } from './terminal.ts'

const words: Readonly<Record<ChangeKind, readonly [planned: string, done: string]>> = {
  create: ['to create', 'created'],
  update: ['to update', 'updated'],
  replace: ['to replace', 'replaced'],
  delete: ['to delete', 'deleted'],
  same: ['unchanged', 'unchanged'],
}

const signs: Readonly<Record<ChangeKind, string>> = {
  create: '+',
  update: '~',
  replace: '±',
  delete: '-',
  same: ' ',
}

const wordOf = (kind: ChangeKind, result: StackResult): string =>
  words[kind][result.operation === 'preview' ? 0 : 1]

/** `3 to create, 1 to delete`; `nothing to change`. */
export const summaryOf = (result: StackResult): string => {
  const kinds: readonly ChangeKind[] = ['create', 'update', 'replace', 'delete']
  const parts = kinds.flatMap((kind) =>
    result.counts[kind] === 0 ? [] : [`${result.counts[kind]} ${wordOf(kind, result)}`],
  )
  if (parts.length > 0) return parts.join(', ')
  return result.operation === 'preview' ? 'nothing to change' : 'nothing changed'
}

/** The last part of a type token in words: `ucp:index:NodePlacement` → `NodePlacement`. */
const typeName = (token: string): string => token.slice(token.lastIndexOf(':') + 1)

/** One line a resource that changes, with the properties that differ. */
export const changeLines = (result: StackResult): string[] =>
  result.resources
    .filter(({ change }) => change !== 'same')
    .map(({ change, type, name, properties, failed }) => {
      const differing =
        properties.length === 0 || change === 'create' || change === 'delete'
          ? ''
          : ` [${properties.map(({ path }) => path).join(', ')}]`
      return `  ${signs[change]} ${typeName(type)} ${name}${differing}${failed ? '  FAILED' : ''}`
    })

const outcome = (terminal: Terminal, result: StackResult): string => {
  const { green, red, yellow } = terminal.color
  if (result.outcome === 'succeeded') return green('ok')
  return result.outcome === 'failed' ? red('failed') : yellow('cancelled')
}

/** One line for a stack that has ended. */
export const stackLine = (terminal: Terminal, result: StackResult): string =>
  `${outcome(terminal, result)} ${result.stack}: ${summaryOf(result)} (${formatSeconds(result.seconds)})`

/** Why a stack failed, resource by resource, with the way out. */
export const failureLines = (terminal: Terminal, result: StackResult): string[] =>
  result.diagnostics
    .filter(({ severity }) => severity === 'error' || result.outcome === 'succeeded')
    .flatMap(({ severity, message, resource, hint }) => [
      `  ${severity === 'error' ? terminal.color.red('error') : terminal.color.yellow('warning')} ${resource === undefined ? '' : `${resource}: `}${message.replaceAll('\n', '\n    ')}`,
      ...(hint === undefined ? [] : [terminal.color.dim(`    ${hint}`)]),
    ])

/** Stacks that were left alone because what was applied last is what is desired. */
export interface SkippedStack {
  readonly stack: string
  readonly appliedAt: string
}

/** Who gains and who loses what, stack by stack. */
export const printAccess = (
  terminal: Terminal,
  access: Readonly<Record<string, readonly string[]>>,
): void => {
  for (const [stack, sentences] of Object.entries(access)) {
    terminal.print(`Access in ${stack}:`)
    for (const sentence of sentences) terminal.print(`  ${sentence}`)
  }
}

/** The whole run: totals, and every failed stack with its reason. */
export const printReport = (
  terminal: Terminal,
  {
    results,
    skipped,
    seconds,
  }: { results: readonly StackResult[]; skipped: readonly SkippedStack[]; seconds: number },
): void => {
  const failed = results.filter((result) => result.outcome !== 'succeeded')
  const changed = results.filter(hasChanges).length
  const parts = [
    `${plural(results.length, 'stack')} run, ${changed} with changes`,
    ...(skipped.length === 0 ? [] : [`${plural(skipped.length, 'stack')} as applied before, not run`]),
    ...(failed.length === 0 ? [] : [terminal.color.red(`${failed.length} failed`)]),
  ]
  terminal.print(`${parts.join('; ')} (${formatSeconds(seconds)}).`)
  for (const result of failed) {
    terminal.print(`\n${result.stack} ${result.outcome}:`)
    for (const line of failureLines(terminal, result)) terminal.print(line)
  }
}

/** What was made, a row a stack: how many of each kind, and the time. */
export const stackTable = (results: readonly StackResult[], groupOf: (type: string) => string): string => {
  const groups = [
    ...new Set(results.flatMap(({ resources }) => resources.map(({ type }) => groupOf(type)))),
  ].sort()
  const numbers = [...groups, 'all', 'time']
  const rows = results.map(({ stack, resources, seconds }) => {
    const present = resources.filter(({ change, failed }) => change !== 'delete' && !failed)
    const counts = groups.map((group) => present.filter(({ type }) => groupOf(type) === group).length)
    return [
      stack,
      ...counts.map((count) => (count === 0 ? '·' : String(count))),
      String(present.length),
      formatSeconds(seconds),
    ]
  })
  return renderRows(['stack', ...numbers], rows, numbers)
}
