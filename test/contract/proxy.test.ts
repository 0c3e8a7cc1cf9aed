import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'
import { proxyEngine } from '../../src/lab/ucp/proxy.ts'
import type { PlacingProxy } from '../../src/lab/ucp/proxy-contract.ts'
import { FakeAccess } from './proxy-access.ts'

const view = [
  'Service View',
  'Service View Tasks',
  'Container View',
  'Network View',
  'Secret View',
  'Volume View',
  'Config View',
]
const develop = [
  ...view,
  'Service Create',
  'Service Update',
  'Service Delete',
  'Container Exec',
  'Container Attach',
  'Container Logs',
]
const own = [
  'Network Create',
  'Network Connect',
  'Network Remove',
  'Secret Create',
  'Secret Use',
  'Secret View',
  'Secret Update',
  'Network View',
  'Volume Create/Attach',
  'Volume View',
]
const nodes = ['Node Schedule', 'Node View']

const makeAccess = () =>
  new FakeAccess({
    paths: [
      '/Run',
      '/Run/Std',
      '/Run/Std/retail',
      '/Run/Std/retail2',
      '/Run/Std/insurance',
      '/Shared/Private/retail',
      '/Shared/Private/insurance',
      '/Shared/Private/dev',
    ],
    grants: {
      dev: { '/Run/Std': nodes, '/Run/Std/retail': develop, '/Shared/Private/retail': own },
      prod: { '/Run/Std': nodes, '/Run/Std/retail': view },
      other: { '/Run/Std': nodes, '/Run/Std/insurance': develop, '/Shared/Private/insurance': own },
    },
    labelConstraints: {
      '/Run/Std/retail2': [{ type: 'node', label_key: 'ssd', label_value: 'true', equality: true }],
    },
  })

let folder: string
let engine: DockerEngine
let proxy: PlacingProxy
let door: Server
let access: FakeAccess
let port: number

interface Answer {
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: bodies are read freely in tests
  readonly json: any
}

const call = (user: string, method: string, path: string, body?: unknown): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: '127.0.0.1', port, method, path, headers: { 'x-user': user }, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          let json: unknown
          try {
            json = JSON.parse(text)
          } catch {
            json = undefined
          }
          resolve({ status: response.statusCode ?? 0, text, json })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })

/** What comes back over a hijacked connection, or the refusal. */
const hijack = (user: string, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify({ Tty: true })
    const sent = httpRequest({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path,
      agent: false,
      headers: { 'x-user': user, connection: 'Upgrade', upgrade: 'tcp', 'content-length': text.length },
    })
    sent.on('upgrade', (_response, socket, head) => {
      let seen = head.toString()
      socket.on('data', (chunk: Buffer) => {
        seen += chunk.toString()
      })
      socket.on('end', () => resolve(seen))
    })
    sent.on('response', (response) => resolve(`refused ${response.statusCode}`))
    sent.on('error', reject)
    sent.end(text)
  })

const callerOf = (name: string) => ({ id: name, name, isAdmin: name === 'admin' })

const labels = (path: string) => ({ 'com.docker.ucp.access.label': path })
const web = (path: string, more: object = {}, template: object = {}) => ({
  Name: 'web',
  Labels: labels(path),
  TaskTemplate: { ContainerSpec: { Image: 'nginx:1.25', ...more }, ...template },
})

const moveNode = async (hostname: string, path: string, user = 'admin'): Promise<Answer> => {
  const node = (await call('admin', 'GET', `/nodes/${hostname}`)).json
  const spec = { ...node.Spec, Labels: { ...node.Spec.Labels, ...labels(path) } }
  return call(user, 'POST', `/nodes/${node.ID}/update?version=${node.Version.Index}`, spec)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-proxy-'))
  engine = await startDockerEngine({ socketPath: join(folder, 'docker.sock'), seed: 'proxy' })
  access = makeAccess()
  proxy = proxyEngine({
    access,
    engineSocket: engine.socketPath,
    isSigned: (image) => image.startsWith('signed/'),
  })
  engine.whenJoined(proxy.placeNodes.bind(proxy))
  door = createServer((request, response) => {
    void proxy.handle(callerOf(String(request.headers['x-user'])), request, response)
  })
  door.on('upgrade', (request, socket, head) => {
    void proxy.upgrade(callerOf(String(request.headers['x-user'])), request, socket, head)
  })
  await new Promise<void>((resolve) => {
    door.listen(0, '127.0.0.1', resolve)
  })
  const address = door.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
  for (const [hostname, role] of [
    ['manager', 'manager'],
    ['run-1', 'worker'],
    ['spare', 'worker'],
  ] as const)
    await engine.joinNode({ hostname, cpus: 4, memoryBytes: 2 ** 33, role })
  await moveNode('run-1', '/Run/Std')
})

