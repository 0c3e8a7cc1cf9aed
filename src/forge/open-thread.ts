import { GitHub } from '../clients/github.ts'
import { GitLab } from '../clients/gitlab.ts'
import type { PullRequestThread } from '../clients/pull-request-thread.ts'
import { Fault } from '../core/fault.ts'
import type { Secret } from '../core/secret.ts'
import type { ThreadAddress } from './ci-place.ts'

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** A token is sent over TLS only, but to this machine. */
const refusePlain = (endpoint: string): void => {
  const { protocol, hostname } = new URL(endpoint)
  if (protocol === 'https:' || loopback.has(hostname)) return
  throw new Fault('invalid-request', `${endpoint} is not https: the token would be read on the way.`, {
    details: { endpoint, hint: 'Let the runner reach its forge by https.' },
  })
}

/** The talk below a pull request. @throws {Fault} `invalid-request` where the forge would be reached without TLS. */
export const openThread = (address: ThreadAddress, token: Secret): PullRequestThread => {
  refusePlain(address.endpoint)
  if (address.forge === 'gitlab') {
    const { endpoint, project, number, webUrl } = address
    return new GitLab({
      endpoint,
      project,
      mergeRequest: number,
      token,
      ...(webUrl === undefined ? {} : { webUrl }),
    })
  }
  const { endpoint, graphqlEndpoint, repository, number } = address
  refusePlain(graphqlEndpoint)
  return new GitHub({ endpoint, graphqlEndpoint, repository, pullRequest: number, token })
}
