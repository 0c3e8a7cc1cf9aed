import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readPlan } from '../../src/cli/plan-io.ts'
import { type GitHubStandIn, githubRepository, githubToken, startGitHub } from '../contract/forges/github.ts'
import { git } from '../contract/git-command.ts'
import { type Hands, handsOn } from './by-hand.ts'
import { collectionId } from './hand-made.ts'
import { connectAsReader, writtenBelow } from './reader.ts'
import { type EndedCommand, runTenantry } from './run-command.ts'
import { openTinyTenant, type TinyTenant } from './tiny-tenant.ts'

/*
 * A change's whole way with the real engine: a bare repository, a clone, a branch, a push, its preview as a comment; the merge, its
 * plan, the apply of each stage; drift. Previews and plans with an account that only looks. One test builds on the one before.
 */

const organization = 'merged'
const key = { TENANTRY_PLAN_KEY: 'integration-tests-0123456789abcdef' }

let tiny: TinyTenant
let hands: Hands
let forge: GitHubStandIn
let scratch: string
let work: string
/** Connections of an account that only looks: all that a preview is given. */
let reader: string

beforeAll(async () => {
  tiny = await openTinyTenant(organization)
  hands = handsOn(tiny.cluster)
  forge = await startGitHub()
  scratch = await mkdtemp(join(tmpdir(), 'tenantry-ci-e2e-'))
  work = tiny.session.files
  const hub = join(scratch, 'hub.git')
  await git(scratch, 'init', '-q', '--bare', '-b', 'main', hub)
  await writeFile(join(work, '.gitignore'), '.tenantry/\nstacks/Pulumi.*.yaml\n')
  await git(work, 'init', '-q', '-b', 'main')
  await git(work, 'remote', 'add', 'origin', hub)
  await git(work, 'add', '--all')
  await git(work, 'commit', '-q', '-m', 'base')
  await git(work, 'push', '-q', 'origin', 'main')
  // Both clusters stand, so that what follows is the change's alone.
  const { code, said } = await runTenantry(tiny.session, ['up', '--quiet'])
  expect(code, said).toBe(0)
  reader = await connectAsReader(tiny, hands, scratch)
})
afterAll(async () => {
  await hands?.close()
  await forge?.close()
  await tiny?.close()
  await rm(scratch, { recursive: true, force: true })
})

const summary = () => join(scratch, 'summary.md')
const output = () => join(scratch, 'output')
beforeEach(async () => {
  for (const file of [summary(), output()]) await writeFile(file, '')
})

