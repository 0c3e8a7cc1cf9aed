import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSession } from '../../../src/cli/ci/ci-session.ts'
import type { CommandContext } from '../../../src/cli/command-context.ts'
import { UsageError } from '../../../src/cli/exit-code.ts'
import { fakeTerminal } from '../fake-terminal.ts'

let root: string
let codes: number[]
let context: CommandContext
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenantry-session-'))
  codes = []
  context = { root, project: root, terminal: fakeTerminal(), finish: (code) => codes.push(code) }
})
afterEach(() => rm(root, { recursive: true, force: true }))

const platform = {
  PULUMI_BACKEND_URL: 'file:///state',
  PULUMI_CONFIG_PASSPHRASE: 'passphrase-0123456789',
  TENANTRY_CONNECTIONS: '/etc/tenantry/connections.json',
  TENANTRY_PLAN_KEY: 'plan-key-0123456789',
  VAULT_TOKEN: 'hvs.0123456789',
}

const onGitHub = async (headRepository: number): Promise<NodeJS.ProcessEnv> => {
  const event = join(root, 'event.json')
  const side = (id: number) => ({ sha: 'a'.repeat(40), repo: { id } })
  await writeFile(
    event,
    JSON.stringify({ pull_request: { number: 7, head: side(headRepository), base: side(1) } }),
  )
  return {
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: event,
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
    GITHUB_REPOSITORY: 'bank/tenants',
    GITHUB_TOKEN: 'ghs_0123456789',
    HOME: '/home/runner',
    ...platform,
  }
}

describe('what a job takes out of its environment', () => {
  test('is the forge’s token, which no program that it starts is to have', async () => {
    const environment = await onGitHub(1)
    const session = await openSession(context, environment, 'dropped')
    expect(session?.token?.reveal()).toBe('ghs_0123456789')
    expect(environment.GITHUB_TOKEN).toBeUndefined()
    expect(environment).toMatchObject(platform)
    expect(session?.secrets.map((secret) => secret.reveal()).sort()).toEqual([
      'ghs_0123456789',
      'hvs.0123456789',
      'passphrase-0123456789',
      'plan-key-0123456789',
    ])
  })

  test('is everything that may be a secret, where the pull request comes from a fork', async () => {
    const environment = await onGitHub(2)
    const session = await openSession(context, environment, 'dropped')
    expect(session?.token).toBeUndefined()
    expect(Object.keys(environment).filter((name) => /PULUMI|VAULT|TENANTRY|TOKEN/.test(name))).toEqual([])
    expect(environment.HOME).toBe('/home/runner')
  })
})

describe('the folder for artifacts', () => {
  test('is empty at first, whatever an earlier run left', async () => {
    await mkdir(join(root, '.tenantry/ci'), { recursive: true })
    for (const name of ['report.md', 'plan-prod.json', 'plans'])
      await writeFile(join(root, '.tenantry/ci', name), 'of yesterday')
    const applying = await openSession(context, {}, 'kept')
    expect(await readdir(applying?.folder ?? '')).toEqual(['plan-prod.json'])
    const previewing = await openSession(context, {}, 'dropped')
    expect(await readdir(previewing?.folder ?? '')).toEqual([])
  })

  test.each(['.tenantry', '.tenantry/ci'])('is no link: %s', async (path) => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'tenantry-elsewhere-'))
    await writeFile(join(elsewhere, 'kept'), '')
    if (path !== '.tenantry') await mkdir(join(root, '.tenantry'))
    await symlink(elsewhere, join(root, path))
    await expect(openSession(context, {}, 'dropped')).rejects.toBeInstanceOf(UsageError)
    expect(await readdir(elsewhere)).toEqual(['kept'])
    await rm(elsewhere, { recursive: true })
  })
})

test('a job that lacks what its forge sets is told so', async () => {
  expect(
    await openSession(context, { GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'push' }, 'kept'),
  ).toBeUndefined()
  expect(codes).toEqual([1])
})
