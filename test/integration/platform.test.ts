import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { hasChanges } from '../../src/engine/stack-result.ts'
import { diffStates } from '../../src/plan/changes.ts'
import { containerOf, logIn, serviceSpec } from './as-user.ts'
import { changesOf, failuresOf, type LabSession, openLabSession } from './lab-session.ts'

let session: LabSession

beforeAll(async () => {
  session = await openLabSession()
})
afterAll(async () => {
  await session?.close()
})

const clusterLab = (name: string) => {
  const found = session.lab.clusters.find(({ cluster }) => cluster.cluster === name)
  if (found === undefined) throw new Error(`no cluster ${name}`)
  return found
}

/** Calls of the platform's account that could have changed something on any cluster since the logs were cleared. */
const writes = (): string[] =>
  session.lab.clusters.flatMap(({ ucp, registry }) =>
    [...ucp.log.calls(), ...registry.log.calls()]
      .filter(({ method, path }) => method !== 'GET' && !path.startsWith('/auth/'))
      .map(({ method, path }) => `${method} ${path}`),
  )

const clearLogs = (): void => {
  for (const { ucp, registry } of session.lab.clusters) {
    ucp.log.clear()
    registry.log.clear()
  }
}

const edit = async (file: string, change: (text: string) => string): Promise<void> => {
  const path = join(session.files, file)
  const before = await readFile(path, 'utf8')
  const after = change(before)
  expect(after).not.toBe(before)
  await writeFile(path, after)
}

describe('every sample organization on both clusters', () => {
  test('is brought there by one run, and a second run changes nothing', async () => {
    const stacks = await session.stacks([])
    const first = await session.run('up', stacks)
    expect(failuresOf(first.results)).toEqual([])
    for (const { stack, resources } of first.results)
      expect(resources.length, stack).toBe(stacks.find((state) => state.stack === stack)?.resources.length)
    const second = await session.run('up', stacks)
    expect(failuresOf(second.results)).toEqual([])
    expect(changesOf(second.results)).toEqual([])
  })

  test('needs no engine while the files say what was applied last', async () => {
    const { results, skipped } = await session.run('up', await session.stacks([]), { full: false })
    expect(results).toEqual([])
    expect(skipped.length).toBe((await session.stacks([])).length)
  })
})

describe('a developer of retail banking', () => {
  const collection = '/Run/Std/retail-banking'

  test('creates a service on non-prod and execs into it', async () => {
    const developer = await logIn(session.lab, 'nonprod', 'ben')
    const created = await developer.call(
      'POST',
      '/services/create',
      serviceSpec('rb-try', collection, 'busybox:1'),
    )
    expect(created.status, created.text).toBe(201)
    const container = await containerOf(developer, 'rb-try')
    const exec = await developer.call('POST', `/containers/${container}/exec`, {
      Cmd: ['id'],
      AttachStdout: true,
    })
    expect(exec.status, exec.text).toBe(201)
    await developer.close()
  })

  test('neither creates nor execs on prod, but looks', async () => {
    const developer = await logIn(session.lab, 'prod', 'ben')
    const created = await developer.call(
      'POST',
      '/services/create',
      serviceSpec('rb-prod', collection, 'busybox:1'),
    )
    expect(created.status).toBe(403)
    expect(created.text).toContain('Service Create')
    expect((await developer.call('GET', '/services')).status).toBe(200)
    await developer.close()
  })

  test('sees nothing of insurance', async () => {
    const carla = await logIn(session.lab, 'nonprod', 'carla')
    const theirs = await carla.call(
      'POST',
      '/services/create',
      serviceSpec('ins-try', '/Run/Std/insurance/claims', 'busybox:1'),
    )
    expect(theirs.status, theirs.text).toBe(201)
    const developer = await logIn(session.lab, 'nonprod', 'ben')
    for (const path of [
      '/services',
      '/networks',
      '/secrets',
      '/volumes',
      '/tasks',
      '/collections?limit=1000',
    ])
      expect((await developer.call('GET', path)).text, path).not.toMatch(/insurance|ins-try/)
    const inspected = await developer.call('GET', '/services/ins-try')
    expect([403, 404]).toContain(inspected.status)
    expect(
      (await developer.call('POST', '/services/create', serviceSpec('x', '/Run/Std/insurance', 'busybox:1')))
        .status,
    ).not.toBe(201)
    await developer.close()
    await carla.close()
  })
})

describe('a release manager of retail banking', () => {
  test('deploys a signed image on prod and is refused exec', async () => {
    const { registry } = clusterLab('prod')
    await registry.pushTag({
      namespace: 'retail-banking',
      repository: 'payments-api-prod',
      tag: '1.0.0',
      author: 'svc-tenantry',
      image: { signers: ['ruth', 'samir'] },
    })
    const image = `${registry.address.replace('https://', '')}/retail-banking/payments-api-prod:1.0.0`
    const manager = await logIn(session.lab, 'prod', 'farid')
    const created = await manager.call(
      'POST',
      '/services/create',
      serviceSpec('payments-api', '/Run/Std/retail-banking', image),
    )
    expect(created.status, created.text).toBe(201)
    const container = await containerOf(manager, 'payments-api')
    const exec = await manager.call('POST', `/containers/${container}/exec`, { Cmd: ['id'] })
    expect(exec.status).toBe(403)
    expect(exec.text).toContain('Container Exec')
    await manager.close()
  })
})

