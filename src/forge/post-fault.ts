import { Fault, type FaultCode, isFault } from '../core/fault.ts'
import type { ThreadAddress } from './ci-place.ts'

type Forge = ThreadAddress['forge']

const tokens: Readonly<Record<Forge, string>> = {
  github: 'GITHUB_TOKEN of the job',
  gitlab: 'TENANTRY_FORGE_TOKEN, a project access token',
}

const rights: Readonly<Record<Forge, string>> = {
  github: 'give the job `permissions: pull-requests: write`; is the pull request locked, unlock it',
  gitlab: 'give the project access token the scope `api` and the role Reporter or more',
}

const again = 'Run the job again once the forge is well: it updates the one comment.'

const hints: Partial<Record<FaultCode, (forge: Forge) => string>> = {
  unauthenticated: (forge) => `Check ${tokens[forge]}: it may be wrong, have expired or been revoked.`,
  forbidden: (forge) => `The token lacks a right: ${rights[forge]}.`,
  'not-found': (forge) => `The token sees no such pull request: check ${tokens[forge]}.`,
  'invalid-request': () => 'The forge does not take the text; it is in the artifacts as it is.',
  protocol: () => 'Something answers in the forge’s place: check the address of its API.',
}

/**
 * A fault of posting, with the way out for a reader of the job's log: the report itself is in `file`.
 *
 * What is no fault of the forge's is handed back as it is.
 */
export const postFault = (error: unknown, forge: Forge, file: string): unknown => {
  if (!isFault(error)) return error
  return new Fault(error.code, `The comment was not posted; the report is in ${file}. ${error.message}`, {
    cause: error,
    details: { ...error.details, hint: (hints[error.code] ?? (() => again))(forge) },
  })
}
