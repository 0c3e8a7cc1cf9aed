import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Registry as RegistryEmulator, startRegistry } from '../../src/lab/registry/server.ts'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import type { Properties } from '../../src/provider/plugin.ts'
import {
  type Drive,
  driveFor,
  expectStable,
  type State,
  startEmulator,
  thrownBy,
} from './provider-harness.ts'

const repositoryType = 'ucp:registry:Repository'
const accessType = 'ucp:registry:TeamAccess'
const policyType = 'ucp:registry:PromotionPolicy'
const webhookType = 'ucp:registry:Webhook'

const api = { namespace: 'acme', name: 'api', scanOnPush: true, immutableTags: false }
const release = { ...api, name: 'api-prod', immutableTags: true }
const policy = {
  sourceRepository: 'acme/api',
  targetRepository: 'acme/api-prod',
  tagTemplate: '%n',
  rules: [{ field: 'vulnerability_critical', operator: 'lte', values: ['0'] }],
}
const hook = { repository: 'acme/api', event: 'TAG_PUSH', endpoint: 'https://hook.bank.example/x' }

let emulator: Emulator
let registry: RegistryEmulator
let drive: Drive
let made: State[]

const another = (more: Properties = {}): Drive =>
  driveFor(emulator, {
    registryEndpoint: registry.address,
    registryCaCertificate: registry.caCertificate,
    ...more,
  })

beforeAll(async () => {
  emulator = await startEmulator()
  registry = await startRegistry({ ucp: emulator })
})
afterAll(async () => {
  await registry.stop()
  await emulator.stop()
})
beforeEach(async () => {
  drive = another()
  made = []
  await create('ucp:index:Organization', { name: 'acme', fullName: 'Acme' })
})
afterEach(async () => {
  registry.faults.clear()
  for (const state of made.reverse()) await drive.delete(state)
  await drive.close()
})

const create = async (token: string, inputs: Properties): Promise<State> => {
  const state = await drive.create(token, inputs)
  made.push(state)
  return state
}
const send = (method: 'PATCH' | 'POST' | 'DELETE', path: string, body: unknown) =>
  drive.client.registry.send({ method, path, body })

describe('repositories', () => {
  test('are made, read back, changed and deleted', async () => {
    const state = await create(repositoryType, { ...api, shortDescription: 'The API.' })
    expect(state.id).toBe('acme/api')
    await expectStable(drive, state)
    const changed = await drive.update(state, { ...api, immutableTags: true, visibility: 'public' })
    await expectStable(drive, changed)
    expect(drive.diff(changed, release).replaces).toEqual(['name'])
    await drive.delete(changed)
    expect(await drive.read(changed)).toBeUndefined()
    await drive.delete(changed)
  })

  test('keep a limit of tags only where one was asked for', async () => {
    const free = await create(repositoryType, api)
    await send('PATCH', '/repositories/acme/api', { tagLimit: 7, immutableTags: false })
    expect(drive.diff((await drive.read(free)) ?? free, api).changes).toBe(false)
    const limited = await create(repositoryType, { ...release, tagLimit: 5 })
    await expectStable(drive, limited)
    await send('PATCH', '/repositories/acme/api-prod', { tagLimit: 7, immutableTags: true })
    const drifted = (await drive.read(limited)) ?? limited
    expect(drive.diff(drifted, limited.inputs).details).toEqual({ tagLimit: 'update' })
  })

  test('of an interrupted run are taken over, of others are foreign', async () => {
    const state = await create(repositoryType, api)
    expect(await drive.create(repositoryType, api)).toEqual(state)
    const theirs = another({ owner: 'nonprod.other' })
    expect(await thrownBy(theirs.create(repositoryType, api))).toMatchObject({ code: 'foreign' })
    await theirs.close()
  })

  test('survive a create whose answer was lost', async () => {
    const fault = registry.faults.add({
      match: { method: 'POST', pathPattern: /\/repositories\/acme/ },
      fault: { kind: 'status-after', status: 504 },
      times: 1,
    })
    await expectStable(drive, await create(repositoryType, api))
    expect(fault.hits()).toBe(1)
  })

  test('of a namespace that is missing name it', async () => {
    const error = await thrownBy(drive.create(repositoryType, { ...api, namespace: 'nobody' }))
    expect(error).toMatchObject({ code: 'not-found', details: { resource: 'repository nobody/api' } })
  })
})

