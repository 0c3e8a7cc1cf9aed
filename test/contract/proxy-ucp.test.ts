import { request as httpsRequest } from 'node:https'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DockerClient } from '../../src/lab/plugins/docker-inputs.ts'
import { dockerPlugin } from '../../src/lab/plugins/docker-plugin.ts'
import type { Ucp } from '../../src/lab/ucp/server.ts'
import type { Properties, ResourceContext } from '../../src/provider/plugin.ts'
import { type Client, loggedIn, start } from './emulator/client.ts'
import { patience } from './proxy-door.ts'
import { engineKinds, type ProxiedEngine } from './proxy-engines.ts'

const view = {
  Service: { 'Service View': [], 'Service View Tasks': [] },
  Container: { 'Container View': [] },
}
const develop = {
  Service: { ...view.Service, 'Service Create': [], 'Service Update': [], 'Service Delete': [] },
  Container: { ...view.Container, 'Container Exec': [] },
}

let opened: ProxiedEngine
let ucp: Ucp
let admin: Client
let developer: Client
let onlooker: Client
let stranger: Client
const collections = new Map<string, string>()

const labels = (path: string) => ({ 'com.docker.ucp.access.label': path })
const payments = {
  Name: 'payments',
  Labels: labels('/Run/Std/retail'),
  TaskTemplate: { ContainerSpec: { Image: 'nginx:1.25', Hostname: 'pay-1' } },
}

const makeCollection = async (path: string): Promise<void> => {
  const parent = path.slice(0, path.lastIndexOf('/')) || '/'
  const parentId = { '/': 'swarm', '/Shared/Private': 'private' }[parent] ?? collections.get(parent)
  const made = await admin.post('/collections', {
    name: path.slice(path.lastIndexOf('/') + 1),
    parent_id: parentId,
  })
  expect(made.status).toBe(201)
  collections.set(path, made.body.id)
}

const makeRole = async (name: string, operations: unknown): Promise<string> =>
  (await admin.post('/roles', { name, system_role: false, operations })).body.id

const grant = async (user: string, path: string, role: string): Promise<void> => {
  const { body } = await admin.get(`/accounts/${user}`)
  expect((await admin.put(`/collectionGrants/${body.id}/${collections.get(path)}/${role}`)).status).toBe(201)
}

const move = async (hostname: string, path: string): Promise<void> => {
  const node = (await admin.get(`/nodes/${hostname}`)).body
  const spec = { ...node.Spec, Labels: { ...node.Spec.Labels, ...labels(path) } }
  expect((await admin.post(`/nodes/${node.ID}/update?version=${node.Version.Index}`, spec)).status).toBe(200)
}

const prepare = async ({ engine, members }: ProxiedEngine): Promise<void> => {
  ucp = await start({
    engineSocket: engine.socketPath,
    ...(members === undefined ? {} : { engineMembers: members }),
  })
  await ucp.placeNodes()
  admin = await loggedIn(ucp, 'svc-tenantry')
  developer = await loggedIn(ucp, 'ada')
  onlooker = await loggedIn(ucp, 'bob')
  stranger = await loggedIn(ucp, 'cyd')
  for (const path of ['/Run', '/Run/Std', '/Run/Std/retail', '/Run/Std/insurance', '/Shared/Private/retail'])
    await makeCollection(path)
  const [nonprod, prod] = [
    await makeRole('developer-nonprod', develop),
    await makeRole('developer-prod', view),
  ]
  for (const user of ['ada', 'bob', 'cyd']) await grant(user, '/Run/Std', 'scheduler')
  await grant('ada', '/Run/Std/retail', nonprod)
  await grant('bob', '/Run/Std/retail', prod)
  await grant('cyd', '/Run/Std/insurance', nonprod)
  await move('run-1', '/Run/Std')
}

/** The output of an exec over an upgraded connection through the front door, by client bundle; half-closed at once, as docker does. */
const execWithBundle = async (user: string, exec: string): Promise<string> => {
  const bundle = await ucp.issueBundle(user)
  const { hostname, port } = new URL(ucp.address)
  return new Promise((resolve, reject) => {
    const body = '{"Tty":true}'
    const sent = httpsRequest({
      hostname,
      port,
      method: 'POST',
      path: `/v1.39/exec/${exec}/start`,
      ca: bundle.certificateAuthority,
      cert: bundle.certificate,
      key: bundle.key,
      agent: false,
      headers: {
        ...{ connection: 'Upgrade', upgrade: 'tcp' },
        ...{ 'content-type': 'application/json', 'content-length': body.length },
      },
    })
    sent.on('upgrade', (_response, socket, head) => {
      let seen = head.toString()
      socket.on('data', (chunk: Buffer) => {
        seen += chunk.toString()
      })
      socket.on('end', () => resolve(seen))
      socket.end()
    })
    sent.on('response', (response) => resolve(`refused ${response.statusCode}`))
    sent.on('error', reject)
    sent.end(body)
  })
}

