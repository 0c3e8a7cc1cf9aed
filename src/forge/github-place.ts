import type { Checked } from '../core/issue.ts'
import { type CiPlace, type Environment, isCommit, isNoCommit, type PullRequestPlace } from './ci-place.ts'
import { incomplete } from './incomplete.ts'

type Event = Readonly<Record<string, unknown>>

const objectAt = (from: Event, key: string): Event => {
  const value = from[key]
  return value !== null && typeof value === 'object' ? (value as Event) : {}
}

const hasSameRepository = (request: Event): boolean => {
  const id = (side: string): unknown => objectAt(objectAt(request, side), 'repo').id
  // A fork that is deleted has no repository any more.
  return typeof id('head') === 'number' && id('head') === id('base')
}

/** GitHub gives such jobs a token that only reads, and no secret. Source: GitHub Docs, "Secure use reference". */
const untrustedReason = (request: Event): string | undefined => {
  if (!hasSameRepository(request)) return 'it comes from a fork'
  return objectAt(request, 'user').login === 'dependabot[bot]' ? 'Dependabot made it' : undefined
}

const pullRequest = (environment: Environment, event: Event): PullRequestPlace | undefined => {
  const request = objectAt(event, 'pull_request')
  const { GITHUB_API_URL: endpoint, GITHUB_GRAPHQL_URL: graphqlEndpoint } = environment
  const { GITHUB_REPOSITORY: repository } = environment
  const number = request.number
  if (endpoint === undefined || graphqlEndpoint === undefined || repository === undefined) return undefined
  if (typeof number !== 'number') return undefined
  const head = objectAt(request, 'head').sha
  const untrusted = untrustedReason(request)
  return {
    address: { forge: 'github', endpoint, graphqlEndpoint, repository, number },
    ...(isCommit(head) ? { head } : {}),
    ...(untrusted === undefined ? {} : { untrusted }),
  }
}

const events: Readonly<Record<string, CiPlace['event']>> = {
  pull_request: 'pull-request',
  merge_group: 'merge-queue',
  push: 'push',
  schedule: 'schedule',
}

/**
 * Of a pull request the branch it goes into, as it was fetched: what is checked out is its merge into that branch, and the
 * commit that the event names may be older than that.
 */
const baseOf = (environment: Environment, event: Event): string | undefined => {
  if (environment.GITHUB_BASE_REF) return `origin/${environment.GITHUB_BASE_REF}`
  const queued = objectAt(event, 'merge_group').base_sha
  const before = isCommit(queued) ? queued : event.before
  return isCommit(before) && !isNoCommit(before) ? before : undefined
}

const runUrl = ({ GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID }: Environment): string | undefined =>
  GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID
    ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`
    : undefined

const refusedTarget: Checked<CiPlace> = {
  ok: false,
  issues: [
    {
      code: 'ci/pull-request-target',
      message:
        'This job runs on pull_request_target, which hands the secrets of this repository to whoever opens a pull request.',
      hint: 'Let the workflow run on pull_request, as .github/workflows/tenantry.yml does.',
    },
  ],
}

/** A job of GitHub Actions. Source: GitHub Docs, "Variables reference", "Webhook events and payloads". Pure; never throws. */
export const githubPlace = (environment: Environment, payload: unknown): Checked<CiPlace> => {
  const name = environment.GITHUB_EVENT_NAME ?? ''
  if (name === 'pull_request_target') return refusedTarget
  if (payload === null || typeof payload !== 'object') return incomplete('GITHUB_EVENT_PATH')
  const event = payload as Event
  const kind = events[name] ?? 'manual'
  const request = kind === 'pull-request' ? pullRequest(environment, event) : undefined
  if (kind === 'pull-request' && request === undefined)
    return incomplete('GITHUB_API_URL, GITHUB_GRAPHQL_URL, GITHUB_REPOSITORY or the pull request')
  const base = baseOf(environment, event)
  const url = runUrl(environment)
  const value: CiPlace = {
    forge: 'github',
    event: kind,
    ...(base === undefined ? {} : { base }),
    ...(request === undefined ? {} : { pullRequest: request }),
    ...(url === undefined ? {} : { runUrl: url }),
    ...(environment.GITHUB_STEP_SUMMARY ? { summaryFile: environment.GITHUB_STEP_SUMMARY } : {}),
    ...(environment.GITHUB_OUTPUT ? { outputFile: environment.GITHUB_OUTPUT } : {}),
  }
  return { ok: true, value }
}
