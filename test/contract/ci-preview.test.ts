import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { root as checkout } from '../../bin/bundle.mjs'
import { type GitHubStandIn, githubRepository, githubToken, startGitHub } from './forges/github.ts'
import { type GitLabStandIn, gitlabProject, gitlabToken, startGitLab } from './forges/gitlab.ts'
import { bareEnvironment, type Ended, git, startProgram } from './git-command.ts'

/*
 * `tenantry ci preview` as a job calls it: a bare repository, clones, branches, commits and pushes of the real git; both forges'
 * stand-ins; no engine, which test/integration/ci.test.ts adds.
 */

let scratch: string
let hub: string
let work: string

const edit = async (path: string, before: string | RegExp, after: string): Promise<void> => {
  const text = await readFile(join(work, path), 'utf8')
  const edited = text.replace(before, after)
  if (edited === text) throw new Error(`${path} holds no ${before}`)
  await writeFile(join(work, path), edited)
}

/** Commits everything on a branch of its own and pushes it; the commit. */
const pushBranch = async (branch: string): Promise<string> => {
  await git(work, 'checkout', '-q', '-b', branch)
  await git(work, 'add', '--all')
  await git(work, 'commit', '-q', '-m', branch)
  await git(work, 'push', '-q', 'origin', branch)
  return git(work, 'rev-parse', 'HEAD')
}

/** What a runner has: a clone of its own, on the branch. */
const jobClone = async (branch: string, ...more: string[]): Promise<string> => {
  const folder = join(scratch, `job-${branch}`)
  await git(scratch, 'clone', '-q', '--branch', branch, ...more, `file://${hub}`, folder)
  return folder
}

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'tenantry-ci-base-'))
  for (const folder of ['tenants', 'stacks'])
    await cp(join(checkout, folder), join(base, folder), {
      recursive: true,
      filter: (path) => !path.endsWith('.yaml'),
    })
})
afterAll(() => rm(base, { recursive: true, force: true }))

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'tenantry-ci-'))
  hub = join(scratch, 'hub.git')
  work = join(scratch, 'work')
  await git(scratch, 'init', '-q', '--bare', '-b', 'main', hub)
  await git(scratch, 'clone', '-q', hub, work)
  await cp(base, work, { recursive: true })
  await writeFile(join(work, '.gitignore'), '.tenantry/\n')
  await git(work, 'checkout', '-q', '-b', 'main')
  await git(work, 'add', '--all')
  await git(work, 'commit', '-q', '-m', 'base')
  await git(work, 'push', '-q', 'origin', 'main')
})
afterEach(() => rm(scratch, { recursive: true, force: true }))

