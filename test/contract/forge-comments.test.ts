import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GitHub } from '../../src/clients/github.ts'
import { GitLab } from '../../src/clients/gitlab.ts'
import type { PullRequestThread } from '../../src/clients/pull-request-thread.ts'
import { Secret } from '../../src/core/secret.ts'
import { postComment } from '../../src/forge/post-comment.ts'
import { githubRepository, githubSelf, githubToken, pullRequestNumber, startGitHub } from './forges/github.ts'
import { gitlabProject, gitlabSelf, gitlabToken, mergeRequestNumber, startGitLab } from './forges/gitlab.ts'
import type { ForgeFault, StandIn } from './forges/stand-in.ts'
import { fastClock, thrownBy } from './provider-harness.ts'

const marker = '<!-- tenantry:preview -->'
const body = `${marker}\n# One tenant changes\n\nretail-banking`

/** Both forges, as far as these tests tell them apart. */
interface World {
  readonly forge: StandIn & {
    head: string
    right: 'write' | 'read' | 'none'
    readonly comments: readonly { readonly id: number; readonly body: string }[]
  }
  readonly thread: PullRequestThread
  readonly clock: ReturnType<typeof fastClock>
  readonly token: string
  /** Somebody else's comment, and one of ours. */
  readonly theirs: (text: string) => number
  readonly ours: (text: string) => number
  readonly createPath: RegExp
  readonly updateMethod: string
  readonly updatePath: RegExp
}

/** Long for an answer on a busy machine; who hangs costs it a few times. */
const http = { timeoutMilliseconds: 3000 }

const github = async (token = githubToken): Promise<World> => {
  const [forge, clock] = [await startGitHub(), fastClock()]
  const thread = new GitHub({
    endpoint: `${forge.address}/api/v3`,
    graphqlEndpoint: forge.graphql,
    repository: githubRepository,
    pullRequest: pullRequestNumber,
    token: new Secret(token),
    clock,
    http,
  })
  return {
    forge,
    thread,
    clock,
    token,
    theirs: (text) => forge.write('mallory', text),
    ours: (text) => forge.write(githubSelf, text),
    createPath: /\/issues\/7\/comments$/,
    updateMethod: 'PATCH',
    updatePath: /\/issues\/comments\/\d+$/,
  }
}

const gitlab = async (token = gitlabToken): Promise<World> => {
  const [forge, clock] = [await startGitLab(), fastClock()]
  const thread = new GitLab({
    endpoint: `${forge.address}/api/v4`,
    project: gitlabProject,
    mergeRequest: mergeRequestNumber,
    token: new Secret(token),
    clock,
    http,
  })
  return {
    forge,
    thread,
    clock,
    token,
    theirs: (text) => forge.write(1, text),
    ours: (text) => forge.write(gitlabSelf, text),
    createPath: /\/notes$/,
    updateMethod: 'PUT',
    updatePath: /\/notes\/\d+$/,
  }
}

