import { Fault } from '../core/fault.ts'
import { Secret } from '../core/secret.ts'
import { type AnswerObject, numberAt, objectOf, orMissing, segment, textAt, textOr } from './answer.ts'
import { everyPage, type ForgeHttp, forgeHttp } from './forge-http.ts'
import { Http } from './http.ts'
import type { HttpAnswer, HttpCall } from './http-call.ts'
import { answerFault } from './http-fault.ts'
import type { PullRequestThread, ThreadComment } from './pull-request-thread.ts'
import { retryAfterSeconds } from './retry-after.ts'

export interface GitHubOptions extends ForgeHttp {
  /** `https://api.github.com`, or `https://<host>/api/v3` of an own server; as `GITHUB_API_URL` has it. */
  readonly endpoint: string
  /** `https://api.github.com/graphql`, as `GITHUB_GRAPHQL_URL` has it. */
  readonly graphqlEndpoint: string
  /** `<owner>/<name>`. */
  readonly repository: string
  readonly pullRequest: number
  /** Needs `pull-requests: write`. */
  readonly token: Secret
}

const system = 'GitHub'
const credential = 'the token of this job'

const headerOf = ({ headers }: HttpAnswer, name: string): string => {
  const value = headers[name]
  return (typeof value === 'string' ? value : value?.[0]) ?? ''
}

/**
 * Seconds until a caller that GitHub limits may ask again; undefined where an answer limits nobody. `now` in milliseconds.
 *
 * A limit is told with 429 or with 403: by `Retry-After`, or by no calls left until `x-ratelimit-reset` (seconds since
 * the epoch), or by words alone, after which its callers are to wait for a minute. Source: GitHub REST API, "Rate limits".
 */
export const limitedForSeconds = (answer: HttpAnswer, now: number): number | undefined => {
  if (answer.status !== 403 && answer.status !== 429) return undefined
  const asked = retryAfterSeconds(headerOf(answer, 'retry-after'), now)
  if (asked !== undefined) return asked
  const reset = Number(headerOf(answer, 'x-ratelimit-reset'))
  if (headerOf(answer, 'x-ratelimit-remaining') === '0' && Number.isFinite(reset))
    return Math.max(1, Math.ceil(reset - now / 1000))
  return answer.status === 429 || /rate limit/i.test(answer.text) ? 60 : undefined
}

const commentOf = (from: AnswerObject): ThreadComment => ({
  id: String(numberAt(from, 'id')),
  // A deleted account leaves none.
  author: from.user === null ? '' : textAt(objectOf(from.user), 'login'),
  body: textOr(from, 'body'),
  url: textOr(from, 'html_url'),
})

/** One pull request of GitHub. Source: GitHub REST API 2022-11-28, "Issue comments", "Pull requests"; GraphQL `viewer`. */
export class GitHub implements PullRequestThread {
  readonly #http: Http
  readonly #graphql: Http
  readonly #options: GitHubOptions
  readonly #repository: string

  constructor(options: GitHubOptions) {
    this.#options = options
    const shared = {
      system,
      credential,
      ...forgeHttp(options),
    }
    this.#http = new Http({ ...shared, endpoint: options.endpoint })
    this.#graphql = new Http({ ...shared, endpoint: options.graphqlEndpoint.replace(/\/graphql$/, '') })
    this.#repository = `/repos/${options.repository.split('/').map(segment).join('/')}`
  }

  /** The login, e.g. `github-actions[bot]`. By GraphQL: `GET /user` refuses the token of a job. */
  async self(): Promise<string> {
    const call: HttpCall = {
      method: 'POST',
      path: '/graphql',
      body: { query: '{ viewer { login } }' },
      readOnly: true,
    }
    const answer = await this.#json(call, this.#graphql)
    return textAt(objectOf(objectOf(objectOf(answer).data).viewer), 'login')
  }

  async head(): Promise<string> {
    const path = `${this.#repository}/pulls/${this.#options.pullRequest}`
    return textAt(objectOf(objectOf(await this.#json({ method: 'GET', path })).head), 'sha')
  }

  async comments(): Promise<readonly ThreadComment[]> {
    const items = await everyPage((page) => this.#json({ method: 'GET', path: `${this.#thread()}?${page}` }))
    return items.map(commentOf)
  }

  async create(body: string): Promise<ThreadComment> {
    return commentOf(objectOf(await this.#json({ method: 'POST', path: this.#thread(), body: { body } })))
  }

  async update(id: string, body: string): Promise<ThreadComment> {
    return commentOf(objectOf(await this.#json({ method: 'PATCH', path: this.#comment(id), body: { body } })))
  }

  async remove(id: string): Promise<void> {
    await orMissing(this.#send({ method: 'DELETE', path: this.#comment(id) }))
  }

  async close(): Promise<void> {
    await Promise.all([this.#http.close(), this.#graphql.close()])
  }

  #thread(): string {
    return `${this.#repository}/issues/${this.#options.pullRequest}/comments`
  }

  #comment(id: string): string {
    return `${this.#repository}/issues/comments/${segment(id)}`
  }

  async #json(call: HttpCall, http?: Http): Promise<unknown> {
    const { text } = await this.#send(call, http)
    try {
      return JSON.parse(text)
    } catch {
      throw new Fault('protocol', `${system} did not answer ${call.method} ${call.path} with JSON.`, {
        details: { hint: 'Check GITHUB_API_URL: it may be a proxy’s page that answers.' },
      })
    }
  }

  /** A 403 is looked at here: a caller that is limited may ask again, one that lacks a right may not. */
  async #send(call: HttpCall, http: Http = this.#http): Promise<HttpAnswer> {
    const headers = {
      accept: 'application/vnd.github+json',
      authorization: new Secret(`Bearer ${this.#options.token.reveal()}`),
      // Refused without one. Source: GitHub REST API, "User agent required".
      'user-agent': 'tenantry',
      'x-github-api-version': '2022-11-28',
    }
    const sent = { ...call, headers, answers: [403] }
    const answer = await http.send(sent)
    if (answer.status !== 403) return answer
    const server = { system, endpoint: http.endpoint, credential, secrets: [this.#options.token] }
    const refusal = answerFault(sent, answer, server, Date.now())
    const retryAfter = limitedForSeconds(answer, Date.now())
    if (retryAfter === undefined) throw refusal
    throw new Fault('rate-limited', refusal.message, {
      retryable: true,
      details: { ...refusal.details, retryAfterSeconds: retryAfter },
    })
  }
}
