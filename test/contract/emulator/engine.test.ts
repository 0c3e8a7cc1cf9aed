import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DockerEngine, startDockerEngine } from '../../../src/lab/docker/engine.ts'
import type { Ucp } from '../../../src/lab/ucp/server.ts'
import { Client, loggedIn, start } from './client.ts'

let folder: string
let engine: DockerEngine
let ucp: Ucp
let admin: Client
let ada: Client
let cyd: Client

/** One organization with workers of its own, and a second one that ada is not in. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emulator-'))
  engine = await startDockerEngine({ socketPath: join(folder, 'docker.sock') })
  ucp = await start({ engineSocket: engine.socketPath })
  engine.whenJoined(() => ucp.placeNodes())
  for (const [hostname, role] of [
    ['manager-01', 'manager'],
    ['worker-01', 'worker'],
    ['worker-02', 'worker'],
  ] as const)
    await engine.joinNode({ hostname, role, cpus: 4, memoryBytes: 8 * 1024 ** 3 })
  admin = await loggedIn(ucp, 'svc-tenantry')
  ada = await loggedIn(ucp, 'ada')
  cyd = await loggedIn(ucp, 'cyd')
  const { state } = ucp
  const run = state.collections.create({ name: 'Run', parentId: 'swarm' })
  for (const [name, user] of [
    ['acme', 'ada'],
    ['other', 'cyd'],
  ] as const) {
    const own = state.collections.create({ name, parentId: run.id })
    const org = state.accounts.create({ name, isOrg: true })
    const team = state.organizations.createTeam(org.id, 'developers', '')
    state.organizations.putTeamMember(team, state.accounts.get(user).id)
    state.grants.put({ subjectID: team.id, objectID: run.id, roleID: 'scheduler' })
    state.grants.put({ subjectID: team.id, objectID: own.id, roleID: 'restrictedcontrol' })
  }
})
afterAll(async () => {
  await ucp.stop()
  await engine.stop()
  await rm(folder, { recursive: true, force: true })
})

const service = (name: string, collection: string) => ({
  Name: name,
  Labels: { 'com.docker.ucp.access.label': collection },
  TaskTemplate: { ContainerSpec: { Image: 'alpine:3' } },
  Mode: { Replicated: { Replicas: 1 } },
})

describe('the engine behind UCP', () => {
  it('places nodes when they join', async () => {
    const { body } = await admin.get('/v1.39/nodes')
    const placed = body.map((node: { Description: { Hostname: string }; Spec: { Labels: object } }) => [
      node.Description.Hostname,
      node.Spec.Labels,
    ])
    expect(Object.fromEntries(placed)).toMatchObject({
      'manager-01': { 'com.docker.ucp.access.label': '/System' },
      'worker-01': { 'com.docker.ucp.access.label': '/Shared' },
    })
  })

  it('lets a developer create in the own collection only, and hides it from strangers', async () => {
    expect((await ada.post('/services/create', service('web', '/Run/acme'))).status).toBe(201)
    const refused = await ada.post('/services/create', service('web2', '/Run/other'))
    expect(refused.status).toBe(403)
    expect(refused.body.message).toMatch(/^access denied:\nno access to /)
    expect((await ada.get('/services')).body).toHaveLength(1)
    expect((await cyd.get('/services')).body).toHaveLength(0)
  })

  it('takes the same calls by client certificate', async () => {
    const { certificate, key } = await ucp.issueBundle('ada')
    const bundle = new Client(ucp.address, { ca: ucp.caCertificate, cert: certificate, key })
    expect((await bundle.get('/v1.39/services')).body).toHaveLength(1)
    await bundle.close()
  })

  it('keeps a collection that holds something from being deleted', async () => {
    const { id } = ucp.state.collections.byPath('/Run/acme') ?? { id: '' }
    const refused = await admin.delete(`/collections/${id}`)
    expect([refused.status, refused.body.code]).toEqual([409, 'COLLECTION_NOT_EMPTY'])
    expect((await ada.delete('/services/web')).status).toBe(200)
    expect((await admin.delete(`/collections/${id}`)).status).toBe(204)
  })

  it('loses the answer of a proxied create that took effect', async () => {
    ucp.faults.add({
      match: { method: 'POST', pathPattern: /secrets\/create/ },
      fault: { kind: 'reset-after' },
      times: 1,
    })
    const secret = { Name: 'lost', Data: 'eA==', Labels: { 'com.docker.ucp.access.label': '/Run/other' } }
    await expect(cyd.post('/secrets/create', secret)).rejects.toThrow()
    const { body } = await cyd.get('/secrets')
    expect(body.map((one: { Spec: { Name: string } }) => one.Spec.Name)).toEqual(['lost'])
  })
})
