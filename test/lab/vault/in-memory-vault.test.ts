import { describe, expect, it } from 'vitest'
import { InMemoryVault } from '../../../src/lab/vault/in-memory-vault.ts'
import type { LoginDirectory } from '../../../src/lab/vault/ldap-backend.ts'
import { platformPolicy } from '../../../src/lab/vault/platform-policy.ts'
import { capabilitiesOn, parsePolicy } from '../../../src/lab/vault/policy.ts'

const at = (start: string) => {
  let milliseconds = Date.parse(start)
  return {
    now: () => new Date(milliseconds),
    pass: (seconds: number) => {
      milliseconds += seconds * 1000
    },
  }
}

const emptyDirectory: LoginDirectory = { isPassword: () => false, groupsOf: () => [] }

const open = (directory: LoginDirectory = emptyDirectory) => {
  const clock = at('2026-01-01T00:00:00Z')
  const vault = new InMemoryVault({ rootToken: 'root', directory, now: clock.now })
  const call = (method: string, path: string, body: Record<string, unknown> = {}, token = 'root') =>
    vault.answer({ method, path, query: new URLSearchParams(), token, body })
  return { clock, vault, call }
}

const tokenIn = (answer: { body: unknown }): string =>
  (answer.body as { auth: { client_token: string } }).auth.client_token

const dataIn = (answer: { body: unknown }): Record<string, unknown> =>
  (answer.body as { data: Record<string, unknown> }).data

describe('the in-memory Vault', () => {
  it('lets tokens expire, and renewed ones later', () => {
    const { clock, call } = open()
    const token = tokenIn(call('POST', 'auth/token/create', { policies: ['default'], ttl: '1h' }))
    const renewed = tokenIn(call('POST', 'auth/token/create', { policies: ['default'], period: '1h' }))
    clock.pass(3599)
    expect(dataIn(call('GET', 'auth/token/lookup-self', {}, token)).ttl).toBe(1)
    expect(call('POST', 'auth/token/renew-self', {}, renewed).status).toBe(200)
    clock.pass(1)
    expect(call('GET', 'auth/token/lookup-self', {}, token).status).toBe(403)
    expect(call('GET', 'auth/token/lookup-self', {}, renewed).status).toBe(200)
  })

  it('revokes children with their parent and counts uses', () => {
    const { call } = open()
    call('PUT', 'sys/policies/acl/maker', {
      policy: 'path "auth/token/create" { capabilities = ["update"] }',
    })
    const parent = tokenIn(call('POST', 'auth/token/create', { policies: ['maker'] }))
    const child = tokenIn(call('POST', 'auth/token/create', { policies: ['default'], num_uses: 2 }, parent))
    expect(call('GET', 'auth/token/lookup-self', {}, child).status).toBe(200)
    call('POST', 'auth/token/revoke-self', {}, parent)
    expect(call('GET', 'auth/token/lookup-self', {}, child).status).toBe(403)
    const twice = tokenIn(call('POST', 'auth/token/create', { policies: ['default'], num_uses: 2 }))
    const statuses = [1, 2, 3].map(() => call('GET', 'auth/token/lookup-self', {}, twice).status)
    expect(statuses).toEqual([200, 200, 403])
  })

  it('lets secret ids expire', () => {
    const { clock, call } = open()
    call('POST', 'sys/auth/approle', { type: 'approle' })
    call('POST', 'auth/approle/role/a', { secret_id_ttl: '60s' })
    const { role_id } = dataIn(call('GET', 'auth/approle/role/a/role-id'))
    const { secret_id } = dataIn(call('POST', 'auth/approle/role/a/secret-id'))
    clock.pass(59)
    expect(call('POST', 'auth/approle/login', { role_id, secret_id }).status).toBe(200)
    clock.pass(1)
    expect(call('POST', 'auth/approle/login', { role_id, secret_id }).status).toBe(400)
  })

  it('refuses a role whose tokens would outlive their limit', () => {
    const { call } = open()
    call('POST', 'sys/auth/approle', { type: 'approle' })
    expect(call('POST', 'auth/approle/role/a', { token_ttl: 20, token_max_ttl: 10 }).status).toBe(400)
    expect(call('GET', 'auth/approle/role/a').status).toBe(404)
  })

  it('unites the policies of a person’s groups, and forgets a group that is gone', () => {
    const { call } = open({ isPassword: () => true, groupsOf: () => ['RB-Developers', 'RB-Release'] })
    call('POST', 'sys/auth/ldap', { type: 'ldap' })
    call('POST', 'auth/ldap/groups/RB-Developers', { policies: 'b,a' })
    call('POST', 'auth/ldap/groups/RB-Release', { policies: ['c'] })
    const policies = () => {
      const token = tokenIn(call('POST', 'auth/ldap/login/ada', { password: 'x' }, ''))
      return dataIn(call('GET', 'auth/token/lookup-self', {}, token)).policies
    }
    expect(policies()).toEqual(['a', 'b', 'c', 'default'])
    call('DELETE', 'auth/ldap/groups/rb-release')
    expect(policies()).toEqual(['a', 'b', 'default'])
    expect(call('POST', 'auth/ldap/login/ada', { password: '' }, '').status).toBe(400)
  })

  it('keeps ten versions of a secret, or as many as it is told', () => {
    const { call } = open()
    call('POST', 'sys/mounts/kv', { type: 'kv-v2' })
    for (let version = 1; version <= 12; version++) call('POST', 'kv/data/x', { data: { version } })
    expect(Object.keys(dataIn(call('GET', 'kv/metadata/x')).versions as object)).toHaveLength(10)
    call('POST', 'kv/metadata/x', { max_versions: 2 })
    call('POST', 'kv/data/x', { data: {} })
    expect(Object.keys(dataIn(call('GET', 'kv/metadata/x')).versions as object)).toEqual(['12', '13'])
  })

  it('moves a mount with what is in it', () => {
    const { call } = open()
    call('POST', 'sys/mounts/orgs/old', { type: 'kv-v2' })
    call('POST', 'orgs/old/data/x', { data: { a: 1 } })
    expect(call('POST', 'sys/remount', { from: 'orgs/old', to: 'orgs/new' }).status).toBe(200)
    expect(dataIn(call('GET', 'orgs/new/data/x')).data).toEqual({ a: 1 })
    expect(call('GET', 'orgs/old/data/x').status).toBe(404)
  })

  it('does not say what broke inside', () => {
    const { vault } = open()
    const body = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hidden')
        },
      },
    )
    const answer = vault.answer({
      method: 'POST',
      path: 'auth/token/create',
      query: new URLSearchParams(),
      token: 'root',
      body,
    })
    expect(answer.status).toBe(500)
    expect(JSON.stringify(answer.body)).not.toContain('hidden')
  })
})

describe('the platform’s policy', () => {
  it('is one that Vault takes', () => {
    expect(parsePolicy(platformPolicy).length).toBeGreaterThan(5)
  })

  it('lists the names of organizations’ secrets, and opens none', () => {
    const rules = parsePolicy(platformPolicy)
    for (const path of ['orgs/acme/metadata/', 'orgs/acme/metadata/apps/', 'orgs/acme/metadata/apps/app/'])
      expect([...capabilitiesOn(rules, path)], path).toEqual(['list'])
    for (const path of ['orgs/acme/data/apps/app/database', 'orgs/acme/destroy/apps', 'platform/metadata/'])
      expect([...capabilitiesOn(rules, path)], path).toEqual([])
  })
})
