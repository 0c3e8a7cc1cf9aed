import { join } from 'node:path'
import { systemClock } from '../../clients/clock.ts'
import { redact } from '../../core/redact.ts'
import type { Secret } from '../../core/secret.ts'
import type { PullRequestPlace } from '../../forge/ci-place.ts'
import { codeQuality } from '../../forge/code-quality.ts'
import { fittedSummary } from '../../forge/job-summary.ts'
import { openThread } from '../../forge/open-thread.ts'
import { type Posted, postComment } from '../../forge/post-comment.ts'
import { postFault } from '../../forge/post-fault.ts'
import { annotations } from '../../forge/workflow-commands.ts'
import { exitCode } from '../exit-code.ts'
import { reportError } from '../report-error.ts'
import { appendForForge, artifactFolder, writeArtifacts } from './artifacts.ts'
import type { CiSession } from './ci-session.ts'

/** What a job has found out, for each of its readers. */
export interface Delivery {
  /** Markdown, whole; for the job's summary, and `report.md` of the artifacts. */
  readonly markdown: string
  /** Markdown below the forge's limit that begins with its marker line; undefined where no reader waits for one. */
  readonly comment?: string
  /** Further artifacts by name. */
  readonly files?: Readonly<Record<string, string>>
}

const commentFile = 'comment.md'

const told = (posted: Posted): string => {
  if (posted.outcome === 'stale')
    return `The branch has moved on to ${posted.head.slice(0, 12)}: its own run posts the comment.`
  const words = {
    created: 'The comment was posted',
    updated: 'The comment was updated',
    unchanged: 'The comment says this already',
  }
  return `${words[posted.outcome]}${posted.url === '' ? '' : `: ${posted.url}`}`
}

const post = async (
  { context: { terminal } }: CiSession,
  { address, head }: PullRequestPlace,
  token: Secret,
  body: string,
): Promise<void> => {
  const thread = openThread(address, token)
  try {
    const [marker = ''] = body.split('\n', 1)
    const request = { marker, body, ...(head === undefined ? {} : { head }) }
    terminal.note(told(await postComment(thread, request, systemClock)))
  } catch (error) {
    throw postFault(error, address.forge, join(artifactFolder, commentFile))
  } finally {
    await thread.close()
  }
}

/** What lacks where a comment belongs and there is no token. */
const tokenHints: Readonly<Record<PullRequestPlace['address']['forge'], string>> = {
  github: 'Give the step GITHUB_TOKEN: `$' + '{{ github.token }}`, and the job `pull-requests: write`.',
  gitlab: 'Set TENANTRY_FORGE_TOKEN, a project access token with the scope `api`.',
}

/** A comment that cannot be posted fails the job, but loses nothing: the report is an artifact by then. */
const comment = async (session: CiSession, body: string): Promise<void> => {
  const { place, context, token } = session
  const { terminal, finish } = context
  const request = place.pullRequest
  if (request === undefined) return
  if (request.untrusted !== undefined) {
    terminal.note(`No comment is posted, since ${request.untrusted}: the report is in the job's artifacts.`)
    return
  }
  if (token === undefined) {
    terminal.note('The comment was not posted: this job has no token. The report is in the artifacts.')
    terminal.note(`  ${tokenHints[request.address.forge]}`)
    finish(exitCode.usage)
    return
  }
  await post(session, request, token, body).catch((error: unknown) => finish(reportError(terminal, error)))
}

/** Issues beside the lines that they are about. */
const markLines = ({ place, context, issues }: CiSession): void => {
  if (place.forge === 'github') for (const line of annotations(issues)) context.terminal.command(line)
}

/** Nothing that the job itself was given as a secret leaves it. */
const withoutSecrets = ({ secrets }: CiSession, text: string): string =>
  redact(
    text,
    secrets.map((secret) => secret.reveal()),
  )

/**
 * Hands what a job has found out to its readers: the artifacts first, then the summary, the marks beside the lines, the comment.
 *
 * What fails later leaves what was written before, and sets the exit code.
 */
export const deliver = async (session: CiSession, delivery: Delivery): Promise<void> => {
  const clean = (text: string): string => withoutSecrets(session, text)
  const markdown = clean(delivery.markdown)
  const body = delivery.comment === undefined ? undefined : clean(delivery.comment)
  const files = {
    'report.md': markdown,
    ...(body === undefined ? {} : { [commentFile]: body }),
    'code-quality.json': JSON.stringify(codeQuality(session.issues), null, 1),
    ...delivery.files,
  }
  await writeArtifacts(
    session.folder,
    Object.fromEntries(Object.entries(files).map(([name, text]) => [name, clean(text)])),
  )
  const { summaryFile } = session.place
  if (summaryFile !== undefined) await appendForForge(summaryFile, fittedSummary(markdown))
  markLines(session)
  if (body !== undefined) await comment(session, body)
}
