import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'

let folder: string
let engine: DockerEngine

interface Answer {
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: bodies of the engine are read freely in tests
  readonly json: any
}

const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest({ socketPath: engine.socketPath, method, path }, (response) => {
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
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })

const gibibyte = 2 ** 30
const web = (more: Record<string, unknown> = {}, replicas = 1) => ({
  Name: 'web',
  TaskTemplate: { ContainerSpec: { Image: 'nginx:1.25' }, ...more },
  Mode: { Replicated: { Replicas: replicas } },
})
const filter = (filters: unknown): string => `filters=${encodeURIComponent(JSON.stringify(filters))}`

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-engine-'))
  engine = await startDockerEngine({ socketPath: join(folder, 'docker.sock'), seed: 'test' })
  await engine.joinNode({ hostname: 'manager', cpus: 4, memoryBytes: 8 * gibibyte, role: 'manager' })
  await engine.joinNode({ hostname: 'one', cpus: 4, memoryBytes: 8 * gibibyte, labels: { zone: 'a' } })
  await engine.joinNode({ hostname: 'two', cpus: 4, memoryBytes: 8 * gibibyte, labels: { zone: 'b' } })
})

afterEach(async () => {
  await engine.stop()
  await rm(folder, { recursive: true })
})

describe('system calls', () => {
  it('answers with and without a version prefix, and refuses a newer one', async () => {
    expect((await call('GET', '/_ping')).text).toBe('OK')
    expect((await call('GET', '/v1.39/version')).json.ApiVersion).toBe('1.39')
    expect((await call('GET', '/v1.99/version')).status).toBe(400)
    expect((await call('GET', '/nowhere')).json).toEqual({ message: 'page not found' })
    expect((await call('GET', '/swarm')).json.JoinTokens.Worker).toMatch(/^SWMTKN-1-/)
    expect((await call('GET', '/info')).json.Swarm.Nodes).toBe(3)
  })
})

describe('services and the scheduler', () => {
  it('spreads replicas and runs a container for each', async () => {
    const { status, json } = await call('POST', '/services/create', web({}, 3))
    expect(status).toBe(201)
    const tasks = (await call('GET', `/tasks?${filter({ service: [json.ID] })}`)).json
    expect(new Set(tasks.map((task: { NodeID: string }) => task.NodeID)).size).toBe(3)
    expect(tasks.every((task: { Status: { State: string } }) => task.Status.State === 'running')).toBe(true)
    expect((await call('GET', '/containers/json')).json).toHaveLength(3)
  })

  it('keeps a task pending with the engine’s sentence until a node fits', async () => {
    await call('POST', '/services/create', web({ Placement: { Constraints: ['node.labels.zone==c'] } }))
    const [task] = (await call('GET', '/tasks')).json
    expect(task.Status).toMatchObject({
      State: 'pending',
      Err: 'no suitable node (scheduling constraints not satisfied on 3 nodes)',
    })
    await engine.joinNode({ hostname: 'three', cpus: 1, memoryBytes: gibibyte, labels: { zone: 'c' } })
    expect((await call('GET', '/tasks')).json[0].Status.State).toBe('running')
  })

  it('counts reservations', async () => {
    await call('POST', '/services/create', web({ Resources: { Reservations: { NanoCPUs: 3e9 } } }, 4))
    const states = (await call('GET', '/tasks')).json.map(
      (task: { Status: { State: string } }) => task.Status.State,
    )
    expect(states.filter((state: string) => state === 'running')).toHaveLength(3)
    expect(states.filter((state: string) => state === 'pending')).toHaveLength(1)
  })

  it('moves tasks off a drained node and leaves those of a paused one', async () => {
    const { json } = await call(
      'POST',
      '/services/create',
      web({ Placement: { Constraints: ['node.role==worker'] } }, 2),
    )
    const [, one, two] = (await call('GET', '/nodes')).json
    const set = (node: { ID: string; Version: { Index: number }; Spec: object }, Availability: string) =>
      call('POST', `/nodes/${node.ID}/update?version=${node.Version.Index}`, { ...node.Spec, Availability })
    await set(one, 'pause')
    const live = async () =>
      (await call('GET', `/tasks?${filter({ service: [json.ID], 'desired-state': ['running'] })}`)).json
    expect(await live()).toHaveLength(2)
    await set(two, 'drain')
    const after: { NodeID?: string; Status: { State: string } }[] = await live()
    expect(after.filter(({ Status }) => Status.State === 'running').map(({ NodeID }) => NodeID)).toEqual([
      one.ID,
    ])
    expect(after.filter(({ Status }) => Status.State === 'pending')).toHaveLength(1)
  })

  it('refuses stale updates, taken names, bad names and missing references', async () => {
    const { json } = await call('POST', '/services/create', web())
    const service = (await call('GET', `/services/${json.ID}`)).json
    expect((await call('POST', '/services/create', web())).status).toBe(409)
    const stale = await call('POST', `/services/${json.ID}/update?version=1`, service.Spec)
    expect(stale).toMatchObject({
      status: 500,
      json: { message: expect.stringContaining('update out of sequence') },
    })
    const scaled = await call('POST', `/services/web/update?version=${service.Version.Index}`, web({}, 2))
    expect(scaled.status).toBe(200)
    expect((await call('GET', '/containers/json')).json).toHaveLength(2)
    expect((await call('POST', '/services/create', { ...web(), Name: 'a b' })).status).toBe(400)
    expect(
      (await call('POST', '/services/create', { ...web({ Networks: [{ Target: 'none-such' }] }), Name: 'x' }))
        .status,
    ).toBe(404)
    expect(
      (await call('POST', '/services/create', { ...web({ Networks: [{ Target: 'bridge' }] }), Name: 'x' }))
        .status,
    ).toBe(403)
    expect((await call('POST', '/services/create', '{')).status).toBe(400)
  })

  it('replaces tasks when the template changes, and deletes everything with the service', async () => {
    await call('POST', '/services/create', web())
    const service = (await call('GET', '/services/web')).json
    const [before] = (await call('GET', '/containers/json')).json
    service.Spec.TaskTemplate.ContainerSpec.Image = 'nginx:1.26'
    await call('POST', `/services/web/update?version=${service.Version.Index}`, service.Spec)
    const [after] = (await call('GET', '/containers/json')).json
    expect(after.Image).toBe('nginx:1.26')
    expect(after.Id).not.toBe(before.Id)
    expect((await call('GET', '/services/web')).json.UpdateStatus.State).toBe('completed')
    expect((await call('DELETE', '/services/web')).status).toBe(200)
    expect((await call('GET', '/containers/json?all=1')).json).toEqual([])
    expect((await call('DELETE', '/services/web')).status).toBe(404)
  })
})

