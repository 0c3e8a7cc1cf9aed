import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Registry, startRegistry } from '../../../src/lab/registry/server.ts'
import type { Ucp } from '../../../src/lab/ucp/server.ts'
import { Client, passwordOf, start } from './client.ts'

let clock = Date.parse('2026-01-01T00:00:00Z')
let ucp: Ucp
let registry: Registry
let admin: Client
let receiver: Server
const received: { type: string; contents: Record<string, unknown>; location: string }[] = []

const basic = (user: string, password: string): Client =>
  new Client(
    registry.address,
    { ca: registry.caCertificate },
    {
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
  )
const as = (user: string): Client => basic(user, passwordOf(user))

const teamId = (name: string): string => {
  const { id } = ucp.state.accounts.get('acme')
  return ucp.state.organizations.team(id, name).id
}

beforeAll(async () => {
  ucp = await start({ now: () => clock })
  registry = await startRegistry({
    ucp,
    switches: { scanStepMilliseconds: 1000 },
    later: () => undefined,
  })
  admin = as('svc-tenantry')
  const { state } = ucp
  const org = state.accounts.create({ name: 'acme', isOrg: true })
  for (const [team, user] of [
    ['readers', 'ada'],
    ['writers', 'bob'],
    ['owners', 'cyd'],
  ] as const)
    state.organizations.putTeamMember(
      state.organizations.createTeam(org.id, team, ''),
      state.accounts.get(user).id,
    )
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push(JSON.parse(Buffer.concat(chunks).toString('utf8')))
      response.end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await registry.stop()
  await ucp.stop()
  receiver.close()
})

const hook = (): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`

const repository = (name: string, settings: Record<string, unknown> = {}) =>
  admin.post('/api/v0/repositories/acme', { name, visibility: 'private', ...settings })

describe('the front door of the registry', () => {
  it('is healthy for anybody, and asks for basic credentials everywhere else', async () => {
    const anybody = new Client(registry.address, { ca: registry.caCertificate })
    expect((await anybody.get('/health')).body).toEqual({ error: '', healthy: true })
    expect((await anybody.get('/_ping')).status).toBe(200)
    const refused = await anybody.get('/api/v0/repositories')
    expect([refused.status, refused.body.errors[0].code]).toEqual([401, 'NOT_AUTHENTICATED'])
    expect((await basic('ada', 'wrong').get('/api/v0/repositories')).status).toBe(401)
    expect((await as('ada').get('/api/v0/admin/version')).body.version).toMatch(/^2\.7\./)
  })

  it('takes and gives JSON only', async () => {
    const authorization = `Basic ${Buffer.from(`ada:${passwordOf('ada')}`).toString('base64')}`
    const plain = new Client(
      registry.address,
      { ca: registry.caCertificate },
      { authorization, 'content-type': 'text/plain' },
    )
    expect((await plain.post('/api/v0/webhooks', {})).body.errors[0].code).toBe('UNSUPPORTED_MEDIA_TYPE')
    const xml = new Client(
      registry.address,
      { ca: registry.caCertificate },
      { authorization, accept: 'text/xml' },
    )
    expect((await xml.get('/api/v0/repositories')).status).toBe(406)
  })

  it('serves the accounts of UCP and nothing native of it', async () => {
    expect((await admin.get('/enzi/v0/accounts/acme')).body).toMatchObject({ isOrg: true })
    expect((await admin.get('/collections')).status).toBe(404)
  })

  it('makes itself known to UCP', () => {
    const { registries } = ucp.state.configuration.settings
    expect(registries.map((one) => `https://${one.host_address}`)).toEqual([registry.address])
  })

  it('takes a token until it is switched off or deleted, and shows it once', async () => {
    const made = await as('ada').post('/api/v0/api_tokens?username=ada', { tokenLabel: 'ci' })
    expect(made.status).toBe(200)
    const { token, hashedToken } = made.body
    const withToken = basic('ada', token)
    expect((await withToken.get('/api/v0/repositories')).status).toBe(200)
    expect((await basic('bob', token).get('/api/v0/repositories')).status).toBe(401)
    expect((await as('ada').get('/api/v0/api_tokens')).text).not.toContain(token)
    expect((await as('bob').get('/api/v0/api_tokens?username=ada')).status).toBe(403)
    await as('ada').patch(`/api/v0/api_tokens/${hashedToken}`, { isActive: false })
    expect((await withToken.get('/api/v0/repositories')).status).toBe(401)
    expect((await as('ada').delete(`/api/v0/api_tokens/${hashedToken}`)).status).toBe(204)
    expect((await as('ada').get(`/api/v0/api_tokens/${hashedToken}`)).body.errors[0].code).toBe(
      'NO_SUCH_API_TOKEN',
    )
  })

  it('changes settings with 202 and refuses unknown ones', async () => {
    expect((await admin.post('/api/v0/meta/settings', { readOnlyRegistry: false })).status).toBe(202)
    const odd = await admin.post('/api/v0/meta/settings', { odd: true })
    expect([odd.status, odd.body.errors[0].code]).toEqual([400, 'INVALID_SETTINGS'])
    expect((await as('ada').get('/api/v0/meta/settings')).status).toBe(403)
  })
})

