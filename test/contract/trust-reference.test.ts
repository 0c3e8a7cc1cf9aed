import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  delegationsIn,
  type SignedTag,
  signedTag,
  type TrustDocuments,
} from '../../src/image/trust/signed-tags.ts'
import { missingPart } from '../missing-part.ts'

const hasGo = (): boolean => {
  try {
    return execFileSync('go', ['version']).toString().startsWith('go version')
  } catch {
    return false
  }
}
const canBuild = hasGo()
if (!canBuild) missingPart('go', 'trust data that Notary’s own library signs')

const folder = mkdtempSync(join(tmpdir(), 'tenantry-trust-'))
afterAll(() => rmSync(folder, { recursive: true }))

const [one, two] = ['a'.repeat(64), 'b'.repeat(64)] as const
const repository = 'registry.bank.example/acme/api'
const cases = [
  { repository, signed: {} },
  { repository, signed: { targets: { '1.0': one } } },
  { repository, signed: { 'targets/releases': { '1.0': one, '2.0': two } } },
  {
    repository,
    signed: {
      targets: { '1.0': two },
      'targets/releases': { '1.0': one, 'ä "b\\': two },
      'targets/security': { '1.0': one },
      'targets/release': { '1.0': two },
    },
  },
]

let made: readonly TrustDocuments[] = []

/** What Notary's library signs for each case, by role. */
const signedByNotary = (): readonly TrustDocuments[] => {
  const tool = join(folder, 'trust-reference')
  execFileSync('go', ['build', '-o', tool, '.'], {
    cwd: join(import.meta.dirname, '../../tools/trust-reference'),
    env: { ...process.env, CGO_ENABLED: '0' },
  })
  const output = execFileSync(tool, { input: JSON.stringify(cases), maxBuffer: 1 << 26 }).toString()
  return (JSON.parse(output) as Record<string, string>[]).map(
    (documents) =>
      new Map(Object.entries(documents).map(([role, bytes]) => [role, Buffer.from(bytes, 'base64')])),
  )
}

const documentsOf = (at: number): TrustDocuments => made[at] ?? new Map()
const withoutKeys = (found: SignedTag | undefined) =>
  found === undefined ? undefined : { digest: found.digest, signers: found.signers }
const found = (at: number, tag: string) =>
  withoutKeys(signedTag(documentsOf(at), { tag, digest: undefined }, new Date()))

describe.skipIf(!canBuild)('trust data that Notary’s own library signs', () => {
  beforeAll(() => {
    made = signedByNotary()
  }, 600_000)

  it('of a repository in which nothing is signed names nobody', () => {
    expect(found(0, '1.0')).toBeUndefined()
  })

  it('by the owner’s key or a delegation counts', () => {
    expect(found(1, '1.0')).toEqual({ digest: `sha256:${one}`, signers: ['targets'] })
    expect(found(2, '2.0')).toEqual({ digest: `sha256:${two}`, signers: ['targets/releases'] })
    expect(found(2, '3.0')).toBeUndefined()
  })

  it('by several is that of the release, signed by those who name its digest', () => {
    expect(delegationsIn(documentsOf(3).get('targets') ?? Buffer.alloc(0)).toSorted()).toEqual([
      'targets/release',
      'targets/releases',
      'targets/security',
    ])
    expect(found(3, '1.0')).toEqual({
      digest: `sha256:${one}`,
      signers: ['targets/releases', 'targets/security'],
    })
    expect(found(3, 'ä "b\\')?.digest).toBe(`sha256:${two}`)
  })

  it('is refused with one letter changed', () => {
    const all = new Map(documentsOf(2))
    const text = (all.get('targets/releases') ?? Buffer.alloc(0)).toString()
    all.set('targets/releases', Buffer.from(text.replace('"1.0"', '"1.1"')))
    expect(() => signedTag(all, { tag: '1.1', digest: undefined }, new Date())).toThrow(
      /does not belong|not the one/,
    )
  })
})
