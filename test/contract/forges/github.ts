import { type ForgeAnswer, type ForgeCall, pageOf, type StandIn, serveForge } from './stand-in.ts'

interface Comment {
  readonly id: number
  readonly author: string
  body: string
}

export interface GitHubStandIn extends StandIn {
  readonly graphql: string
  readonly comments: readonly Comment[]
  /** Somebody writes a comment; its id. */
  readonly write: (author: string, body: string) => number
  /** The tip of the pull request's branch. */
  head: string
  /** What the job's token may do with pull requests. */
  right: 'write' | 'read' | 'none'
  locked: boolean
}

export const githubToken = 'ghs_standInTokenOfTheJob0123456789'
export const githubRepository = 'bank/tenants'
export const githubSelf = 'github-actions[bot]'
export const pullRequestNumber = 7

/** GitHub counts characters, not bytes. */
const longestBody = 65_536

const messageOf = (status: number, message: string): ForgeAnswer => ({
  status,
  body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
})

const tooLong: ForgeAnswer = {
  status: 422,
  body: {
    message: 'Validation Failed',
    errors: [
      {
        resource: 'IssueComment',
        code: 'unprocessable',
        field: 'data',
        message: 'Body is too long (maximum is 65536 characters)',
      },
    ],
    documentation_url: 'https://docs.github.com/rest/issues/comments#create-an-issue-comment',
    status: '422',
  },
}

const userOf = (login: string) => ({
  login,
  id: 41_898_282 + login.length,
  node_id: `MDM6Qm90${login.length}`,
  type: login.endsWith('[bot]') ? 'Bot' : 'User',
  site_admin: false,
})

const textOf = (body: unknown, key: string): string => {
  const value: unknown = body !== null && typeof body === 'object' ? Reflect.get(body, key) : undefined
  return typeof value === 'string' ? value : ''
}

/**
 * The part of GitHub's API that a comment needs: the comments and the head of pull request 7 of `bank/tenants`, and `viewer`.
 *
 * Source: GitHub REST API 2022-11-28 (OpenAPI description): "Issue comments", "Pull requests".
 */
export const startGitHub = async (): Promise<GitHubStandIn> => {
  const comments: Comment[] = []
  let next = 1000
  const state = { head: 'a'.repeat(40), right: 'write' as GitHubStandIn['right'], locked: false }
  const write = (author: string, body: string): number => {
    comments.push({ id: next, author, body })
    return next++
  }

  const shown = ({ id, author, body }: Comment, address: string) => ({
    id,
    node_id: `IC_${id}`,
    url: `${address}/api/v3/repos/${githubRepository}/issues/comments/${id}`,
    html_url: `${address}/${githubRepository}/pull/${pullRequestNumber}#issuecomment-${id}`,
    issue_url: `${address}/api/v3/repos/${githubRepository}/issues/${pullRequestNumber}`,
    body,
    user: author === '' ? null : userOf(author),
    created_at: '2026-11-22T12:00:00Z',
    updated_at: '2026-11-22T12:00:00Z',
    author_association: 'NONE',
    performed_via_github_app: null,
  })

  const list = (call: ForgeCall, address: string): ForgeAnswer => {
    const { items, page, isLast } = pageOf(comments, call, 30)
    const link = `<${address}${call.url.pathname}?page=${page + 1}>; rel="next"`
    return { status: 200, headers: isLast ? {} : { link }, body: items.map((one) => shown(one, address)) }
  }

  const create = ({ body }: ForgeCall, address: string): ForgeAnswer => {
    const text = textOf(body, 'body')
    if (state.right !== 'write') return messageOf(403, 'Resource not accessible by integration')
    if (state.locked) return messageOf(403, 'Unable to create comment because issue is locked.')
    if (text.length > longestBody) return tooLong
    const id = write(githubSelf, text)
    const made = comments.find((one) => one.id === id)
    return made === undefined ? messageOf(500, 'lost') : { status: 201, body: shown(made, address) }
  }

  const one = (call: ForgeCall, address: string, id: number): ForgeAnswer => {
    const at = comments.findIndex((comment) => comment.id === id)
    const found = comments[at]
    if (found === undefined) return messageOf(404, 'Not Found')
    if (state.right !== 'write') return messageOf(403, 'Resource not accessible by integration')
    if (call.method === 'DELETE') {
      comments.splice(at, 1)
      return { status: 204 }
    }
    const text = textOf(call.body, 'body')
    if (text.length > longestBody) return tooLong
    found.body = text
    return { status: 200, body: shown(found, address) }
  }

  const handle = (call: ForgeCall, address: string): ForgeAnswer => {
    const path = call.url.pathname.replace(/^\/api\/v3/, '')
    if (call.header('user-agent') === '')
      return messageOf(403, 'Request forbidden by administrative rules. Please send a User-Agent header.')
    if (call.header('authorization') !== `Bearer ${githubToken}`) return messageOf(401, 'Bad credentials')
    if (path === '/api/graphql') return { status: 200, body: { data: { viewer: { login: githubSelf } } } }
    if (path === '/user') return messageOf(403, 'Resource not accessible by integration')
    const repository = `/repos/${githubRepository}`
    if (state.right === 'none') return messageOf(404, 'Not Found')
    if (path === `${repository}/pulls/${pullRequestNumber}`)
      return { status: 200, body: { number: pullRequestNumber, head: { sha: state.head, ref: 'change' } } }
    const thread = `${repository}/issues/${pullRequestNumber}/comments`
    if (path === thread && call.method === 'GET') return list(call, address)
    if (path === thread && call.method === 'POST') return create(call, address)
    const id = new RegExp(`^${repository}/issues/comments/(\\d+)$`).exec(path)?.[1]
    return id === undefined ? messageOf(404, 'Not Found') : one(call, address, Number(id))
  }

  const standIn = await serveForge(handle)
  return Object.assign(state, standIn, { graphql: `${standIn.address}/api/graphql`, comments, write })
}
