import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import { Unfinished } from '../../src/provider/plugin.ts'
import {
  type Drive,
  driveFor,
  expectStable,
  type State,
  startEmulator,
  thrownBy,
} from './provider-harness.ts'

const organizationType = 'ucp:index:Organization'
const teamType = 'ucp:index:Team'
const group = {
  groupDn: 'CN=RB-Developers,OU=Groups,DC=bank,DC=example',
  groupMemberAttribute: 'member',
}

let emulator: Emulator
let drive: Drive
let made: State[]

beforeAll(async () => {
  emulator = await startEmulator()
})
afterAll(() => emulator.stop())
beforeEach(() => {
  drive = driveFor(emulator)
  made = []
})
afterEach(async () => {
  emulator.faults.clear()
  for (const state of made.reverse()) await drive.delete(state)
  await drive.close()
})

const create = async (token: string, inputs: Parameters<Drive['create']>[1]): Promise<State> => {
  const state = await drive.create(token, inputs)
  made.push(state)
  return state
}
const acme = () => create(organizationType, { name: 'acme', fullName: 'Acme Bank' })

describe('organizations', () => {
  test('are made, read back, changed and deleted', async () => {
    const state = await acme()
    expect(state.id).toBe('acme')
    await expectStable(drive, state)
    expect(await drive.see('/accounts/acme')).toMatchObject({ fullName: 'Acme Bank [tenantry:nonprod.acme]' })
    const changed = await drive.update(state, { name: 'acme', fullName: 'Acme' })
    await expectStable(drive, changed)
    await drive.delete(changed)
    expect(await drive.read(changed)).toBeUndefined()
    await drive.delete(changed)
  })

  test('another name is another organization', async () => {
    const state = await acme()
    expect(drive.diff(state, { name: 'other', fullName: 'Acme Bank' }).replaces).toEqual(['name'])
  })

  test('of an interrupted run are taken over silently', async () => {
    const first = await acme()
    expect(await drive.create(organizationType, first.inputs)).toEqual(first)
  })

  test('of somebody else are foreign, unless adoption was asked for', async () => {
    const theirs = driveFor(emulator, { owner: 'nonprod.other' })
    await acme()
    const fault = await thrownBy(theirs.create(organizationType, { name: 'acme', fullName: 'Mine' }))
    expect(fault).toMatchObject({ code: 'foreign' })
    expect(fault.message).toContain('belongs to the stack nonprod.acme')
    const adopting = driveFor(emulator, { owner: 'nonprod.other', adopt: 'true' })
    await adopting.create(organizationType, { name: 'acme', fullName: 'Mine' })
    expect(await drive.see('/accounts/acme')).toMatchObject({ fullName: 'Mine [tenantry:nonprod.other]' })
    await Promise.all([theirs.close(), adopting.close()])
  })

  test('that are users are refused with the reason', async () => {
    const fault = await thrownBy(drive.create(organizationType, { name: 'ada', fullName: 'x' }))
    expect(fault.message).toContain('ada is a user')
  })

  test.each(['timeout-after', 'reset-after'] as const)(
    'survive a create whose answer was lost: %s',
    async (kind) => {
      const fault = emulator.faults.add({
        match: { method: 'POST', pathPattern: /^\/accounts/ },
        fault: { kind },
        times: 1,
      })
      const state = await acme()
      expect(fault.hits()).toBe(1)
      await expectStable(drive, state)
    },
  )

  test('that somebody made anew are left alone by a delete', async () => {
    const state = await acme()
    await drive.delete(state)
    await drive.client.ucp.json({ method: 'POST', path: '/accounts/', body: { name: 'acme', isOrg: true } })
    await drive.delete(state)
    expect(await drive.see('/accounts/acme')).toMatchObject({ name: 'acme' })
    expect(drive.lines.join()).toContain('left alone')
    await drive.client.ucp.send({ method: 'DELETE', path: '/accounts/acme' })
  })
})