describe.each([
  ['GitHub', github],
  ['GitLab', gitlab],
] as const)('the one comment on %s', (_, start) => {
  let world: World
  beforeEach(async () => {
    world = await start()
  })
  afterEach(async () => {
    await world.thread.close()
    await world.forge.close()
  })

  const post = (text = body, head?: string) =>
    postComment(world.thread, { marker, body: text, ...(head === undefined ? {} : { head }) }, world.clock)
  const bodies = () => world.forge.comments.map((one) => one.body)
  const creates = () =>
    world.forge.calls.filter((call) => call.startsWith('POST') && world.createPath.test(call)).length
  const fail = (fault: Partial<ForgeFault>) =>
    world.forge.fail({ method: 'POST', path: world.createPath, times: 1, ...fault })

  test('is made, then updated in place, then left alone where it says the same', async () => {
    expect(await post()).toMatchObject({ outcome: 'created', removed: 0 })
    expect(await post(`${body}, insurance`)).toMatchObject({ outcome: 'updated' })
    expect(await post(`${body}, insurance`)).toMatchObject({ outcome: 'unchanged' })
    expect(bodies()).toEqual([`${body}, insurance`])
  })

  test('is found behind three hundred others', async () => {
    for (let count = 0; count < 150; count++) world.theirs(`talk ${count}`)
    await post()
    for (let count = 0; count < 150; count++) world.theirs(`talk ${count}`)
    expect(await post(`${body}!`)).toMatchObject({ outcome: 'updated' })
    expect(bodies().filter((text) => text.startsWith(marker))).toEqual([`${body}!`])
  })

  test('is never somebody else’s, though it begins with the marker', async () => {
    world.theirs(`${marker}\nApproved, merge at once.`)
    expect(await post()).toMatchObject({ outcome: 'created' })
    expect(bodies()).toEqual([`${marker}\nApproved, merge at once.`, body])
  })

  test('is none of ours that only quotes the marker', async () => {
    world.ours(`See ${marker} above`)
    world.ours(`${marker} and more`)
    expect(await post()).toMatchObject({ outcome: 'created' })
    expect(bodies()).toHaveLength(3)
  })

  test('is one again where two runs made one each', async () => {
    world.ours(`${marker}\nfirst`)
    world.ours(`${marker}\nsecond`)
    expect(await post()).toMatchObject({ outcome: 'updated', removed: 1 })
    expect(bodies()).toEqual([body])
  })

  test('is not posted for a commit that the branch has left', async () => {
    expect(await post(body, 'c'.repeat(40))).toEqual({ outcome: 'stale', head: world.forge.head })
    expect(await post(body, world.forge.head)).toMatchObject({ outcome: 'created' })
  })

  test('is looked for where the answer to its creation was lost, and not made twice', async () => {
    fail({ after: true, instead: 'drop' })
    expect(await post()).toMatchObject({ outcome: 'unchanged' })
    expect([bodies(), creates()]).toEqual([[body], 1])
  })

  test('is made by a second try where the forge answers 500 or 502 and did not make it', async () => {
    fail({ answer: { status: 500, body: { message: 'oops' } } })
    fail({ answer: { status: 502, body: { message: 'bad gateway' } } })
    expect(await post()).toMatchObject({ outcome: 'created' })
    expect(bodies()).toEqual([body])
  })

  test('is not made twice where the forge answers 500 although it made it', async () => {
    fail({ after: true, answer: { status: 500, body: { message: 'oops' } } })
    expect(await post()).toMatchObject({ outcome: 'unchanged' })
    expect(bodies()).toEqual([body])
  })

  test('waits as long as a 429 asks', async () => {
    fail({ answer: { status: 429, headers: { 'retry-after': '30' }, body: { message: 'slow down' } } })
    expect(await post()).toMatchObject({ outcome: 'created' })
    expect(world.clock.waited()).toBe(30_000)
    expect(bodies()).toEqual([body])
  })

  test('gives up where it is to wait for longer than a job should', async () => {
    fail({ times: 9, answer: { status: 429, headers: { 'retry-after': '3600' }, body: { message: 'no' } } })
    expect(await thrownBy(post())).toMatchObject({ code: 'rate-limited' })
    expect([world.clock.waited(), creates()]).toEqual([0, 1])
  })

  test('gives up after a bounded number of tries of a forge that stays unwell', async () => {
    fail({ times: 99, answer: { status: 500, body: { message: 'oops' } } })
    expect(await thrownBy(post())).toMatchObject({ code: 'unavailable' })
    expect(creates()).toBe(3)
  })

  test('is given up where the forge does not answer', async () => {
    fail({ times: 99, instead: 'hang' })
    expect(await thrownBy(post())).toMatchObject({ code: 'outcome-unknown' })
    expect(creates()).toBe(3)
  })

  test('is updated although the first answers break', async () => {
    world.ours(`${marker}\nold`)
    fail({ method: world.updateMethod, path: world.updatePath, times: 2, instead: 'drop' })
    expect(await post()).toMatchObject({ outcome: 'updated' })
    expect(bodies()).toEqual([body])
  })

  test('is made anew where somebody takes it away in between', async () => {
    world.ours(`${marker}\nold`)
    fail({
      method: world.updateMethod,
      path: world.updatePath,
      answer: { status: 404, body: { message: 'gone' } },
    })
    expect(await post()).toMatchObject({ outcome: 'created' })
  })

  test.each([
    ['read', 'forbidden'],
    ['none', 'not-found'],
  ] as const)('is refused once for a token that may %s', async (right, code) => {
    world.forge.right = right
    expect(await thrownBy(post())).toMatchObject({ code })
    expect(creates()).toBeLessThanOrEqual(1)
  })

  test('is refused where something else answers', async () => {
    world.forge.fail({ method: 'GET', path: /./, times: 9, answer: { status: 200, body: '<html>' } })
    expect(await thrownBy(post())).toMatchObject({ code: 'protocol' })
  })
})

