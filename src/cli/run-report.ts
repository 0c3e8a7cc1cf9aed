import {
  type ChangeKind,
  type Diagnostic,
  hasChanges,
  type ResourceResult,
  type StackResult,
} from '../engine/stack-result.ts'
import type { AccessSentence } from '../plan/access-summary.ts'
import { accessLines, changeLines } from './change-report.ts'
import { concernColumns, concernOf } from './kind-groups.ts'
import { type StrayStack, wayOut } from './stray-stacks.ts'
import { renderRows } from './table.ts'
import { formatSeconds, plural, type Terminal } from './terminal.ts'

const words: Readonly<Record<ChangeKind, readonly [planned: string, done: string]>> = {
  create: ['to create', 'created'],
  update: ['to update', 'updated'],
  replace: ['to replace', 'replaced'],
  delete: ['to delete', 'deleted'],
  same: ['unchanged', 'unchanged'],
}

const painted = (terminal: Terminal, kind: ChangeKind, text: string): string => {
  if (kind === 'delete') return terminal.color.red(text)
  return kind === 'replace' ? terminal.color.yellow(text) : text
}

/** `3 to create, 1 to delete`; `nothing to change`. */
const summaryOf = (terminal: Terminal, result: StackResult): string => {
  const kinds: readonly ChangeKind[] = ['create', 'update', 'replace', 'delete']
  const isPreview = result.operation === 'preview'
  const parts = kinds.flatMap((kind) =>
    result.counts[kind] === 0
      ? []
      : [painted(terminal, kind, `${result.counts[kind]} ${words[kind][isPreview ? 0 : 1]}`)],
  )
  if (parts.length > 0) return parts.join(', ')
  if (result.outcome !== 'succeeded') return isPreview ? 'no preview' : 'nothing done'
  return isPreview ? 'nothing to change' : 'nothing changed'
}

const outcome = (terminal: Terminal, result: StackResult): string => {
  const { green, red, yellow } = terminal.color
  if (result.outcome === 'succeeded') return green('ok')
  return result.outcome === 'failed' ? red('failed') : yellow('cancelled')
}

/** One line for a stack that has ended. */
export const stackLine = (terminal: Terminal, result: StackResult): string =>
  `${outcome(terminal, result)} ${result.stack}: ${summaryOf(terminal, result)} (${formatSeconds(result.seconds)})`

const diagnosticLines = (terminal: Terminal, { severity, message, resource, hint }: Diagnostic): string[] => [
  `  ${severity === 'error' ? terminal.color.red('error') : terminal.color.yellow('warning')} ${resource === undefined ? '' : `${resource}: `}${message.replaceAll('\n', '\n    ')}`,
  ...(hint === undefined ? [] : [terminal.color.cyan(`    ${hint.replaceAll('\n', '\n    ')}`)]),
]

/** Why a stack failed, resource by resource, with the way out. */
const failureLines = (terminal: Terminal, result: StackResult): string[] => {
  const errors = result.diagnostics.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) return errors.flatMap((one) => diagnosticLines(terminal, one))
  return result.outcome === 'cancelled' ? ['  It was interrupted; the next run finishes it.'] : []
}

/** Stacks that were left alone because what was applied last is what is desired. */
export interface SkippedStack {
  readonly stack: string
  readonly appliedAt: string
}

/** What a run was, as far as it is reported. */
export interface RunReport {
  readonly results: readonly StackResult[]
  readonly skipped: readonly SkippedStack[]
  readonly seconds: number
  /** By stack. */
  readonly access?: Readonly<Record<string, readonly AccessSentence[]>>
  readonly stray?: readonly StrayStack[]
}

/** Stack by stack: what changes, concern by concern, and who gains and loses what. Stacks without a change are left out. */
export const printChanges = (terminal: Terminal, { results, access = {} }: RunReport): void => {
  for (const result of results) {
    const sentences = access[result.stack] ?? []
    const lines = [...changeLines(terminal.color, result), ...accessLines(terminal, sentences)]
    if (lines.length === 0) continue
    const unchanged = result.counts.same === 0 ? '' : terminal.color.dim(`; ${result.counts.same} unchanged`)
    terminal.print(`${terminal.color.bold(result.stack)}: ${summaryOf(terminal, result)}${unchanged}`)
    for (const line of lines) terminal.print(line)
    terminal.print('')
  }
}

