import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { Vault } from '../../src/clients/vault.ts'
import { Fault, isFault } from '../../src/core/fault.ts'
import { Secret } from '../../src/core/secret.ts'

interface Canned {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

describe('the Vault client', () => {
  const servers: Server[] = []
  const vaults: Vault[] = []
  afterEach(async () => {
    await Promise.all(vaults.splice(0).map((vault) => vault.close()))
    for (const server of servers.splice(0)) server.close()
  })

  /** A server that gives the answers one after the other, the last for ever. */
  const answering = async (...answers: readonly Canned[]) => {
    const seen: { url: string; headers: NodeJS.Dict<string | string[]> }[] = []
    const waits: number[] = []
    const server = createServer((request, response) => {
      const answer = answers[Math.min(seen.length, answers.length - 1)]
      seen.push({ url: request.url ?? '', headers: request.headers })
      response.writeHead(answer?.status ?? 500, answer?.headers)
      response.end(typeof answer?.body === 'string' ? answer.body : JSON.stringify(answer?.body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    servers.push(server)
    const vault = new Vault({
      address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: new Secret('hvs.hidden'),
      namespace: 'bank/platform',
      sleep: async (milliseconds) => void waits.push(milliseconds),
    })
    vaults.push(vault)
    return { vault, seen, waits }
  }

  const faultOf = async (attempt: Promise<unknown>): Promise<Fault> => {
    const error: unknown = await attempt.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof Fault)) throw new Error(`no fault but ${String(error)}`)
    return error
  }

  it.each([
    [403, 'permission denied', 'forbidden', /expired or been revoked/],
    [503, 'Vault is sealed', 'unavailable', /unseal/],
    [307, '', 'protocol', /address/],
    [472, '', 'unavailable', /disaster recovery secondary/],
    [473, '', 'unavailable', /standby/],
    [400, 'missing client token', 'unauthenticated', /token file/],
    [403, 'permission denied; invalid token', 'unauthenticated', /token file.*then run again/],
    [412, 'required index state not present', 'unavailable', /caught up/],
    [400, 'check-and-set parameter did not match the current version', 'conflict', /newer version/],
    [401, '', 'unauthenticated', /the Vault token/],
    [429, 'request path rate limit quota exceeded', 'rate-limited', /wait/],
  ] as const)('says what %d %s means', async (status, message, code, hint) => {
    const { vault } = await answering({ status, body: { errors: message === '' ? [] : [message] } })
    const fault = await faultOf(vault.lookupSelf())
    expect(fault.code).toBe(code)
    expect(fault.details.hint).toMatch(hint)
    expect(fault.message).toContain(vault.address)
    expect(`${String(fault)}${JSON.stringify(fault.details)}`).not.toContain('hvs.hidden')
  })

  it('sends the token and the namespace, and encodes each part of a path', async () => {
    const { vault, seen } = await answering({ status: 404, body: { errors: [] } })
    expect(await vault.readSecret('orgs/acme', 'apps/a b/ü')).toBeUndefined()
    expect(seen[0]?.url).toBe('/v1/orgs/acme/data/apps/a%20b/%C3%BC')
    expect(seen[0]?.headers).toMatchObject({
      'x-vault-token': 'hvs.hidden',
      'x-vault-namespace': 'bank/platform',
      'x-vault-request': 'true',
    })
  })

  it('waits while a new mount turns itself into version 2, and not for ever', async () => {
    const upgrading = {
      status: 400,
      body: { errors: ['Upgrading from non-versioned to versioned data. This backend will be unavailable'] },
    }
    const once = await answering(upgrading, { status: 200, body: {} })
    await once.vault.writeSecret('orgs/acme', 'x', { a: 1 })
    expect(once.waits).toEqual([50])
    const ever = await answering(upgrading)
    expect(isFault(await faultOf(ever.vault.writeSecret('orgs/acme', 'x', { a: 1 })))).toBe(true)
    expect(ever.waits).toHaveLength(6)
  })

  it('waits for a node that lags behind the others, and not for ever', async () => {
    const lagging = { status: 412, body: { errors: ['required index state not present'] } }
    const once = await answering(lagging, { status: 204, body: '' })
    await once.vault.writePolicy('p', '')
    expect(once.seen).toHaveLength(2)
    const ever = await answering(lagging)
    expect(isFault(await faultOf(ever.vault.writePolicy('p', '')), 'unavailable')).toBe(true)
    expect(ever.seen).toHaveLength(7)
  })

  it('waits as long as a rate limit asks, and gives up where that is too long', async () => {
    const { vault, waits } = await answering(
      { status: 429, body: { errors: ['too many'] }, headers: { 'retry-after': '3' } },
      { status: 204, body: '' },
    )
    await vault.writePolicy('p', '')
    expect(waits).toEqual([3000])
    const long = await answering({ status: 429, body: '', headers: { 'retry-after': '3600' } })
    const fault = await faultOf(long.vault.writePolicy('p', ''))
    expect(isFault(fault, 'rate-limited') && fault.details.hint).toMatch(/3600 s/)
    expect(long.waits).toEqual([])
  })

  it('does not take a redirection of a standby for done', async () => {
    const { vault, seen } = await answering({
      status: 307,
      body: '',
      headers: { location: 'https://active.example/v1/sys/policies/acl/p' },
    })
    expect((await faultOf(vault.writePolicy('p', ''))).code).toBe('protocol')
    expect(seen).toHaveLength(1)
  })

  it('repeats no secret that a server echoes', async () => {
    const secrets = [
      'role-id-1234',
      'secret-id-5678',
      'pass-word-90',
      'value-of-kv',
      'bind-pass-42',
      'hvs.hidden',
    ]
    const echo = await answering({ status: 500, body: { errors: [`no: ${secrets.join(' ')}`] } })
    const { vault } = echo
    const [roleId = '', secretId = '', password = '', value = '', bindpass = ''] = secrets
    const faults = [
      [await faultOf(vault.loginWithAppRole('approle', roleId, new Secret(secretId))), roleId, secretId],
      [await faultOf(vault.writeRoleId('approle', 'r', roleId)), roleId],
      [await faultOf(vault.loginWithLdap('ldap', 'ada', new Secret(password))), password],
      [await faultOf(vault.writeSecret('m', 's', { deep: [{ value }] })), value],
      [await faultOf(vault.writeLdapConfig('ldap', { url: 'ldap://x', bindpass })), bindpass],
    ] as const
    for (const [fault, ...hidden] of faults)
      for (const one of [...hidden, 'hvs.hidden'])
        expect(`${inspect(fault, { depth: null })}${JSON.stringify(fault.details)}`).not.toContain(one)
  })

  it('quotes no answer that is not JSON', async () => {
    const { vault } = await answering({ status: 200, body: 'hvs.echoed is no JSON' })
    expect(inspect(await faultOf(vault.lookupSelf()), { depth: null })).not.toContain('hvs.echoed')
  })

  it('does not take a proxy’s page for Vault', async () => {
    const page = await answering({ status: 200, body: '<html>' })
    expect((await faultOf(page.vault.lookupSelf())).code).toBe('protocol')
    const other = await answering({ status: 200, body: { hello: 'world' } })
    const fault = await faultOf(other.vault.lookupSelf())
    expect(fault.code).toBe('protocol')
    expect(fault.details.hint).toMatch(/1\.12/)
  })
})