afterEach(async () => {
  await proxy.close()
  await engine.stop()
  await new Promise((resolve) => {
    door.close(resolve)
    door.closeAllConnections()
  })
  await rm(folder, { recursive: true })
})

describe('nodes', () => {
  it('are labelled when they join', async () => {
    const nodes = await engine.nodes()
    const labelsOf = (name: string) =>
      nodes.find(({ Description }) => Description.Hostname === name)?.Spec.Labels
    expect(labelsOf('spare')).toEqual({
      'com.docker.ucp.access.label': '/Shared',
      'com.docker.ucp.collection': 'shared',
      'com.docker.ucp.collection.root': 'true',
      'com.docker.ucp.collection.swarm': 'true',
      'com.docker.ucp.collection.shared': 'true',
      'com.docker.ucp.orchestrator.swarm': 'true',
    })
    expect(labelsOf('manager')).toMatchObject({ 'com.docker.ucp.collection': 'system' })
    expect(labelsOf('run-1')).toMatchObject({ 'com.docker.ucp.collection.run-std': 'true' })
    expect(labelsOf('run-1')).not.toHaveProperty(['com.docker.ucp.collection.shared'])
  })

  it('of the system cannot be moved, others not without a licence, none by users', async () => {
    expect(await moveNode('manager', '/Run/Std')).toMatchObject({
      status: 400,
      json: { message: expect.stringMatching(/system/) },
    })
    expect((await moveNode('spare', '/Run/Std', 'dev')).status).toBe(403)
    access.policy = { ...access.policy, advancedLicense: false }
    expect((await moveNode('spare', '/Run/Std')).json.message).toContain('advanced license')
    expect((await moveNode('spare', '/nowhere')).status).toBe(404)
  })

  it('are seen by those who may', async () => {
    const seen = (await call('dev', 'GET', '/v1.39/nodes')).json
    expect(
      seen.map(({ Description }: { Description: { Hostname: string } }) => Description.Hostname),
    ).toEqual(['run-1'])
    expect((await call('dev', 'GET', '/swarm')).status).toBe(403)
    expect((await call('admin', 'GET', '/swarm')).status).toBe(200)
  })
})

