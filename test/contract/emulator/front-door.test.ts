import { unzipSync } from 'fflate'
import { parse } from 'smol-toml'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority } from '../../../src/lab/certificates.ts'
import type { Ucp } from '../../../src/lab/ucp/server.ts'
import { anonymousClient, Client, loggedIn, passwordOf, start } from './client.ts'

let ucp: Ucp
let admin: Client
let clock = Date.parse('2026-01-01T00:00:00Z')

beforeAll(async () => {
  ucp = await start({ now: () => clock })
  admin = await loggedIn(ucp, 'svc-tenantry')
})
afterEach(() => ucp.faults.clear())
afterAll(() => ucp.stop())

const withBundle = (bytes: Buffer): { client: Client; files: Record<string, Uint8Array> } => {
  const files = unzipSync(bytes)
  const text = (name: string): string => Buffer.from(files[name] ?? []).toString('utf8')
  const tls = { ca: text('ca.pem'), cert: text('cert.pem'), key: text('key.pem') }
  return { client: new Client(ucp.address, tls), files }
}

describe('client bundles', () => {
  it('authenticate by mutual TLS until their key is deleted', async () => {
    const ada = await loggedIn(ucp, 'ada')
    const { client, files } = withBundle((await ada.get('/api/clientbundle')).bytes)
    expect(Object.keys(files).sort()).toEqual([
      'ca.pem',
      'cert.pem',
      'cert.pub',
      'env.cmd',
      'env.ps1',
      'env.sh',
      'key.pem',
      'ucp-docker-bundle.zip',
    ])
    expect((await client.get('/id')).body.name).toBe('ada')
    const { body } = await client.get('/accounts/ada/publicKeys')
    const own = Buffer.from(files['cert.pub'] ?? [])
      .toString('utf8')
      .trim()
    const key = body.accountPublicKeys.find((one: { publicKey: string }) => one.publicKey.trim() === own)
    expect(key.id).toMatch(/^[0-9a-f]{64}$/)
    expect((await client.delete(`/accounts/ada/publicKeys/${key.id}`)).status).toBe(204)
    expect((await client.get('/id')).status).toBe(401)
  })

  it('make a new key at each call, labelled where the POST says so', async () => {
    const bob = await loggedIn(ucp, 'bob')
    await bob.get('/api/clientbundle')
    await bob.post('/api/clientbundle?label=ci', {})
    const { body } = await bob.get('/accounts/bob/publicKeys')
    const labels = body.accountPublicKeys.map((one: { label: string }) => one.label)
    expect(labels).toHaveLength(2)
    expect(labels).toContain('ci')
  })

  it('stop working when the user is made inactive', async () => {
    await admin.post('/accounts', { name: 'hal', password: passwordOf('hal') })
    const { certificate, key } = await ucp.issueBundle('hal')
    const client = new Client(ucp.address, { ca: ucp.caCertificate, cert: certificate, key })
    expect((await client.get('/id')).status).toBe(200)
    await admin.patch('/accounts/hal', { isActive: false })
    expect((await client.get('/id')).status).toBe(401)
  })

  it('of a foreign authority are nobody’s, and a wrong token is not saved by a right certificate', async () => {
    const foreign = await (await createAuthority('elsewhere')).issueClient('svc-tenantry')
    const stranger = new Client(ucp.address, {
      ca: ucp.caCertificate,
      cert: foreign.certificate,
      key: foreign.key,
    })
    expect((await stranger.get('/id')).status).toBe(401)
    const { certificate, key } = await ucp.issueBundle('svc-tenantry')
    const both = new Client(
      ucp.address,
      { ca: ucp.caCertificate, cert: certificate, key },
      { authorization: 'Bearer wrong' },
    )
    expect((await both.get('/id')).status).toBe(401)
  })

  it('take keys that were added by hand, with their own certificates', async () => {
    const own = await (await createAuthority('own')).issueClient('whoever')
    const added = await admin.post('/accounts/svc-tenantry/publicKeys', {
      publicKey: own.publicKey,
      certificates: [{ label: 'own', cert: own.certificate }],
    })
    expect(added.status).toBe(201)
    const client = new Client(ucp.address, {
      ca: ucp.caCertificate,
      cert: own.certificate,
      key: own.key,
    })
    expect((await client.get('/id')).body.name).toBe('svc-tenantry')
    expect((await admin.post('/accounts/ada/publicKeys', { publicKey: 'x' })).status).toBe(400)
  })
})

