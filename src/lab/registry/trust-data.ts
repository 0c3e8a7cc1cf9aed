import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { canonicalJson } from '../../core/canonical.ts'
import type { Tag } from './tags.ts'

/** Digests by tag, by role: `targets/releases`, `targets/security`. */
export type SignedTags = ReadonlyMap<string, ReadonlyMap<string, string>>

/** What a role signs with. */
interface Key {
  readonly id: string
  readonly view: Readonly<Record<string, unknown>>
  readonly secret: KeyObject
}

interface Published {
  /** What it was made of. */
  readonly content: string
  readonly madeAt: number
  readonly documents: ReadonlyMap<string, Buffer>
}

const dayMilliseconds = 86_400_000
/** Days that a timestamp holds. Source: Notary's default. */
const timestampDays = 14
const documentDays = 3 * 365

const sha256 = (bytes: Buffer | string): Buffer => createHash('sha256').update(bytes).digest()

const newKey = (): Key => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const bytes = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const view = { keytype: 'ecdsa', keyval: { private: null, public: bytes } }
  return { id: sha256(canonicalJson(view)).toString('hex'), view, secret: privateKey }
}

const listed = (documents: ReadonlyMap<string, Buffer>) =>
  Object.fromEntries(
    [...documents].map(([role, bytes]) => [
      role,
      { hashes: { sha256: sha256(bytes).toString('base64') }, length: bytes.length },
    ]),
  )

const targetsOf = (tags: ReadonlyMap<string, string> = new Map()) =>
  Object.fromEntries(
    [...tags].map(([tag, digest]) => [
      tag,
      {
        hashes: { sha256: Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64') },
        length: 1,
      },
    ]),
  )

/** Every signed tag is released, and stands in the role of each user who signed it (reference §8.9). */
export const signedTags = (signed: readonly Tag[], users: readonly string[]): SignedTags => {
  const digests = (tags: readonly Tag[]) =>
    new Map(tags.map(({ name, image }) => [name, image.signedDigest ?? image.digest]))
  const byUser = users.map((user) => {
    const own = signed.filter(({ image }) => image.signers.includes(user))
    return [`targets/${user}`, digests(own)] as const
  })
  return new Map([['targets/releases', digests(signed)], ...byUser])
}

/** The trust data of one repository as a Notary server publishes it, with keys of the lab's. */
export class TrustData {
  readonly #keys = new Map<string, Key>()
  #published: Published | undefined
  #version = 0

  /** Documents by role, `root`, `targets/releases`; the same until what is signed changes or a day is over. */
  documents(signed: SignedTags, now: number): ReadonlyMap<string, Buffer> {
    const content = JSON.stringify([...signed].map(([role, tags]) => [role, [...tags]]))
    const before = this.#published
    if (before?.content === content && now - before.madeAt < dayMilliseconds) return before.documents
    this.#version += 1
    this.#published = { content, madeAt: now, documents: this.#publish(signed, now) }
    return this.#published.documents
  }

  /** The public key of a role in PEM, for the account whose role it is. */
  publicKeyOf(role: string): string {
    return createPublicKey(this.#key(role).secret).export({ type: 'spki', format: 'pem' }).toString()
  }

  #publish(signed: SignedTags, now: number): ReadonlyMap<string, Buffer> {
    const documents = new Map<string, Buffer>()
    const add = (role: string, type: string, days: number, parts: object): void => {
      const expires = new Date(now + days * dayMilliseconds).toISOString()
      documents.set(role, this.#signed(role, { _type: type, expires, version: this.#version, ...parts }))
    }
    const roles = [...signed.keys()]
    const noDelegations = { keys: {}, roles: [] }
    for (const [role, tags] of signed)
      add(role, 'Targets', documentDays, { targets: targetsOf(tags), delegations: noDelegations })
    add('targets', 'Targets', documentDays, { targets: {}, delegations: this.#delegations(roles) })
    add('root', 'Root', documentDays, { consistent_snapshot: false, ...this.#root() })
    add('snapshot', 'Snapshot', documentDays, { meta: listed(documents) })
    const snapshot = documents.get('snapshot') ?? Buffer.alloc(0)
    add('timestamp', 'Timestamp', timestampDays, { meta: listed(new Map([['snapshot', snapshot]])) })
    return documents
  }

  #delegations(roles: readonly string[]) {
    const keys = roles.map((role) => this.#key(role))
    return {
      keys: Object.fromEntries(keys.map(({ id, view }) => [id, view])),
      roles: roles.map((name) => ({ name, keyids: [this.#key(name).id], paths: [''], threshold: 1 })),
    }
  }

  #root() {
    const roles = ['root', 'timestamp', 'snapshot', 'targets'].map((role) => [role, this.#key(role)] as const)
    return {
      keys: Object.fromEntries(roles.map(([, { id, view }]) => [id, view])),
      roles: Object.fromEntries(roles.map(([role, { id }]) => [role, { keyids: [id], threshold: 1 }])),
    }
  }

  #key(role: string): Key {
    const known = this.#keys.get(role)
    if (known !== undefined) return known
    const made = newKey()
    this.#keys.set(role, made)
    return made
  }

  #signed(role: string, signed: object): Buffer {
    const { id, secret } = this.#key(role)
    const text = Buffer.from(canonicalJson(signed))
    const sig = sign('sha256', text, { key: secret, dsaEncoding: 'ieee-p1363' }).toString('base64')
    return Buffer.from(JSON.stringify({ signed, signatures: [{ keyid: id, method: 'ecdsa', sig }] }))
  }
}

/** Tokens for pulls, each a user's: what the registry protocol and Notary are asked with. */
export class PullTokens {
  readonly #users = new Map<string, string>()

  issue(user: string): string {
    const token = randomBytes(24).toString('base64url')
    this.#users.set(token, user)
    return token
  }

  userOf(token: string): string | undefined {
    return this.#users.get(token)
  }
}
