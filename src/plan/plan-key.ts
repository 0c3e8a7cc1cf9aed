import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { Checked, Issue } from '../core/issue.ts'
import { Secret } from '../core/secret.ts'

/** What signs plans, or proves that they are signed. */
export type PlanKey =
  | { readonly algorithm: 'hmac-sha256'; readonly secret: Secret }
  | {
      readonly algorithm: 'ed25519'
      readonly publicKey: KeyObject
      /** Undefined: it proves, and cannot sign. */
      readonly privateKey: KeyObject | undefined
    }

/** Of a shared secret: 128 bits as hex digits. */
const shortestSecret = 32

const unusable = (message: string): Checked<PlanKey> => {
  const issue: Issue = {
    code: 'plan/unusable-key',
    message: `The key for plans is unusable: ${message}`,
    hint: 'Give TENANTRY_PLAN_KEY (or TENANTRY_PLAN_KEY_FILE, a file with it) a shared secret of 32 characters or more, e.g. of `openssl rand -hex 32`, or an ed25519 key in PEM form.',
  }
  return { ok: false, issues: [issue] }
}

const ofPem = (pem: string): Checked<PlanKey> => {
  try {
    const isPrivate = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)
    const privateKey = isPrivate ? createPrivateKey(pem) : undefined
    const publicKey = createPublicKey(pem)
    if (publicKey.asymmetricKeyType !== 'ed25519')
      return unusable(`it is a key of ${publicKey.asymmetricKeyType ?? 'an unknown kind'}, not of ed25519.`)
    return { ok: true, value: { algorithm: 'ed25519', publicKey, privateKey } }
  } catch {
    return unusable('it begins like a PEM file and is none.') // The parser's words might quote it.
  }
}

/** A key out of its text: PEM of an ed25519 key, private or public, else a shared secret. Never throws. */
export const parsePlanKey = (text: string): Checked<PlanKey> => {
  const key = text.trim()
  if (key.startsWith('-----BEGIN')) return ofPem(key)
  return key.length < shortestSecret
    ? unusable(`it has ${key.length} characters, and ${shortestSecret} are the least.`)
    : { ok: true, value: { algorithm: 'hmac-sha256', secret: new Secret(key) } }
}

const hmac = (secret: Secret, text: string): Buffer =>
  createHmac('sha256', secret.reveal()).update(text).digest()

/** The signature of a text in base64; undefined where the key can only prove. Never throws. */
export const signText = (key: PlanKey, text: string): string | undefined => {
  if (key.algorithm === 'hmac-sha256') return hmac(key.secret, text).toString('base64')
  return key.privateKey === undefined
    ? undefined
    : sign(null, Buffer.from(text), key.privateKey).toString('base64')
}

/** Whether a text was signed with this key, or with the private one that belongs to it. Never throws. */
export const isSignedBy = (key: PlanKey, text: string, signature: string): boolean => {
  const given = Buffer.from(signature, 'base64')
  // Of the several texts that mean the same bytes one is the signature.
  if (given.toString('base64') !== signature) return false
  if (key.algorithm === 'ed25519') return verify(null, Buffer.from(text), key.publicKey, given)
  const wanted = hmac(key.secret, text)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