const totals = (terminal: Terminal, { results, skipped, seconds }: RunReport): string => {
  const failed = results.filter(({ outcome }) => outcome === 'failed').length
  const cancelled = results.filter(({ outcome }) => outcome === 'cancelled').length
  const parts = [
    `${plural(results.length, 'stack')} run, ${results.filter(hasChanges).length} with changes`,
    ...(skipped.length === 0 ? [] : [`${plural(skipped.length, 'stack')} as applied before, not run`]),
    ...(failed === 0 ? [] : [terminal.color.red(`${failed} failed`)]),
    ...(cancelled === 0 ? [] : [terminal.color.yellow(`${cancelled} cancelled`)]),
  ]
  return `${parts.join('; ')} (${formatSeconds(seconds)}).`
}

const namedStacks = 4

const namesOf = (stacks: readonly string[]): string =>
  stacks.length <= namedStacks
    ? stacks.join(', ')
    : `${stacks.slice(0, namedStacks - 1).join(', ')} and ${stacks.length - namedStacks + 1} more stacks`

/** Stacks that failed for one reason together: an unreachable cluster is told once. */
export const printFailures = (terminal: Terminal, results: readonly StackResult[]): void => {
  const byReason = new Map<string, { readonly title: string; readonly stacks: string[] }>()
  for (const result of results) {
    if (result.outcome === 'succeeded') continue
    const reason = failureLines(terminal, result).join('\n')
    const known = byReason.get(reason)
    if (known === undefined) byReason.set(reason, { title: result.outcome, stacks: [result.stack] })
    else known.stacks.push(result.stack)
  }
  for (const [reason, { title, stacks }] of byReason) {
    terminal.print(`\n${terminal.color.bold(namesOf(stacks))} ${title}:`)
    if (reason !== '') terminal.print(reason)
  }
}

/** What a run that succeeded had to put in order on the way, or leaves for a person to look at. */
const printWarnings = (terminal: Terminal, results: readonly StackResult[]): void => {
  for (const { stack, diagnostics } of results) {
    const warnings = diagnostics.filter(({ severity }) => severity === 'warning')
    if (warnings.length === 0) continue
    terminal.print(`\n${terminal.color.bold(stack)}:`)
    for (const line of warnings.flatMap((one) => diagnosticLines(terminal, one))) terminal.print(line)
  }
}

const printStray = (terminal: Terminal, stray: readonly StrayStack[]): void => {
  if (stray.length === 0) return
  const ways = [...new Set(stray.map(wayOut))].map((way) => `\`${way}\``)
  terminal.print(
    terminal.color.yellow(
      `No file asks for ${stray.map(({ stack }) => stack).join(', ')}, left as ${stray.length === 1 ? 'it is' : 'they are'}; to take away: ${ways.join(', ')}.`,
    ),
  )
}

/** The end of a run: totals, stacks that no file asks for, and why stacks failed. */
export const printReport = (terminal: Terminal, report: RunReport): void => {
  terminal.print(totals(terminal, report))
  printStray(terminal, report.stray ?? [])
  printWarnings(terminal, report.results)
  printFailures(terminal, report.results)
}

const columns = [...new Set(concernColumns.map(([, column]) => column))]

const columnOf = ({ urn }: ResourceResult): string => {
  const concern = concernOf(urn)
  return concernColumns.find(([name]) => name === concern)?.[1] ?? 'access'
}

/** What was made on one cluster, a row a tenant: how many resources by concern, and the time. */
export const stackTable = (results: readonly StackResult[]): string => {
  const numbers = [...columns, 'all', 'time']
  const rows = results.map(({ stack, resources, seconds }) => {
    const present = resources.filter(({ change, failed }) => change !== 'delete' && !failed)
    const counts = columns.map((column) => present.filter((one) => columnOf(one) === column).length)
    return [
      stack.slice(stack.indexOf('.') + 1),
      ...counts.map((count) => (count === 0 ? '·' : String(count))),
      String(present.length),
      formatSeconds(seconds),
    ]
  })
  return renderRows(['', ...numbers], rows, numbers)
}