describe('team access', () => {
  const inputs = { namespace: 'acme', repository: 'api', team: 'developers', accessLevel: 'read-write' }

  test('is found by the team’s name although the registry lists ids', async () => {
    await create(repositoryType, api)
    for (let index = 0; index < 12; index++) {
      await create('ucp:index:Team', { organization: 'acme', name: `team${index}` })
      await create(accessType, { ...inputs, team: `team${index}`, accessLevel: 'read-only' })
    }
    await create('ucp:index:Team', { organization: 'acme', name: 'developers' })
    const state = await create(accessType, inputs)
    expect(state.id).toBe('acme/api:developers')
    await expectStable(drive, state)
    const raised = await drive.update(state, { ...inputs, accessLevel: 'admin' })
    await expectStable(drive, raised)
    await drive.delete(raised)
    expect(await drive.read(raised)).toBeUndefined()
    await drive.delete(raised)
  })

  test('of a team that is missing names it, and its delete succeeds', async () => {
    await create(repositoryType, api)
    const error = await thrownBy(drive.create(accessType, inputs))
    expect(error.message).toContain('The team acme/developers does not exist')
    await drive.delete({ token: accessType, id: 'acme/api:developers', inputs, outputs: inputs })
  })
})

describe('promotion policies', () => {
  test('are made once, read back, changed and deleted', async () => {
    await create(repositoryType, api)
    await create(repositoryType, release)
    const state = await create(policyType, policy)
    expect(state.id).toBe('acme/api->acme/api-prod')
    await expectStable(drive, state)
    expect((await drive.create(policyType, policy)).outputs.policyId).toBe(state.outputs.policyId)
    const stricter = { ...policy, rules: [...policy.rules, { field: 'tag', operator: 'sw', values: ['v'] }] }
    const changed = await drive.update(state, stricter)
    expect(changed.outputs.policyId).toBe(state.outputs.policyId)
    await expectStable(drive, changed)
    await drive.delete(changed)
    expect(await drive.read(changed)).toBeUndefined()
    await drive.delete(changed)
  })

  test('are made once although the first answer was lost', async () => {
    await create(repositoryType, api)
    await create(repositoryType, release)
    registry.faults.add({
      match: { method: 'POST', pathPattern: /promotionPolicies/ },
      fault: { kind: 'reset-after' },
      times: 1,
    })
    await expectStable(drive, await create(policyType, policy))
    const all = await drive.client.registry.json({
      method: 'GET',
      path: '/repositories/acme/api/promotionPolicies?source=true',
    })
    expect(all).toHaveLength(1)
  })
})

describe('webhooks', () => {
  test('are made once, read back and deleted', async () => {
    await create(repositoryType, api)
    const state = await create(webhookType, hook)
    expect(state.id).toBe('acme/api:TAG_PUSH:https://hook.bank.example/x')
    await expectStable(drive, state)
    expect((await drive.create(webhookType, hook)).outputs).toEqual(state.outputs)
    await drive.delete(state)
    expect(await drive.read(state)).toBeUndefined()
    await drive.delete(state)
  })

  test('that were switched off are seen to be, and are switched on again', async () => {
    await create(repositoryType, api)
    const state = await create(webhookType, hook)
    await send('POST', '/webhooks/update', { id: state.outputs.webhookId, inactive: true })
    const seen = await drive.read(state)
    expect(seen?.outputs.active).toBe(false)
    expect(seen === undefined ? undefined : drive.diff(seen, hook)).toMatchObject({
      changes: true,
      replaces: [],
      details: { active: 'update' },
    })
    expect(seen === undefined ? undefined : await drive.update(seen, hook)).toEqual(state)
    await expectStable(drive, state)
  })

  test('that were turned elsewhere by hand are replaced, not made twice', async () => {
    await create(repositoryType, api)
    const state = await create(webhookType, hook)
    const endpoint = 'https://evil.example/'
    await send('POST', '/webhooks/update', { id: state.outputs.webhookId, endpoint })
    const seen = await drive.read(state)
    expect(seen?.inputs.endpoint).toBe(endpoint)
    expect(seen === undefined ? undefined : drive.diff(seen, hook).replaces).toEqual(['endpoint'])
    const again = await create(webhookType, hook)
    if (seen !== undefined) await drive.delete(seen)
    expect(again.outputs.webhookId).not.toBe(state.outputs.webhookId)
    await expectStable(drive, again)
    expect(await drive.import(webhookType, `acme/api:TAG_PUSH:${endpoint}`)).toBeUndefined()
  })
})

test('wrong credentials are said in a sentence that shows neither', async () => {
  const wrong = another({ registryToken: 'wrong-token-here' })
  const error = await thrownBy(wrong.create(repositoryType, api))
  expect(error).toMatchObject({ code: 'unauthenticated' })
  expect(error.message).toContain(registry.address)
  expect(error.message).not.toContain('wrong-token-here')
  await wrong.close()
})