describe('services', () => {
  it('are labelled, constrained and scheduled where the caller may', async () => {
    const made = await call(
      'dev',
      'POST',
      '/services/create',
      web('/Run/Std/retail', { Labels: { mine: 'yes' } }),
    )
    expect(made.status).toBe(201)
    const { Spec } = (await call('dev', 'GET', `/services/${made.json.ID}`)).json
    const injected = {
      'com.docker.ucp.access.label': '/Run/Std/retail',
      'com.docker.ucp.collection': 'run-std-retail',
      'com.docker.ucp.collection.root': 'true',
      'com.docker.ucp.collection.swarm': 'true',
      'com.docker.ucp.collection.run': 'true',
      'com.docker.ucp.collection.run-std': 'true',
      'com.docker.ucp.collection.run-std-retail': 'true',
    }
    expect(Spec.Labels).toEqual(injected)
    expect(Spec.TaskTemplate.ContainerSpec.Labels).toEqual({ mine: 'yes', ...injected })
    expect(Spec.TaskTemplate.Placement.Constraints).toEqual([
      'node.labels.com.docker.ucp.collection.run-std==true',
      'node.labels.com.docker.ucp.orchestrator.swarm==true',
    ])
    const [task] = (await call('dev', 'GET', '/tasks')).json
    expect(task.Status.State).toBe('running')
    const nodes = await engine.nodes()
    expect(nodes.find(({ ID }) => ID === task.NodeID)?.Description.Hostname).toBe('run-1')
  })

  it('of an admin keep off the managers, and take the collection’s label constraints', async () => {
    await call('admin', 'POST', '/services/create', web('/Run/Std/retail2'))
    const { Spec } = (await call('admin', 'GET', '/services/web')).json
    expect(Spec.TaskTemplate.Placement.Constraints).toEqual([
      'node.labels.ssd==true',
      'node.labels.com.docker.ucp.collection.swarm==true',
      'node.labels.com.docker.ucp.collection.system!=true',
      'node.labels.com.docker.ucp.orchestrator.swarm==true',
    ])
  })

  it('cannot widen where they run by constraints or labels of their own', async () => {
    const forged = web(
      '/Run/Std/retail',
      {},
      { Placement: { Constraints: ['node.labels.com.docker.ucp.collection.system==true'] } },
    )
    Object.assign(forged.Labels, {
      'com.docker.ucp.collection': 'run-std-insurance',
      'com.docker.ucp.collection.run-std-insurance': 'true',
    })
    await call('dev', 'POST', '/services/create', forged)
    const { Spec } = (await call('admin', 'GET', '/services/web')).json
    expect(JSON.stringify(Spec)).not.toContain('insurance')
    expect(JSON.stringify(Spec.TaskTemplate.Placement)).not.toContain('system')
  })

  it('are refused with UCP’s text, into unknown collections, and where one may not schedule', async () => {
    expect(await call('prod', 'POST', '/services/create', web('/Run/Std/retail'))).toMatchObject({
      status: 403,
      json: { message: 'access denied:\nno access to Service Create, on collection run-std-retail' },
    })
    expect((await call('dev', 'POST', '/services/create', web('/Run/Std/nowhere'))).status).toBe(404)
    expect(
      (await call('dev', 'POST', '/services/create', { ...web('/'), Labels: {} })).json.message,
    ).toContain('shared-private-dev')
    expect(
      (
        await call(
          'dev',
          'POST',
          '/services/create',
          web('/Run/Std/retail', { Mounts: [{ Type: 'bind', Source: '/', Target: '/h' }] }),
        )
      ).json.message,
    ).toBe('access denied:\nno access to Service Create [Host Bind Mounts], on collection run-std-retail')
  })

  it('check Create and Update on both collections when they move', async () => {
    await call('dev', 'POST', '/services/create', web('/Run/Std/retail'))
    const service = (await call('dev', 'GET', '/services/web')).json
    const update = (user: string, path: string) =>
      call(user, 'POST', `/services/web/update?version=${service.Version.Index}`, {
        ...service.Spec,
        Labels: labels(path),
      })
    expect((await update('dev', '/Run/Std/retail2')).json.message).toBe(
      'access denied:\nno access to Service Create, Service Update, on collection run-std-retail2',
    )
    expect((await update('prod', '/Run/Std/retail')).status).toBe(403)
    expect((await update('admin', '/Run/Std/retail2')).status).toBe(200)
    expect((await call('dev', 'GET', '/services')).json).toEqual([])
    expect((await call('dev', 'GET', '/services/web')).status).toBe(403)
  })

  it('need the use of what they refer to', async () => {
    const network = { Name: 'theirs', Driver: 'overlay', Labels: labels('/Shared/Private/insurance') }
    expect((await call('other', 'POST', '/networks/create', network)).status).toBe(201)
    const secret = await call('other', 'POST', '/secrets/create', {
      Name: 'pin',
      Data: 'YQ==',
      Labels: labels('/Shared/Private/insurance'),
    })
    const refused = await call(
      'dev',
      'POST',
      '/services/create',
      web(
        '/Run/Std/retail',
        { Secrets: [{ SecretID: secret.json.ID, File: { Name: 'pin' } }] },
        { Networks: [{ Target: 'theirs' }] },
      ),
    )
    expect(refused.json.message).toBe(
      'access denied:\nno access to Network Connect, Secret Use, on collection shared-private-insurance',
    )
    const mine = { Name: 'mine', Driver: 'overlay', Labels: labels('/Shared/Private/retail') }
    expect((await call('dev', 'POST', '/networks/create', mine)).status).toBe(201)
    expect(
      (
        await call(
          'dev',
          'POST',
          '/services/create',
          web('/Run/Std/retail', {}, { Networks: [{ Target: 'mine' }] }),
        )
      ).status,
    ).toBe(201)
  })

  it('run signed images only where that is required', async () => {
    access.trust = { required: true, signers: ['acme/ci'] }
    expect(await call('dev', 'POST', '/services/create', web('/Run/Std/retail'))).toMatchObject({
      status: 403,
      json: { message: expect.stringMatching(/signing policy/) },
    })
    expect(
      (await call('dev', 'POST', '/services/create', web('/Run/Std/retail', { Image: 'signed/nginx:1' })))
        .status,
    ).toBe(201)
  })
})

