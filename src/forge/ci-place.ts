/** Where the talk below a pull request is reached, without the token. */
export type ThreadAddress =
  | {
      readonly forge: 'github'
      readonly endpoint: string
      readonly graphqlEndpoint: string
      /** `<owner>/<name>`. */
      readonly repository: string
      readonly number: number
    }
  | {
      readonly forge: 'gitlab'
      readonly endpoint: string
      /** Number or path. */
      readonly project: string
      readonly number: number
      readonly webUrl?: string
    }

/** The pull request (merge request) a job runs for. */
export interface PullRequestPlace {
  readonly address: ThreadAddress
  /** The commit at the tip of its branch when the job was made, 40 hex digits; not the merge that may be checked out. */
  readonly head?: string
  /** Why this job may hold no secret and use none, as the end of a sentence; undefined where it may. */
  readonly untrusted?: string
}

/** What a job knows of where and why it runs. */
export interface CiPlace {
  readonly forge: 'github' | 'gitlab' | 'git'
  readonly event: 'pull-request' | 'merge-queue' | 'push' | 'schedule' | 'manual'
  /** Ref or commit to compare with; undefined where the event names none: a new branch, a schedule. */
  readonly base?: string
  readonly pullRequest?: PullRequestPlace
  /** Where a person finds the job and its artifacts. */
  readonly runUrl?: string
  /** The file whose Markdown the forge shows as the job's summary. */
  readonly summaryFile?: string
  /** The file whose lines `name=value` later jobs can read. */
  readonly outputFile?: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A commit that stands for none: what was there before a new branch. */
export const isNoCommit = (commit: string | undefined): boolean => commit === undefined || /^0*$/.test(commit)

/** Whether text is a full commit name, as both forges give it. */
export const isCommit = (text: unknown): text is string =>
  typeof text === 'string' && /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(text)
