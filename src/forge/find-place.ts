import type { Checked } from '../core/issue.ts'
import type { CiPlace, Environment } from './ci-place.ts'
import { githubPlace } from './github-place.ts'
import { gitlabPlace } from './gitlab-place.ts'

/** Where plain git is all there is: the base is the caller's to name. */
const plainGit: CiPlace = { forge: 'git', event: 'manual' }

/**
 * Where a job runs, by the variables that the forges set.
 *
 * @param event the file at `GITHUB_EVENT_PATH`, parsed; undefined where there is none. Pure; never throws. Issues:
 * `ci/incomplete-environment`, `ci/pull-request-target`.
 */
export const findPlace = (environment: Environment, event: unknown): Checked<CiPlace> => {
  if (environment.GITHUB_ACTIONS === 'true') return githubPlace(environment, event)
  if (environment.GITLAB_CI === 'true') return gitlabPlace(environment)
  return { ok: true, value: plainGit }
}