const ci = (folder: string, env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> =>
  startProgram(
    process.execPath,
    [join(checkout, 'bin/tenantry.mjs'), '--root', folder, 'ci', 'preview', ...args],
    folder,
    { ...bareEnvironment(), ...env },
  )

const artifact = (folder: string, name: string): Promise<string> =>
  readFile(join(folder, '.tenantry/ci', name), 'utf8')

const secret = 'passphrase-of-the-state-0123456789'

/** One organization gets another agent limit. */
const changeOne = () => edit('tenants/data-science.ts', /costCentre: '[^']*'/, "costCentre: 'DS-9999'")

describe('with plain git alone', () => {
  test('tells what a branch changes against origin/HEAD, and writes artifacts', async () => {
    await edit('tenants/retail-banking.ts', /(developers: \{ role: )'developer'/, "$1'operator'")
    await pushBranch('change')
    const job = await jobClone('change')
    const ended = await ci(job, {}, '--offline')
    expect(ended).toMatchObject({ code: 0 })
    expect(await artifact(job, 'report.md')).toContain('1 of 7 organizations')
    expect(JSON.parse(await artifact(job, 'report.json'))).toMatchObject({
      organizations: { changed: ['retail-banking'] },
    })
    expect((await readdir(join(job, '.tenantry/ci'))).sort()).toEqual([
      'code-quality.json',
      'report.json',
      'report.md',
      'report.txt',
    ])
  })

  test('after the merge, main differs from nothing', async () => {
    await changeOne()
    await pushBranch('change')
    await git(work, 'checkout', '-q', 'main')
    await git(work, 'merge', '-q', '--no-ff', '-m', 'merge', 'change')
    await git(work, 'push', '-q', 'origin', 'main')
    const job = await jobClone('main')
    expect(await ci(job, {}, '--offline', '--base', 'origin/main')).toMatchObject({ code: 0 })
    expect(await artifact(job, 'report.md')).toContain('Nothing changes')
    expect(await ci(job, {}, '--offline', '--base', 'HEAD^1')).toMatchObject({ code: 0 })
    expect(await artifact(job, 'report.md')).toContain('DS-9999')
  })

  test.each([
    ['an unknown REF', ['--base', 'origin/nobody'], 'git/unknown-ref'],
    ['a REF that looks like an option', ['--base=--upload-pack=touch x'], 'git/not-a-ref'],
  ])('refuses %s', async (_, args, code) => {
    const job = await jobClone('main')
    const ended = await ci(job, {}, '--offline', ...args)
    expect(ended).toMatchObject({ code: 1 })
    expect(ended.out).toContain(code)
  })

  test('says what a shallow clone lacks', async () => {
    await changeOne()
    await pushBranch('change')
    const job = await jobClone('change', '--depth', '1')
    const ended = await ci(job, {}, '--offline', '--base', 'origin/main')
    expect(ended).toMatchObject({ code: 1 })
    expect(ended.out).toContain('fetch-depth: 0')
  })

  test('a folder that is gone is an issue', async () => {
    await rm(join(work, 'tenants'), { recursive: true })
    await pushBranch('gone')
    const job = await jobClone('gone')
    expect(await ci(job, {}, '--offline')).toMatchObject({ code: 1 })
    expect(await artifact(job, 'report.md')).toContain('There is no folder tenants/')
  })

  test('an emptied folder is refused by name, and the report still tells what it would do', async () => {
    await rm(join(work, 'tenants'), { recursive: true })
    await mkdir(join(work, 'tenants'))
    await writeFile(join(work, 'tenants', '.gitkeep'), '')
    await pushBranch('emptied')
    const job = await jobClone('emptied')
    const ended = await ci(job, {}, '--offline')
    expect(ended).toMatchObject({ code: 1 })
    expect(ended.out).toContain('7 of 7 tenants')
    expect(await artifact(job, 'report.md')).toContain('Refused as it stands')
    const { refusals } = JSON.parse(await artifact(job, 'report.json'))
    expect(refusals[0]).toMatchObject({ code: 'valve/tenant-gone' })
  })

  test('an override that lets a change pass is told before anything else', async () => {
    await edit('tenants/data-science.ts', /( {2}organization: '[^']*',)/, "$1\n  lifecycle: 'archived',")
    const expires = new Date(Date.now() + 20 * 24 * 3600 * 1000).toISOString().slice(0, 10)
    const scope = "{ rules: ['archived'], organizations: ['data-science'] }"
    await mkdir(join(work, 'overrides'))
    await writeFile(
      join(work, 'overrides', 'bank-17.ts'),
      `import { defineOverride } from '../src/exception/define.ts'
export default defineOverride({ owner: 'ann@bank.example', reason: 'BANK-17: it was merged', scope: ${scope}, expires: '${expires}' })
`,
    )
    await pushBranch('archived')
    const job = await jobClone('archived')
    expect(await ci(job, {}, '--offline')).toMatchObject({ code: 0 })
    const report = await artifact(job, 'report.md')
    expect(report).not.toContain('Refused')
    const [first] = report.split('\n').filter((line) => line.startsWith('- '))
    expect(first).toBe(
      `- **Let through**: \`overrides/bank-17.ts\` lets pass what \`archived\` would refuse, until ${expires}: \`BANK-17: it was merged\` (\`ann@bank.example\`)`,
    )
    const { overrides } = JSON.parse(await artifact(job, 'report.json'))
    expect(overrides).toMatchObject([{ file: 'overrides/bank-17.ts', rules: ['archived'] }])
  })

  test('writes nowhere else where a change brings a link in place of its folder', async () => {
    await writeFile(join(work, '.gitignore'), '')
    await symlink('/tmp', join(work, '.tenantry'))
    await pushBranch('link')
    const job = await jobClone('link')
    const ended = await ci(job, {}, '--offline')
    expect(ended).toMatchObject({ code: 2 })
    expect(ended.err).toContain('.tenantry is a symbolic link')
  })
})

describe('on GitHub', () => {
  let forge: GitHubStandIn
  beforeEach(async () => {
    forge = await startGitHub()
  })
  afterEach(() => forge.close())

  const summary = () => join(scratch, 'summary.md')

  const job = async (
    head: string,
    { fork = false, token = githubToken }: { fork?: boolean; token?: string } = {},
  ): Promise<NodeJS.ProcessEnv> => {
    const event = join(scratch, 'event.json')
    const repo = (id: number) => ({ id, full_name: id === 1 ? githubRepository : 'mallory/tenants' })
    const request = {
      number: 7,
      head: { sha: head, repo: repo(fork ? 2 : 1) },
      base: { sha: head, repo: repo(1) },
    }
    await writeFile(event, JSON.stringify({ pull_request: request }))
    await writeFile(summary(), '')
    forge.head = head
    return {
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_EVENT_PATH: event,
      GITHUB_REPOSITORY: githubRepository,
      GITHUB_API_URL: `${forge.address}/api/v3`,
      GITHUB_GRAPHQL_URL: forge.graphql,
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_RUN_ID: '99',
      GITHUB_BASE_REF: 'main',
      GITHUB_STEP_SUMMARY: summary(),
      ...(token === '' ? {} : { GITHUB_TOKEN: token }),
    }
  }

  const bodies = () => forge.comments.map(({ body }) => body)

  test('posts one comment and updates it in place with the next push', async () => {
    await changeOne()
    const first = await pushBranch('change')
    const folder = await jobClone('change')
    expect(await ci(folder, await job(first), '--offline')).toMatchObject({ code: 0 })
    expect(bodies()).toEqual([await artifact(folder, 'comment.md')])
    expect(bodies()[0]).toContain('DS-9999')
    expect(await readFile(summary(), 'utf8')).toContain('DS-9999')
    await edit('tenants/data-science.ts', 'DS-9999', 'DS-1234')
    await git(work, 'commit', '-q', '-a', '-m', 'again')
    await git(work, 'push', '-q', 'origin', 'change')
    await git(folder, 'pull', '-q')
    const second = await git(folder, 'rev-parse', 'HEAD')
    expect(await ci(folder, await job(second), '--offline')).toMatchObject({ code: 0 })
    expect(bodies()).toHaveLength(1)
    expect(bodies()[0]).toContain('DS-1234')
  })

  test('compares the merge that is checked out with the branch it goes into', async () => {
    await changeOne()
    const head = await pushBranch('change')
    await git(work, 'checkout', '-q', 'main')
    await edit('tenants/insurance.ts', /costCentre: '[^']*'/, "costCentre: 'IN-7777'")
    await git(work, 'commit', '-q', '-a', '-m', 'meanwhile')
    await git(work, 'merge', '-q', '--no-ff', '-m', 'refs/pull/7/merge', 'change')
    await git(work, 'push', '-q', 'origin', 'main:merge', 'main~1:main')
    const folder = await jobClone('merge')
    expect(await ci(folder, await job(head), '--offline')).toMatchObject({ code: 0 })
    expect(bodies()[0]).toContain('DS-9999')
    expect(bodies()[0]).not.toContain('IN-7777')
  })

  test('a fork gets no comment and no secret, and its report is in the summary', async () => {
    await changeOne()
    const head = await pushBranch('change')
    const folder = await jobClone('change')
    const env = {
      ...(await job(head, { fork: true })),
      PULUMI_BACKEND_URL: 'file:///nowhere',
      TENANTRY_CONNECTIONS: '/nowhere',
    }
    const ended = await ci(folder, env)
    expect(ended).toMatchObject({ code: 0 })
    expect(ended.err).toContain('it comes from a fork')
    expect(forge.calls).toEqual([])
    expect(await readFile(summary(), 'utf8')).toContain('DS-9999')
  })

  test('issues are a comment, marks beside the lines, and exit code 1; the next good push puts the report there', async () => {
    await edit('tenants/data-science.ts', 'costCentre', 'costCenter')
    const head = await pushBranch('change')
    const folder = await jobClone('change')
    const ended = await ci(folder, await job(head), '--offline')
    expect(ended).toMatchObject({ code: 1 })
    expect(bodies()[0]).toContain('tenant/unknown-field')
    expect(ended.out).toMatch(
      /^::error file=tenants\/data-science\.ts,line=\d+,col=\d+,title=tenant\/unknown-field::/m,
    )
    expect(JSON.parse(await artifact(folder, 'code-quality.json'))).toMatchObject([
      { check_name: expect.stringContaining('tenant/'), location: { path: 'tenants/data-science.ts' } },
      ...JSON.parse(await artifact(folder, 'code-quality.json')).slice(1),
    ])
    await edit('tenants/data-science.ts', 'costCenter', 'costCentre')
    await changeOne()
    await git(work, 'commit', '-q', '-a', '-m', 'right')
    await git(work, 'push', '-q', 'origin', 'change')
    await git(folder, 'pull', '-q')
    expect(await ci(folder, await job(await git(folder, 'rev-parse', 'HEAD')), '--offline')).toMatchObject({
      code: 0,
    })
    expect(bodies()).toEqual([expect.stringContaining('DS-9999')])
    expect(bodies()[0]).not.toContain('unknown-field')
  })

  test.each([
    ['500', { answer: { status: 500, body: { message: 'oops' } } }],
    ['429', { answer: { status: 429, headers: { 'retry-after': '3600' }, body: { message: 'later' } } }],
    ['403', { answer: { status: 403, body: { message: 'Resource not accessible by integration' } } }],
    ['a cut connection', { instead: 'drop' as const }],
  ])('a forge that answers %s loses no report, and the exit code tells', async (_, fault) => {
    await changeOne()
    const head = await pushBranch('change')
    const folder = await jobClone('change')
    forge.fail({ method: 'GET', path: /pulls/, times: 1000, ...fault })
    const ended = await ci(folder, await job(head), '--offline')
    expect(ended).toMatchObject({ code: 3 })
    expect(ended.err).toContain('The comment was not posted; the report is in .tenantry/ci/comment.md')
    expect(await artifact(folder, 'comment.md')).toContain('DS-9999')
    expect(await readFile(summary(), 'utf8')).toContain('DS-9999')
  })

  test('without a token says so', async () => {
    await changeOne()
    const head = await pushBranch('change')
    const folder = await jobClone('change')
    const ended = await ci(folder, await job(head, { token: '' }), '--offline')
    expect(ended).toMatchObject({ code: 2 })
    expect(ended.err).toContain('pull-requests: write')
  })

  test('nothing that the job was given as a secret leaves it', async () => {
    await edit('tenants/data-science.ts', /costCentre: '[^']*'/, `costCentre: '${secret}'`)
    const head = await pushBranch('change')
    const folder = await jobClone('change')
    const ended = await ci(folder, { ...(await job(head)), PULUMI_CONFIG_PASSPHRASE: secret }, '--offline')
    const files = await Promise.all(
      (await readdir(join(folder, '.tenantry/ci'))).map((name) => artifact(folder, name)),
    )
    for (const text of [...files, ...bodies(), await readFile(summary(), 'utf8')]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(githubToken)
    }
    expect(ended.out + ended.err).not.toContain(githubToken)
  })
})

describe('on GitLab', () => {
  let forge: GitLabStandIn
  beforeEach(async () => {
    forge = await startGitLab()
  })
  afterEach(() => forge.close())

  const job = (head: string, common: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
    forge.head = head
    return {
      GITLAB_CI: 'true',
      CI_PIPELINE_SOURCE: 'merge_request_event',
      CI_API_V4_URL: `${forge.address}/api/v4`,
      CI_PROJECT_ID: gitlabProject,
      CI_MERGE_REQUEST_PROJECT_ID: gitlabProject,
      CI_MERGE_REQUEST_SOURCE_PROJECT_ID: gitlabProject,
      CI_MERGE_REQUEST_IID: '7',
      CI_MERGE_REQUEST_DIFF_BASE_SHA: common,
      CI_COMMIT_SHA: head,
      TENANTRY_FORGE_TOKEN: gitlabToken,
      ...more,
    }
  }

  test('posts one note and updates it in place; quick actions in it do nothing', async () => {
    const common = await git(work, 'rev-parse', 'HEAD')
    await changeOne()
    const head = await pushBranch('change')
    const folder = await jobClone('change')
    expect(await ci(folder, job(head, common), '--offline')).toMatchObject({ code: 0 })
    expect(await ci(folder, job(head, common), '--offline')).toMatchObject({ code: 0 })
    expect(forge.comments).toHaveLength(1)
    expect(forge.comments[0]?.body).toContain('DS-9999')
    expect(forge.actions).toEqual([])
  })

  test('a fork gets no note, whatever the pipeline was given', async () => {
    const common = await git(work, 'rev-parse', 'HEAD')
    await changeOne()
    const head = await pushBranch('change')
    const folder = await jobClone('change')
    const ended = await ci(folder, job(head, common, { CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '77' }))
    expect(ended).toMatchObject({ code: 0 })
    expect(forge.calls).toEqual([])
    expect(await artifact(folder, 'report.md')).toContain('since it comes from a fork')
  })
})

/** What a stranger may write into a tenant file, and into a file's name. */
const hostile = [
  ['code', 'costCentre: (() => { throw 1 })()'],
  ['Markdown', "costCentre: '[click](https://evil.example)'"],
  ['HTML', "costCentre: '<img src=x onerror=alert(1)>'"],
  ['a mention', "costCentre: '@bank/security approved'"],
  ['a command of the runner', "costCentre: '\\n::set-env name=NODE_OPTIONS::--require=x'"],
  ['a quick action', "costCentre: '\\n/merge'"],
  ['a turned text', "costCentre: 'abc\\u202edef'"],
  ['the marker', "costCentre: '<!-- tenantry:report -->'"],
  ['a shell word', "costCentre: '$(touch /tmp/owned)'"],
] as const

describe.each(hostile)('a hostile tenant file with %s', (_, field) => {
  test('is an issue, or harmless text in the comment and the log', async () => {
    const forge = await startGitHub()
    await edit('tenants/data-science.ts', /costCentre: '[^']*'/, field)
    const head = await pushBranch('hostile')
    const folder = await jobClone('hostile')
    const event = join(scratch, 'event.json')
    const repo = { id: 1 }
    forge.head = head
    await writeFile(
      event,
      JSON.stringify({ pull_request: { number: 7, head: { sha: head, repo }, base: { repo } } }),
    )
    const ended = await ci(
      folder,
      {
        GITHUB_ACTIONS: 'true',
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: event,
        GITHUB_REPOSITORY: githubRepository,
        GITHUB_API_URL: `${forge.address}/api/v3`,
        GITHUB_GRAPHQL_URL: forge.graphql,
        GITHUB_BASE_REF: 'main',
        GITHUB_TOKEN: githubToken,
      },
      '--offline',
    )
    await forge.close()
    expect([0, 1]).toContain(ended.code)
    expect(forge.comments).toHaveLength(1)
    const body = forge.comments[0]?.body ?? ''
    const log = (ended.out + ended.err).split('\n')
    expect(
      log.filter((line) => line.trimStart().startsWith('::') && !line.startsWith('::error file=tenants/')),
    ).toEqual([])
    expect(body.split('\n').slice(1).join('\n')).not.toMatch(/^<!-- tenantry/m)
    expect(body).not.toMatch(/\u202e/)
    // Outside of code nothing of it can act.
    const prose = body.replaceAll(/(`+)[\s\S]*?\1/g, '')
    expect(prose).not.toMatch(/^\s*\/merge/m)
    expect(prose).not.toMatch(/<img|\]\(https:\/\/evil|(?<!\\)@bank/)
  })
})

test('hostile files beside tenants/ are issues or no part of it', async () => {
  await symlink('/etc/passwd', join(work, 'tenants', 'passwd.ts'))
  await mkdir(join(work, 'elsewhere'))
  await writeFile(join(work, 'elsewhere', 'x.ts'), 'process.exit(42)')
  await pushBranch('files')
  const job = await jobClone('files')
  const ended = await ci(job, {}, '--offline')
  expect(ended).toMatchObject({ code: 1 })
  expect(ended.out).toContain('tenants/passwd.ts')
  expect(ended.out).not.toContain('root:')
})
