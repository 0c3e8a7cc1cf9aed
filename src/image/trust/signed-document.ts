import { constants, createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import * as z from 'zod'
import { compareText } from '../../core/issue.ts'
import { keyDigest } from './key-digest.ts'

/** Why trust data does not count, as a sentence without its subject's name. */
export class TrustRefusal extends Error {}

const Key = z.looseObject({ keytype: z.string(), keyval: z.looseObject({ public: z.string() }) })
type TrustKey = z.infer<typeof Key>

/** Keys by id. */
export const Keys = z.record(z.string(), Key)

const Signature = z.looseObject({ keyid: z.string(), method: z.string(), sig: z.base64() })

const Envelope = z.looseObject({
  signed: z.looseObject({ _type: z.string(), expires: z.iso.datetime({ offset: true }) }),
  signatures: z.array(Signature).max(64),
})

/** Keys of which so many must have signed. */
export interface Signers {
  readonly keys: Readonly<Record<string, TrustKey>>
  readonly keyIds: readonly string[]
  readonly threshold: number
}

/** JSON as it is signed: keys sorted, no white space, and of all characters two alone escaped. Source: canonical JSON, as Notary writes it. */
const canonicalText = (value: unknown): string => {
  if (typeof value === 'string') return `"${value.replaceAll(/["\\]/g, '\\$&')}"`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  const entries = Object.entries(value).sort(([a], [b]) => compareText(a, b))
  return `{${entries.map(([key, one]) => `${canonicalText(key)}:${canonicalText(one)}`).join(',')}}`
}

/** The signed part as it was signed. @throws {TrustRefusal} where it is nested deeper than anybody nests it. */
const textOf = (name: string, signed: unknown): Buffer => {
  try {
    return Buffer.from(canonicalText(signed))
  } catch {
    throw new TrustRefusal(`${name} of its trust data is nested too deep.`)
  }
}

/** What stands before the 32 bytes of an Ed25519 key to make it a SubjectPublicKeyInfo. Source: RFC 8410, section 4. */
const edPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** Bits. Source: Notary, `tuf/signed/verifiers.go`. */
const leastRsaBits = 2048

const publicKey = ({ keytype, keyval }: TrustKey): KeyObject => {
  const bytes = Buffer.from(keyval.public, 'base64')
  if (keytype.endsWith('-x509')) return createPublicKey(bytes)
  const der = keytype === 'ed25519' ? Buffer.concat([edPrefix, bytes]) : bytes
  return createPublicKey({ key: der, format: 'der', type: 'spki' })
}

/** A short RSA key signs nothing: anybody may have its other half. */
const isLongEnough = ({ asymmetricKeyDetails }: KeyObject): boolean =>
  (asymmetricKeyDetails?.modulusLength ?? leastRsaBits) >= leastRsaBits

/** How a method signs, and the kinds of key that it belongs to: no signature is looked at with another. */
interface Method {
  readonly keyTypes: readonly string[]
  readonly holds: (text: Buffer, key: KeyObject, signature: Buffer) => boolean
}

const rsaTypes = ['rsa', 'rsa-x509']
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }

/** Source: Notary, `tuf/data/types.go` and `tuf/signed/verifiers.go`. */
const methods: Readonly<Record<string, Method>> = {
  eddsa: { keyTypes: ['ed25519'], holds: (text, key, signature) => verify(null, text, key, signature) },
  ecdsa: {
    keyTypes: ['ecdsa', 'ecdsa-x509'],
    holds: (text, key, signature) => verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature),
  },
  rsapss: {
    keyTypes: rsaTypes,
    holds: (text, key, signature) => verify('sha256', text, { key, ...pss }, signature),
  },
  rsapkcs1v15: {
    keyTypes: rsaTypes,
    holds: (text, key, signature) => verify('sha256', text, key, signature),
  },
}

/** Digest of the key where the signature is its; undefined for any other. Never throws. */
const signerOf = (
  { method, sig }: z.infer<typeof Signature>,
  key: TrustKey,
  text: Buffer,
): string | undefined => {
  const known = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (known?.keyTypes.includes(key.keytype) !== true) return undefined
  try {
    const found = publicKey(key)
    const isGood = isLongEnough(found) && known.holds(text, found, Buffer.from(sig, 'base64'))
    return isGood ? keyDigest(found) : undefined
  } catch {
    return undefined
  }
}

/** What enough keys have signed. */
export interface Verified {
  readonly signed: Record<string, unknown>
  /** Digests of those keys. */
  readonly keys: readonly string[]
}

/**
 * The part of a document that is signed, once enough of its keys have signed it and it has not ended.
 *
 * @throws {TrustRefusal} where it is no such document, is not signed by them, or is over.
 */
export const verified = (name: string, bytes: Buffer, signers: Signers, now: Date): Verified => {
  const { signed, signatures } = parsed(name, bytes)
  const text = textOf(name, signed)
  const keys = new Map(Object.entries(signers.keys).filter(([id]) => signers.keyIds.includes(id)))
  // Counted by key, not by id: one key under two ids is one signature.
  const good = new Set(
    signatures.flatMap((one) => {
      const key = keys.get(one.keyid)
      return (key === undefined ? undefined : signerOf(one, key, text)) ?? []
    }),
  )
  if (signers.threshold < 1 || good.size < signers.threshold)
    throw new TrustRefusal(`${name} of its trust data is not signed by the keys that may sign it.`)
  if (Date.parse(signed.expires) <= now.getTime())
    throw new TrustRefusal(`${name} of its trust data ended on ${signed.expires.slice(0, 10)}.`)
  return { signed, keys: [...good] }
}

/** A document as it says it is: nothing of it is proven yet. @throws {TrustRefusal} where it is none. */
export const parsed = (name: string, bytes: Buffer): z.infer<typeof Envelope> => {
  try {
    return Envelope.parse(JSON.parse(bytes.toString('utf8')))
  } catch {
    throw new TrustRefusal(`${name} of its trust data is no signed document.`)
  }
}

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
