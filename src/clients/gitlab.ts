import type { Secret } from '../core/secret.ts'
import {
  type AnswerObject,
  isTrueAt,
  numberAt,
  objectOf,
  orMissing,
  segment,
  textAt,
  textOr,
} from './answer.ts'
import { everyPage, type ForgeHttp, forgeHttp } from './forge-http.ts'
import { Http } from './http.ts'
import type { HttpAnswer, HttpCall } from './http-call.ts'
import type { PullRequestThread, ThreadComment } from './pull-request-thread.ts'

export interface GitLabOptions extends ForgeHttp {
  /** `https://<host>/api/v4`, as `CI_API_V4_URL` has it. */
  readonly endpoint: string
  /** The project of the merge request, by number or path, as `CI_MERGE_REQUEST_PROJECT_ID` has it. */
  readonly project: string
  /** The merge request's number within its project. */
  readonly mergeRequest: number
  /** A project or group access token with the scope `api`: a job's own token may not write notes. */
  readonly token: Secret
  /** Where a person reads the merge request; notes have no address of their own in the answer. */
  readonly webUrl?: string
}

/**
 * The text with no line that GitLab takes for a quick action (`/merge`, `/close`): it would carry it out as the token's user.
 * Such a slash gets a backslash, which Markdown does not show. Pure.
 */
export const withoutQuickActions = (markdown: string): string =>
  markdown.replaceAll(/(^|[\r\n\u2028\u2029])([ \t>]*)\/(?=[a-z])/gi, '$1$2\\/')

/** One merge request of GitLab. Source: GitLab REST API v4, "Notes", "Merge requests", "Users". */
export class GitLab implements PullRequestThread {
  readonly #http: Http
  readonly #options: GitLabOptions
  readonly #request: string

  constructor(options: GitLabOptions) {
    this.#options = options
    this.#http = new Http({
      system: 'GitLab',
      endpoint: options.endpoint,
      credential: 'the access token of TENANTRY_FORGE_TOKEN',
      ...forgeHttp(options),
    })
    this.#request = `/projects/${segment(options.project)}/merge_requests/${options.mergeRequest}`
  }

  /** The user's number; a project access token has a user of its own. */
  async self(): Promise<string> {
    return String(numberAt(objectOf(await this.#json({ method: 'GET', path: '/user' })), 'id'))
  }

  async head(): Promise<string> {
    return textAt(objectOf(await this.#json({ method: 'GET', path: this.#request })), 'sha')
  }

  async comments(): Promise<readonly ThreadComment[]> {
    const path = `${this.#request}/notes?sort=asc&order_by=created_at`
    const items = await everyPage((page) => this.#json({ method: 'GET', path: `${path}&${page}` }))
    // What GitLab writes by itself (`changed the title`) is a note too.
    return items.filter((one) => !isTrueAt(one, 'system')).map((one) => this.#comment(one))
  }

  async create(body: string): Promise<ThreadComment> {
    const call: HttpCall = { method: 'POST', path: `${this.#request}/notes`, body: sentBody(body) }
    return this.#comment(objectOf(await this.#json(call)))
  }

  async update(id: string, body: string): Promise<ThreadComment> {
    const call: HttpCall = { method: 'PUT', path: this.#note(id), body: sentBody(body) }
    return this.#comment(objectOf(await this.#json(call)))
  }

  async remove(id: string): Promise<void> {
    await orMissing(this.#send({ method: 'DELETE', path: this.#note(id) }))
  }

  async close(): Promise<void> {
    await this.#http.close()
  }

  #note(id: string): string {
    return `${this.#request}/notes/${segment(id)}`
  }

  #comment(from: AnswerObject): ThreadComment {
    const id = String(numberAt(from, 'id'))
    const { webUrl } = this.#options
    const author = String(numberAt(objectOf(from.author), 'id'))
    return { id, author, body: textOr(from, 'body'), url: webUrl === undefined ? '' : `${webUrl}#note_${id}` }
  }

  #json(call: HttpCall): Promise<unknown> {
    return this.#http.json(this.#authorized(call))
  }

  #send(call: HttpCall): Promise<HttpAnswer> {
    return this.#http.send(this.#authorized(call))
  }

  #authorized(call: HttpCall): HttpCall {
    return { ...call, headers: { 'private-token': this.#options.token, 'user-agent': 'tenantry' } }
  }
}

const sentBody = (body: string) => ({ body: withoutQuickActions(body) })
