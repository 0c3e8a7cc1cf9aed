import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ucp } from '../../src/clients/ucp.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { destroyStack, refreshStack } from '../../src/engine/run-stack.ts'
import { stackStatus } from '../../src/engine/stack-status.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { containerOf, logIn, serviceSpec } from './as-user.ts'
import { changesOf, failuresOf, type LabSession, openLabSession } from './lab-session.ts'

const run = promisify(execFile)
let session: LabSession

const nonprodStacks = async (...organizations: readonly string[]): Promise<readonly StackState[]> =>
  (await session.stacks(organizations)).filter(({ cluster }) => cluster === 'nonprod')

const nonprod = () => {
  const found = session.lab.clusters.find(({ cluster }) => cluster.cluster === 'nonprod')
  if (found === undefined) throw new Error('no nonprod')
  return found
}

beforeAll(async () => {
  session = await openLabSession()
  const { results } = await session.run('up', await nonprodStacks('data-science', 'insurance'))
  expect(failuresOf(results)).toEqual([])
})
afterAll(async () => {
  await session?.close()
})

/** The stack with another operation in the developers' role, which gives the role another name. */
const withMoreOperations = (
  state: StackState,
): { readonly changed: StackState; readonly oldName: string } => {
  const role = state.resources.find((one) => one.kind === 'Role' && one.key === 'role/developer-nonprod')
  if (role?.kind !== 'Role') throw new Error('no such role')
  const name = 'developer-nonprod-0badcafe'
  const operations = {
    ...role.operations,
    Container: { ...role.operations.Container, 'Container Export': [] },
  }
  const resources = state.resources.map((one) => {
    if (one === role) return { ...role, name, operations }
    return one.kind === 'Grant' && one.role === role.name ? { ...one, role: name } : one
  })
  return { changed: { ...state, resources }, oldName: role.name }
}

describe('a change of a job role’s operations', () => {
  test('takes nothing away from anybody for a moment, and leaves one role', async () => {
    const stacks = await nonprodStacks('data-science')
    const developer = await logIn(session.lab, 'nonprod', 'nadia')
    const created = await developer.call(
      'POST',
      '/services/create',
      serviceSpec('ds-probe', '/Run/Std/data-science', 'busybox:1'),
    )
    expect(created.status, created.text).toBe(201)
    const container = await containerOf(developer, 'ds-probe')
    const state = stacks.find(({ stack }) => stack === 'nonprod.data-science')
    if (state === undefined) throw new Error('no such stack')
    const { changed, oldName } = withMoreOperations(state)
    const refused: string[] = []
    let probes = 0
    let over = false
    const probing = (async () => {
      while (!over) {
        const exec = await developer.call('POST', `/containers/${container}/exec`, { Cmd: ['id'] })
        const seen = await developer.call('GET', '/services/ds-probe')
        probes += 2
        if (exec.status !== 201) refused.push(`exec ${exec.status} ${exec.text}`)
        if (seen.status !== 200) refused.push(`inspect ${seen.status} ${seen.text}`)
        await new Promise((resolve) => setTimeout(resolve, 3))
      }
    })()
    const { results } = await session.run('up', [changed]).finally(() => {
      over = true
    })
    await probing
    expect(failuresOf(results)).toEqual([])
    expect(changesOf(results)).toEqual([
      'nonprod.data-science: replace grant/team/scientists/developer-nonprod/Run/Std/data-science',
      'nonprod.data-science: replace grant/team/scientists/developer-nonprod/Shared/Private/data-science',
      'nonprod.data-science: replace role/developer-nonprod',
    ])
    expect(probes).toBeGreaterThan(50)
    expect(refused).toEqual([])
    // Insurance's developers have the old role still; it goes with the last stack that leaves it.
    const names = nonprod()
      .ucp.state.roles.all()
      .map(({ name }) => name)
    expect(names).toContain('developer-nonprod-0badcafe')
    expect(names).toContain(oldName)
    const back = await session.run('up', [state])
    expect(failuresOf(back.results)).toEqual([])
    expect(
      nonprod()
        .ucp.state.roles.all()
        .map(({ name }) => name),
    ).not.toContain('developer-nonprod-0badcafe')
    await developer.close()
  })
})

