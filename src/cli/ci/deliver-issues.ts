import { fenced } from '../../forge/fenced.ts'
import { renderNotice } from '../../forge/notice.ts'
import { commentMarker } from '../../plan/report/comment.ts'
import { plural } from '../terminal.ts'
import type { CiSession } from './ci-session.ts'
import { deliver } from './deliver.ts'

/** Below what GitHub takes of a comment. */
const mostBytes = 60_000

/**
 * Hands the issues that were reported so far to a job's readers, in place of a report: what the files mean cannot be told while
 * there are any. `title` in our own words.
 */
export const deliverIssues = async (session: CiSession, title: string): Promise<void> => {
  const { context, issues, place } = session
  const text = context.terminal.printed.join('\n')
  const sentence = `${plural(issues.length, 'issue')}. Nothing was touched on any cluster.`
  const comment = renderNotice({
    marker: commentMarker,
    title,
    sentence,
    details: text,
    mostBytes,
    ...(place.runUrl === undefined ? {} : { runUrl: place.runUrl }),
  })
  await deliver(session, {
    markdown: [`### ${title}`, '', sentence, '', fenced(text), ''].join('\n'),
    ...(place.pullRequest === undefined ? {} : { comment }),
    files: {
      'report.txt': `${text}\n`,
      'report.json': `${JSON.stringify({ ok: false, issues }, null, 1)}\n`,
    },
  })
}