describe('the configuration file', () => {
  const path = '/api/ucp/config-toml'

  it('is replaced whole, falls back to defaults, and is for admins', async () => {
    const put = await admin.put(path, '[trust_configuration]\nrequire_content_trust = true\n')
    expect(put.status).toBe(200)
    expect(put.body.message).toBeTypeOf('string')
    expect(ucp.state.rbac.contentTrust()).toEqual({ required: true, signers: [] })
    await admin.put(path, '[scheduling_configuration]\nenable_admin_ucp_scheduling = true\nodd = 1\n')
    const read = await admin.get(path)
    expect(read.headers['content-type']).toBe('application/toml')
    const parsed = parse(read.text)
    expect(parsed.trust_configuration).toEqual({ require_content_trust: false, require_signature_from: [] })
    expect(parsed.scheduling_configuration).toEqual({
      enable_admin_ucp_scheduling: true,
      default_node_orchestrator: 'swarm',
    })
    expect((await (await loggedIn(ucp, 'ada')).get(path)).status).toBe(403)
  })

  it.each([
    'no toml [',
    '[auth.sessions]\nlifetime_minutes = 5',
    '[auth.sessions]\nlifetime_minutes = 20\nrenewal_threshold_minutes = 16',
    '[trust_configuration]\nrequire_signature_from = ["nobody/none"]',
    '[auth]\ndefault_new_user_role = "king"',
    '[trust_configuration]\nrequire_content_trust = "yes"',
  ])('refuses %j and keeps what it had', async (text) => {
    const before = (await admin.get(path)).text
    expect((await admin.put(path, text)).status).toBe(400)
    expect((await admin.get(path)).text).toBe(before)
  })

  it('decides how long a session lives and how many there are', async () => {
    await admin.put(
      path,
      '[auth.sessions]\nlifetime_minutes = 30\nrenewal_threshold_minutes = 10\nper_user_limit = 2\n',
    )
    const [first, , third] = [
      await loggedIn(ucp, 'cyd'),
      await loggedIn(ucp, 'cyd'),
      await loggedIn(ucp, 'cyd'),
    ]
    expect((await first.get('/id')).status).toBe(401)
    clock += 25 * 60_000
    expect((await third.get('/id')).status).toBe(200)
    clock += 25 * 60_000
    expect((await third.get('/id')).status).toBe(200)
    clock += 31 * 60_000
    expect((await third.get('/id')).status).toBe(401)
    admin = await loggedIn(ucp, 'svc-tenantry')
  })

  it('changes the role on private collections', async () => {
    await loggedIn(ucp, 'dan')
    await admin.put(path, '[auth]\ndefault_new_user_role = "viewonly"\n')
    const { body } = await admin.get('/collectionByPath?path=%2FShared%2FPrivate%2Fdan')
    const grants = await admin.get(`/collectionGrants?objectID=${body.id}`)
    expect(grants.body.grants.map((one: { roleID: string }) => one.roleID)).toEqual(['viewonly'])
  })
})