test.each([
  ['GitHub', () => github('ghs_wrongTokenOfTheJob')],
  ['GitLab', () => gitlab('glpat-wrongTokenOfAProject')],
] as const)('%s: a wrong token is told once, and never shown', async (_, start) => {
  const world = await start()
  const error = await thrownBy(postComment(world.thread, { marker, body }, world.clock))
  expect(error).toMatchObject({ code: 'unauthenticated' })
  expect(JSON.stringify(error) + error.message + String(error.stack)).not.toContain(world.token)
  expect(world.forge.calls).toHaveLength(1)
  await world.thread.close()
  await world.forge.close()
})

test('GitHub: a limit that is told with 403 is waited for', async () => {
  const world = await github()
  const limits = [
    {
      status: 403,
      headers: { 'retry-after': '20' },
      body: { message: 'You have exceeded a secondary rate limit' },
    },
    {
      status: 403,
      body: { message: 'You have exceeded a secondary rate limit and have been temporarily blocked' },
    },
  ]
  for (const answer of limits) world.forge.fail({ method: 'POST', path: world.createPath, times: 1, answer })
  expect(await postComment(world.thread, { marker, body }, world.clock)).toMatchObject({ outcome: 'created' })
  expect(world.clock.waited()).toBe(80_000)
  await world.thread.close()
  await world.forge.close()
})

test('GitHub: the comment on a locked pull request is refused, not repeated', async () => {
  const forge = await startGitHub()
  forge.locked = true
  const thread = new GitHub({
    endpoint: `${forge.address}/api/v3/`,
    graphqlEndpoint: forge.graphql,
    repository: githubRepository,
    pullRequest: pullRequestNumber,
    token: new Secret(githubToken),
  })
  const error = await thrownBy(postComment(thread, { marker, body }, fastClock()))
  expect(error).toMatchObject({ code: 'forbidden', message: expect.stringContaining('issue is locked') })
  await thread.close()
  await forge.close()
})

test('GitLab: no line of a comment is carried out as a quick action', async () => {
  const forge = await startGitLab()
  const thread = new GitLab({
    endpoint: `${forge.address}/api/v4`,
    project: gitlabProject,
    mergeRequest: mergeRequestNumber,
    token: new Secret(gitlabToken),
  })
  const hostile = `${marker}\n/merge\n  /assign @mallory\r/close\n> /approve\n/Run/Std/retail-banking`
  await postComment(thread, { marker, body: hostile }, fastClock())
  await postComment(thread, { marker, body: `${hostile}!` }, fastClock())
  expect(forge.actions).toEqual([])
  expect(forge.comments[0]?.body).toContain('\\/Run/Std/retail-banking!')
  await thread.close()
  await forge.close()
})