describe('repositories', () => {
  it('creates, refuses a second one with 400, changes, deletes twice', async () => {
    const made = await repository('api', { scanOnPush: true })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ namespace: 'acme', namespaceType: 'organization', scanOnPush: true })
    const again = await repository('api')
    expect([again.status, again.body.errors[0].code]).toEqual([400, 'REPOSITORY_EXISTS'])
    const path = '/api/v0/repositories/acme/api'
    expect((await admin.patch(path, { immutableTags: true, tagLimit: 3 })).body).toMatchObject({
      immutableTags: true,
      scanOnPush: true,
      tagLimit: 3,
    })
    expect((await admin.patch(path, { visibility: 'odd' })).body.errors[0].code).toBe(
      'INVALID_REPOSITORY_VISIBILITY',
    )
    expect((await admin.delete(path)).status).toBe(204)
    expect((await admin.delete(path)).status).toBe(204)
    expect((await admin.get(path)).body.errors[0].code).toBe('NO_SUCH_REPOSITORY')
    expect((await admin.post('/api/v0/repositories/nobody', { name: 'x' })).body.errors[0].code).toBe(
      'NO_SUCH_ACCOUNT',
    )
  })

  it('pages by ten with the total in a header on demand', async () => {
    for (let i = 0; i < 12; i++) await repository(`many-${i}`)
    const first = await admin.get('/api/v0/repositories/acme?count=true')
    expect(first.body.repositories).toHaveLength(10)
    expect(first.headers['x-resource-count']).toBe('12')
    const next = await admin.get(
      `/api/v0/repositories/acme?pageStart=${first.headers['x-next-page-start']}&pageSize=5`,
    )
    expect(next.body.repositories).toHaveLength(2)
    for (let i = 0; i < 12; i++) await admin.delete(`/api/v0/repositories/acme/many-${i}`)
  })

  it('gives teams what they were given and hides the rest', async () => {
    await repository('levels')
    const path = '/api/v0/repositories/acme/levels'
    expect((await as('ada').get(path)).status).toBe(404)
    for (const [team, accessLevel] of [
      ['readers', 'read-only'],
      ['writers', 'read-write'],
      ['owners', 'admin'],
    ])
      expect((await admin.put(`${path}/teamAccess/${team}`, { accessLevel })).status).toBe(200)
    expect((await as('ada').get(path)).status).toBe(200)
    expect((await as('ada').patch(path, { scanOnPush: true })).status).toBe(403)
    expect((await as('cyd').patch(path, { scanOnPush: true })).status).toBe(200)
    expect((await as('dan').get(path)).status).toBe(404)
    expect(registry.effectiveLevel('bob', 'acme/levels')).toBe('read-write')
    const { body } = await as('cyd').get(`${path}/teamAccess`)
    expect(body.teamAccessList).toContainEqual({
      accessLevel: 'admin',
      team: { id: teamId('owners'), clientUserIsMember: true },
    })
    expect((await admin.put(`${path}/teamAccess/none`, { accessLevel: 'admin' })).body.errors[0].code).toBe(
      'NO_SUCH_TEAM',
    )
    expect((await admin.delete(`${path}/teamAccess/readers`)).status).toBe(204)
    expect((await admin.delete(`${path}/teamAccess/readers`)).status).toBe(204)
    expect((await as('ada').get(path)).status).toBe(404)
  })

  it('lets a team administer a namespace', async () => {
    const path = '/api/v0/repositoryNamespaces/acme/teamAccess'
    expect((await as('cyd').post('/api/v0/repositories/acme', { name: 'by-cyd' })).status).toBe(403)
    expect((await admin.get(`${path}/owners`)).body.errors[0].code).toBe('NO_SUCH_NAMESPACE_TEAM_ACCESS')
    await admin.put(`${path}/owners`, { accessLevel: 'admin' })
    expect((await as('cyd').post('/api/v0/repositories/acme', { name: 'by-cyd' })).status).toBe(201)
    expect((await admin.get(path)).body.teamAccessList).toHaveLength(1)
    await admin.delete(`${path}/owners`)
  })
})