describe.each(await engineKinds())('before $name', ({ open }) => {
  beforeAll(async () => {
    opened = await open()
    await prepare(opened)
  })
  afterAll(async () => {
    for (const client of [admin, developer, onlooker, stranger]) await client?.close()
    await ucp?.stop()
    await opened?.close()
  })

  describe('the emulator’s own rules before the engine', () => {
    it('let a developer deploy and exec, an onlooker look, and nobody else see', async () => {
      const made = await developer.post('/v1.39/services/create', payments)
      expect(made.status, made.text).toBe(201)
      await expect.poll(async () => (await developer.get('/containers/json')).body, patience).toHaveLength(1)
      const [container] = (await developer.get('/containers/json')).body
      expect((await onlooker.get('/services')).body).toHaveLength(1)
      expect((await stranger.get('/services')).body).toEqual([])
      expect((await stranger.get(`/services/${made.body.ID}`)).status).toBe(403)
      const form = { Cmd: ['hostname'], Tty: true, AttachStdout: true }
      expect((await onlooker.post(`/containers/${container.Id}/exec`, form)).body.message).toBe(
        `access denied:\nno access to Container Exec, on collection ${collections.get('/Run/Std/retail')}`,
      )
      const exec = await developer.post(`/containers/${container.Id}/exec`, form)
      expect(exec.status).toBe(201)
      expect(await execWithBundle('bob', exec.body.Id)).toBe('refused 403')
      expect(await execWithBundle('ada', exec.body.Id)).toBe('pay-1\r\n')
    })

    it('keep collections that hold something', async () => {
      const refused = await admin.delete(`/collections/${collections.get('/Run/Std/retail')}`)
      expect(refused.status).toBeGreaterThanOrEqual(400)
    })
  })

  describe('the docker plugin through UCP', () => {
    const context: ResourceContext = { urn: 'urn', signal: new AbortController().signal, log: () => {} }
    const own = [
      { label: 'com.docker.ucp.access.label', value: '/Shared/Private/retail' },
      { label: 'tenantry.owner', value: 'nonprod.retail' },
    ]
    const kinds: Readonly<Record<string, Properties>> = {
      'network:Network': {
        name: 'backend',
        driver: 'overlay',
        attachable: false,
        internal: false,
        options: {},
        ipamConfigs: [{ subnet: '10.70.0.0/24' }],
        labels: own,
      },
      'volume:Volume': { name: 'statements', driver: 'local', driverOpts: {}, labels: own },
      'secret:Secret': { name: 'role-id', data: 'YQ==', labels: own },
      'serviceConfig:ServiceConfig': { name: 'casc', data: 'YQ==', labels: own },
      'service:Service': {
        name: 'jenkins',
        mode: { replicated: { replicas: 1 } },
        taskSpec: {
          containerSpec: { image: 'jenkins:lts', env: {}, secrets: [], configs: [], mounts: [] },
          placement: { constraints: ['node.role==worker'] },
        },
        labels: own,
      },
    }

    it('sees none of the labels and constraints that UCP puts on', async () => {
      const bundle = await ucp.issueBundle('svc-tenantry')
      const client: DockerClient = dockerPlugin.configure({
        host: bundle.host,
        caMaterial: bundle.certificateAuthority,
        certMaterial: bundle.certificate,
        keyMaterial: bundle.key,
      })
      for (const [token, inputs] of Object.entries(kinds)) {
        const type = dockerPlugin.resources[`docker:index/${token}`]
        if (type === undefined) throw new Error(`no ${token}`)
        const { id, outputs } = await type.create(client, inputs, context)
        const seen = await type.read(client, id, inputs, outputs, context)
        expect(seen?.inputs, token).toEqual(inputs)
        expect(type.diff({ inputs: seen?.inputs ?? {}, outputs }, inputs).changes, token).toBe(false)
        await type.delete(client, id, outputs, context)
      }
      expect(await client.docker.networks({ name: ['backend'] })).toEqual([])
      await client.docker.close()
    })
  })
})
