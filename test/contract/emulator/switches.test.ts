import { afterEach, describe, expect, it } from 'vitest'
import type { Ucp } from '../../../src/lab/ucp/server.ts'
import type { EmulatorSwitches } from '../../../src/lab/ucp/switches.ts'
import { anonymousClient, Client, loggedIn, passwordOf, start } from './client.ts'

const running: Ucp[] = []
afterEach(async () => {
  for (const ucp of running.splice(0)) await ucp.stop()
})

const withSwitches = async (switches: Partial<EmulatorSwitches>): Promise<{ ucp: Ucp; admin: Client }> => {
  const ucp = await start({ switches })
  running.push(ucp)
  return { ucp, admin: await loggedIn(ucp, 'svc-tenantry') }
}

const everyonesGrants = async (admin: Client): Promise<unknown> => {
  const { id } = (await admin.get('/accounts/docker-datacenter')).body
  return (await admin.get(`/collectionGrants?subjectID=${id}`)).body.grants
}

describe('switches', () => {
  it('import directory users at their first login, with their teams', async () => {
    const { ucp, admin } = await withSwitches({ ldapImport: 'first-login' })
    expect((await admin.get('/accounts/ada')).status).toBe(404)
    await admin.post('/accounts', { name: 'acme', isOrg: true })
    await admin.post('/accounts/acme/teams', { name: 'dev' })
    await admin.put('/accounts/acme/teams/dev/memberSyncConfig', {
      enableSync: true,
      selectGroupMembers: true,
      groupDN: 'CN=Dev,OU=Groups,DC=bank,DC=example',
      groupMemberAttr: 'member',
      searchBaseDN: '',
      searchScopeSubtree: false,
      searchFilter: '',
    })
    expect((await admin.get('/accounts/acme/teams/dev')).body.membersCount).toBe(0)
    const wrong = { username: 'ada', password: 'wrong' }
    expect((await anonymousClient(ucp).post('/auth/login', wrong)).status).toBe(401)
    expect((await admin.get('/accounts/ada')).status).toBe(404)
    const ada = await loggedIn(ucp, 'ada')
    expect((await ada.get('/id')).body).toMatchObject({ name: 'ada', isImported: true })
    expect((await admin.get('/accounts/acme/teams/dev')).body.membersCount).toBe(1)
  })

  it('move the default scheduler grant', async () => {
    const none = await withSwitches({ defaultSchedulerGrant: 'none' })
    expect(await everyonesGrants(none.admin)).toBeNull()
    const root = await withSwitches({ defaultSchedulerGrant: '/' })
    expect(await everyonesGrants(root.admin)).toMatchObject([{ objectID: 'swarm', roleID: 'scheduler' }])
  })

  it('drop or keep unknown operations', async () => {
    const operations = { Service: { 'Service View': [], 'Service Fly': [] } }
    const read = async (unknownOperations: 'drop' | 'keep'): Promise<unknown> => {
      const { admin } = await withSwitches({ unknownOperations })
      const { id } = (await admin.post('/roles', { name: 'odd', operations })).body
      return (await admin.get(`/roles/${id}`)).body.operations
    }
    expect(await read('keep')).toEqual(operations)
    expect(await read('drop')).toEqual({ Service: { 'Service View': [] } })
  })

  it('change shapes and statuses that are not established', async () => {
    const { ucp, admin } = await withSwitches({
      duplicateStatus: 400,
      builtInStatus: 400,
      roleInUseStatus: 400,
      nonEmptyCollectionStatus: 403,
      hiddenCollectionStatus: 403,
      missingGrantDeleteStatus: 204,
      emptyGrantsAreNull: false,
      roleCreatedAsArray: true,
      totalRoleAsArray: true,
      grantsCascade: false,
      grantOfUnknownIds: 'accept',
      defaultCollectionAcceptsNames: true,
      accountsVisibleToUsers: true,
      basicAuthentication: false,
    })
    const ada = await loggedIn(ucp, 'ada')
    const adaId = (await admin.get('/accounts/ada')).body.id
    expect((await admin.post('/collections', { name: 'System', parent_id: 'swarm' })).status).toBe(400)
    expect((await admin.delete('/collections/system')).status).toBe(400)
    expect((await ada.get('/collections/system')).status).toBe(403)
    const [{ id: role }] = (await admin.post('/roles', { name: 'r', operations: {} })).body
    expect((await ada.get('/totalRole')).body).toHaveLength(1)
    const { id } = (await admin.post('/collections', { name: 'c', parent_id: 'swarm' })).body
    await admin.put(`/collectionGrants/${adaId}/${id}/${role}`)
    expect((await admin.delete(`/collections/${id}`)).status).toBe(403)
    expect((await admin.delete(`/roles/${role}`)).status).toBe(400)
    expect((await admin.put('/collectionGrants/who/where/what')).status).toBe(201)
    expect((await admin.delete('/collectionGrants/a/b/c')).status).toBe(204)
    expect((await admin.get('/collectionGrants?subjectID=nobody')).body.grants).toEqual([])
    expect((await admin.get('/defaultCollection/ada')).body.path).toBe('/Shared/Private/ada')
    expect((await ada.get('/accounts')).status).toBe(200)
    const basic = `Basic ${Buffer.from(`ada:${passwordOf('ada')}`).toString('base64')}`
    const refused = new Client(ucp.address, { ca: ucp.caCertificate }, { authorization: basic })
    expect((await refused.get('/id')).status).toBe(401)
  })

  it('page collections by offset, and take limit=0 as the default page', async () => {
    const { admin } = await withSwitches({ collectionStart: 'offset', limitZeroMeansAll: false })
    for (let i = 0; i < 12; i++) await admin.post('/collections', { name: `c${i}`, parent_id: 'swarm' })
    expect((await admin.get('/collections?limit=0')).body).toHaveLength(10)
    expect((await admin.get('/collections?start=10&limit=100')).body.length).toBeGreaterThan(5)
    expect((await admin.get('/collections?start=x')).status).toBe(400)
  })
})
