/** A comment below a pull request. Identified by id. */
export interface ThreadComment {
  readonly id: string
  /** Whom the forge says it is of, in the form of `PullRequestThread.self`. */
  readonly author: string
  /** Markdown as it was sent. */
  readonly body: string
  /** Where a person reads it; empty where the forge does not say. */
  readonly url: string
}

/**
 * What is said below one pull request (merge request), whichever the forge.
 *
 * Errors: `@throws {Fault}` as `Http` does; a limit of the forge's is `rate-limited`, also where it answers 403.
 */
export interface PullRequestThread {
  /** Whom the token belongs to. */
  readonly self: () => Promise<string>
  /** The commit at the tip of the pull request's branch now, 40 hex digits. */
  readonly head: () => Promise<string>
  /** Every comment, the oldest first. */
  readonly comments: () => Promise<readonly ThreadComment[]>
  /** Not repeated by itself where the answer is lost: look first. */
  readonly create: (body: string) => Promise<ThreadComment>
  readonly update: (id: string, body: string) => Promise<ThreadComment>
  /** Succeeds where it is gone already. */
  readonly remove: (id: string) => Promise<void>
  readonly close: () => Promise<void>
}
