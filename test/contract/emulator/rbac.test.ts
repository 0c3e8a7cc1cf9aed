import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ucp } from '../../../src/lab/ucp/server.ts'
import { type Client, loggedIn, start } from './client.ts'

let ucp: Ucp
let admin: Client
let ada: Client

beforeAll(async () => {
  ucp = await start()
  admin = await loggedIn(ucp, 'svc-tenantry')
  ada = await loggedIn(ucp, 'ada')
})
afterAll(() => ucp.stop())

const collection = async (name: string, parent: string): Promise<string> =>
  (await admin.post('/collections', { name, parent_id: parent })).body.id

const role = async (name: string, operations: unknown): Promise<string> =>
  (await admin.post('/roles', { name, system_role: false, operations })).body.id

const idOf = async (name: string): Promise<string> => (await admin.get(`/accounts/${name}`)).body.id

describe('collections', () => {
  it('has the built-in ones by path, and refuses to delete them', async () => {
    for (const [path, id] of [
      ['/', 'swarm'],
      ['/System', 'system'],
      ['/Shared', 'shared'],
      ['/Shared/Private', 'private'],
      ['/Shared/Legacy', 'legacy'],
    ]) {
      const { body } = await admin.get(`/collectionByPath?path=${encodeURIComponent(path ?? '')}`)
      expect(body).toMatchObject({ id, path })
      expect((await admin.delete(`/collections/${id}`)).status).toBe(403)
    }
  })

  it('creates with one set of label names and reads with the other', async () => {
    const made = await admin.post('/collections', {
      name: 'payments',
      parent_id: 'shared',
      label_constraints: [{ type: 'node', label_key: 'ssd', label_value: 'true', equality: true }],
      legacy_label_key: 'tenantry',
      legacy_label_value: 'x:/Shared/payments',
    })
    expect(made.status).toBe(201)
    expect(Object.keys(made.body)).toEqual(['id'])
    const { body } = await admin.get(`/collections/${made.body.id}`)
    expect(body).toMatchObject({
      path: '/Shared/payments',
      parent_ids: ['swarm', 'shared'],
      legacylabelkey: 'tenantry',
      legacylabelvalue: 'x:/Shared/payments',
    })
    const patched = await admin.patch(`/collections/${made.body.id}`, { label_constraints: [] })
    expect([patched.status, patched.text]).toEqual([200, ''])
    expect((await admin.get(`/collections/${made.body.id}`)).body.label_constraints).toEqual([])
  })

  it('refuses a second one of the name, an unknown parent and a path that is none', async () => {
    expect((await admin.post('/collections', { name: 'Private', parent_id: 'shared' })).status).toBe(409)
    expect((await admin.post('/collections', { name: 'x', parent_id: 'nowhere' })).status).toBe(404)
    expect((await admin.get('/collectionByPath?path=%2Fshared')).status).toBe(404)
    expect((await admin.get('/collectionByPath?path=Shared')).status).toBe(400)
  })

  it('lists bare arrays of ten', async () => {
    const parent = await collection('many', 'swarm')
    for (let i = 0; i < 12; i++) await collection(`c${i}`, parent)
    expect((await admin.get(`/collections/${parent}/children`)).body).toHaveLength(10)
    expect((await admin.get(`/collections/${parent}/children?limit=0`)).body).toHaveLength(12)
    expect((await admin.get('/collections')).body).toHaveLength(10)
  })

  it('refuses to delete one with children or contents; grants go with it', async () => {
    const parent = await collection('parent', 'swarm')
    const child = await collection('child', parent)
    expect((await admin.delete(`/collections/${parent}`)).status).toBe(409)
    ucp.state.census = async (id) => ({ nodes: id === child ? 1 : 0, resources: 0 })
    expect((await admin.delete(`/collections/${child}`)).status).toBe(409)
    ucp.state.census = async () => ({ nodes: 0, resources: 0 })
    await admin.put(`/collectionGrants/${await idOf('bob')}/${child}/viewonly`)
    expect((await admin.delete(`/collections/${child}`)).status).toBe(204)
    expect((await admin.get(`/collectionGrants?objectID=${child}`)).body.grants).toBeNull()
    expect((await admin.delete(`/collections/${parent}`)).status).toBe(204)
  })

  it('shows others what they have a right on with its ancestors, and nothing else', async () => {
    const area = await collection('area', 'swarm')
    const mine = await collection('mine', area)
    const theirs = await collection('theirs', area)
    expect((await ada.get(`/collections/${mine}`)).status).toBe(404)
    await admin.put(`/collectionGrants/${await idOf('ada')}/${mine}/viewonly`)
    expect((await ada.get(`/collections/${mine}`)).status).toBe(200)
    expect((await ada.get(`/collections/${area}`)).status).toBe(200)
    expect((await ada.get(`/collections/${theirs}`)).status).toBe(404)
    expect((await ada.get(`/collections/${area}/children`)).body).toHaveLength(1)
    expect((await ada.post('/collections', { name: 'x', parent_id: mine })).status).toBe(403)
  })
})

