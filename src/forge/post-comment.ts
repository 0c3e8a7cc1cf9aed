import type { Clock } from '../clients/clock.ts'
import type { PullRequestThread, ThreadComment } from '../clients/pull-request-thread.ts'
import { type Fault, isFault } from '../core/fault.ts'

export interface CommentRequest {
  /** First line of the body, which a person does not see: by it the comment is found again. */
  readonly marker: string
  /** Markdown that begins with the marker. */
  readonly body: string
  /** The commit that the body is about; a comment on an older one than the branch's tip is not posted. */
  readonly head?: string
}

/** What became of a comment. */
export type Posted =
  | {
      readonly outcome: 'created' | 'updated' | 'unchanged'
      readonly url: string
      /** Comments of ours beside it that were taken away: two runs had made one each. */
      readonly removed: number
    }
  /** The branch has moved on to another commit, whose run posts its own. */
  | { readonly outcome: 'stale'; readonly head: string }

/** Looks at what is there as often, waiting between for 90 s at most in all: as long as a forge limits its callers. */
const mostAttempts = 3
const longestWaitSeconds = 90

/** As the forge may give it back: other line ends, no space at the end. */
const normalized = (markdown: string): string => markdown.replaceAll('\r\n', '\n').trimEnd()

const ownComments = async (
  thread: PullRequestThread,
  { marker }: CommentRequest,
): Promise<readonly ThreadComment[]> => {
  const [self, all] = [await thread.self(), await thread.comments()]
  return all.filter(({ author, body }) => author === self && normalized(body).split('\n', 1)[0] === marker)
}

/** Makes it anew where somebody took it away in the same moment. */
const replace = async (
  thread: PullRequestThread,
  { id }: ThreadComment,
  body: string,
): Promise<{ readonly outcome: 'created' | 'updated'; readonly url: string }> => {
  try {
    const { url } = await thread.update(id, body)
    return { outcome: 'updated', url }
  } catch (error) {
    if (!isFault(error, 'not-found')) throw error
    const { url } = await thread.create(body)
    return { outcome: 'created', url }
  }
}

const put = async (
  thread: PullRequestThread,
  body: string,
  first: ThreadComment | undefined,
): Promise<{ readonly outcome: 'created' | 'updated' | 'unchanged'; readonly url: string }> => {
  if (first === undefined) return { outcome: 'created', url: (await thread.create(body)).url }
  if (normalized(first.body) === normalized(body)) return { outcome: 'unchanged', url: first.url }
  return replace(thread, first, body)
}

const postOnce = async (thread: PullRequestThread, request: CommentRequest): Promise<Posted> => {
  const tip = request.head === undefined ? undefined : await thread.head()
  if (tip !== undefined && tip !== request.head) return { outcome: 'stale', head: tip }
  const [first, ...rest] = await ownComments(thread, request)
  const done = await put(thread, request.body, first)
  for (const { id } of rest) await thread.remove(id)
  return { ...done, removed: rest.length }
}

/**
 * Whether a look at what is there may find the comment made after all, or the forge well: what may be repeated as it is was repeated
 * already.
 */
const mayLookAgain = (error: unknown): error is Fault =>
  isFault(error, 'rate-limited') ||
  ((isFault(error, 'outcome-unknown') || isFault(error, 'unavailable')) &&
    error.details.call?.startsWith('POST ') === true)

/**
 * Posts one comment of ours below a pull request, in place of the one that is there; of others' comments it changes none,
 * whatever they begin with.
 *
 * A create whose answer was lost is looked for before it is tried again, so that there are not two.
 * @throws {Fault} of the last attempt.
 */
export const postComment = async (
  thread: PullRequestThread,
  request: CommentRequest,
  clock: Pick<Clock, 'wait'>,
): Promise<Posted> => {
  for (let attempt = 1, waited = 0; ; attempt++) {
    try {
      return await postOnce(thread, request)
    } catch (error) {
      if (!mayLookAgain(error) || attempt >= mostAttempts) throw error
      const seconds = error.details.retryAfterSeconds ?? 2 ** attempt
      waited += seconds
      if (waited > longestWaitSeconds) throw error
      await clock.wait(seconds * 1000)
    }
  }
}