/** `tenantry ci` as a job of GitHub Actions runs it. */
const ci = async (
  name: 'pull_request' | 'push' | 'schedule',
  event: object,
  words: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<EndedCommand> => {
  const payload = join(scratch, 'event.json')
  await writeFile(payload, JSON.stringify(event))
  const environment = {
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: payload,
    GITHUB_REPOSITORY: githubRepository,
    GITHUB_API_URL: `${forge.address}/api/v3`,
    GITHUB_GRAPHQL_URL: forge.graphql,
    GITHUB_STEP_SUMMARY: summary(),
    GITHUB_OUTPUT: output(),
    ...(name === 'pull_request' ? { GITHUB_BASE_REF: 'main', GITHUB_TOKEN: githubToken } : key),
    ...more,
  }
  return runTenantry(tiny.session, ['ci', ...words], { environment })
}

const artifact = (name: string): string => join(work, '.tenantry', 'ci', name)

const preview = async (connections = reader): Promise<EndedCommand> => {
  const sha = await git(work, 'rev-parse', 'HEAD')
  forge.head = sha
  const side = { sha, repo: { id: 1 } }
  const event = { pull_request: { number: 7, head: side, base: side } }
  return ci('pull_request', event, ['preview'], { TENANTRY_CONNECTIONS: connections })
}

/** What the branch was before, and the plan of what the merge brings. */
const planMerge = async (before: string): Promise<EndedCommand> =>
  ci('push', { before }, ['preview'], { TENANTRY_CONNECTIONS: reader })

test('a pull request is previewed by the engine, in one comment, by an account that only looks', async () => {
  await git(work, 'fetch', '-q', 'origin')
  await git(work, 'checkout', '-q', '-b', 'change')
  await tiny.edit('shop')
  await git(work, 'commit', '-q', '-a', '-m', 'shop')
  await git(work, 'push', '-q', 'origin', 'change')
  const state = await writtenBelow(tiny.folder)
  const writes = tiny.onWrite(() => undefined)
  const { code, said } = await preview()
  expect(code, said).toBe(0)
  expect(writes()).toBe(0)
  expect(await writtenBelow(tiny.folder)).toEqual(state)
  expect(forge.comments).toHaveLength(1)
  const body = forge.comments[0]?.body ?? ''
  expect(body).toContain('1 of 1 organization')
  expect(body).not.toContain('No engine looked')
  const report = JSON.parse(await readFile(artifact('report.json'), 'utf8')) as { preview: unknown }
  expect(report.preview).toMatchObject({ stacks: 1, failures: [], beyond: [] })
})

test('an engine that cannot look loses no report, and the exit code tells', async () => {
  const { code, said } = await preview(join(scratch, 'nowhere.json'))
  expect(code, said).toBe(3)
  expect(forge.comments).toHaveLength(1)
  expect(forge.comments[0]?.body).toContain('Not previewed')
})

test('the merge is planned, and each stage applied as it was planned and by its own plan alone', async () => {
  const before = await git(work, 'rev-parse', 'main')
  await git(work, 'checkout', '-q', 'main')
  await git(work, 'merge', '-q', '--no-ff', '-m', 'merge', 'change')
  await git(work, 'push', '-q', 'origin', 'main')
  const planned = await planMerge(before)
  expect(planned.code, planned.said).toBe(0)
  expect(await readFile(output(), 'utf8')).toBe('nonprod=1\nprod=0\n')
  const plan = readPlan(artifact('plan-nonprod.json'), key)
  expect(plan).toMatchObject({
    value: { commit: await git(work, 'rev-parse', 'HEAD'), stacks: [{ stack: tiny.stack }] },
  })

  const approved = join(scratch, 'plan.json')
  await writeFile(approved, await readFile(artifact('plan-nonprod.json')))
  const elsewhere = await ci('push', { before }, ['apply', '--stage', 'prod', '--plan', approved])
  expect(elsewhere.code, elsewhere.said).toBe(1)
  expect(elsewhere.stdout).toContain('ci/other-stage')

  const applied = await ci('push', { before }, ['apply', '--stage', 'nonprod', '--plan', approved])
  expect(applied.code, applied.said).toBe(0)
  expect(await readFile(summary(), 'utf8')).toContain('## Applied to nonprod')
  await expect(collectionId(hands, `/Run/Std/${organization}/shop`)).resolves.not.toBe('')
})

test('a merge that changes nothing on any cluster has nothing to approve', async () => {
  const planned = await planMerge(await git(work, 'rev-parse', 'HEAD'))
  expect(planned.code, planned.said).toBe(0)
  expect(await readFile(output(), 'utf8')).toBe('nonprod=0\nprod=0\n')
})

test('what an earlier job did not apply is in the next plan, whatever commit brought it', async () => {
  await tiny.edit('app')
  await git(work, 'commit', '-q', '-a', '-m', 'its job was cancelled')
  const head = await git(work, 'rev-parse', 'HEAD')
  const planned = await planMerge(head)
  expect(planned.code, planned.said).toBe(0)
  expect(await readFile(output(), 'utf8')).toBe('nonprod=1\nprod=0\n')
  // Also from where it was written: an apply takes away the reports of an earlier job, and no plan.
  const words = ['apply', '--stage', 'nonprod', '--plan', artifact('plan-nonprod.json')]
  const applied = await ci('push', { before: head }, words)
  expect(applied.code, applied.said).toBe(0)
  const byHand = await runTenantry(tiny.session, ['ci', 'preview', '--plans'], { environment: key })
  expect(byHand.code, byHand.said).toBe(0)
  expect(readPlan(artifact('plan-nonprod.json'), key)).toMatchObject({ value: { stacks: [] } })
  const again = await ci('push', { before: head }, ['apply'])
  expect(again.code, again.said).toBe(0)
  expect(again.stdout).toContain('as applied before')

  await git(work, 'checkout', '-q', 'HEAD^')
  const older = await planMerge(head)
  expect(older.code, older.said).toBe(1)
  expect(older.stdout).toContain('ci/older-commit')
  await git(work, 'checkout', '-q', 'main')
})

test('drift is told on a schedule, and fails the job', async () => {
  const quiet = await ci('schedule', {}, ['drift'])
  expect(quiet.code, quiet.said).toBe(0)
  await hands.ucp('PATCH', `/accounts/${organization}/teams/developers`, { name: 'hackers' })
  const found = await ci('schedule', {}, ['drift'])
  expect(found.code, found.said).toBe(1)
  expect(await readFile(summary(), 'utf8')).toContain('Something is otherwise than it was applied')
  expect(await readFile(artifact('report.txt'), 'utf8')).toContain('renamed')
  const fixed = await ci('schedule', {}, ['drift', '--fix'])
  expect(fixed.code, fixed.said).toBe(0)
})
