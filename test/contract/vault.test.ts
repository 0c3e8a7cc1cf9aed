import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Vault } from '../../src/clients/vault.ts'
import { isFault } from '../../src/core/fault.ts'
import { Secret } from '../../src/core/secret.ts'
import type { People } from '../../src/lab/people.ts'
import { ldapConfig } from '../../src/lab/vault/ldap-administrator.ts'
import { type TestVault, vaults } from './vaults.ts'

const group = (name: string, members: string[]) => ({
  dn: `CN=${name},OU=Groups,DC=bank,DC=example`,
  members,
})

const people: People = {
  directory: {
    users: [
      { name: 'ada', fullName: 'Ada (née Byron) * Lovelace', mail: 'ada@bank.example' },
      { name: 'bob', fullName: 'Bob', mail: '' },
    ],
    groups: [
      group('RB-Developers', ['ada']),
      group('RB-Release', ['ada', 'bob']),
      group('RB-Audit', ['bob']),
    ],
  },
  passwords: new Map([
    ['ada', new Secret('lovelace')],
    ['bob', new Secret('builder')],
  ]),
}

const error = async (promise: Promise<unknown> | (() => Promise<unknown>)): Promise<unknown> => {
  try {
    await (typeof promise === 'function' ? promise() : promise)
  } catch (thrown) {
    return thrown
  }
  throw new Error('it should have been refused')
}

