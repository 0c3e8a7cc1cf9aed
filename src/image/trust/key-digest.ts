import { createHash, type KeyObject } from 'node:crypto'

/** SHA-256 of a public key's SubjectPublicKeyInfo in hex: the same for a key and for a certificate of it. */
export const keyDigest = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
