import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ImageRegistry } from '../../src/clients/image-registry.ts'
import type { TrustFacts } from '../../src/compliance/image-facts.ts'
import { parseImageReference } from '../../src/compliance/image-reference.ts'
import { Secret } from '../../src/core/secret.ts'
import { type ReadDigests, readRegistryTrust } from '../../src/image/source/registry-trust.ts'
import { type Registry, startRegistry } from '../../src/lab/registry/server.ts'
import type { Ucp } from '../../src/lab/ucp/server.ts'
import { Client, passwordOf, start } from './emulator/client.ts'

const begin = Date.parse('2026-03-01T00:00:00Z')
let clock = begin
let ucp: Ucp
let registry: Registry
const clients: ImageRegistry[] = []

const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`

beforeAll(async () => {
  ucp = await start({ now: () => clock })
  registry = await startRegistry({ ucp })
  registry.state.change({ createRepositoryOnPush: true })
  const { state } = ucp
  const org = state.accounts.create({ name: 'acme', isOrg: true })
  for (const [team, user] of [
    ['security', 'ada'],
    ['release', 'bob'],
  ] as const)
    state.organizations.putTeamMember(
      state.organizations.createTeam(org.id, team, ''),
      state.accounts.get(user).id,
    )
  state.configuration.replace(
    '[trust_configuration]\nrequire_content_trust = true\nrequire_signature_from = ["acme/security", "acme/release"]\n',
    { roleExists: () => true, teamExists: () => true },
  )
})
afterEach(() => {
  clock = begin
})
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()))
  await registry.stop()
  await ucp.stop()
})

const open = (username = 'svc-tenantry', password = passwordOf(username)): ImageRegistry => {
  const client = new ImageRegistry({
    endpoint: registry.address,
    username,
    password: new Secret(password),
    tls: { ca: registry.caCertificate },
    sleep: async () => undefined,
  })
  clients.push(client)
  return client
}

const push = (
  tag: string,
  image: { digest: string; signers?: string[]; signedDigest?: string },
  to = 'api',
) => registry.pushTag({ namespace: 'acme', repository: to, tag, author: 'svc-tenantry', image })

const trustOf = (
  name: string,
  read: ReadDigests = { own: digestOf('1'), listed: undefined },
  client = open(),
): Promise<TrustFacts> => {
  const reference = parseImageReference(`${registry.state.host}/${name}`)
  if (reference === undefined) throw new Error(`${name} is no reference.`)
  return readRegistryTrust({ registry: client, reference, read, now: new Date(clock) })
}

describe('content trust in the registry', () => {
  it('is told by tag, with every team that signed', async () => {
    push('1.0', { digest: digestOf('1'), signers: ['ada', 'bob'] })
    push('1.1', { digest: digestOf('2'), signers: ['bob'] })
    push('1.2', { digest: digestOf('3') })
    expect(await trustOf('acme/api:1.0')).toEqual({
      state: 'signed',
      digest: digestOf('1'),
      signers: ['targets/ada', 'targets/bob', 'targets/releases'],
      keys: expect.any(Array),
    })
    expect(await trustOf('acme/api:1.1')).toMatchObject({
      signers: ['targets/bob', 'targets/releases'],
    })
    expect(await trustOf('acme/api:1.2')).toEqual({ state: 'unsigned' })
    expect(await trustOf('acme/api')).toEqual({ state: 'unsigned' })
  })

  it('is told by digest', async () => {
    push('1.1', { digest: digestOf('2'), signers: ['bob'] })
    expect(await trustOf(`acme/api@${digestOf('2')}`)).toMatchObject({
      state: 'signed',
      digest: digestOf('2'),
    })
    expect(await trustOf(`acme/api@${digestOf('9')}`)).toEqual({ state: 'unsigned' })
  })

  it('holds for the image of a platform, where the list of them was signed', async () => {
    push('list', { digest: digestOf('5'), signers: ['bob'] })
    expect(await trustOf('acme/api:list', { own: digestOf('6'), listed: digestOf('5') })).toMatchObject({
      digest: digestOf('6'),
    })
    expect(await trustOf('acme/api:list', { own: digestOf('6'), listed: digestOf('7') })).toMatchObject({
      digest: digestOf('5'),
    })
  })

  it('names the digest that was signed, also where the tag was pushed again', async () => {
    push('moved', { digest: digestOf('8'), signers: ['ada'], signedDigest: digestOf('7') })
    const credentials = Buffer.from(`svc-tenantry:${passwordOf('svc-tenantry')}`).toString('base64')
    const asked = new Client(
      registry.address,
      { ca: registry.caCertificate },
      { authorization: `Basic ${credentials}` },
    )
    const told = await asked.get(`/api/v0/repositories/acme/api/tags/moved?domain=${registry.state.host}`)
    expect(told.body).toMatchObject([{ inNotary: true, hashMismatch: true }])
    expect(await trustOf('acme/api:moved')).toMatchObject({ state: 'signed', digest: digestOf('7') })
  })

  it('is none where nothing of a repository is signed', async () => {
    push('1.0', { digest: digestOf('1') }, 'plain')
    expect(await trustOf('acme/plain:1.0')).toEqual({ state: 'unsigned' })
  })

  it('follows what is signed later, and is renewed by the server', async () => {
    push('late', { digest: digestOf('4') })
    expect(await trustOf('acme/api:late')).toEqual({ state: 'unsigned' })
    push('late', { digest: digestOf('4'), signers: ['ada'] })
    clock = begin + 40 * 86_400_000
    expect(await trustOf('acme/api:late')).toMatchObject({ state: 'signed', digest: digestOf('4') })
  })

  it('is not known where it is over by our clock', async () => {
    push('1.0', { digest: digestOf('1'), signers: ['ada'] }, 'over')
    const reference = parseImageReference(`${registry.state.host}/acme/over:1.0`)
    if (reference === undefined) throw new Error('no reference')
    const read = { own: undefined, listed: undefined }
    const now = new Date(begin + 15 * 86_400_000)
    expect(await readRegistryTrust({ registry: open(), reference, read, now })).toEqual({
      state: 'unknown',
      reason: 'timestamp of its trust data ended on 2026-03-15.',
    })
  })

  it('is not known to whom the registry does not show it, and no password is told', async () => {
    push('1.0', { digest: digestOf('1'), signers: ['ada'] })
    for (const client of [open('dan'), open('ada', 'wrong-password')]) {
      const trust = await trustOf('acme/api:1.0', undefined, client)
      expect(trust).toMatchObject({ state: 'unknown', reason: expect.stringContaining('registry') })
      expect(JSON.stringify(trust)).not.toContain('password-')
      expect(JSON.stringify(trust)).not.toContain('wrong-password')
    }
  })

  it('is read again where somebody signs in the middle of it', async () => {
    push('1.0', { digest: digestOf('1'), signers: ['ada'] }, 'busy')
    const original = registry.state.trustDocuments
    let asked = 0
    registry.state.trustDocuments = (repository) => {
      asked += 1
      if (asked === 3) push('2.0', { digest: digestOf('2'), signers: ['ada'] }, 'busy')
      return original.call(registry.state, repository)
    }
    try {
      expect(await trustOf('acme/busy:1.0')).toMatchObject({ state: 'signed', digest: digestOf('1') })
    } finally {
      registry.state.trustDocuments = original
    }
    expect(asked).toBeGreaterThan(8)
  })

  it('is not known where a document is missing, slow or strange', async () => {
    push('1.0', { digest: digestOf('1'), signers: ['ada'] })
    const original = registry.state.trustDocuments
    const without = (role: string, bytes?: Buffer) => (repository: Parameters<typeof original>[0]) => {
      const all = new Map(original.call(registry.state, repository))
      if (bytes === undefined) all.delete(role)
      else all.set(role, bytes)
      return all
    }
    try {
      for (const [role, bytes] of [
        ['targets/releases', undefined],
        ['snapshot', Buffer.from('<html>')],
        ['targets', Buffer.alloc(40 * 1024 * 1024, 'x')],
      ] as const) {
        registry.state.trustDocuments = without(role, bytes)
        expect(await trustOf('acme/api:1.0')).toMatchObject({ state: 'unknown' })
      }
    } finally {
      registry.state.trustDocuments = original
    }
    expect(await trustOf('acme/api:1.0')).toMatchObject({ state: 'signed' })
  })
})
