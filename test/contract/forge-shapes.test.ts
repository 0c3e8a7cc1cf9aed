import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as shapes from './forges/api-shapes.ts'
import { type GitHubStandIn, githubToken, startGitHub } from './forges/github.ts'
import { type GitLabStandIn, gitlabToken, startGitLab } from './forges/gitlab.ts'

const ask = async (
  url: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
  body?: unknown,
): Promise<{ status: number; headers: Headers; body: unknown }> => {
  const answer = await fetch(url, {
    method,
    headers: { 'user-agent': 'test', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) }
}

describe('the stand-in of GitHub answers in the shape of the public API', () => {
  let forge: GitHubStandIn
  let base: string
  const token = { authorization: `Bearer ${githubToken}` }
  beforeEach(async () => {
    forge = await startGitHub()
    base = `${forge.address}/api/v3/repos/bank/tenants`
  })
  afterEach(() => forge.close())

  test('comments: made, listed in pages with a link, changed, removed', async () => {
    const made = await ask(`${base}/issues/7/comments`, token, 'POST', { body: 'x' })
    expect(made.status).toBe(201)
    const { id } = shapes.GitHubComment.parse(made.body)
    forge.write('', 'of a deleted account')
    for (let count = 0; count < 40; count++) forge.write('ada', 'y')
    const page = await ask(`${base}/issues/7/comments`, token)
    expect(shapes.GitHubComment.array().parse(page.body)).toHaveLength(30)
    expect(page.headers.get('link')).toContain('rel="next"')
    const all = await ask(`${base}/issues/7/comments?per_page=500`, token)
    expect(shapes.GitHubComment.array().parse(all.body)).toHaveLength(42)
    const changed = await ask(`${base}/issues/comments/${id}`, token, 'PATCH', { body: 'z' })
    expect(shapes.GitHubComment.parse(changed.body).body).toBe('z')
    expect(await ask(`${base}/issues/comments/${id}`, token, 'DELETE')).toMatchObject({ status: 204 })
  })

  test('the pull request, and refusals', async () => {
    shapes.GitHubPullRequest.parse((await ask(`${base}/pulls/7`, token)).body)
    const refusals = await Promise.all([
      ask(`${base}/pulls/8`, token),
      ask(`${base}/pulls/7`, { authorization: 'Bearer wrong' }),
      ask(`${forge.address}/api/v3/user`, token),
      ask(`${base}/issues/7/comments`, token, 'POST', { body: 'x'.repeat(65_537) }),
    ])
    expect(refusals.map(({ status }) => status)).toEqual([404, 401, 403, 422])
    for (const { body } of refusals) shapes.GitHubError.parse(body)
  })
})

describe('the stand-in of GitLab answers in the shape of the public API', () => {
  let forge: GitLabStandIn
  let base: string
  const token = { 'private-token': gitlabToken }
  beforeEach(async () => {
    forge = await startGitLab()
    base = `${forge.address}/api/v4/projects/42/merge_requests/7`
  })
  afterEach(() => forge.close())

  test('notes: made, listed in pages, changed, removed', async () => {
    const made = await ask(`${base}/notes`, token, 'POST', { body: 'x\n/merge now\ny' })
    expect(made.status).toBe(201)
    const { id, body } = shapes.GitLabNote.parse(made.body)
    expect([body, forge.actions]).toEqual(['x\n\ny', ['/merge']])
    for (let count = 0; count < 30; count++) forge.write(1, 'y', count % 2 === 0)
    const page = await ask(`${base}/notes?sort=asc`, token)
    expect(shapes.GitLabNote.array().parse(page.body)).toHaveLength(20)
    expect(page.headers.get('x-next-page')).toBe('2')
    const changed = await ask(`${base}/notes/${id}`, token, 'PUT', { body: 'z' })
    expect(shapes.GitLabNote.parse(changed.body).body).toBe('z')
    expect(await ask(`${base}/notes/${id}`, token, 'DELETE')).toMatchObject({ status: 204 })
  })

  test('the merge request, and refusals', async () => {
    shapes.GitLabMergeRequest.parse((await ask(base, token)).body)
    const other = forge.write(1, 'not ours')
    const refusals = await Promise.all([
      ask(`${base}/notes/1`, token, 'PUT', { body: 'x' }),
      ask(base, { 'private-token': 'wrong' }),
      ask(`${base}/notes/${other}`, token, 'PUT', { body: 'x' }),
    ])
    expect(refusals.map(({ status }) => status)).toEqual([404, 401, 403])
    for (const { body } of refusals) shapes.GitLabError.parse(body)
  })
})
