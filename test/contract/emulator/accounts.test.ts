import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ucp } from '../../../src/lab/ucp/server.ts'
import { anonymousClient, type Client, loggedIn, passwordOf, start } from './client.ts'

let ucp: Ucp
let admin: Client
let ada: Client

beforeAll(async () => {
  ucp = await start()
  admin = await loggedIn(ucp, 'svc-tenantry')
  ada = await loggedIn(ucp, 'ada')
})
afterAll(() => ucp.stop())

const sync = (groupDN: string) => ({
  enableSync: true,
  selectGroupMembers: true,
  groupDN,
  groupMemberAttr: 'member',
  searchBaseDN: '',
  searchScopeSubtree: false,
  searchFilter: '',
})

describe('login', () => {
  it('refuses a wrong password with 401 and no token', async () => {
    const answer = await anonymousClient(ucp).post('/auth/login', { username: 'ada', password: 'wrong' })
    expect(answer.status).toBe(401)
    expect(answer.text).not.toContain('auth_token')
  })

  it('answers who is calling, also by the raw form and below /enzi/v0', async () => {
    const raw = await anonymousClient(ucp).post('/enzi/v0/id/login', {
      username: 'bob',
      password: passwordOf('bob'),
    })
    expect(raw.body.account).toMatchObject({ name: 'bob', isImported: true })
    expect((await ada.get('/id/')).body).toMatchObject({ name: 'ada', isOrg: false })
  })

  it('ends a session at logout', async () => {
    const bob = await loggedIn(ucp, 'bob')
    expect((await bob.post('/id/logout', {})).status).toBe(204)
    const after = await bob.get('/id/')
    expect(after.status).toBe(401)
    expect(after.body.errors[0].code).toBe('NOT_AUTHENTICATED')
  })

  it('evicts the least recently used session beyond the limit', async () => {
    const first = await loggedIn(ucp, 'dan')
    const second = await loggedIn(ucp, 'dan')
    for (let i = 0; i < 8; i++) await loggedIn(ucp, 'dan')
    await first.get('/id/')
    await loggedIn(ucp, 'dan')
    expect((await first.get('/id/')).status).toBe(200)
    expect((await second.get('/id/')).status).toBe(401)
  })

  it('makes the private collection with the default role at the first login', async () => {
    await loggedIn(ucp, 'cyd')
    const { body } = await admin.get('/collectionByPath?path=%2FShared%2FPrivate%2Fcyd')
    const { body: account } = await admin.get('/accounts/cyd')
    const grants = await admin.get(`/collectionGrants?subjectID=${account.id}&objectID=${body.id}`)
    expect(grants.body.grants).toEqual([
      { subjectID: account.id, objectID: body.id, roleID: 'restrictedcontrol' },
    ])
  })
})

describe('accounts', () => {
  it('creates, changes and deletes an organization; a second one of the name is refused', async () => {
    const made = await admin.post('/accounts/', { name: 'acme', fullName: 'Acme', isOrg: true })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ name: 'acme', isOrg: true, membersCount: 0, teamsCount: 0 })
    const again = await admin.post('/accounts', { name: 'acme', isOrg: true })
    expect(again.status).toBe(409)
    expect(again.body.errors[0].code).toBe('ACCOUNT_EXISTS')
    const changed = await admin.patch(`/accounts/${made.body.id}`, { fullName: 'Acme Ltd', isAdmin: null })
    expect(changed.body).toMatchObject({ fullName: 'Acme Ltd' })
    expect((await admin.delete('/accounts/acme')).status).toBe(204)
    expect((await admin.get('/accounts/acme/')).body.errors[0].code).toBe('NO_SUCH_ACCOUNT')
  })

  it('lists ten by default, pages through the rest and filters', async () => {
    for (let i = 0; i < 15; i++) await admin.post('/accounts', { name: `page-${i}`, isOrg: true })
    const first = await admin.get('/accounts?filter=orgs')
    expect(first.body.accounts).toHaveLength(10)
    const names: string[] = []
    for (let at = ''; ; ) {
      const page = await admin.get(`/enzi/v0/accounts?filter=orgs&limit=4&start=${encodeURIComponent(at)}`)
      names.push(...page.body.accounts.map(({ name }: { name: string }) => name))
      at = page.body.nextPageStart
      if (at === '') break
    }
    expect(names).toContain('docker-datacenter')
    expect(names.filter((name) => name.startsWith('page-'))).toHaveLength(15)
    expect(new Set(names).size).toBe(names.length)
    const found = await admin.get('/accounts?contains=PAGE-1&limit=0&order=-name')
    expect(found.body.accounts.map(({ name }: { name: string }) => name)).toEqual([
      'page-14',
      'page-13',
      'page-12',
      'page-11',
      'page-10',
      'page-1',
    ])
  })

  it('lets nobody but admins list or write, and only fellow members be seen', async () => {
    expect((await ada.get('/accounts')).status).toBe(403)
    expect((await ada.post('/accounts', { name: 'mine', isOrg: true })).status).toBe(403)
    expect((await ada.get('/accounts/dan')).status).toBe(403)
    expect((await ada.get('/accounts/ada')).status).toBe(200)
    expect((await ada.patch('/accounts/ada', { isAdmin: true })).status).toBe(403)
    expect((await anonymousClient(ucp).get('/accounts/ada')).status).toBe(401)
  })

  it.each(['', 'a b', 'a/b', 'a:b', 'x'.repeat(101)])('refuses the name %j', async (name) => {
    expect((await admin.post('/accounts', { name, isOrg: true })).status).toBe(400)
  })

  it('refuses a short password, changes one with the old one only, and asks an admin for none', async () => {
    expect((await admin.post('/accounts', { name: 'eve', password: 'short' })).status).toBe(400)
    expect((await admin.post('/accounts', { name: 'eve', password: 'long enough' })).status).toBe(201)
    const wrong = { oldPassword: 'wrong', newPassword: passwordOf('eve') }
    expect((await admin.post('/accounts/eve/changePassword', { newPassword: 'another one' })).status).toBe(
      200,
    )
    const changed = await admin.post('/accounts/eve/changePassword', wrong)
    expect(changed.status).toBe(200)
    const eve = await loggedIn(ucp, 'eve')
    expect((await eve.post('/accounts/eve/changePassword', wrong)).status).toBe(400)
  })

  it('ends the sessions of a user who is made inactive', async () => {
    await admin.post('/accounts', { name: 'fay', password: passwordOf('fay') })
    const fay = await loggedIn(ucp, 'fay')
    expect((await fay.get('/id')).status).toBe(200)
    await admin.patch('/accounts/fay', { isActive: false })
    expect((await fay.get('/id')).status).toBe(401)
  })

  it('answers broken JSON with 400 and another method with 405', async () => {
    expect((await admin.send('POST', '/accounts', '{')).body.errors[0].code).toBe('INVALID_JSON')
    expect((await admin.send('PUT', '/accounts/ada', '{}')).status).toBe(405)
  })
})

