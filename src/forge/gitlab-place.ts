import type { Checked } from '../core/issue.ts'
import { type CiPlace, type Environment, isCommit, isNoCommit, type PullRequestPlace } from './ci-place.ts'
import { incomplete } from './incomplete.ts'

/** A pipeline in the fork, or one for the fork in the project it goes into. */
const isOfFork = (environment: Environment): boolean => {
  const { CI_MERGE_REQUEST_PROJECT_ID: target, CI_MERGE_REQUEST_SOURCE_PROJECT_ID: source } = environment
  return source !== target || environment.CI_PROJECT_ID !== target
}

const mergeRequest = (environment: Environment): PullRequestPlace | undefined => {
  const { CI_API_V4_URL: endpoint, CI_MERGE_REQUEST_PROJECT_ID: project } = environment
  const number = Number(environment.CI_MERGE_REQUEST_IID)
  if (endpoint === undefined || project === undefined || !Number.isInteger(number) || number < 1)
    return undefined
  const { CI_MERGE_REQUEST_PROJECT_URL: projectUrl } = environment
  // Of a merged result, what is checked out is the merge; the branch's own commit has a variable of its own then.
  const head = environment.CI_MERGE_REQUEST_SOURCE_BRANCH_SHA || environment.CI_COMMIT_SHA
  return {
    address: {
      forge: 'gitlab',
      endpoint,
      project,
      number,
      ...(projectUrl ? { webUrl: `${projectUrl}/-/merge_requests/${number}` } : {}),
    },
    ...(isCommit(head) ? { head } : {}),
    ...(isOfFork(environment) ? { untrusted: 'it comes from a fork' } : {}),
  }
}

const events: Readonly<Record<string, CiPlace['event']>> = {
  merge_request_event: 'pull-request',
  push: 'push',
  schedule: 'schedule',
}

/**
 * Of a merged result the commit of the branch it goes into, which has its variable then only; of another merge request
 * the commit that both have in common; of a push what the branch was before.
 */
const baseOf = (environment: Environment): string | undefined => {
  const { CI_MERGE_REQUEST_TARGET_BRANCH_SHA, CI_MERGE_REQUEST_DIFF_BASE_SHA, CI_COMMIT_BEFORE_SHA } =
    environment
  const base = CI_MERGE_REQUEST_TARGET_BRANCH_SHA || CI_MERGE_REQUEST_DIFF_BASE_SHA || CI_COMMIT_BEFORE_SHA
  return isCommit(base) && !isNoCommit(base) ? base : undefined
}

/** A job of GitLab CI. Source: GitLab Docs, "Predefined CI/CD variables reference". Pure; never throws. */
export const gitlabPlace = (environment: Environment): Checked<CiPlace> => {
  const event = events[environment.CI_PIPELINE_SOURCE ?? ''] ?? 'manual'
  const request = event === 'pull-request' ? mergeRequest(environment) : undefined
  if (event === 'pull-request' && request === undefined)
    return incomplete('CI_API_V4_URL, CI_MERGE_REQUEST_PROJECT_ID or CI_MERGE_REQUEST_IID')
  const base = baseOf(environment)
  const value: CiPlace = {
    forge: 'gitlab',
    event,
    ...(base === undefined ? {} : { base }),
    ...(request === undefined ? {} : { pullRequest: request }),
    ...(environment.CI_JOB_URL ? { runUrl: environment.CI_JOB_URL } : {}),
  }
  return { ok: true, value }
}
