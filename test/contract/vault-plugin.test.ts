import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Vault } from '../../src/clients/vault.ts'
import { isFault } from '../../src/core/fault.ts'
import { vaultPlugin } from '../../src/lab/plugins/vault-plugin.ts'
import type { Properties, ResourceContext, ResourceType } from '../../src/provider/plugin.ts'
import { SecretValue, unknown } from '../../src/provider/plugin.ts'
import { type TestVault, vaults } from './vaults.ts'

const context: ResourceContext = { urn: 'urn', signal: new AbortController().signal, log: () => undefined }

const resource = (token: string): ResourceType<Vault> => {
  const found = vaultPlugin.resources[token]
  if (found === undefined) throw new Error(`no resource ${token}`)
  return found
}

const mount = resource('vault:index/mount:Mount')
const policy = resource('vault:index/policy:Policy')
const authBackend = resource('vault:index/authBackend:AuthBackend')
const group = resource('vault:ldap/authBackendGroup:AuthBackendGroup')
const appRole = resource('vault:appRole/authBackendRole:AuthBackendRole')
const secretV2 = resource('vault:kv/secretV2:SecretV2')

const failure = async (attempt: () => Promise<unknown>): Promise<unknown> => {
  try {
    await attempt()
  } catch (error) {
    return error
  }
  throw new Error('it should have failed')
}

describe('the vault stand-in, before it calls anything', () => {
  it('says what is wrong with inputs, by property', () => {
    const { failures } = mount.check(
      { path: 3, options: { version: 2 }, sealWrap: true, strange: 1 },
      undefined,
    )
    expect(failures.map(({ property }) => property).sort()).toEqual(['options', 'path', 'strange', 'type'])
  })

  it('takes unknowns and secrets for what they will be', () => {
    const inputs = { mount: 'm', name: unknown, dataJson: new SecretValue('{}') }
    expect(secretV2.check(inputs, undefined).failures).toEqual([])
  })

  it('wants an address and a token, and no other log-in', () => {
    const of = (inputs: Properties) =>
      vaultPlugin.checkConfig(inputs).failures.map(({ property }) => property)
    expect(of({})).toEqual(['address', 'token'])
    expect(of({ address: 'http://x', token: 't', authLoginCert: '{}', skipTlsVerify: 'true' })).toEqual([
      'authLoginCert',
      'skipTlsVerify',
    ])
    expect(of({ address: 'http://x', token: 't', skipTlsVerify: 'false', maxRetries: '2' })).toEqual([])
  })

  it('replaces what cannot be changed and changes the rest', () => {
    const olds = { path: 'a', type: 'kv', description: 'x' }
    const of = (news: Properties) => mount.diff({ inputs: olds, outputs: {} }, news)
    expect(of({ ...olds, path: 'b' }).replaces).toEqual(['path'])
    expect(of({ ...olds, description: 'y' })).toMatchObject({ changes: true, replaces: [] })
    expect(of(olds).changes).toBe(false)
    expect(mount.diff({ inputs: { ...olds, __defaults: [] }, outputs: {} }, olds).changes).toBe(false)
  })

  it('sees no change in the order of policies', () => {
    const olds = { backend: 'ldap', groupname: 'g', policies: ['a', 'b'] }
    expect(group.diff({ inputs: olds, outputs: {} }, { ...olds, policies: ['b', 'a'] }).changes).toBe(false)
    const role = { roleName: 'r', tokenPolicies: ['a', 'b'] }
    expect(appRole.diff({ inputs: role, outputs: {} }, { ...role, tokenPolicies: ['b'] }).changes).toBe(true)
  })
})

