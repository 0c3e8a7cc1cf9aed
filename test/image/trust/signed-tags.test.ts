import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { TrustRefusal, verified } from '../../../src/image/trust/signed-document.ts'
import { delegationsIn, signedTag, type TrustDocuments } from '../../../src/image/trust/signed-tags.ts'
import { TrustData } from '../../../src/lab/registry/trust-data.ts'

const start = Date.parse('2026-03-01T00:00:00Z')
const now = new Date(start + 60_000)
const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`
const [first, second] = [digestOf('a'), digestOf('b')]

type Signed = Readonly<Record<string, Readonly<Record<string, string>>>>

const published = (data: TrustData, signed: Signed, at = start): TrustDocuments =>
  data.documents(
    new Map(Object.entries(signed).map(([role, tags]) => [role, new Map(Object.entries(tags))])),
    at,
  )

const released = { 'targets/releases': { '1.0': first, '2.0': second }, 'targets/security': { '1.0': first } }

/** Why it is refused; fails where it is not. */
const refusalOf = (documents: TrustDocuments, at = now): string => {
  try {
    return `not refused: ${JSON.stringify(signedTag(documents, { tag: '1.0', digest: undefined }, at))}`
  } catch (error) {
    if (error instanceof TrustRefusal) return error.message
    throw error
  }
}

const altered = (documents: TrustDocuments, changes: Readonly<Record<string, Buffer | undefined>>) => {
  const all = new Map(documents)
  for (const [role, bytes] of Object.entries(changes))
    if (bytes === undefined) all.delete(role)
    else all.set(role, bytes)
  return all
}

describe('signedTag', () => {
  const documents = published(new TrustData(), released)
  const tag = (name: string) => signedTag(documents, { tag: name, digest: undefined }, now)

  it('tells every role that signed a tag, and the digest', () => {
    expect(tag('1.0')).toMatchObject({ digest: first, signers: ['targets/releases', 'targets/security'] })
    expect(tag('2.0')).toMatchObject({ digest: second, signers: ['targets/releases'] })
  })

  it('knows nobody who signed what is not in it, nor what is named like a property of objects', () => {
    for (const name of ['3.0', 'constructor', '__proto__', 'toString']) expect(tag(name)).toBeUndefined()
  })

  it('knows a digest under whichever tag', () => {
    const bySum = (digest: string) => signedTag(documents, { tag: undefined, digest }, now)
    expect(bySum(second)).toMatchObject({ digest: second, signers: ['targets/releases'] })
    expect(bySum(digestOf('c'))).toBeUndefined()
  })

  it('does not count a role that signed another digest for the tag, nor one that nobody released', () => {
    const mixed = published(new TrustData(), {
      'targets/releases': { '1.0': second },
      'targets/security': { '1.0': first, '9.9': first },
    })
    const found = (name: string) => signedTag(mixed, { tag: name, digest: undefined }, now)
    expect(found('1.0')).toMatchObject({ digest: second, signers: ['targets/releases'] })
    expect(found('9.9')).toBeUndefined()
  })

  it('tells which delegations there are to ask for', () => {
    expect(delegationsIn(documents.get('targets') ?? Buffer.alloc(0))).toEqual(Object.keys(released))
  })
})

describe('trust data that does not count', () => {
  const data = new TrustData()
  const before = published(data, { 'targets/releases': { '1.0': first } })
  const documents = published(data, released, start + 1000)

  it('is whole before anything is done to it', () => {
    expect(refusalOf(documents)).toMatch(/^not refused/)
  })

  test.each(['root', 'timestamp', 'snapshot', 'targets', 'targets/releases', 'targets/security'])(
    'lacks %s',
    (role) => {
      expect(refusalOf(altered(documents, { [role]: undefined }))).toMatch(
        new RegExp(`^${role} of its trust data is missing`),
      )
    },
  )

  test.each(['snapshot', 'targets', 'targets/releases'])(
    'has %s of a day before, when something else was signed',
    (role) => {
      expect(refusalOf(altered(documents, { [role]: before.get(role) }))).toMatch(/does not|not the one/)
    },
  )

  test.each(['root', 'timestamp', 'snapshot', 'targets', 'targets/releases'])(
    'has %s of a stranger',
    (role) => {
      const stranger = published(new TrustData(), released)
      expect(refusalOf(altered(documents, { [role]: stranger.get(role) }))).toMatch(
        /not the one that belongs|not signed by the keys/,
      )
    },
  )

  it('is over: the timestamp holds a fortnight, and nobody renewed it', () => {
    const day = 86_400_000
    expect(refusalOf(documents, new Date(start + 13 * day))).toMatch(/^not refused/)
    expect(refusalOf(documents, new Date(start + 15 * day))).toBe(
      'timestamp of its trust data ended on 2026-03-15.',
    )
  })

  test.each([
    ['nothing', ''],
    ['a list', '[]'],
    ['no JSON', '<html>'],
    ['another form', '{"signed":{"_type":"Root"},"signatures":[]}'],
    [
      'nests without end',
      `{"signed":{"_type":"Root","expires":"2030-01-01T00:00:00Z","x":${'['.repeat(1e5)}${']'.repeat(1e5)}},"signatures":[]}`,
    ],
  ])('is %s', (_, text) => {
    for (const role of documents.keys())
      expect(refusalOf(altered(documents, { [role]: Buffer.from(text) }))).toMatch(/of its trust data/)
  })

  test('with any byte changed it is refused, or says what it said', () => {
    const roles = [...documents.keys()]
    const said = refusalOf(documents)
    fc.assert(
      fc.property(
        fc.constantFrom(...roles),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (role, at, change) => {
          const bytes = Buffer.from(documents.get(role) ?? Buffer.alloc(0))
          const place = at % bytes.length
          bytes[place] = (bytes[place] ?? 0) ^ change
          const found = refusalOf(altered(documents, { [role]: bytes }))
          expect(found === said || !found.startsWith('not refused')).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })
})

interface MadeKey {
  readonly keytype: string
  readonly public: string
  readonly signs: (text: Buffer) => { readonly method: string; readonly sig: string }
}

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })

const rsa = (bits: number): MadeKey => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  const signs = (text: Buffer) => ({
    method: 'rsapkcs1v15',
    sig: sign('sha256', text, privateKey).toString('base64'),
  })
  return { keytype: 'rsa', public: spki(publicKey).toString('base64'), signs }
}

const edwards = (): MadeKey => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const signs = (text: Buffer) => ({ method: 'eddsa', sig: sign(null, text, privateKey).toString('base64') })
  return { keytype: 'ed25519', public: spki(publicKey).subarray(-32).toString('base64'), signs }
}

const signed = { _type: 'Root', expires: '2030-01-01T00:00:00Z' }
// Sorted already, so that it is its own canonical form.
const text = Buffer.from(JSON.stringify(signed))

const document = (keys: Readonly<Record<string, MadeKey>>): Buffer =>
  Buffer.from(
    JSON.stringify({
      signed,
      signatures: Object.entries(keys).map(([keyid, key]) => ({ keyid, ...key.signs(text) })),
    }),
  )

const check = (bytes: Buffer, keys: Readonly<Record<string, MadeKey>>, threshold: number) =>
  verified(
    'root',
    bytes,
    {
      keys: Object.fromEntries(
        Object.entries(keys).map(([id, { keytype, public: key }]) => [
          id,
          { keytype, keyval: { public: key } },
        ]),
      ),
      keyIds: Object.keys(keys),
      threshold,
    },
    now,
  )

describe('verified', () => {
  const two = { a: edwards(), b: rsa(2048) }

  it('wants as many keys as the threshold says', () => {
    expect(check(document(two), two, 2)).toEqual({ signed, keys: [expect.any(String), expect.any(String)] })
    expect(() => check(document({ a: two.a }), two, 2)).toThrow(/not signed by the keys/)
    expect(() => check(document(two), two, 0)).toThrow(/not signed by the keys/)
  })

  it('counts a key once, under however many ids', () => {
    const same = { a: two.a, b: two.a }
    expect(() => check(document(same), same, 2)).toThrow(/not signed by the keys/)
    expect(check(document(same), same, 1).keys).toHaveLength(1)
  })

  it('takes no signature of another method than the key has, and none of a short key', () => {
    const disguised = { a: { ...two.a, keytype: 'ecdsa' } }
    expect(() => check(document(disguised), disguised, 1)).toThrow(/not signed by the keys/)
    const short = { a: rsa(1024) }
    expect(() => check(document(short), short, 1)).toThrow(/not signed by the keys/)
  })
})