describe('tags', () => {
  it('refuses pushes without access and onto an immutable tag', async () => {
    await repository('pushed', { immutableTags: true })
    await admin.put('/api/v0/repositories/acme/pushed/teamAccess/writers', { accessLevel: 'read-write' })
    await admin.put('/api/v0/repositories/acme/pushed/teamAccess/readers', { accessLevel: 'read-only' })
    const push = { namespace: 'acme', repository: 'pushed', tag: '1.0' }
    expect(() => registry.pushTag({ ...push, author: 'ada' })).toThrow(/read-write/)
    registry.pushTag({ ...push, author: 'bob' })
    expect(() => registry.pushTag({ ...push, author: 'bob' })).toThrow(
      /^unknown: tag=1\.0 cannot be overwritten because 127\.0\.0\.1:\d+\/acme\/pushed is an immutable repository$/,
    )
    const { body } = await as('ada').get('/api/v0/repositories/acme/pushed/tags/1.0')
    expect(body).toHaveLength(1)
    expect(body[0].vuln_summary).toMatchObject({
      last_scan_status: 1,
      check_completed_at: '0001-01-01T00:00:00Z',
    })
  })

  it('prunes the oldest beyond the limit and keeps signed ones', async () => {
    await repository('limited', { tagLimit: 2 })
    for (const tag of ['1', '2', '3', '4']) {
      clock += 1
      registry.pushTag({
        namespace: 'acme',
        repository: 'limited',
        tag,
        author: 'svc-tenantry',
        image: { signers: tag === '1' ? ['bob'] : [] },
      })
    }
    const { body } = await admin.get('/api/v0/repositories/acme/limited/tags')
    expect(body.map((tag: { name: string }) => tag.name)).toContain('1')
    expect(body.map((tag: { name: string }) => tag.name)).not.toContain('2')
    const signed = await admin.delete('/api/v0/repositories/acme/limited/tags/1')
    expect([signed.status, signed.body.errors[0].code]).toEqual([409, 'TAG_IN_NOTARY'])
    expect((await admin.delete('/api/v0/repositories/acme/limited')).status).toBe(405)
  })

  it('tells UCP whether an image is signed by members of the listed teams', () => {
    const image = `${registry.state.host}/acme/limited:1`
    expect(ucp.state.isSigned(image, [])).toBe(true)
    expect(ucp.state.isSigned(image, ['acme/writers'])).toBe(true)
    expect(ucp.state.isSigned(image, ['acme/writers', 'acme/owners'])).toBe(false)
    expect(ucp.state.isSigned(`${registry.state.host}/acme/limited:4`, [])).toBe(false)
    expect(ucp.state.isSigned('elsewhere:443/acme/limited:1', [])).toBe(false)
  })
})

