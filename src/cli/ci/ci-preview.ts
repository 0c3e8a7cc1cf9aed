import { join } from 'node:path'
import { frozenSentence } from '../../plan/frozen.ts'
import type { ChangeReport } from '../../plan/report/change-report.ts'
import { renderComment, wholeMarkdown } from '../../plan/report/comment.ts'
import { own, type Phrase, say } from '../../plan/report/phrase.ts'
import { renderJson } from '../../plan/report/render-json.ts'
import { runEnvironment } from '../environment.ts'
import { reportIssues } from '../load-or-report.ts'
import { makeReport, writeReport } from '../preview-report.ts'
import { changeVerdict, type Verdict } from '../valve-or-report.ts'
import { vanishedIssues } from '../vanished.ts'
import { artifactFolder } from './artifacts.ts'
import type { CiSession } from './ci-session.ts'
import { deliver } from './deliver.ts'
import { deliverIssues } from './deliver-issues.ts'
import { type EnginePreviews, previewEngines } from './preview-engines.ts'
import { changeSince, changeToApply, type PreviewSubject } from './preview-subject.ts'
import { belowMarker, refusalMarkdown } from './refusal.ts'

export interface CiPreviewOptions {
  /** Instead of what the forge names. */
  readonly base?: string
  /** Asks no engine, and no system. */
  readonly offline: boolean
  /** Plans it for `ci apply`, as a forge's job does after a merge. */
  readonly plans: boolean
  readonly parallel: number
}

/** What is left of a change without any system: why the engine is not asked, as the end of a sentence; undefined where it is. */
const offlineReason = ({ place }: CiSession, { offline }: CiPreviewOptions): string | undefined =>
  place.pullRequest?.untrusted ?? (offline ? 'it was not asked to' : undefined)

/**
 * Whether what is looked at is about to be applied, rather than proposed: after a push, on a schedule, and where somebody starts
 * the forge's job by hand; with plain git where it is asked for.
 */
const isMerged = ({ place }: CiSession, { plans }: CiPreviewOptions): boolean =>
  place.pullRequest === undefined && place.event !== 'merge-queue' && (plans || place.forge !== 'git')

/** The branch that others start from, where neither the forge nor anybody says which. */
const standardBase = 'origin/HEAD'

const subjectOf = async (
  session: CiSession,
  options: CiPreviewOptions,
): Promise<PreviewSubject | undefined> => {
  const { context, place } = session
  const base = options.base ?? place.base
  if (!isMerged(session, options) || options.offline) return changeSince(context, base ?? standardBase)
  return changeToApply(context, await runEnvironment(context.project, context.terminal), base)
}

/** Why the change would not be applied: printed, and the exit code set. With the overrides that let something pass. */
const verdictOn = ({ context }: CiSession, { fleet, change, vanished, frozen }: PreviewSubject): Verdict => {
  const now = new Date()
  const { issues, used } = changeVerdict(fleet, change, now)
  const all = [...vanishedIssues(fleet, vanished, now), ...issues]
  if (all.length > 0) reportIssues(context, all, new Map(), false)
  return { issues: all, used, frozen }
}

const notesOf = (
  { comparedWith, since, frozen }: PreviewSubject,
  { why }: EnginePreviews,
  offline: string | undefined,
): readonly Phrase[] => {
  const sentence = frozenSentence(frozen)
  return [
    say`Compared with ${comparedWith}.`,
    ...(sentence === undefined ? [] : [own(sentence)]),
    ...(since?.notes ?? []).map((note) => say`${note}`),
    ...(offline === undefined ? [] : [own(`No engine looked at the clusters, since ${offline}.`)]),
    ...(why === undefined ? [] : [say`The engine could not look at the clusters: ${why}`]),
  ]
}

/** Below the report: where the job and its artifacts are. */
const footerOf = ({ place: { runUrl } }: CiSession): string =>
  runUrl === undefined ? '' : `\n[This job and its artifacts](${runUrl})\n`

/** With the people of the teams, where the job may ask the systems. */
const reportOf = (
  { change, fleet, since }: PreviewSubject,
  { runs, environment }: EnginePreviews,
  { verdict, notes }: { readonly verdict: Verdict; readonly notes: readonly Phrase[] },
): Promise<ChangeReport> =>
  makeReport({
    change,
    fleet,
    notes,
    refusals: verdict.issues,
    overrides: verdict.used,
    ...(since === undefined ? {} : { base: since.baseFleet }),
    ...(runs === undefined ? {} : { results: runs }),
    ...(environment === undefined ? {} : { environment }),
  })

/** To each of its readers: the log, the pull request, the artifacts. */
const tell = async (session: CiSession, report: ChangeReport): Promise<void> => {
  const { context, folder, place } = session
  const [block, footer] = [refusalMarkdown(report.refusals), footerOf(session)]
  const reserved = Buffer.byteLength(block) + Buffer.byteLength(footer)
  const { body } = renderComment(report, join(artifactFolder, 'report.md'), reserved)
  await writeReport(context.terminal, report, { format: 'text' })
  await writeReport(context.terminal, report, { format: 'text', output: join(folder, 'report.txt') })
  await deliver(session, {
    markdown: belowMarker(wholeMarkdown(report), block),
    ...(place.pullRequest === undefined ? {} : { comment: `${belowMarker(body, block)}${footer}` }),
    files: { 'report.json': renderJson(report) },
  })
}

/**
 * `tenantry ci preview`: what a change does, told to its reviewers; of what is merged, also the plans that `ci apply` carries out.
 */
export const ciPreview = async (session: CiSession, options: CiPreviewOptions): Promise<void> => {
  const subject = await subjectOf(session, options)
  if (subject === undefined) return deliverIssues(session, 'This change cannot be applied as it is')
  const offline = offlineReason(session, options)
  const verdict = verdictOn(session, subject)
  // What is refused is not planned either.
  const plans = isMerged(session, options) && verdict.issues.length === 0
  const previews =
    offline === undefined ? await previewEngines(session, { subject, parallel: options.parallel, plans }) : {}
  const notes = notesOf(subject, previews, offline)
  await tell(session, await reportOf(subject, previews, { verdict, notes }))
}
