import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Vault } from '../../src/clients/vault.ts'
import { Fault, isFault } from '../../src/core/fault.ts'
import { Secret } from '../../src/core/secret.ts'

interface Canned {
  readonly status: number
  readonly body: unknown
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
      response.writeHead(answer?.status ?? 500)
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
    [472, '', 'unavailable', /disaster recovery secondary/],
    [473, '', 'unavailable', /standby/],
    [400, 'missing client token', 'unauthenticated', /token file/],
  ] as const)('says what %d %s means', async (status, message, code, hint) => {
    const { vault } = await answering({ status, body: { errors: message === '' ? [] : [message] } })
    const fault = await faultOf(vault.lookupSelf())
    expect(fault.code).toBe(code)
    expect(fault.details.hint).toMatch(hint)
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

  it('does not take a proxy’s page for Vault', async () => {
    const page = await answering({ status: 200, body: '<html>' })
    expect((await faultOf(page.vault.lookupSelf())).code).toBe('protocol')
    const other = await answering({ status: 200, body: { hello: 'world' } })
    const fault = await faultOf(other.vault.lookupSelf())
    expect(fault.code).toBe('protocol')
    expect(fault.details.hint).toMatch(/1\.12/)
  })
})