describe('the front door', () => {
  it('says that it is healthy to anybody and which version it is to users', async () => {
    const anybody = anonymousClient(ucp)
    expect((await anybody.get('/_ping')).text).toBe('OK')
    expect((await anybody.get('/ca')).text).toBe(ucp.caCertificate)
    expect((await anybody.get('/version')).status).toBe(401)
    expect((await admin.get('/v1.39/version')).body.Version).toMatch(/^ucp\/3\.2\./)
    expect((await admin.get('/metricsdiscovery')).body[0].targets).toHaveLength(1)
  })

  it('answers an engine call in the engine’s shape', async () => {
    const answer = await anonymousClient(ucp).get('/services')
    expect([answer.status, Object.keys(answer.body)]).toEqual([401, ['message']])
    expect((await admin.get('/services')).status).toBe(501)
  })

  it('takes basic credentials', async () => {
    const basic = (password: string): Client =>
      new Client(
        ucp.address,
        { ca: ucp.caCertificate },
        { authorization: `Basic ${Buffer.from(`ada:${password}`).toString('base64')}` },
      )
    expect((await basic(passwordOf('ada')).get('/id')).body.name).toBe('ada')
    expect((await basic('wrong').get('/id')).status).toBe(401)
  })

  it('logs who called what, and no secret', async () => {
    ucp.log.clear()
    await (await loggedIn(ucp, 'ada')).get('/id?x=1')
    const calls = ucp.log.calls().map(({ method, path, user, status }) => ({ method, path, user, status }))
    expect(calls).toEqual([
      { method: 'POST', path: '/auth/login', user: '', status: 200 },
      { method: 'GET', path: '/id?x=1', user: 'ada', status: 200 },
    ])
    expect(JSON.stringify(ucp.log.calls())).not.toContain(passwordOf('ada'))
  })

  it('forces a 401 once every session is closed', async () => {
    const ada = await loggedIn(ucp, 'ada')
    ucp.state.sessions.closeAll()
    expect((await ada.get('/id')).status).toBe(401)
    admin = await loggedIn(ucp, 'svc-tenantry')
  })
})

describe('faults', () => {
  it('answer the nth matching call only, and count', async () => {
    const handle = ucp.faults.add({
      match: { method: 'GET', pathPattern: /^\/roles/, nth: 2 },
      fault: { kind: 'status', status: 503, headers: { 'retry-after': '1' } },
    })
    expect((await admin.get('/roles')).status).toBe(200)
    const second = await admin.get('/roles')
    expect([second.status, second.headers['retry-after']]).toEqual([503, '1'])
    expect((await admin.get('/roles')).status).toBe(200)
    expect(handle.hits()).toBe(1)
  })

  it.each([
    ['reset-before', false],
    ['reset-after', true],
  ] as const)('%s: the effect has happened: %s', async (kind, happened) => {
    ucp.faults.add({ match: { method: 'POST' }, fault: { kind }, times: 1 })
    await expect(admin.post('/accounts', { name: kind, isOrg: true })).rejects.toThrow()
    expect((await admin.get(`/accounts/${kind}`)).status).toBe(happened ? 200 : 404)
  })

  it.each([
    ['timeout-before', false],
    ['timeout-after', true],
  ] as const)('%s: no answer; the effect has happened: %s', async (kind, happened) => {
    const hanging = await loggedIn(ucp, 'svc-tenantry')
    const fault = ucp.faults.add({ match: { method: 'POST' }, fault: { kind }, times: 1 })
    const lost = hanging.post('/accounts', { name: kind, isOrg: true })
    const seen = expect(lost).rejects.toThrow()
    await expect.poll(() => fault.hits()).toBe(1)
    await expect.poll(() => ucp.state.accounts.find(kind) !== undefined).toBe(happened)
    await hanging.close()
    await seen
    expect(ucp.state.accounts.find(kind) !== undefined).toBe(happened)
  })

  it('replace the answer of a call that took effect', async () => {
    ucp.faults.add({ match: { method: 'POST' }, fault: { kind: 'status-after', status: 500 }, times: 1 })
    expect((await admin.post('/accounts', { name: 'made-anyway', isOrg: true })).status).toBe(500)
    expect((await admin.get('/accounts/made-anyway')).status).toBe(200)
  })

  it('slow an answer down and let it through', async () => {
    ucp.faults.add({ match: {}, fault: { kind: 'slow', milliseconds: 5 }, times: 1 })
    expect((await admin.get('/roles')).status).toBe(200)
  })
})