describe('networks, volumes, secrets, configs', () => {
  it('refuses overlapping subnets, taken names and deletes of a network in use', async () => {
    const network = { Name: 'backend', Driver: 'overlay', IPAM: { Config: [{ Subnet: '10.64.1.0/24' }] } }
    const made = await call('POST', '/networks/create', network)
    expect(made.status).toBe(201)
    expect((await call('POST', '/networks/create', network)).status).toBe(409)
    expect((await call('POST', '/networks/create', { ...network, Name: 'other' })).json.message).toContain(
      'overlaps',
    )
    await call('POST', '/services/create', web({ Networks: [{ Target: 'backend' }] }))
    expect((await call('DELETE', '/networks/backend')).json.message).toContain('in use by service')
    await call('DELETE', '/services/web')
    expect((await call('DELETE', '/networks/backend')).status).toBe(204)
  })

  it('creates a volume twice alike and refuses another driver', async () => {
    expect((await call('POST', '/volumes/create', { Name: 'data' })).status).toBe(201)
    expect((await call('POST', '/volumes/create', { Name: 'data' })).status).toBe(201)
    expect((await call('POST', '/volumes/create', { Name: 'data', Driver: 'nfs' })).status).toBe(409)
    expect((await call('GET', '/volumes')).json.Volumes).toHaveLength(1)
    expect((await call('DELETE', '/volumes/data')).status).toBe(204)
  })

  it('never shows a secret’s data, updates labels only, refuses deletes while in use', async () => {
    const { json } = await call('POST', '/secrets/create', {
      Name: 'pin',
      Data: Buffer.from('1234').toString('base64'),
    })
    const secret = (await call('GET', `/secrets/${json.ID}`)).json
    expect(secret.Spec).toEqual({ Name: 'pin', Labels: {} })
    const update = (spec: unknown) =>
      call('POST', `/secrets/${json.ID}/update?version=${secret.Version.Index}`, spec)
    expect((await update({ Name: 'pin', Data: 'AAAA' })).status).toBe(400)
    expect((await update({ Name: 'pin', Labels: { a: 'b' } })).status).toBe(200)
    expect((await update({ Name: 'pin', Labels: {} })).json.message).toContain('out of sequence')
    const uses = {
      ContainerSpec: {
        Image: 'nginx',
        Secrets: [{ SecretID: json.ID, SecretName: 'pin', File: { Name: 'pin' } }],
      },
    }
    await call('POST', '/services/create', web(uses))
    expect((await call('DELETE', `/secrets/pin`)).json.message).toContain('in use')
    const [container] = (await call('GET', '/containers/json')).json
    const exec = await call('POST', `/containers/${container.Id}/exec`, { Cmd: ['cat', '/run/secrets/pin'] })
    expect((await call('POST', `/exec/${exec.json.Id}/start`, {})).text).toContain('1234')
  })

  it('keeps a config’s data readable', async () => {
    const { json } = await call('POST', '/configs/create', {
      Name: 'jenkins',
      Data: Buffer.from('a: 1').toString('base64'),
    })
    expect(Buffer.from((await call('GET', `/configs/${json.ID}`)).json.Spec.Data, 'base64').toString()).toBe(
      'a: 1',
    )
    expect((await call('POST', '/configs/create', { Name: 'bad name' })).status).toBe(400)
  })
})

