import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import type { EmulatorSwitches } from '../../src/lab/ucp/switches.ts'
import type { Properties } from '../../src/provider/plugin.ts'
import {
  type Drive,
  driveFor,
  expectStable,
  type State,
  startEmulator,
  thrownBy,
} from './provider-harness.ts'

const collectionType = 'ucp:index:Collection'
const roleType = 'ucp:index:Role'
const grantType = 'ucp:index:Grant'
const revokedType = 'ucp:index:RevokedGrant'

const developer = (suffix: string, more: Properties = {}) => ({
  name: `developer-nonprod-${suffix}`,
  operations: {
    Service: { 'Service View': [], 'Service Create': ['Host Bind Mounts'] },
    Container: { 'Container Logs': [], ...more },
  },
})

/** What is not known of UCP, one way and the other. */
const choices: [string, Partial<EmulatorSwitches>][] = [
  ['suggested', {}],
  [
    'other',
    {
      duplicateStatus: 400,
      builtInStatus: 400,
      nonEmptyCollectionStatus: 403,
      collectionStart: 'offset',
      roleCreatedAsArray: true,
      roleInUseStatus: 403,
      emptyGrantsAreNull: false,
      grantOfUnknownIds: 'accept',
      missingGrantDeleteStatus: 204,
      unknownOperations: 'keep',
      unknownSettings: 'keep',
      limitZeroMeansAll: false,
    },
  ],
]

