import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority } from '../../../src/lab/certificates.ts'
import type { Ucp } from '../../../src/lab/ucp/server.ts'
import { type Client, loggedIn, passwordOf, start } from './client.ts'

let ucp: Ucp
let admin: Client

beforeAll(async () => {
  ucp = await start()
  admin = await loggedIn(ucp, 'svc-tenantry')
  await admin.post('/accounts', { name: 'acme', isOrg: true })
  await admin.post('/accounts/acme/teams', { name: 'dev' })
})
afterAll(() => ucp.stop())

const sync = (changes: Record<string, unknown>) => ({
  enableSync: true,
  selectGroupMembers: true,
  groupDN: 'CN=Dev,OU=Groups,DC=bank,DC=example',
  groupMemberAttr: 'member',
  searchBaseDN: '',
  searchScopeSubtree: false,
  searchFilter: '',
  ...changes,
})

describe('users', () => {
  it('take sessions, keys, memberships and grants with them', async () => {
    const made = await admin.post('/accounts', { name: 'eve', password: passwordOf('eve') })
    const eve = await loggedIn(ucp, 'eve')
    await eve.get('/api/clientbundle')
    await admin.put('/accounts/acme/teams/dev/members/eve', { isAdmin: true })
    await admin.put(`/collectionGrants/${made.body.id}/shared/viewonly`)
    const orgs = await eve.get('/accounts/eve/organizations')
    expect(orgs.body.memberOrgs.map((one: { org: { name: string } }) => one.org.name).sort()).toEqual([
      'acme',
      'docker-datacenter',
    ])
    expect((await admin.delete('/accounts/eve')).status).toBe(204)
    expect((await eve.get('/id')).status).toBe(401)
    expect((await admin.get('/accounts/acme/teams/dev')).body.membersCount).toBe(0)
    expect((await admin.get(`/collectionGrants?subjectID=${made.body.id}`)).body.grants).toBeNull()
    expect(ucp.state.publicKeys.ofAccount(made.body.id)).toEqual([])
  })

  it('come from the directory where asked for, and keep their passwords there', async () => {
    await admin.delete('/accounts/dan')
    const made = await admin.post('/accounts', { name: 'dan', searchLDAP: true })
    expect(made.body).toMatchObject({ isImported: true, fullName: 'dan L.' })
    expect((await admin.post('/accounts', { name: 'nobody', searchLDAP: true })).status).toBe(400)
    expect((await admin.post('/accounts', { name: 'dan', searchLDAP: true })).status).toBe(409)
    const change = { newPassword: 'something else' }
    expect((await admin.post('/accounts/dan/changePassword', change)).body.errors[0].code).toBe(
      'IMPORTED_USER',
    )
  })

  it('are no organizations, and organizations no users', async () => {
    expect((await admin.get('/accounts/ada/teams')).body.errors[0].code).toBe('NO_SUCH_ORGANIZATION')
    expect((await admin.get('/accounts/acme/publicKeys')).body.errors[0].code).toBe('NO_SUCH_USER')
    expect((await admin.patch('/accounts/acme', { isAdmin: true })).status).toBe(400)
  })

  it('answer a bulk call operation by operation', async () => {
    const { body } = await admin.patch('/accounts/', { operations: [{ op: 'odd', ref: 'ada' }] })
    expect(body.results).toMatchObject([{ op: 'odd', ref: 'ada', success: false }])
  })

  it('relabel their keys', async () => {
    const { publicKey } = await (await createAuthority('own')).issueClient('ada')
    const { body: key } = await admin.post('/accounts/ada/publicKeys', { publicKey, label: 'old' })
    const patched = await admin.patch(`/accounts/ada/publicKeys/${key.id}`, { label: 'new' })
    expect(patched.body).toMatchObject({ id: key.id, label: 'new', publicKey })
    expect((await admin.delete('/accounts/ada/publicKeys/none')).body.errors[0].code).toBe(
      'NO_SUCH_PUBLIC_KEY',
    )
  })
})

describe('sync with the directory', () => {
  const admins = '/accounts/acme/adminMemberSyncConfig'

  it('makes and unmakes an organization’s admins', async () => {
    expect((await admin.get(admins)).body.enableSync).toBe(false)
    await admin.put(admins, sync({}))
    expect((await admin.get('/accounts/acme/members/ada')).body.isAdmin).toBe(true)
    expect((await admin.put('/accounts/acme/members/ada', { isAdmin: false })).status).toBe(403)
    await admin.put(admins, sync({ groupDN: 'CN=Ops,OU=Groups,DC=bank,DC=example' }))
    expect((await admin.get('/accounts/acme/members/ada')).body.isAdmin).toBe(false)
    expect((await admin.get('/accounts/acme/members?filter=admins')).body.members).toHaveLength(1)
    await admin.put(admins, sync({ enableSync: false }))
  })

  it('searches, and refuses what selects nothing or is not understood', async () => {
    const team = '/accounts/acme/teams/dev/memberSyncConfig'
    await admin.put(team, sync({ selectGroupMembers: false, searchFilter: '(uid=b*)' }))
    const { body } = await admin.get('/accounts/acme/teams/dev/members')
    expect(body.members.map((one: { member: { name: string } }) => one.member.name)).toEqual(['bob'])
    expect((await admin.delete('/accounts/acme/members/bob')).status).toBe(403)
    expect((await admin.put(team, sync({ groupDN: '' }))).status).toBe(400)
    const odd = sync({ selectGroupMembers: false, searchFilter: '(|(uid=a)(uid=b))' })
    expect((await admin.put(team, odd)).status).toBe(400)
    expect((await admin.get(team)).body.searchFilter).toBe('(uid=b*)')
    expect((await (await loggedIn(ucp, 'ada')).get(team)).status).toBe(403)
  })

  it('runs as a job that can be looked up', async () => {
    const { body } = await admin.post('/enzi/v0/jobs', { action: 'ldap-sync' })
    expect((await admin.get(`/enzi/v0/jobs/${body.id}`)).body).toMatchObject({ status: 'done' })
    expect((await admin.get('/enzi/v0/jobs')).body.jobs).toHaveLength(1)
    expect((await admin.get('/enzi/v0/jobs/none')).status).toBe(404)
    expect((await admin.post('/enzi/v0/jobs', { action: 'odd' })).status).toBe(400)
  })

  it('keeps the directory’s settings and never shows its password', async () => {
    const path = '/enzi/v0/config/auth/ldap'
    const put = await admin.put(path, { serverURL: 'ldaps://ldap.bank.example', readerPassword: 'hidden!' })
    expect(put.text).not.toContain('hidden!')
    expect((await admin.get(path)).body).toEqual({ serverURL: 'ldaps://ldap.bank.example' })
  })
})