describe('teams', () => {
  test('follow an LDAP group and stop following it', async () => {
    await acme()
    const state = await create(teamType, { organization: 'acme', name: 'developers', ldapSync: group })
    await expectStable(drive, state)
    expect(await drive.see('/accounts/acme/teams/developers/memberSyncConfig')).toEqual({
      enableSync: true,
      selectGroupMembers: true,
      groupDN: group.groupDn,
      groupMemberAttr: 'member',
      searchBaseDN: '',
      searchScopeSubtree: false,
      searchFilter: '',
    })
    const changed = await drive.update(state, { organization: 'acme', name: 'developers' })
    await expectStable(drive, changed)
  })

  test('are renamed in place, and found after somebody else renamed them', async () => {
    await acme()
    const state = await create(teamType, { organization: 'acme', name: 'developers' })
    const wanted = { organization: 'acme', name: 'builders', description: 'They build.' }
    expect(drive.diff(state, wanted).replaces).toEqual([])
    const renamed = await drive.update(state, wanted)
    expect(renamed.outputs.teamId).toBe(state.outputs.teamId)
    const path = `/accounts/acme/teams/${String(state.outputs.teamId)}`
    await drive.client.ucp.send({ method: 'PATCH', path, body: { name: 'strays' } })
    const read = await drive.read(renamed)
    expect(read?.id).toBe('acme/strays')
    expect(drive.diff(read ?? state, wanted).details).toEqual({ name: 'update' })
    expect((await drive.update(read ?? state, wanted)).outputs).toEqual(renamed.outputs)
  })

  test('a search in place of the group is drift', async () => {
    await acme()
    const state = await create(teamType, { organization: 'acme', name: 'developers', ldapSync: group })
    await drive.client.ucp.send({
      method: 'PUT',
      path: '/accounts/acme/teams/developers/memberSyncConfig',
      body: {
        enableSync: true,
        selectGroupMembers: false,
        groupDN: '',
        groupMemberAttr: '',
        searchBaseDN: 'DC=bank,DC=example',
        searchScopeSubtree: true,
        searchFilter: '(uid=*)',
      },
    })
    const read = await drive.read(state)
    expect(drive.diff(read ?? state, state.inputs).changes).toBe(true)
    await expectStable(drive, await drive.update(read ?? state, state.inputs))
  })

  test('that were made but not finished stay in the state', async () => {
    await acme()
    emulator.faults.add({
      match: { method: 'PUT', pathPattern: /memberSyncConfig/ },
      fault: { kind: 'status', status: 400, body: { errors: [{ code: 'INVALID_FORM', message: 'no' }] } },
      times: 1,
    })
    const inputs = { organization: 'acme', name: 'developers', ldapSync: group }
    const error = await thrownBy(drive.create(teamType, inputs))
    expect(error).toBeInstanceOf(Unfinished)
    expect(error).toMatchObject({ id: 'acme/developers' })
    const again = await create(teamType, inputs)
    await expectStable(drive, again)
  })

  test('of an organization that is missing name it', async () => {
    const error = await thrownBy(drive.create(teamType, { organization: 'nobody', name: 'x' }))
    expect(error.message).toContain('The organization nobody does not exist')
  })
})