describe('containers', () => {
  const hijack = (path: string, body: unknown): Promise<string> =>
    new Promise((resolve, reject) => {
      const text = JSON.stringify(body)
      const sent = httpRequest({
        socketPath: engine.socketPath,
        method: 'POST',
        path,
        headers: {
          connection: 'Upgrade',
          upgrade: 'tcp',
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        },
      })
      sent.on('upgrade', (_response, socket, head) => {
        let seen = head.toString()
        socket.on('data', (chunk: Buffer) => {
          seen += chunk.toString()
        })
        socket.on('end', () => resolve(seen))
      })
      sent.on('error', reject)
      sent.end(text)
    })

  it('runs commands over an upgraded connection', async () => {
    await call(
      'POST',
      '/services/create',
      web({ ContainerSpec: { Image: 'nginx', User: '1001', Hostname: 'web1' } }),
    )
    const [container] = (await call('GET', '/containers/json')).json
    const run = async (...Cmd: string[]) => {
      const { json } = await call('POST', `/containers/${container.Id}/exec`, { Cmd, Tty: true })
      return hijack(`/exec/${json.Id}/start`, { Tty: true })
    }
    expect(await run('echo', 'hello', 'there')).toBe('hello there\r\n')
    expect(await run('hostname')).toBe('web1\r\n')
    expect(await run('id')).toContain('uid=1001')
    expect(await run('rm', '-rf')).toContain('executable file not found')
  })

  it('starts another task when one is killed', async () => {
    await call('POST', '/services/create', web())
    const [before] = (await call('GET', '/containers/json')).json
    expect((await call('POST', `/containers/${before.Id}/kill`)).status).toBe(204)
    const [after] = (await call('GET', '/containers/json')).json
    expect(after.Id).not.toBe(before.Id)
    const tasks: { Status: { State: string } }[] = (await call('GET', '/tasks')).json
    expect(tasks.map(({ Status }) => Status.State).sort()).toEqual(['failed', 'running'])
  })

  it('makes, starts, looks at and removes a container of its own', async () => {
    const { json } = await call('POST', '/containers/create?name=tool', { Image: 'alpine', Cmd: ['sleep'] })
    expect((await call('POST', `/containers/tool/start`)).status).toBe(204)
    expect((await call('GET', `/containers/${json.Id}/json`)).json.State.Running).toBe(true)
    expect((await call('GET', `/containers/tool/stats?stream=0`)).json.memory_stats.usage).toBeGreaterThan(0)
    expect((await call('GET', `/containers/tool/top`)).json.Processes).toHaveLength(1)
    expect((await call('DELETE', '/containers/tool')).status).toBe(409)
    expect((await call('DELETE', '/containers/tool?force=1')).status).toBe(204)
  })
})

describe('events', () => {
  it('streams what happens, filtered', async () => {
    const lines = new Promise<string>((resolve, reject) => {
      const sent = httpRequest(
        { socketPath: engine.socketPath, path: `/events?${filter({ type: ['secret'] })}` },
        (response) => {
          response.once('data', (chunk: Buffer) => {
            resolve(chunk.toString())
            sent.destroy()
          })
          void call('POST', '/volumes/create', { Name: 'vol' }).then(() =>
            call('POST', '/secrets/create', { Name: 's', Data: 'YQ==' }),
          )
        },
      )
      sent.on('error', reject)
      sent.end()
    })
    expect(JSON.parse(await lines)).toMatchObject({
      Type: 'secret',
      Action: 'create',
      Actor: { Attributes: { name: 's' } },
    })
  })

  it('remembers past ones', async () => {
    await call('POST', '/volumes/create', { Name: 'vol' })
    const { text } = await call('GET', `/events?since=0&until=1&${filter({ type: ['volume'] })}`)
    expect(text).toBe('')
    const until = Math.floor(Date.now() / 1000)
    const past = await call('GET', `/events?since=0&until=${until}&${filter({ type: ['volume'] })}`)
    expect(JSON.parse(past.text).Actor.ID).toBe('vol')
  })
})