describe.each(vaults)('the vault stand-in, on Vault %s', (_name, start) => {
  let server: TestVault
  let vault: Vault

  beforeAll(async () => {
    server = await start()
    vault = vaultPlugin.configure({ address: server.address, token: server.rootToken.reveal() })
  })

  afterAll(async () => {
    await vault?.close()
    await server?.stop()
  })

  const kv = {
    path: 'orgs/acme',
    type: 'kv',
    options: { version: '2' },
    description: 'Acme [tenantry:n.acme]',
  }

  it('makes a mount, reads it, changes it, removes it', async () => {
    const { id, outputs } = await mount.create(vault, kv, context)
    expect(id).toBe('orgs/acme')
    expect(outputs).toMatchObject({ path: 'orgs/acme', type: 'kv', options: { version: '2' } })
    expect(outputs.accessor).toMatch(/^kv_/)
    expect((await mount.read(vault, id, kv, outputs, context))?.inputs).toEqual(kv)
    expect((await mount.read(vault, id, undefined, undefined, context))?.inputs).toEqual(kv)
    await vault.tuneMount(id, { description: 'changed by hand' })
    expect((await mount.read(vault, id, kv, outputs, context))?.inputs.description).toBe('changed by hand')
    const updated = await mount.update(vault, id, outputs, kv, context)
    expect(updated.description).toBe(kv.description)
    await mount.delete(vault, id, outputs, context)
    expect(await mount.read(vault, id, kv, outputs, context)).toBeUndefined()
    await mount.delete(vault, id, outputs, context)
  })

  it('adopts what an interrupted run made and refuses what is foreign, untouched', async () => {
    await mount.create(vault, kv, context)
    await vault.writeSecret('orgs/acme', 'kept', { a: 'b' })
    await mount.create(vault, { ...kv, description: 'Renamed [tenantry:n.acme]' }, context)
    expect((await vault.readSecret('orgs/acme', 'kept'))?.data).toEqual({ a: 'b' })
    const others = { ...kv, description: 'Acme [tenantry:n.other]' }
    const fault = await failure(() => mount.create(vault, others, context))
    expect(isFault(fault, 'foreign')).toBe(true)
    expect(String(fault)).toContain('orgs/acme')
    expect((await vault.readMount('orgs/acme'))?.description).toBe('Renamed [tenantry:n.acme]')
    await mount.delete(vault, 'orgs/acme', {}, context)
  })

  it('adopts a mount without a mark only under the same description', async () => {
    const plain = { ...kv, description: 'Secrets of Acme' }
    await mount.create(vault, plain, context)
    await mount.create(vault, plain, context)
    const fault = await failure(() => mount.create(vault, { ...plain, description: 'Other' }, context))
    expect(isFault(fault, 'foreign')).toBe(true)
    await mount.delete(vault, 'orgs/acme', {}, context)
  })

  it('keeps auth backends, LDAP groups and AppRoles under the vendor’s ids', async () => {
    const ldap = { type: 'ldap', path: 'ldap', description: 'people' }
    const approle = { type: 'approle', path: 'approle', description: 'machines' }
    expect((await authBackend.create(vault, ldap, context)).id).toBe('ldap')
    const made = await authBackend.create(vault, approle, context)
    expect(made.outputs).toMatchObject({ path: 'approle', type: 'approle' })
    await authBackend.create(vault, approle, context)

    const g = { backend: 'ldap', groupname: 'RB-Developers', policies: ['p2', 'p1'] }
    const madeGroup = await group.create(vault, g, context)
    expect(madeGroup.id).toBe('auth/ldap/groups/RB-Developers')
    const readGroup = await group.read(vault, madeGroup.id, undefined, undefined, context)
    expect(readGroup?.inputs).toEqual({ ...g, policies: ['p1', 'p2'] })
    await group.delete(vault, madeGroup.id, {}, context)
    expect(await group.read(vault, madeGroup.id, g, {}, context)).toBeUndefined()

    const r = { backend: 'approle', roleName: 'acme-ci', tokenPolicies: ['acme-ci'], tokenTtl: 600 }
    const madeRole = await appRole.create(vault, r, context)
    expect(madeRole.id).toBe('auth/approle/role/acme-ci')
    expect(madeRole.outputs).toMatchObject({ roleName: 'acme-ci', tokenTtl: 600, tokenPolicies: ['acme-ci'] })
    expect(madeRole.outputs.roleId).toMatch(/^[0-9a-f-]{36}$/)
    const again = await appRole.create(vault, r, context)
    expect(again.outputs.roleId).toBe(madeRole.outputs.roleId)
    const { tokenTtl: _dropped, ...shorter } = r
    const changed = await appRole.update(vault, madeRole.id, r, shorter, context)
    expect(changed).toMatchObject({ tokenTtl: 0, roleId: madeRole.outputs.roleId })
    expect((await appRole.read(vault, madeRole.id, r, {}, context))?.inputs).toEqual({ ...r, tokenTtl: 0 })
    await appRole.delete(vault, madeRole.id, {}, context)
    await appRole.delete(vault, madeRole.id, {}, context)
    for (const path of ['ldap', 'approle']) await authBackend.delete(vault, path, {}, context)
  })

  it('keeps policies', async () => {
    const p = { name: 'acme-viewer', policy: 'path "orgs/acme/metadata/*" {\n  capabilities = ["list"]\n}\n' }
    const { id } = await policy.create(vault, p, context)
    expect(id).toBe('acme-viewer')
    expect((await policy.read(vault, id, undefined, undefined, context))?.inputs).toEqual(p)
    await policy.update(vault, id, p, { ...p, policy: p.policy.replace('list', 'read') }, context)
    expect(await vault.readPolicy(id)).toContain('"read"')
    await policy.delete(vault, id, {}, context)
    expect(await policy.read(vault, id, p, {}, context)).toBeUndefined()
  })

  it('writes and reads secrets, and never says them', async () => {
    await mount.create(vault, { ...kv, path: 'platform' }, context)
    const inputs = {
      mount: 'platform',
      name: 'storage/cifs',
      dataJson: '{"username":"u","password":"hidden"}',
    }
    const made = await secretV2.create(vault, inputs, context)
    expect(made.id).toBe('platform/data/storage/cifs')
    expect(secretV2.secretOutputs).toEqual(['data', 'dataJson'])
    const get = vaultPlugin.functions?.['vault:kv/getSecretV2:getSecretV2']
    const got = await get?.(vault, { mount: 'platform', name: 'storage/cifs' })
    expect(got?.data).toEqual(new SecretValue({ username: 'u', password: 'hidden' }))
    expect(got?.version).toBe(1)
    const bad = await failure(() =>
      secretV2.create(vault, { ...inputs, dataJson: '{"password":"hidden"' }, context),
    )
    expect(String(bad)).not.toContain('hidden')
    const missing = await failure(async () => get?.(vault, { mount: 'platform', name: 'nothing' }))
    expect(isFault(missing, 'not-found')).toBe(true)
    await secretV2.delete(vault, made.id, {}, context)
    expect(await secretV2.read(vault, made.id, inputs, {}, context)).toBeUndefined()
    await mount.delete(vault, 'platform', {}, context)
  })

  it('names the endpoint and the way out when the token is wrong', async () => {
    const wrong = vaultPlugin.configure({ address: server.address, token: 'hvs.wrong' })
    const fault = await failure(() => mount.create(wrong, kv, context))
    expect(isFault(fault, 'unauthenticated')).toBe(true)
    expect(String(fault)).toContain(server.address)
    expect(String(fault)).not.toContain('hvs.wrong')
    await wrong.close()
  })
})