describe('members', () => {
  test('of organizations come, become administrators and go', async () => {
    await acme()
    const state = await create('ucp:index:OrganizationMember', { organization: 'acme', user: 'ada' })
    await expectStable(drive, state)
    const admin = await drive.update(state, { organization: 'acme', user: 'ada', isAdmin: true })
    await expectStable(drive, admin)
    const demoted = await drive.update(admin, { organization: 'acme', user: 'ada' })
    await expectStable(drive, demoted)
    await drive.delete(demoted)
    expect(await drive.read(demoted)).toBeUndefined()
    await drive.delete(demoted)
  })

  test('that somebody put into a team of named members are seen and taken out; where nobody is named they stay', async () => {
    await acme()
    const inputs = { organization: 'acme', name: 'pipelines', members: ['bob', 'ada'] }
    const team = await create(teamType, inputs)
    expect(team.inputs.members).toEqual(['ada', 'bob'])
    await create('ucp:index:TeamMember', { organization: 'acme', team: 'pipelines', user: 'ada' })
    expect(await drive.read(team)).toEqual(team)
    await drive.create('ucp:index:TeamMember', { organization: 'acme', team: 'pipelines', user: 'cyd' })
    const seen = await drive.read(team)
    expect(seen?.inputs.members).toEqual(['ada', 'bob', 'cyd'])
    if (seen === undefined) throw new Error('the team is gone')
    expect(drive.diff(seen, inputs)).toMatchObject({ changes: true, replaces: [] })
    await drive.update(seen, inputs)
    expect((await drive.read(team))?.inputs.members).toEqual(['ada', 'bob'])
    expect(await drive.import('ucp:index:TeamMember', 'acme/pipelines/cyd')).toBeUndefined()
    const open = { organization: 'acme', name: 'open' }
    const free = await create(teamType, open)
    await drive.create('ucp:index:TeamMember', { organization: 'acme', team: 'open', user: 'cyd' })
    expect(await drive.read(free)).toEqual(free)
    await drive.update(free, open)
    expect(await drive.import('ucp:index:TeamMember', 'acme/open/cyd')).toBeDefined()
  })

  test('of teams join the organization too', async () => {
    await acme()
    await create(teamType, { organization: 'acme', name: 'developers' })
    const state = await create('ucp:index:TeamMember', {
      organization: 'acme',
      team: 'developers',
      user: 'ada',
    })
    expect(state.id).toBe('acme/developers/ada')
    await expectStable(drive, state)
    expect(await drive.import('ucp:index:OrganizationMember', 'acme/ada')).toBeDefined()
    await drive.delete(state)
    expect(await drive.read(state)).toBeUndefined()
  })

  test('that do not exist are refused with their name', async () => {
    await acme()
    const inputs = { organization: 'acme', user: 'nobody' }
    expect(await thrownBy(drive.create('ucp:index:OrganizationMember', inputs))).toMatchObject({
      code: 'not-found',
      details: { resource: 'member acme/nobody' },
    })
  })
})

describe('the session', () => {
  test('is one for everything, and renewed once when it was evicted', async () => {
    await acme()
    const logins = () => emulator.log.calls().filter(({ path }) => path === '/auth/login').length
    const before = logins()
    await drive.client.ucp.send({ method: 'POST', path: '/id/logout' })
    await Promise.all(Array.from({ length: 12 }, () => drive.see('/accounts/acme')))
    expect(logins() - before).toBe(1)
  })

  test('a refused login is said once and never tried again', async () => {
    const wrong = driveFor(emulator, { password: 'wrong-password' })
    const error = await thrownBy(wrong.see('/accounts/acme'))
    expect(error).toBeInstanceOf(Fault)
    expect(error.message).toContain('refused the login of svc-tenantry')
    expect(error.message).not.toContain('wrong-password')
    const before = emulator.log.calls().length
    await thrownBy(wrong.see('/accounts/acme'))
    expect(emulator.log.calls().length).toBe(before)
    await wrong.close()
  })

  test('a certificate of an unknown authority is said with the endpoint and what to check', async () => {
    const distrustful = driveFor(emulator, { caCertificate: '' })
    const error = await thrownBy(distrustful.see('/accounts/acme'))
    expect(error).toMatchObject({ code: 'certificate', details: { endpoint: emulator.address } })
    expect(error.message).toContain('certificate that is not trusted')
    await distrustful.close()
  })

  test('a user who may not is told what, where and why', async () => {
    const eve = driveFor(emulator, { username: 'eve', password: 'not-an-admin-at-all' })
    const error = await thrownBy(eve.create(organizationType, { name: 'evil', fullName: 'x' }))
    expect(error).toMatchObject({ code: 'forbidden' })
    await eve.close()
  })
})