describe('lists and inspects', () => {
  it('hide what the caller may not view', async () => {
    await call('other', 'POST', '/services/create', { ...web('/Run/Std/insurance'), Name: 'claims' })
    await call('other', 'POST', '/secrets/create', {
      Name: 'pin',
      Data: 'YQ==',
      Labels: labels('/Shared/Private/insurance'),
    })
    await call('admin', 'POST', '/volumes/create', { Name: 'loose' })
    for (const page of ['/services', '/tasks', '/containers/json', '/secrets'])
      expect((await call('dev', 'GET', page)).json, page).toEqual([])
    expect((await call('dev', 'GET', '/volumes')).json.Volumes).toEqual([])
    expect((await call('other', 'GET', '/services')).json).toHaveLength(1)
    expect((await call('admin', 'GET', '/secrets')).json).toHaveLength(1)
    expect((await call('dev', 'GET', '/services/claims')).status).toBe(403)
    expect((await call('dev', 'GET', '/services/none-such')).status).toBe(404)
    expect((await call('dev', 'DELETE', '/services/claims')).status).toBe(403)
    expect((await call('admin', 'POST', '/networks/prune')).status).toBe(501)
    expect((await call('dev', 'POST', '/images/create?fromImage=x')).status).toBe(403)
  })

  it('count what stands in a collection', async () => {
    await call('dev', 'POST', '/services/create', web('/Run/Std/retail'))
    expect(await proxy.census('run-std-retail')).toEqual({ nodes: 0, resources: 1 })
    expect(await proxy.census('run-std')).toEqual({ nodes: 1, resources: 0 })
    expect(await proxy.census('run-std-insurance')).toEqual({ nodes: 0, resources: 0 })
  })
})

describe('exec', () => {
  it('goes through a hijacked connection for those who may, and is refused to others', async () => {
    await call('dev', 'POST', '/services/create', web('/Run/Std/retail', { Hostname: 'w1' }))
    const [container] = (await call('prod', 'GET', '/containers/json')).json
    const form = { Cmd: ['hostname'], Tty: true }
    expect((await call('prod', 'POST', `/containers/${container.Id}/exec`, form)).json.message).toBe(
      'access denied:\nno access to Container Exec, on collection run-std-retail',
    )
    expect((await call('other', 'GET', `/containers/${container.Id}/json`)).status).toBe(403)
    const exec = await call('dev', 'POST', `/containers/${container.Id}/exec`, form)
    expect(exec.status).toBe(201)
    expect(await hijack('prod', `/v1.39/exec/${exec.json.Id}/start`)).toBe('refused 403')
    expect(await hijack('dev', `/v1.39/exec/${exec.json.Id}/start`)).toBe('w1\r\n')
    expect((await call('dev', 'GET', `/exec/${exec.json.Id}/json`)).json.ExitCode).toBe(0)
  })
})

describe('events', () => {
  it('are those of what the caller may view', async () => {
    const first = new Promise<string>((resolve, reject) => {
      const sent = httpRequest(
        { host: '127.0.0.1', port, path: '/events', headers: { 'x-user': 'dev' }, agent: false },
        (response) => {
          response.once('data', (chunk: Buffer) => {
            resolve(chunk.toString())
            sent.destroy()
          })
          void call('other', 'POST', '/secrets/create', {
            Name: 'theirs',
            Data: 'YQ==',
            Labels: labels('/Shared/Private/insurance'),
          }).then(() =>
            call('dev', 'POST', '/secrets/create', {
              Name: 'mine',
              Data: 'YQ==',
              Labels: labels('/Shared/Private/retail'),
            }),
          )
        },
      )
      sent.on('error', reject)
      sent.end()
    })
    expect(JSON.parse((await first).split('\n', 1)[0] ?? '')).toMatchObject({
      Actor: { Attributes: { name: 'mine' } },
    })
  })
})