describe('promotion', () => {
  const rule = { field: 'vulnerability_critical', operator: 'lte', values: ['0'] }

  it('waits for the scan, promotes what meets every rule, and posts what happened', async () => {
    await repository('dev', { scanOnPush: true })
    await repository('prod', { immutableTags: true })
    for (const type of ['TAG_PUSH', 'SCAN_COMPLETED', 'PROMOTION'])
      expect((await admin.post('/api/v0/webhooks', { type, key: 'acme/dev', endpoint: hook() })).status).toBe(
        200,
      )
    const made = await admin.post('/api/v0/repositories/acme/dev/promotionPolicies', {
      rules: [rule, { field: 'tag', operator: 'sw', values: ['v'] }],
      targetRepository: 'acme/prod',
      tagTemplate: '%n-%Y%m%d',
    })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ sourceRepository: 'acme/dev', lastPromotedAt: '0001-01-01T00:00:00Z' })
    const push = { namespace: 'acme', repository: 'dev', author: 'svc-tenantry' }
    registry.pushTag({ ...push, tag: 'v1' })
    registry.pushTag({ ...push, tag: 'v2', image: { critical: 1 } })
    registry.pushTag({ ...push, tag: 'other' })
    const status = async (): Promise<number> =>
      (await admin.get('/api/v0/imagescan/scansummary/repositories/acme/dev/v1')).body[0].scanStatus
    const seen = [await status()]
    for (let step = 0; step < 4; step++) {
      clock += 1000
      seen.push(await status())
    }
    expect(seen).toEqual([3, 2, 4, 5, 6])
    const { body } = await admin.get('/api/v0/repositories/acme/prod/tags')
    expect(body.map((tag: { name: string }) => tag.name)).toEqual(['v1-20260101'])
    expect(body[0].promotion).toMatchObject({ sourceRepository: 'acme/dev', sourceTag: 'v1' })
    const policy = await admin.get(`/api/v0/repositories/acme/dev/promotionPolicies/${made.body.id}`)
    expect(policy.body.lastPromotedAt).toMatch(/^2026-01-01T/)
    await registry.state.deliveries.settled()
    expect(received.filter((event) => event.type === 'TAG_PUSH')).toHaveLength(3)
    expect(received.filter((event) => event.type === 'SCAN_COMPLETED')).toHaveLength(3)
    expect(received.filter((event) => event.type === 'PROMOTION')).toMatchObject([
      {
        contents: { sourceTag: 'v1', targetRepository: 'acme/prod', targetTag: 'v1-20260101' },
        location: '/repositories/acme/prod/tags/v1-20260101',
      },
    ])
  })

  it.each([
    [{ rules: [{ field: 'mood', operator: 'eq', values: ['x'] }] }, 'INVALID_PROMOTION_POLICY'],
    [{ rules: [{ field: 'tag', operator: 'lte', values: ['x'] }] }, 'INVALID_PROMOTION_POLICY'],
    [{ rules: [{ ...rule, values: ['many'] }] }, 'INVALID_PROMOTION_POLICY'],
    [{ rules: [{ ...rule, values: [] }] }, 'INVALID_PROMOTION_POLICY'],
    [{ tagTemplate: 'a b' }, 'INVALID_PROMOTION_POLICY'],
    [{ targetRepository: 'acme/dev' }, 'INVALID_PROMOTION_POLICY'],
    [{ targetRepository: 'acme/none' }, 'NO_SUCH_REPOSITORY'],
    [{ rules: [{ ...rule, values: [0] }] }, 'INVALID_PARAMETERS'],
  ])('refuses %j with %s', async (wrong, code) => {
    const answer = await admin.post('/api/v0/repositories/acme/dev/promotionPolicies', {
      rules: [rule],
      targetRepository: 'acme/prod',
      tagTemplate: '%n',
      ...wrong,
    })
    expect(answer.body.errors[0].code).toBe(code)
  })

  it('needs admin access to source and target', async () => {
    await admin.put('/api/v0/repositories/acme/dev/teamAccess/owners', { accessLevel: 'admin' })
    const policy = { rules: [rule], targetRepository: 'acme/prod', tagTemplate: '%n' }
    const path = '/api/v0/repositories/acme/dev/promotionPolicies'
    expect((await as('cyd').post(path, policy)).status).toBe(404)
    await admin.put('/api/v0/repositories/acme/prod/teamAccess/owners', { accessLevel: 'admin' })
    const made = await as('cyd').post(`${path}?initialEvaluation=false`, { ...policy, enabled: false })
    expect(made.status).toBe(201)
    expect((await as('cyd').put(`${path}/${made.body.id}`, { tagTemplate: 'x-%n' })).body.tagTemplate).toBe(
      'x-%n',
    )
    expect(
      (await admin.get('/api/v0/repositories/acme/prod/promotionPolicies?source=false')).body,
    ).toHaveLength(2)
    expect((await as('cyd').delete(`${path}/${made.body.id}`)).status).toBe(204)
    expect((await as('cyd').delete(`${path}/${made.body.id}`)).status).toBe(204)
  })
})