describe('default collection', () => {
  it('is the private one, then the chosen one, then the private one again', async () => {
    const id = await idOf('ada')
    expect((await ada.get(`/defaultCollection/${id}`)).body.path).toBe('/Shared/Private/ada')
    const put = await admin.put(`/defaultCollection/${id}`, { id: 'shared' })
    expect(put.status).toBe(201)
    expect((await ada.get(`/defaultCollection/${id}`)).body.path).toBe('/Shared')
    expect((await admin.delete(`/defaultCollection/${id}`)).status).toBe(204)
    expect((await ada.get(`/defaultCollection/${id}`)).body.path).toBe('/Shared/Private/ada')
    expect((await ada.get(`/defaultCollection/${await idOf('bob')}`)).status).toBe(403)
    expect((await ada.get('/defaultCollectionRole')).body.operations.Service).toBeDefined()
    expect((await ada.get('/totalRole')).body.operations.Node).toHaveProperty('Node Schedule')
  })
})

describe('roles', () => {
  it('creates, reads by id only, refuses the same name and an update, deletes', async () => {
    const id = await role('developer', {
      Service: { 'Service Create': ['Host Bind Mounts'], 'Service View': null },
    })
    const { body } = await admin.get(`/roles/${id}`)
    expect(body.operations.Service).toEqual({ 'Service Create': ['Host Bind Mounts'], 'Service View': [] })
    expect((await admin.get('/roles/developer')).status).toBe(404)
    expect((await admin.post('/roles', { name: 'developer', operations: {} })).status).toBe(409)
    expect((await admin.patch(`/roles/${id}`, {})).status).toBe(405)
    expect((await ada.post('/roles', { name: 'mine', operations: {} })).status).toBe(403)
    expect((await admin.delete(`/roles/${id}`)).status).toBe(204)
  })

  it.each<unknown>([
    { Service: { 'Service Fly': [] } },
    { Service: { 'Service Create': ['Wings'] } },
    { constructor: { name: [] } },
  ])('refuses the unknown operations %j', async (operations) => {
    expect((await admin.post('/roles', { name: 'odd', operations })).status).toBe(400)
  })

  it('refuses to delete a built-in one and one that a grant uses', async () => {
    expect((await admin.delete('/roles/viewonly')).status).toBe(403)
    const id = await role('used', { Node: { 'Node View': [] } })
    const subject = await idOf('bob')
    await admin.put(`/collectionGrants/${subject}/shared/${id}`)
    expect((await admin.delete(`/roles/${id}`)).status).toBe(409)
    await admin.delete(`/collectionGrants/${subject}/shared/${id}`)
    expect((await admin.delete(`/roles/${id}`)).status).toBe(204)
  })
})

describe('grants', () => {
  it('is idempotent, checks its ids, and is found by every filter', async () => {
    await admin.post('/accounts', { name: 'acme', isOrg: true })
    const team = (await admin.post('/accounts/acme/teams', { name: 'ops' })).body.id
    await admin.put('/accounts/acme/teams/ops/members/bob')
    const grant = `/collectionGrants/${team}/shared/restrictedcontrol`
    expect((await admin.put(grant)).status).toBe(201)
    expect((await admin.put(grant)).status).toBe(201)
    for (const unknown of [
      `x/shared/viewonly`,
      `${team}/x/viewonly`,
      `${team}/shared/x`,
      `acme/shared/viewonly`,
    ])
      expect((await admin.put(`/collectionGrants/${unknown}`)).status).toBe(404)
    const found = await admin.get(
      `/collectionGrants?subjectID=${team}&objectID=shared&roleID=restrictedcontrol&subjectType=team&showPaths=true`,
    )
    expect(found.body.grants).toEqual([
      { subjectID: team, objectID: 'shared', roleID: 'restrictedcontrol', collectionPath: '/Shared' },
    ])
    expect(found.body.subjects[0]).toMatchObject({ subject_type: 'team', team: { name: 'ops' } })
    const effective = await admin.get(
      `/collectionGrants?subjectID=${await idOf('bob')}&expandUser=true&limit=0`,
    )
    expect(effective.body.grants).toContainEqual({
      subjectID: team,
      objectID: 'shared',
      roleID: 'restrictedcontrol',
    })
    expect((await ada.get(`/collectionGrants?subjectID=${team}`)).body.grants).toBeNull()
    expect((await ada.put(grant)).status).toBe(403)
    expect((await admin.delete('/accounts/acme')).status).toBe(204)
    expect((await admin.get(`/collectionGrants?subjectID=${team}`)).body.resourceCount).toBe(0)
    expect((await admin.delete(grant)).status).toBe(404)
  })

  it('gives everyone the scheduler role on /Shared', async () => {
    const everyone = await idOf('docker-datacenter')
    const { body } = await admin.get(`/collectionGrants?subjectID=${everyone}`)
    expect(body.grants).toEqual([{ subjectID: everyone, objectID: 'shared', roleID: 'scheduler' }])
  })

  it('pages by ten with a marker', async () => {
    const subject = await idOf('dan')
    for (let i = 0; i < 12; i++)
      await admin.put(`/collectionGrants/${subject}/${await collection(`g${i}`, 'swarm')}/viewonly`)
    const first = await admin.get(`/collectionGrants?subjectID=${subject}`)
    expect(first.body.grants).toHaveLength(10)
    const rest = await admin.get(
      `/collectionGrants?subjectID=${subject}&start=${encodeURIComponent(first.body.nextPageStart)}`,
    )
    expect(rest.body.grants.length + 10).toBe(first.body.resourceCount)
    expect(rest.body.nextPageStart).toBe('')
  })
})
