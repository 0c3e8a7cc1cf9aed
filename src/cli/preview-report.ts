import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Option } from 'commander'
import type { Issue } from '../core/issue.ts'
import { printable } from '../core/printable.ts'
import type { StackResult } from '../engine/stack-result.ts'
import { fileFault } from '../engine/state-fault.ts'
import type { FleetChange } from '../plan/fleet-change.ts'
import { type ChangeReport, changeReport } from '../plan/report/change-report.ts'
import { renderComment, wholeMarkdown } from '../plan/report/comment.ts'
import type { FleetFiles } from '../plan/report/fleet-files.ts'
import { own, type Phrase } from '../plan/report/phrase.ts'
import { renderJson } from '../plan/report/render-json.ts'
import { type Paint, plain, renderTextBlocks } from '../plan/report/render-text.ts'
import { reportBlocks, terminalLimits } from '../plan/report/report-blocks.ts'
import type { UsedOverride } from '../plan/valve.ts'
import { belowMarker, refusalMarkdown } from './ci/refusal.ts'
import { UsageError } from './exit-code.ts'
import type { LenientFleet } from './lenient-fleet.ts'
import { readMembers } from './team-members.ts'
import { plural, type Terminal } from './terminal.ts'

type Files = Pick<LenientFleet, 'tenants' | 'clusters'>

/** What a report is to be made of. */
export interface ReportRequest {
  readonly change: FleetChange
  readonly fleet: Files
  /** The files compared with; absent where they are not at hand: then no cost difference can be told. */
  readonly base?: Files
  /** The engine's previews, where it ran. */
  readonly results?: readonly StackResult[]
  /** Names the connections, by which people are counted; absent where no system may be asked. */
  readonly environment?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
  readonly notes?: readonly Phrase[]
  /** Why it would not be applied as it stands. */
  readonly refusals?: readonly Issue[]
  /** Overrides without which it would be refused. */
  readonly overrides?: readonly UsedOverride[]
}

const filesOf = ({ tenants, clusters }: Files): FleetFiles => ({
  tenants: tenants.map(({ value }) => value),
  clusters: clusters.map(({ value }) => value),
})

const unasked = own(
  'No system was asked who is in the teams, so people are counted only where files name them.',
)

/** Without a system to ask; of a change of nothing there is nobody to count. */
const uncounted = ({ stacks }: FleetChange) => ({
  members: new Map<string, never>(),
  notes: stacks.length === 0 ? [] : [unasked],
})

/** The report of a change, with its people where the clusters say who they are. Never rejects. */
export const makeReport = async (request: ReportRequest): Promise<ChangeReport> => {
  const after = filesOf(request.fleet)
  const { change, environment, signal = new AbortController().signal } = request
  const { members, notes } =
    environment === undefined
      ? uncounted(change)
      : await readMembers({ change, clusters: after.clusters, environment, signal })
  return changeReport({
    change,
    files: { after, ...(request.base === undefined ? {} : { before: filesOf(request.base) }) },
    members,
    notes: [...(request.notes ?? []), ...notes],
    refusals: request.refusals ?? [],
    overrides: request.overrides ?? [],
    ...(request.results === undefined ? {} : { runs: request.results }),
  })
}

export const reportFormats = ['text', 'markdown', 'json'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** `--format`, for whatever command tells a change. */
export const formatOption = (): Option =>
  new Option('--format <format>', 'tell what changes as a reviewer reads it').choices(reportFormats)

/** `--output`, beside `--format`. */
export const outputOption = (): Option =>
  new Option('--output <file>', 'write that into a file rather than to the terminal')

/** @throws {UsageError} for a file of no format. */
export const checkReportOptions = ({ format, output }: Partial<WriteOptions>): void => {
  if (output === undefined || format !== undefined) return
  throw new UsageError(
    '--output needs --format.',
    `Say which: --format ${reportFormats.join(', --format ')}.`,
  )
}

interface WriteOptions {
  readonly format: ReportFormat
  readonly output?: string
}

const save = async (file: string, text: string): Promise<void> => {
  try {
    await writeFile(resolve(file), text)
  } catch (error) {
    throw fileFault(error, 'The report', resolve(file))
  }
}

/** Where the whole of a report goes of which `file` holds what fits into a comment: `pr.md` → `pr.whole.md`. */
const wholeFile = (file: string): string => `${file.replace(/\.md$/i, '')}.whole.md`

const writeMarkdown = async (terminal: Terminal, report: ChangeReport, output?: string): Promise<void> => {
  const block = refusalMarkdown(report.refusals)
  const artifact = output === undefined ? undefined : wholeFile(output)
  const { body, isWhole } = renderComment(report, artifact, Buffer.byteLength(block))
  const comment = belowMarker(body, block)
  if (output === undefined) return terminal.print(comment.trimEnd())
  await save(output, comment)
  if (!isWhole) await save(wholeFile(output), belowMarker(wholeMarkdown(report), block))
}

const paintOf = ({ color }: Terminal): Paint => ({
  bold: color.bold,
  alarm: (text) => color.bold(color.red(text)),
})

const textOf = (report: ChangeReport, paint: Paint): string =>
  renderTextBlocks(reportBlocks(report, terminalLimits), paint)

/** Of a file: on a terminal they were said before. */
const refusalText = ({ refusals }: ChangeReport): string => {
  if (refusals.length === 0) return ''
  const lines = refusals.flatMap(({ code, message, hint }) => [
    `  ${code} ${printable(message)}`,
    ...(hint === undefined ? [] : [`    ${printable(hint)}`]),
  ])
  return [`Refused as it stands: ${plural(refusals.length, 'reason')}`, ...lines, '', ''].join('\n')
}

/** Writes a report to the terminal, or into a file. @throws {Fault} where the file cannot be written. */
export const writeReport = async (
  terminal: Terminal,
  report: ChangeReport,
  { format, output }: WriteOptions,
): Promise<void> => {
  if (format === 'markdown') return writeMarkdown(terminal, report, output)
  if (output !== undefined)
    return save(output, format === 'json' ? renderJson(report) : refusalText(report) + textOf(report, plain))
  terminal.print((format === 'json' ? renderJson(report) : textOf(report, paintOf(terminal))).trimEnd())
}