describe('webhooks', () => {
  it('ask for admin access to their key, and are shown to their author', async () => {
    const body = { type: 'TAG_PUSH', key: 'acme/levels', endpoint: 'https://hook.example.test/x' }
    expect((await as('bob').post('/api/v0/webhooks', body)).status).toBe(403)
    expect((await as('cyd').post('/api/v0/webhooks', { ...body, endpoint: 'ftp://x' })).status).toBe(400)
    const made = await as('cyd').post('/api/v0/webhooks', body)
    expect(made.body.id).toMatch(/^[0-9a-f]{64}$/)
    expect((await as('cyd').get('/api/v0/webhooks?webhookType=any')).body).toHaveLength(1)
    expect((await as('bob').get('/api/v0/webhooks')).body).toHaveLength(0)
    expect((await as('cyd').get('/api/v0/repositories/acme/levels/webhooks')).body).toHaveLength(1)
    const inactive = await as('cyd').post('/api/v0/webhooks/update', { id: made.body.id, inactive: true })
    expect(inactive.body.inactive).toBe(true)
    expect((await as('bob').delete(`/api/v0/webhooks/${made.body.id}`)).status).toBe(403)
    expect((await as('cyd').delete(`/api/v0/webhooks/${made.body.id}`)).status).toBe(204)
    expect((await as('cyd').delete(`/api/v0/webhooks/${made.body.id}`)).body.errors[0].code).toBe(
      'NO_SUCH_WEBHOOK',
    )
  })
})