describe('a change', () => {
  const newcomer = `import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: 'newcomer',
  size: 'small',
  owner: 'new.owner@bank.example',
  technicalLead: 'new.lead@bank.example',
  costCentre: 'NEW-1000',
  teams: { developers: { role: 'developer', ldapGroup: 'CN=NEW-Developers,OU=Groups,DC=bank,DC=example' } },
  offers: { 'run/std': {} },
  applications: { portal: { environments: ['dev', 'prod'] } },
})
`

  test('that adds a tenant file touches the two stacks of that tenant, as the preview says', async () => {
    await writeFile(join(session.files, 'tenants', 'newcomer.ts'), newcomer)
    const stacks = await session.stacks([])
    const preview = await session.run('preview', stacks, { full: false })
    expect(failuresOf(preview.results)).toEqual([])
    expect(preview.results.map(({ stack }) => stack)).toEqual(['nonprod.newcomer', 'prod.newcomer'])
    const planned = changesOf(preview.results)
    expect(planned.every((line) => line.includes(': create '))).toBe(true)
    const up = await session.run('up', stacks, { full: false })
    expect(failuresOf(up.results)).toEqual([])
    expect(changesOf(up.results)).toEqual(planned)
    const again = await session.run('up', stacks)
    expect(again.results.filter(hasChanges).map(({ stack }) => stack)).toEqual([])
  })

  test('of one field changes only what follows from it, as the preview says', async () => {
    const before = await session.stacks([])
    await edit('tenants/retail-banking.ts', (text) => text.replace(/(CN=RB-Business),/, '$1-Next,'))
    const stacks = await session.stacks([])
    const follows = stacks.flatMap((state, index) =>
      diffStates(before[index], state).map(({ key }) => `${state.stack} ${key}`),
    )
    const preview = await session.run('preview', stacks, { full: false })
    const planned = changesOf(preview.results)
    expect(new Set(preview.results.map(({ stack }) => stack))).toEqual(
      new Set(['nonprod.retail-banking', 'prod.retail-banking']),
    )
    // The team, its group in Vault, and Jenkins, whose roles name the group; nothing else.
    const touched = planned.map((line) => line.replace(/: \w+ /, ' '))
    expect(new Set(touched)).toEqual(new Set(follows))
    for (const name of touched) expect(name).toMatch(/team\/business|rb-business|ci\/jenkins/)
    const up = await session.run('up', stacks, { full: false })
    expect(failuresOf(up.results)).toEqual([])
    expect(changesOf(up.results)).toEqual(planned)
  })
})

describe('bad input', () => {
  test('is reported with its place and touches no cluster', async () => {
    const file = join(session.files, 'tenants', 'broken.ts')
    await writeFile(file, 'export default defineTenant({ organization: process.exit(3) })\n')
    clearLogs()
    const printed: string[] = []
    const write = process.stdout.write.bind(process.stdout)
    process.stdout.write = (chunk: string | Uint8Array) => {
      printed.push(String(chunk))
      return true
    }
    const code = await main(['--root', session.files, 'up', '--json']).finally(() => {
      process.stdout.write = write
    })
    await rm(file)
    expect(code).toBe(1)
    const { issues } = JSON.parse(printed.join('')) as {
      issues: { code: string; source: { file: string; line: number } }[]
    }
    expect(issues[0]).toMatchObject({
      code: 'reader/call',
      source: { file: 'tenants/broken.ts', line: 1, column: 45 },
    })
    expect(writes()).toEqual([])
  })
})

describe('a connection that does not work', () => {
  const previewWith = async (
    change: (connections: {
      clusters: Record<string, { ucp: Record<string, string> }>
    }) => Promise<void> | void,
  ) => {
    const original = await readFile(session.lab.layout.connections, 'utf8')
    const connections = JSON.parse(original)
    await change(connections)
    const file = join(session.lab.layout.folder, 'connections-wrong.json')
    await writeFile(file, JSON.stringify(connections))
    await edit('tenants/data-science.ts', (text) => `${text}\n`)
    const [state] = (await session.stacks(['data-science'])).filter(
      ({ stack }) => stack === 'nonprod.data-science',
    )
    if (state === undefined) throw new Error('no such stack')
    // A renamed organization has to be created: every call begins with the log-in.
    const renamed = JSON.parse(JSON.stringify(state).replaceAll('data-science', 'data-silence'))
    const before = session.environment.TENANTRY_CONNECTIONS
    session.environment.TENANTRY_CONNECTIONS = file
    const report = await session.run('up', [renamed]).finally(() => {
      if (before !== undefined) session.environment.TENANTRY_CONNECTIONS = before
    })
    return failuresOf(report.results).join('\n')
  }
  const nonprod = (connections: { clusters: Record<string, { ucp: Record<string, string> }> }) => {
    const found = connections.clusters.nonprod
    if (found === undefined) throw new Error('no nonprod')
    return found
  }

  test('names the endpoint and what to check when the password is wrong', async () => {
    const file = join(session.lab.layout.folder, 'wrong-password')
    await writeFile(file, 'not-the-password')
    const said = await previewWith((connections) => {
      nonprod(connections).ucp.passwordFile = file
    })
    expect(said).toContain(clusterLab('nonprod').ucp.address)
    expect(said).toMatch(/password|user name/i)
    expect(said).not.toContain('not-the-password')
  })

  test('names the endpoint and what to check when nobody answers', async () => {
    const said = await previewWith((connections) => {
      nonprod(connections).ucp.endpoint = 'https://127.0.0.1:9'
    })
    expect(said).toContain('https://127.0.0.1:9')
    expect(said).toMatch(/cannot be reached/)
  })

  test('names the endpoint and what to check when the certificate is not trusted', async () => {
    const said = await previewWith((connections) => {
      nonprod(connections).ucp.caFile = join(session.lab.layout.secrets, 'prod', 'ucp-ca.pem')
    })
    expect(said).toContain(clusterLab('nonprod').ucp.address)
    expect(said).toMatch(/certificate/i)
  })
})
