import { Command } from 'commander'
import type { Change } from '../../plan/changes.ts'
import type { StackChange } from '../../plan/fleet-change.ts'
import { stateDigest } from '../../plan/state-digest.ts'
import type { CommandContext } from '../command-context.ts'
import { shortCommit } from '../find-since.ts'
import { noteSince } from '../note-since.ts'
import { asMadeSelection } from '../select.ts'
import { collect } from '../selection-options.ts'
import { type SinceChange, selectChange, sinceOrReport } from '../since.ts'
import { sinceOption } from '../since-option.ts'
import { renderRows } from '../table.ts'
import { plural, type Terminal } from '../terminal.ts'

interface AffectedOptions {
  readonly since: string
  readonly cluster: readonly string[]
  readonly json?: boolean
  readonly names?: boolean
}

const kinds = ['create', 'update', 'replace', 'delete'] as const

const countsOf = (changes: readonly Change[]): Readonly<Record<Change['kind'], number>> => {
  const counts = { create: 0, update: 0, replace: 0, delete: 0 }
  for (const { kind } of changes) counts[kind] += 1
  return counts
}

const fateOf = ({ before, after }: StackChange): 'new' | 'changed' | 'gone' => {
  if (before === undefined) return 'new'
  return after === undefined ? 'gone' : 'changed'
}

const digestOf = (state: StackChange['after']): string | null =>
  state === undefined ? null : stateDigest(state)

/** As a machine reads it. Digests are those of the desired state, null where a side has no such stack. */
const asJson = ({ base, change, compiledBy, changedFiles, notes, baseIssues }: SinceChange): object => ({
  since: base.ref,
  comparedWith: base.commit,
  head: base.head,
  compiledBy,
  changedFiles,
  stacks: change.stacks.map((one) => ({
    stack: one.stack,
    cluster: one.cluster,
    organization: one.organization,
    change: fateOf(one),
    resources: countsOf(one.changes),
    digests: { before: digestOf(one.before), after: digestOf(one.after) },
  })),
  totals: { before: change.before.length, after: change.after.length },
  notes,
  baseIssues,
})

const tableOf = (stacks: readonly StackChange[]): string =>
  renderRows(
    ['stack', '', ...kinds],
    stacks.map((one) => {
      const counts = countsOf(one.changes)
      return [
        one.stack,
        fateOf(one),
        ...kinds.map((kind) => (counts[kind] === 0 ? '·' : String(counts[kind]))),
      ]
    }),
    kinds,
  )

/** `Since origin/main (1234567890ab): 2 typed files and shared code changed; 3 of 16 stacks are affected.` */
const headline = ({ base, change, compiledBy, changedFiles }: SinceChange): string => {
  const parts = [
    ...(changedFiles.length === 0 ? [] : [plural(changedFiles.length, 'typed file')]),
    ...(compiledBy === 'its own program' ? ['shared code'] : []),
  ]
  const what = parts.length === 0 ? 'nothing that compiles' : parts.join(' and ')
  const count = `${change.stacks.length} of ${plural(change.after.length, 'stack')}`
  return `Since ${base.ref} (${shortCommit(base.commit)}) ${what} changed; ${count} ${change.stacks.length === 1 ? 'is' : 'are'} affected.`
}

const printTable = (terminal: Terminal, since: SinceChange): void => {
  const { stacks } = since.change
  noteSince(terminal, since)
  terminal.print(headline(since))
  if (stacks.length > 0) terminal.print(tableOf(stacks))
}

const runAffected = async (
  context: CommandContext,
  organizations: readonly string[],
  options: AffectedOptions,
): Promise<void> => {
  const request = { ref: options.since, rule: 'merge-base', json: options.json === true } as const
  const since = await sinceOrReport(context, request)
  if (since === undefined) return
  const selection = asMadeSelection(since.fleet, { organizations, clusters: options.cluster })
  const change = selectChange(since.change, selection)
  const { terminal } = context
  const narrowed = { ...since, change }
  if (options.json === true) terminal.print(JSON.stringify(asJson(narrowed), null, 2))
  else if (options.names === true) for (const { stack } of change.stacks) terminal.print(stack)
  else printTable(terminal, narrowed)
}

export const affectedCommand = (context: CommandContext): Command =>
  new Command('affected')
    .description(
      'Name the stacks whose desired state the work tree changes since a commit; touches no cluster.',
    )
    .argument('[organizations...]', 'of these organizations; all where none is named')
    .addOption(sinceOption().makeOptionMandatory())
    .option('-c, --cluster <name>', 'on this cluster; may be repeated', collect, [])
    .option('--names', 'the names alone, a line each')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Both sides are compiled and compared, so a change of shared code, a size class or a cluster file names exactly the
stacks that it changes. Where the code differs, each side is compiled by its own.
Exit codes: 0 compared, 1 issues in files or no such REF, 2 usage, 3 git or this machine failed.

Examples:
  $ tenantry affected --since origin/main
  $ tenantry affected --since HEAD~1 --names
  $ tenantry affected --since v1.4.0 --json > affected.json`,
    )
    .action((organizations: string[], options: AffectedOptions) =>
      runAffected(context, organizations, options),
    )