describe('organizations and teams', () => {
  beforeAll(async () => {
    await admin.post('/accounts', { name: 'bank', isOrg: true })
    await admin.post('/accounts', { name: 'gus', password: passwordOf('gus') })
  })

  it('puts a team member, who is then in the organization, and takes them out of both', async () => {
    const team = await admin.post('/accounts/bank/teams', { name: 'ops', description: 'Ops' })
    expect(team.status).toBe(201)
    expect((await admin.put('/accounts/bank/teams/ops/members/gus')).status).toBe(200)
    expect((await admin.get(`/accounts/bank/teams/${team.body.id}`)).body.membersCount).toBe(1)
    expect((await admin.get('/accounts/bank/members/gus')).body).toMatchObject({ isAdmin: false })
    expect((await admin.get('/accounts/bank/members/gus/teams')).body.memberTeams[0].team.name).toBe('ops')
    expect((await admin.delete('/accounts/bank/members/gus')).status).toBe(204)
    expect((await admin.get('/accounts/bank/teams/ops/members/gus')).status).toBe(404)
  })

  it('renames a team but not onto another', async () => {
    await admin.post('/accounts/bank/teams', { name: 'one' })
    await admin.post('/accounts/bank/teams', { name: 'two' })
    expect((await admin.patch('/accounts/bank/teams/one', { name: 'two' })).status).toBe(409)
    expect((await admin.patch('/accounts/bank/teams/one', { name: 'uno' })).body.name).toBe('uno')
    expect((await admin.get('/accounts/bank/teams/one')).status).toBe(404)
  })

  it('lets an organization’s admin manage it, and strangers see nothing of it', async () => {
    await admin.put('/accounts/bank/members/gus', { isAdmin: true })
    const gus = await loggedIn(ucp, 'gus')
    expect((await gus.post('/accounts/bank/teams', { name: 'by-gus' })).status).toBe(201)
    expect((await gus.put('/accounts/bank/members/ada')).status).toBe(200)
    expect((await ada.post('/accounts/bank/teams', { name: 'by-ada' })).status).toBe(403)
    const bob = await loggedIn(ucp, 'bob')
    expect((await bob.get('/accounts/bank/teams')).status).toBe(403)
  })

  it('holds everybody in the everyone-org, whose members are fixed', async () => {
    expect(
      (await admin.get('/accounts/docker-datacenter/members?limit=0')).body.resourceCount,
    ).toBeGreaterThan(4)
    expect((await admin.delete('/accounts/docker-datacenter/members/ada')).status).toBe(400)
    expect((await admin.delete('/accounts/docker-datacenter')).status).toBe(403)
  })

  it('takes a team’s members from its LDAP group and refuses changes by hand', async () => {
    await admin.post('/accounts/bank/teams', { name: 'dev' })
    const put = await admin.put(
      '/accounts/bank/teams/dev/memberSyncConfig',
      sync('cn=dev, ou=groups,dc=bank,dc=example'),
    )
    expect(put.status).toBe(200)
    const names = async () =>
      (await admin.get('/accounts/bank/teams/dev/members')).body.members
        .map((one: { member: { name: string } }) => one.member.name)
        .sort()
    expect(await names()).toEqual(['ada', 'bob'])
    expect((await admin.put('/accounts/bank/teams/dev/members/cyd')).status).toBe(403)
    expect((await admin.delete('/accounts/bank/teams/dev/members/ada')).status).toBe(403)
    expect((await admin.put('/accounts/bank/teams/dev/members/gus')).status).toBe(200)
    expect(await names()).toEqual(['ada', 'bob', 'gus'])
    await admin.put('/accounts/bank/teams/dev/memberSyncConfig', sync('CN=Ops,OU=Groups,DC=bank,DC=example'))
    expect(await names()).toEqual(['cyd', 'gus'])
    const job = await admin.post('/enzi/v0/jobs', { action: 'ldap-sync' })
    expect(job.status).toBe(202)
  })

  it('wants all seven fields of a sync configuration', async () => {
    const { searchFilter: _, ...six } = sync('x')
    expect((await admin.put('/accounts/bank/teams/dev/memberSyncConfig', six)).status).toBe(400)
  })
})