describe('the plain Pulumi CLI in the checkout', () => {
  test('previews a stack that tenantry applied as unchanged', async () => {
    const { stdout } = await run(
      'pulumi',
      ['preview', '--stack', 'nonprod.data-science', '--non-interactive', '--color', 'never'],
      {
        cwd: checkoutRoot(),
        env: session.environment,
      },
    )
    expect(stdout).toMatch(/\d+ unchanged/)
    expect(stdout).not.toMatch(/to (create|update|delete|replace)/)
  })
})

describe('what somebody changed by hand', () => {
  test('is found by refresh and mended by the next run', async () => {
    const [, state] = await nonprodStacks('data-science')
    if (state === undefined) throw new Error('no such stack')
    const admin = await logInAsPlatform()
    await admin('DELETE', '/accounts/data-science/teams/scientists')
    const base = { stack: state.stack, engine: session.engine, environment: session.environment }
    const refreshed = await refreshStack(base)
    expect(changesOf([refreshed])).toContain('nonprod.data-science: delete team/scientists')
    const { results } = await session.run('up', [state])
    expect(failuresOf(results)).toEqual([])
    expect(changesOf(results)).toContain('nonprod.data-science: create team/scientists')
    expect(changesOf((await session.run('up', [state])).results)).toEqual([])
  })
})

/** Calls as the platform's own account, an admin: somebody who changes things behind our back. */
const logInAsPlatform = async () => {
  const { ucp, platformPassword } = nonprod()
  const client = new Ucp({
    endpoint: ucp.address,
    caCertificate: ucp.caCertificate,
    username: 'svc-tenantry',
    password: platformPassword,
  })
  return async (method: 'GET' | 'DELETE', path: string): Promise<unknown> => {
    const { text } = await client.send({ method, path })
    return text === '' ? undefined : JSON.parse(text)
  }
}

describe('an organization that goes and comes back', () => {
  test('leaves its data, and finds it again', async () => {
    const [, state] = await nonprodStacks('insurance')
    if (state === undefined) throw new Error('no such stack')
    const base = { stack: state.stack, engine: session.engine, environment: session.environment }
    const destroyed = await destroyStack(base)
    expect(failuresOf([destroyed])).toEqual([])
    expect((await stackStatus(base)).resources).toEqual({})
    const admin = await logInAsPlatform()
    const { Volumes } = (await admin('GET', '/volumes')) as { Volumes: { Name: string }[] }
    const volumes = state.resources.flatMap((one) => (one.kind === 'Volume' ? [one.name] : []))
    expect(volumes.length).toBeGreaterThan(0)
    expect(Volumes.map(({ Name }) => Name)).toEqual(expect.arrayContaining(volumes))
    const accounts = (await admin('GET', '/accounts/?filter=orgs&limit=1000')) as {
      accounts: { name: string }[]
    }
    expect(accounts.accounts.map(({ name }) => name)).not.toContain('insurance')
    const { results } = await session.run('up', [state])
    expect(failuresOf(results)).toEqual([])
    expect(changesOf((await session.run('up', [state])).results)).toEqual([])
  })
})

describe('adoption', () => {
  test('refuses an organization that somebody else made, and names it', async () => {
    const [, state] = await nonprodStacks('data-science')
    if (state === undefined) throw new Error('no such stack')
    const { ucp } = nonprod()
    const taken: StackState = {
      ...state,
      stack: 'nonprod.docker-datacenter',
      resources: state.resources
        .filter(({ kind }) => kind === 'Organization')
        .map((one) => ({ ...one, name: 'docker-datacenter' }) as (typeof state.resources)[number]),
    }
    const { results } = await session.run('up', [taken])
    const said = failuresOf(results).join('\n')
    expect(said).toContain('docker-datacenter')
    expect(said).toMatch(/not made by|foreign|adopt/i)
    expect(said).toContain(ucp.address)
  })
})