describe.each(vaults)('Vault, %s', (name, start) => {
  let server: TestVault
  let root: Vault
  const opened: Vault[] = []

  const as = (token: Secret): Vault => {
    const vault = new Vault({ address: server.address, token })
    opened.push(vault)
    return vault
  }

  const raw = async (method: string, path: string, body?: unknown, token = server.rootToken.reveal()) => {
    const response = await fetch(`${server.address}/v1/${path}`, {
      method,
      headers: token === '' ? {} : { 'x-vault-token': token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }

  beforeAll(async () => {
    server = await start(people)
    root = as(server.rootToken)
  })

  afterAll(async () => {
    await Promise.all(opened.map((vault) => vault.close()))
    await server?.stop()
  })

  it('tells its health without a token', async () => {
    const health = await as(new Secret('')).health()
    expect(health).toMatchObject({ initialized: true, sealed: false, standby: false })
    expect(health.version).toMatch(/^1\.\d+\.\d+/)
  })

  it('makes, tunes and removes a KV v2 mount on a path with a slash', async () => {
    expect(await root.readMount('orgs/mounted')).toBeUndefined()
    await root.enableMount('orgs/mounted', { type: 'kv', description: 'one', options: { version: '2' } })
    expect(await root.readMount('orgs/mounted')).toMatchObject({
      type: 'kv',
      description: 'one',
      options: { version: '2' },
      local: false,
    })
    await root.tuneMount('orgs/mounted', { description: 'two', maxLeaseTtlSeconds: 3600 })
    expect(await root.readMount('orgs/mounted')).toMatchObject({
      description: 'two',
      maxLeaseTtlSeconds: 3600,
      options: { version: '2' },
    })
    await root.disableMount('orgs/mounted')
    expect(await root.readMount('orgs/mounted')).toBeUndefined()
    await root.disableMount('orgs/mounted')
  })

  it('refuses a second mount on the same path, and one below it', async () => {
    await root.enableMount('twice', { type: 'kv-v2' })
    const fault = await error(root.enableMount('twice', { type: 'kv-v2' }))
    expect(isFault(fault, 'invalid-request')).toBe(true)
    expect(String(fault)).toContain('path is already in use at twice/')
    expect(isFault(await error(root.enableMount('twice/below', { type: 'kv-v2' })))).toBe(true)
    expect((await root.readMount('twice'))?.options).toEqual({ version: '2' })
    await root.disableMount('twice')
  })

  it('refuses an unknown type of mount', async () => {
    expect(isFault(await error(root.enableMount('odd', { type: 'nonsense' })), 'invalid-request')).toBe(true)
  })

  describe('KV version 2', () => {
    beforeAll(() => root.enableMount('orgs/acme', { type: 'kv', options: { version: '2' } }))
    afterAll(() => root.disableMount('orgs/acme'))

    it('keeps versions', async () => {
      await root.writeSecret('orgs/acme', 'apps/pay/db', { user: 'a', password: 'one' })
      await root.writeSecret('orgs/acme', 'apps/pay/db', { user: 'a', password: 'two' })
      expect(await root.readSecret('orgs/acme', 'apps/pay/db')).toMatchObject({
        version: 2,
        data: { password: 'two' },
        customMetadata: {},
      })
      expect((await root.readSecret('orgs/acme', 'apps/pay/db', 1))?.data).toEqual({
        user: 'a',
        password: 'one',
      })
    })

    it('has nothing where nothing was written', async () => {
      expect(await root.readSecret('orgs/acme', 'nothing/here')).toBeUndefined()
      expect(await root.listSecrets('orgs/acme', 'nothing/here')).toEqual([])
    })

    it('lists names, folders with a slash', async () => {
      await root.writeSecret('orgs/acme', 'list/b/c', { x: 1 })
      await root.writeSecret('orgs/acme', 'list/a', { x: 1 })
      expect(await root.listSecrets('orgs/acme', 'list')).toEqual(['a', 'b/'])
    })

    it('hides a deleted version and brings it back', async () => {
      await root.writeSecret('orgs/acme', 'gone', { x: 'y' })
      await root.deleteSecret('orgs/acme', 'gone')
      expect(await root.readSecret('orgs/acme', 'gone')).toBeUndefined()
      const deleted = await raw('GET', 'orgs/acme/data/gone')
      expect(deleted.status).toBe(404)
      expect(deleted.body.data.data).toBeNull()
      expect(deleted.body.data.metadata.deletion_time).not.toBe('')
      expect((await raw('POST', 'orgs/acme/undelete/gone', { versions: [1] })).status).toBe(204)
      expect((await root.readSecret('orgs/acme', 'gone'))?.data).toEqual({ x: 'y' })
      await root.destroySecret('orgs/acme', 'gone')
      expect((await raw('GET', 'orgs/acme/metadata/gone')).status).toBe(404)
      await root.destroySecret('orgs/acme', 'gone')
    })

    it('writes over the expected version only', async () => {
      await root.writeSecret('orgs/acme', 'cas', { n: 1 }, 0)
      const fault = await error(root.writeSecret('orgs/acme', 'cas', { n: 2 }, 0))
      expect(isFault(fault, 'conflict')).toBe(true)
      expect(String(fault)).toContain('check-and-set parameter did not match the current version')
      await root.writeSecret('orgs/acme', 'cas', { n: 2 }, 1)
    })

    it('keeps custom metadata', async () => {
      await root.writeSecret('orgs/acme', 'meta', { n: 1 })
      await root.writeSecretMetadata('orgs/acme', 'meta', { owner: 'x' })
      expect((await root.readSecret('orgs/acme', 'meta'))?.customMetadata).toEqual({ owner: 'x' })
    })

    it('refuses a write without data', async () => {
      const answer = await raw('POST', 'orgs/acme/data/empty', { password: 'x' })
      expect(answer.status).toBe(400)
      expect(answer.body.errors[0]).toContain('no data provided')
    })
  })

  describe('policies', () => {
    const hcl = 'path "orgs/pol/data/apps/*" {\n  capabilities = ["read"]\n}\n'

    it('are read back as they were written', async () => {
      expect(await root.readPolicy('pol-read')).toBeUndefined()
      await root.writePolicy('pol-read', hcl)
      expect(await root.readPolicy('pol-read')).toBe(hcl)
      await root.deletePolicy('pol-read')
      expect(await root.readPolicy('pol-read')).toBeUndefined()
      await root.deletePolicy('pol-read')
    })

    it('are refused when they are none', async () => {
      for (const bad of ['path "x" { capabilities = ["fly"] }', 'path "x" {', 'nonsense "x" {}'])
        expect(isFault(await error(root.writePolicy('bad', bad)), 'invalid-request')).toBe(true)
    })

    it('are enforced on every call', async () => {
      await root.enableMount('orgs/pol', { type: 'kv', options: { version: '2' } })
      await root.writeSecret('orgs/pol', 'apps/a', { x: 1 })
      await root.writeSecret('orgs/pol', 'ci/a', { x: 1 })
      await root.writePolicy('pol-read', hcl)
      const reader = as(await root.createToken({ policies: ['pol-read'], ttlSeconds: 60 }))
      expect((await reader.lookupSelf()).policies).toEqual(['default', 'pol-read'])
      expect((await reader.readSecret('orgs/pol', 'apps/a'))?.data).toEqual({ x: 1 })
      for (const refused of [
        () => reader.readSecret('orgs/pol', 'ci/a'),
        () => reader.writeSecret('orgs/pol', 'apps/a', { x: 2 }),
        () => reader.listSecrets('orgs/pol', 'apps'),
        () => reader.readMount('orgs/pol'),
        () => reader.readAuthBackend('approle'),
        () => reader.createToken({ policies: ['root'] }),
        () => reader.readSecret('nowhere', 'apps/a'),
      ]) {
        const fault = await error(refused)
        expect(isFault(fault, 'forbidden')).toBe(true)
        expect(isFault(fault) && fault.details.hint).toMatch(/expired/)
      }
      await root.disableMount('orgs/pol')
    })

    it('tell create from update', async () => {
      await root.enableMount('orgs/cu', { type: 'kv', options: { version: '2' } })
      await root.writePolicy('cu', 'path "orgs/cu/data/+" { capabilities = ["create"] }')
      const creator = as(await root.createToken({ policies: ['cu'] }))
      await creator.writeSecret('orgs/cu', 'once', { x: 1 })
      expect(isFault(await error(creator.writeSecret('orgs/cu', 'once', { x: 2 })), 'forbidden')).toBe(true)
      expect(isFault(await error(creator.writeSecret('orgs/cu', 'a/b', { x: 2 })), 'forbidden')).toBe(true)
      await root.disableMount('orgs/cu')
    })

    it('need sudo for auth methods', async () => {
      const all = '["create", "read", "update", "delete", "list"]'
      await root.writePolicy('no-sudo', `path "sys/auth/*" { capabilities = ${all} }`)
      await root.writePolicy('sudo', 'path "sys/auth/*" { capabilities = ["create", "update", "sudo"] }')
      const without = as(await root.createToken({ policies: ['no-sudo'] }))
      const fault = await error(without.enableAuthBackend('sudo-test', { type: 'approle' }))
      expect(isFault(fault, 'forbidden')).toBe(true)
      const withSudo = as(await root.createToken({ policies: ['sudo'] }))
      await withSudo.enableAuthBackend('sudo-test', { type: 'approle' })
      await root.disableAuthBackend('sudo-test')
    })

    it('show what a token may', async () => {
      await root.writePolicy('cap', 'path "cap/x" { capabilities = ["read", "list"] }')
      const token = await root.createToken({ policies: ['cap'] })
      const answer = await raw('POST', 'sys/capabilities-self', { paths: ['cap/x', 'cap/y'] }, token.reveal())
      expect(answer.body.data['cap/x']).toEqual(['list', 'read'])
      expect(answer.body.data['cap/y']).toEqual(['deny'])
    })
  })

  describe('AppRole', () => {
    beforeAll(() => root.enableAuthBackend('approle', { type: 'approle', description: 'machines' }))
    afterAll(() => root.disableAuthBackend('approle'))

    it('is an auth backend that can be read and tuned', async () => {
      expect(await root.readAuthBackend('approle')).toMatchObject({
        type: 'approle',
        description: 'machines',
      })
      await root.tuneAuthBackend('approle', { description: 'changed' })
      expect((await root.readAuthBackend('approle'))?.description).toBe('changed')
      expect(await root.readAuthBackend('not-there')).toBeUndefined()
      await root.disableAuthBackend('not-there')
    })

    it('keeps a role with its id through changes', async () => {
      expect(await root.readAppRole('approle', 'acme-ci')).toBeUndefined()
      expect(await root.readRoleId('approle', 'acme-ci')).toBeUndefined()
      await root.writeAppRole('approle', 'acme-ci', { token_policies: ['b', 'a'], token_ttl: 600 })
      const roleId = await root.readRoleId('approle', 'acme-ci')
      await root.writeAppRole('approle', 'acme-ci', { token_policies: ['a'], secret_id_ttl: 60 })
      expect(await root.readAppRole('approle', 'acme-ci')).toMatchObject({
        token_policies: ['a'],
        token_ttl: 600,
        secret_id_ttl: 60,
        bind_secret_id: true,
        token_max_ttl: 0,
      })
      expect(await root.readRoleId('approle', 'acme-ci')).toBe(roleId)
      await root.writeRoleId('approle', 'acme-ci', 'fixed')
      expect(await root.readRoleId('approle', 'acme-ci')).toBe('fixed')
      await root.deleteAppRole('approle', 'acme-ci')
      expect(await root.readAppRole('approle', 'acme-ci')).toBeUndefined()
      await root.deleteAppRole('approle', 'acme-ci')
    })

    it('lets a machine log in with its policies', async () => {
      await root.writePolicy('login-policy', 'path "login/test" { capabilities = ["read"] }')
      await root.writeAppRole('approle', 'login', { token_policies: ['login-policy'], token_ttl: 60 })
      const roleId = (await root.readRoleId('approle', 'login')) ?? ''
      const secretId = await root.createSecretId('approle', 'login')
      const anonymous = new Vault({ address: server.address })
      const token = await anonymous.loginWithAppRole('approle', roleId, secretId)
      const state = await as(token).lookupSelf()
      expect(state.policies).toEqual(['default', 'login-policy'])
      expect(state.ttlSeconds).toBeGreaterThan(0)
      expect(state.ttlSeconds).toBeLessThanOrEqual(60)
      for (const wrong of [
        () => anonymous.loginWithAppRole('approle', roleId, new Secret('wrong')),
        () => anonymous.loginWithAppRole('approle', 'wrong', secretId),
      ]) {
        const fault = await error(wrong)
        expect(isFault(fault, 'invalid-request')).toBe(true)
        expect(String(fault)).toContain('invalid role or secret ID')
        expect(String(fault)).not.toContain(secretId.reveal())
      }
      await anonymous.close()
    })

    it('uses a secret id up', async () => {
      await root.writeAppRole('approle', 'once', { secret_id_num_uses: 1 })
      const roleId = (await root.readRoleId('approle', 'once')) ?? ''
      const secretId = await root.createSecretId('approle', 'once')
      await root.loginWithAppRole('approle', roleId, secretId)
      expect(isFault(await error(root.loginWithAppRole('approle', roleId, secretId)))).toBe(true)
    })

    it('revokes its tokens when it is disabled', async () => {
      await root.enableAuthBackend('short', { type: 'approle' })
      await root.writeAppRole('short', 'a', {})
      const roleId = (await root.readRoleId('short', 'a')) ?? ''
      const token = await root.loginWithAppRole('short', roleId, await root.createSecretId('short', 'a'))
      await as(token).lookupSelf()
      await root.disableAuthBackend('short')
      expect(isFault(await error(as(token).lookupSelf()), 'unauthenticated')).toBe(true)
    })
  })

  describe('LDAP', () => {
    beforeAll(() => root.enableAuthBackend('ldap', { type: 'ldap' }))
    afterAll(() => root.disableAuthBackend('ldap'))

    it('keeps policies of groups, whose names are case-insensitive', async () => {
      expect(await root.readLdapGroup('ldap', 'RB-Developers')).toBeUndefined()
      await root.writeLdapGroup('ldap', 'RB-Developers', ['rb-developer', 'another'])
      expect(await root.readLdapGroup('ldap', 'RB-Developers')).toEqual(['another', 'rb-developer'])
      expect(await root.readLdapGroup('ldap', 'rb-developers')).toEqual(['another', 'rb-developer'])
      await root.deleteLdapGroup('ldap', 'RB-Developers')
      expect(await root.readLdapGroup('ldap', 'RB-Developers')).toBeUndefined()
      await root.deleteLdapGroup('ldap', 'RB-Developers')
    })

    it('keeps a group that is deleted under another case, which our client knows', async () => {
      await root.writeLdapGroup('ldap', 'RB-Release', ['x'])
      expect((await raw('DELETE', 'auth/ldap/groups/RB-Release')).status).toBe(204)
      expect(await root.readLdapGroup('ldap', 'RB-Release')).toEqual(['x'])
      await root.deleteLdapGroup('ldap', 'RB-Release')
      expect(await root.readLdapGroup('ldap', 'RB-Release')).toBeUndefined()
    })

    it('never shows the password of its configuration', async () => {
      await root.writeLdapConfig('ldap', {
        url: 'ldap://127.0.0.1:1',
        groupdn: 'OU=Groups,DC=bank,DC=example',
        binddn: 'CN=svc',
        bindpass: 'hidden',
      })
      const config = await root.readLdapConfig('ldap')
      expect(config).toMatchObject({ url: 'ldap://127.0.0.1:1', groupdn: 'OU=Groups,DC=bank,DC=example' })
      expect(JSON.stringify(config)).not.toContain('hidden')
    })

    describe('with a directory to ask', () => {
      beforeAll(async () => {
        if (server.ldap !== undefined) await root.writeLdapConfig('ldap', ldapConfig(server.ldap))
        await root.writeLdapGroup('ldap', 'RB-Developers', ['rb-developer'])
        await root.writeLdapGroup('ldap', 'rb-release', ['rb-release-manager'])
      })

      const policiesOf = async (user: string, password: string): Promise<readonly string[]> =>
        (await as(await root.loginWithLdap('ldap', user, new Secret(password))).lookupSelf()).policies

      it('gives a person the policies of their groups', async () => {
        expect(await policiesOf('ada', 'lovelace')).toEqual(['default', 'rb-developer', 'rb-release-manager'])
        expect(await policiesOf('bob', 'builder')).toEqual(['default', 'rb-release-manager'])
      })

      it.each([
        ['ada', 'wrong'],
        ['ada', 'builder'],
        ['ada', ''],
        ['nobody', 'lovelace'],
        ['*', 'lovelace'],
        ['ada)(uid=*', 'lovelace'],
      ])('refuses %s with password “%s”', async (user, password) => {
        const fault = await error(root.loginWithLdap('ldap', user, new Secret(password)))
        expect(isFault(fault, 'invalid-request')).toBe(true)
        if (password !== '') expect(String(fault)).not.toContain(password)
      })
    })
  })

  describe('what is not allowed', () => {
    it('is said for a wrong token', async () => {
      const fault = await error(as(new Secret('hvs.wrong')).lookupSelf())
      expect(isFault(fault, 'unauthenticated')).toBe(true)
      expect(String(fault)).toContain('permission denied')
      expect(String(fault)).not.toContain('hvs.wrong')
    })

    it.each([
      ['GET', 'sys/mounts', '', 403],
      ['GET', 'auth/token/lookup-self', '', 403],
      ['GET', 'nowhere/data/x', undefined, 404],
      ['PUT', 'sys/seal-status', undefined, 405],
    ])('%s %s with token %s is %d', async (method, path, token, status) => {
      const answer = token === undefined ? await raw(method, path) : await raw(method, path, undefined, token)
      expect(answer.status).toBe(status)
    })

    it('ends with the token', async () => {
      const token = await root.createToken({ policies: ['default'] })
      await raw('POST', 'auth/token/revoke-self', undefined, token.reveal())
      expect(isFault(await error(as(token).lookupSelf()), 'unauthenticated')).toBe(true)
    })
  })

  it.runIf(name === 'real')('leaves no key in its log and no token file', async () => {
    const { logFile = '' } = server
    expect(await readFile(logFile, 'utf8').catch(() => '')).not.toContain(server.rootToken.reveal())
    await expect(readFile(join(dirname(logFile), '.vault-token'))).rejects.toThrow('ENOENT')
  })

  it('answers health and nothing else while it is sealed', async () => {
    const sealed = await start()
    const once = { attempts: 1, baseMilliseconds: 0, totalMilliseconds: 0 }
    const vault = new Vault({ address: sealed.address, token: sealed.rootToken, retries: once })
    const answer = await fetch(`${sealed.address}/v1/sys/seal`, {
      method: 'PUT',
      headers: { 'x-vault-token': sealed.rootToken.reveal() },
    })
    expect(answer.status).toBe(204)
    expect((await vault.health()).sealed).toBe(true)
    const fault = await error(vault.lookupSelf())
    expect(isFault(fault, 'unavailable') && fault.details.hint).toMatch(/unseal/)
    await vault.close()
    await sealed.stop()
  })
})
