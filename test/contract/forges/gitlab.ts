import { type ForgeAnswer, type ForgeCall, pageOf, type StandIn, serveForge } from './stand-in.ts'

interface Note {
  readonly id: number
  readonly author: number
  readonly system: boolean
  body: string
}

export interface GitLabStandIn extends StandIn {
  readonly comments: readonly Note[]
  /** Somebody writes a note; its id. */
  readonly write: (author: number, body: string, system?: boolean) => number
  /** Quick actions that notes have carried out. */
  readonly actions: readonly string[]
  /** The tip of the merge request's branch. */
  head: string
  right: 'write' | 'read' | 'none'
}

export const gitlabToken = 'glpat-standInTokenOfAProject'
export const gitlabProject = '42'
export const gitlabSelf = 314
export const mergeRequestNumber = 7

/** What GitLab allows a note. Source: GitLab Docs, "Application limits". */
const longestBody = 1_000_000

const textOf = (body: unknown): string => {
  const value: unknown = body !== null && typeof body === 'object' ? Reflect.get(body, 'body') : undefined
  return typeof value === 'string' ? value : ''
}

const message = (status: number, text: string): ForgeAnswer => ({ status, body: { message: text } })

/**
 * The part of GitLab's API that a comment needs: the notes and the head of merge request 7 of project 42, and the user.
 *
 * Lines of a note that begin with a slash and a word are carried out and taken out of it, as GitLab does outside of code.
 * Source: GitLab REST API v4: "Notes", "Merge requests", "Users".
 */
export const startGitLab = async (): Promise<GitLabStandIn> => {
  const notes: Note[] = []
  const actions: string[] = []
  let next = 5000
  const state = { head: 'b'.repeat(40), right: 'write' as GitLabStandIn['right'] }
  const write = (author: number, body: string, system = false): number => {
    notes.push({ id: next, author, body, system })
    return next++
  }

  const carriedOut = (body: string): string =>
    body.replaceAll(/^[ \t]*(\/[a-z]\w*).*$/gm, (_, action: string) => {
      actions.push(action)
      return ''
    })

  const shown = ({ id, author, body, system }: Note) => ({
    id,
    type: null,
    body,
    author: { id: author, username: `user_${author}`, name: `User ${author}`, state: 'active', web_url: '' },
    created_at: '2026-11-22T12:00:00.000Z',
    updated_at: '2026-11-22T12:00:00.000Z',
    system,
    noteable_id: 900,
    noteable_type: 'MergeRequest',
    project_id: Number(gitlabProject),
    noteable_iid: mergeRequestNumber,
    resolvable: false,
    confidential: false,
    internal: false,
  })

  const create = ({ body }: ForgeCall): ForgeAnswer => {
    const text = textOf(body)
    if (state.right !== 'write') return message(403, '403 Forbidden')
    if (text === '') return message(400, '400 Bad request - Note {:note=>["can\'t be blank"]}')
    if (text.length > longestBody) return message(400, '400 Bad request - Note is too long')
    const id = write(gitlabSelf, carriedOut(text))
    const made = notes.find((one) => one.id === id)
    return made === undefined ? message(500, 'lost') : { status: 201, body: shown(made) }
  }

  const one = (call: ForgeCall, id: number): ForgeAnswer => {
    const at = notes.findIndex((note) => note.id === id)
    const found = notes[at]
    if (found === undefined) return message(404, '404 Note Not Found')
    // Only whoever wrote a note, or a maintainer, may change it.
    if (state.right !== 'write' || found.author !== gitlabSelf) return message(403, '403 Forbidden')
    if (call.method === 'DELETE') {
      notes.splice(at, 1)
      return { status: 204 }
    }
    found.body = carriedOut(textOf(call.body))
    return { status: 200, body: shown(found) }
  }

  const list = (call: ForgeCall): ForgeAnswer => {
    const newestFirst = call.url.searchParams.get('sort') !== 'asc'
    const { items, page, isLast } = pageOf(newestFirst ? notes.toReversed() : notes, call, 20)
    return {
      status: 200,
      headers: { 'x-page': String(page), 'x-next-page': isLast ? '' : String(page + 1) },
      body: items.map(shown),
    }
  }

  const handle = (call: ForgeCall): ForgeAnswer => {
    const path = call.url.pathname.replace(/^\/api\/v4/, '')
    if (call.header('private-token') !== gitlabToken) return message(401, '401 Unauthorized')
    if (path === '/user')
      return { status: 200, body: { id: gitlabSelf, username: 'project_42_bot_1', bot: true } }
    if (state.right === 'none') return message(404, '404 Project Not Found')
    const request = `/projects/${gitlabProject}/merge_requests/${mergeRequestNumber}`
    if (path === request)
      return { status: 200, body: { id: 900, iid: mergeRequestNumber, sha: state.head, state: 'opened' } }
    if (path === `${request}/notes`) return call.method === 'POST' ? create(call) : list(call)
    const id = new RegExp(`^${request}/notes/(\\d+)$`).exec(path)?.[1]
    return id === undefined ? message(404, '404 Not found') : one(call, Number(id))
  }

  const standIn = await serveForge(handle)
  return Object.assign(state, standIn, { comments: notes, write, actions })
}