describe('the rest of the registry', () => {
  const push = { namespace: 'acme', repository: 'misc', author: 'svc-tenantry' }

  it('makes a repository at its first push only where the settings say so', async () => {
    expect(() => registry.pushTag({ ...push, tag: '1' })).toThrow(/does not exist/)
    await admin.post('/api/v0/meta/settings', { createRepositoryOnPush: true })
    expect(() => registry.pushTag({ ...push, tag: '1', author: 'dan' })).toThrow(/admin access/)
    registry.pushTag({ ...push, tag: '1' })
    expect((await admin.get('/api/v0/repositories/acme/misc')).body.pushes).toBe(1)
    await admin.post('/api/v0/meta/settings', { createRepositoryOnPush: false })
  })

  it('scans on demand where scanning is on, and tells of a scan that failed', async () => {
    const events = received.length
    await admin.post('/api/v0/webhooks', { type: 'SCAN_FAILED', key: 'acme/misc', endpoint: hook() })
    registry.pushTag({ ...push, tag: 'bad', image: { scanFails: true } })
    const scan = '/api/v0/imagescan/scan/acme/misc/bad/linux/amd64'
    await admin.post('/api/v0/meta/settings', { scanningEnabled: false })
    expect((await admin.get('/api/v0/meta/features')).body.scanningEnabled).toBe(false)
    expect((await admin.post(scan, {})).body.errors[0].code).toBe('SCANNING_NOT_ENABLED')
    await admin.post('/api/v0/meta/settings', { scanningEnabled: true })
    expect((await admin.post(scan, {})).status).toBe(200)
    clock += 4000
    registry.state.advance()
    await registry.state.deliveries.settled()
    expect(received.slice(events).map((event) => event.type)).toEqual(['SCAN_FAILED'])
    expect((await admin.get('/api/v0/repositories/acme/misc/tags/bad')).body[0].vuln_summary).toMatchObject({
      last_scan_status: 0,
      check_completed_at: '0001-01-01T00:00:00Z',
    })
  })

  it('promotes one tag by hand', async () => {
    const path = '/api/v0/repositories/acme/misc/tags/1/promotion'
    const target = { targetRepository: 'acme/levels', targetTag: 'one' }
    expect((await admin.post(path, target)).status).toBe(201)
    expect((await admin.post(path, { ...target, targetTag: 'a b' })).body.errors[0].code).toBe(
      'INVALID_TAG_NAME',
    )
    expect((await as('dan').post(path, target)).status).toBe(404)
  })

  it('does not promote in circles for ever', async () => {
    for (const name of ['ring-a', 'ring-b']) await repository(name)
    for (const [source, target] of [
      ['ring-a', 'acme/ring-b'],
      ['ring-b', 'acme/ring-a'],
    ])
      await admin.post(`/api/v0/repositories/acme/${source}/promotionPolicies`, {
        rules: [],
        targetRepository: target,
        tagTemplate: '%n-x',
      })
    registry.pushTag({ ...push, repository: 'ring-a', tag: 't' })
    const { body } = await admin.get('/api/v0/repositories/acme/ring-a/tags?pageSize=100')
    expect(body.length).toBeLessThan(10)
  })

  it('shows what teams and users may', async () => {
    const ofTeam = await admin.get('/api/v0/accounts/acme/teams/owners/repositoryAccess')
    expect(ofTeam.body.repositoryAccessList.length).toBeGreaterThan(0)
    const ofUser = await as('bob').get('/api/v0/accounts/bob/repositoryAccess/acme/levels')
    expect(ofUser.body.accessLevel).toBe('read-write')
    expect((await as('bob').get('/api/v0/accounts/cyd/repositoryAccess/acme/levels')).status).toBe(403)
  })

  it('posts a sample on request of somebody who administers something', async () => {
    const sample = { type: 'TAG_PUSH', endpoint: hook() }
    expect((await as('dan').post('/api/v0/webhooks/test', sample)).status).toBe(403)
    const before = received.length
    expect((await admin.post('/api/v0/webhooks/test', sample)).status).toBe(200)
    expect(received.length).toBe(before + 1)
  })

  it('removes a namespace with its account', async () => {
    await admin.post('/enzi/v0/accounts', { name: 'gone', isOrg: true })
    await admin.post('/api/v0/repositories/gone', { name: 'api' })
    await admin.post('/api/v0/repositories/scan/toggle', { scanOnPush: true })
    expect((await admin.get('/api/v0/repositories/gone/api')).body.scanOnPush).toBe(true)
    expect((await admin.delete('/api/v0/accounts/gone')).status).toBe(204)
    expect((await admin.get('/api/v0/repositories/gone')).body.errors[0].code).toBe('NO_SUCH_ACCOUNT')
    expect((await admin.get('/api/v0/repositories/gone/api')).body.errors[0].code).toBe('NO_SUCH_REPOSITORY')
  })
})