describe.each(choices)('with the %s choices', (_name, switches) => {
  let emulator: Emulator
  let drive: Drive
  let made: State[]

  beforeAll(async () => {
    emulator = await startEmulator(switches)
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

  const create = async (token: string, inputs: Properties): Promise<State> => {
    const state = await drive.create(token, inputs)
    made.push(state)
    return state
  }
  const collections = async (...paths: string[]) => {
    for (const path of paths) await create(collectionType, { path })
  }
  const team = async () => {
    await create('ucp:index:Organization', { name: 'acme', fullName: 'Acme' })
    return create('ucp:index:Team', { organization: 'acme', name: 'developers' })
  }
  const rolesNamed = async (name: string): Promise<unknown[]> =>
    ((await drive.see('/roles')) as { name: string }[]).filter((role) => role.name === name)

  describe('collections', () => {
    test('are made below others, constrained, read back and deleted', async () => {
      await collections('/Run', '/Run/Std')
      const constraint = { type: 'node', labelKey: 'ssd', labelValue: 'true', equality: true }
      const state = await create(collectionType, { path: '/Run/Std/acme', labelConstraints: [constraint] })
      await expectStable(drive, state)
      const changed = await drive.update(state, { path: '/Run/Std/acme' })
      await expectStable(drive, changed)
      expect(drive.diff(changed, { path: '/Run/Std/other' }).replaces).toEqual(['path'])
    })

    test('without their parent are refused with its name', async () => {
      const error = await thrownBy(drive.create(collectionType, { path: '/Nowhere/acme' }))
      expect(error.message).toBe('The collection /Nowhere does not exist.')
    })

    test('of an interrupted run are taken over, of others are foreign', async () => {
      await collections('/Run')
      await collections('/Run')
      const theirs = driveFor(emulator, { owner: 'nonprod.other' })
      expect(await thrownBy(theirs.create(collectionType, { path: '/Run' }))).toMatchObject({
        code: 'foreign',
      })
      expect((await thrownBy(theirs.create(collectionType, { path: '/Shared' }))).message).toContain(
        'was not made by Tenantry',
      )
      await theirs.close()
    })

    test('that hold something say what, after a bounded wait', async () => {
      const state = await create(collectionType, { path: '/Held' })
      await create(collectionType, { path: '/Held/inner' })
      const error = await thrownBy(drive.delete(state))
      expect(error.message).toContain('it still holds collection /Held/inner')
      expect(drive.clock.waited()).toBeGreaterThanOrEqual(20_000)
    })

    test('survive a create whose answer was lost', async () => {
      const fault = emulator.faults.add({
        match: { method: 'POST', pathPattern: /^\/collections/ },
        fault: { kind: 'reset-after' },
        times: 1,
      })
      await expectStable(drive, await create(collectionType, { path: '/Lost' }))
      expect(fault.hits()).toBe(1)
    })
  })

  describe('roles', () => {
    test('are made, read back in any order of their operations, and deleted', async () => {
      const state = await create(roleType, developer('a'))
      await expectStable(drive, state)
      const shuffled = {
        name: state.id,
        operations: {
          Container: { 'Container Logs': [] },
          Service: { 'Service Create': ['Host Bind Mounts'], 'Service View': [] },
          Image: {},
        },
      }
      expect(drive.diff(state, shuffled).changes).toBe(false)
      await drive.delete(state)
      expect(await drive.read(state)).toBeUndefined()
      await drive.delete(state)
    })

    test('are shared: the same name and operations are one role', async () => {
      const theirs = driveFor(emulator, { owner: 'nonprod.other' })
      const mine = await create(roleType, developer('b'))
      expect((await theirs.create(roleType, developer('b'))).outputs.roleId).toBe(mine.outputs.roleId)
      expect(await rolesNamed(mine.id)).toHaveLength(1)
      await theirs.close()
    })

    test('of the same name that allow something else are foreign', async () => {
      await create(roleType, developer('c'))
      const other = developer('c', { 'Container Exec': [] })
      expect(await thrownBy(drive.create(roleType, other))).toMatchObject({ code: 'foreign' })
    })

    test('made by two processes at once end as one', async () => {
      const drives = Array.from({ length: 6 }, (_, index) =>
        driveFor(emulator, { owner: `nonprod.o${index}` }),
      )
      const states = await Promise.all(drives.map((one) => one.create(roleType, developer('d'))))
      expect(new Set(states.map(({ outputs }) => outputs.roleId)).size).toBe(1)
      expect(await rolesNamed('developer-nonprod-d')).toHaveLength(1)
      made.push(...states.slice(0, 1))
      await Promise.all(drives.map((one) => one.close()))
    })

    test('stay while a grant uses them, and go with the last that leaves', async () => {
      await collections('/Run')
      await team()
      const mine = await create(roleType, developer('e'))
      const grant = await create(grantType, {
        subject: 'team:acme/developers',
        role: mine.id,
        collection: '/Run',
      })
      await drive.delete(mine)
      expect(await rolesNamed(mine.id)).toHaveLength(1)
      await drive.delete(grant)
      await drive.delete(mine)
      expect(await rolesNamed(mine.id)).toHaveLength(0)
    })
  })

  describe('two roles of one name', () => {
    test('become the one with the smaller id', async () => {
      const twins = [
        { id: 'bbb', name: 'twin', system_role: false, operations: developer('x').operations },
        { id: 'aaa', name: 'twin', system_role: false, operations: developer('x').operations },
      ]
      const listed = () =>
        emulator.faults.add({
          match: { method: 'GET', pathPattern: /^\/roles$/ },
          fault: { kind: 'status', status: 200, body: twins },
        })
      listed()
      const state = await drive.create(roleType, { name: 'twin', operations: developer('x').operations })
      expect(state.outputs.roleId).toBe('aaa')
    })

    test('made at the same moment: the later id is taken away again', async () => {
      const { operations } = developer('x')
      const listed = (...ids: string[]) => ({
        kind: 'status' as const,
        status: 200,
        body: ids.map((id) => ({ id, name: 'twin', system_role: false, operations })),
      })
      const roles = { method: 'GET', pathPattern: /^\/roles$/ }
      emulator.faults.add({ match: roles, fault: listed(), times: 1 })
      emulator.faults.add({ match: roles, fault: listed('ccc', 'aaa') })
      emulator.faults.add({
        match: { method: 'POST', pathPattern: /^\/roles$/ },
        fault: { kind: 'status', status: 201, body: { id: 'ccc' } },
      })
      const deleted = emulator.faults.add({
        match: { method: 'DELETE', pathPattern: /^\/roles\/ccc$/ },
        fault: { kind: 'status', status: 204 },
      })
      const state = await drive.create(roleType, { name: 'twin', operations })
      expect(state.outputs.roleId).toBe('aaa')
      expect(deleted.hits()).toBe(1)
    })
  })

  describe('grants', () => {
    test('are made by names, read back and deleted', async () => {
      await collections('/Run', '/Run/Std')
      await team()
      const state = await create(grantType, {
        subject: 'team:acme/developers',
        role: 'scheduler',
        collection: '/Run/Std',
      })
      expect(state.id).toBe('team:acme/developers:scheduler:/Run/Std')
      await expectStable(drive, state)
      const imported = await drive.import(grantType, state.id)
      expect(imported).toEqual(state)
      await drive.delete(state)
      expect(await drive.read(state)).toBeUndefined()
      await drive.delete(state)
    })

    test.each([
      ['organization:acme', 'organization'],
      ['user:ada', 'user'],
    ])('for %s', async (subject) => {
      await collections('/Run')
      await team()
      await expectStable(drive, await create(grantType, { subject, role: 'viewonly', collection: '/Run' }))
    })

    test.each([
      [
        { subject: 'team:acme/nobody', role: 'viewonly', collection: '/Shared' },
        'The subject team:acme/nobody',
      ],
      [{ subject: 'user:ada', role: 'no-role', collection: '/Shared' }, 'The role no-role'],
      [{ subject: 'user:ada', role: 'viewonly', collection: '/No' }, 'The collection /No'],
    ])('name the part that is missing: %o', async (inputs, what) => {
      expect((await thrownBy(drive.create(grantType, inputs))).message).toContain(what)
    })

    test('of a renamed team survive being replaced by the new name', async () => {
      await collections('/Run')
      const state = await team()
      const inputs = { subject: 'team:acme/developers', role: 'viewonly', collection: '/Run' }
      const old = await create(grantType, inputs)
      await drive.update(state, { organization: 'acme', name: 'builders' })
      const replacement = await create(grantType, { ...inputs, subject: 'team:acme/builders' })
      await drive.delete(old)
      await expectStable(drive, replacement)
      await drive.delete(replacement)
      expect(await drive.read(replacement)).toBeUndefined()
    })

    test('whose parts are gone are deleted with success', async () => {
      await collections('/Run')
      const state = await team()
      const grant = await create(grantType, {
        subject: 'team:acme/developers',
        role: 'viewonly',
        collection: '/Run',
      })
      await drive.delete(state)
      expect(await drive.read(grant)).toBeUndefined()
      await drive.delete(grant)
    })

    test('are found among more than a page of them', async () => {
      await collections('/Run')
      await team()
      const roleIds = ['none', 'viewonly', 'restrictedcontrol', 'scheduler', 'fullcontrol']
      for (const subject of ['team:acme/developers', 'organization:acme', 'user:ada', 'user:bob'])
        for (const role of roleIds) await create(grantType, { subject, role, collection: '/Run' })
      const { listGrants } = await import('../../src/clients/ucp-grants.ts')
      const [last] = made.slice(-1)
      const collectionId = String(last?.outputs.collectionId)
      expect(await listGrants(drive.client.ucp, { collectionId })).toHaveLength(20)
    })
  })

  describe('revoked grants', () => {
    const everyone = { subject: 'organization:docker-datacenter', role: 'scheduler', collection: '/Shared' }

    test('take a grant away and give it back when they go', async () => {
      const granted = await drive.import(grantType, 'organization:docker-datacenter:scheduler:/Shared')
      expect(granted).toBeDefined()
      const state = await create(revokedType, everyone)
      expect(state.outputs.wasGranted).toBe(true)
      await expectStable(drive, state)
      expect(await drive.read({ ...state, token: grantType })).toBeUndefined()
      await drive.delete(state)
      expect(await drive.read({ ...state, token: grantType })).toBeDefined()
      expect(await drive.read(state)).toBeUndefined()
    })

    test('of what was never there give nothing back', async () => {
      const inputs = { subject: 'user:ada', role: 'fullcontrol', collection: '/' }
      const state = await create(revokedType, inputs)
      expect(state.outputs.wasGranted).toBe(false)
      await drive.delete(state)
      expect(await drive.import(grantType, state.id)).toBeUndefined()
    })

    test('of what does not exist yet are fulfilled', async () => {
      const inputs = { subject: 'team:nobody/none', role: 'fullcontrol', collection: '/Shared' }
      await expectStable(drive, await create(revokedType, inputs))
    })
  })

  describe('default collections', () => {
    test('are set, moved and given up', async () => {
      await collections('/Run', '/Build')
      const state = await create('ucp:index:DefaultCollection', { user: 'ada', collection: '/Run' })
      await expectStable(drive, state)
      const moved = await drive.update(state, { user: 'ada', collection: '/Build' })
      await expectStable(drive, moved)
      await drive.delete(moved)
      const read = await drive.read(moved)
      expect(read?.inputs.collection).not.toBe('/Build')
    })

    test('of a user who is not there say so', async () => {
      const inputs = { user: 'nobody', collection: '/Shared' }
      const error = await thrownBy(drive.create('ucp:index:DefaultCollection', inputs))
      expect(error.message).toContain('The user nobody does not exist')
    })
  })

  describe('content trust', () => {
    const path = '/api/ucp/config-toml'
    const configuration = async () => (await drive.client.ucp.send({ method: 'GET', path })).text

    test('is written, read back and set to what was before', async () => {
      await team()
      const before = await configuration()
      const state = await create('ucp:index:ContentTrust', { required: true, signers: ['acme/developers'] })
      expect(state.outputs).toMatchObject({ requiredBefore: false, signersBefore: [] })
      await expectStable(drive, state)
      const changed = await drive.update(state, { required: true, signers: [] })
      expect(changed.outputs.requiredBefore).toBe(false)
      await drive.delete(changed)
      expect(await configuration()).toBe(before)
    })

    test('keeps what it does not manage', async () => {
      const { parse, stringify } = await import('smol-toml')
      const before = parse(await configuration())
      const own = { ...before, log_configuration: { level: 'DEBUG', protocol: 'tcp', host: 'logs:514' } }
      await drive.client.ucp.send({ method: 'PUT', path, body: stringify(own) })
      const kept = parse(await configuration())
      await create('ucp:index:ContentTrust', { required: true, signers: [] })
      const after = parse(await configuration())
      expect({ ...after, trust_configuration: 0 }).toEqual({ ...kept, trust_configuration: 0 })
    })

    test('is written again when somebody else wrote at the same moment', async () => {
      const fault = emulator.faults.add({
        match: { method: 'PUT', pathPattern: /config-toml/ },
        fault: { kind: 'status', status: 500, body: { message: 'rpc error: update out of sequence' } },
        times: 2,
      })
      await expectStable(drive, await create('ucp:index:ContentTrust', { required: true, signers: [] }))
      expect(fault.hits()).toBe(2)
    })
  })
})
