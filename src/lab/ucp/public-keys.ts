import { createPublicKey } from 'node:crypto'
import { publicKeyId } from '../certificates.ts'
import { invalid, notFound } from './refusal.ts'

export interface KeyCertificate {
  readonly label: string
  readonly cert: string
}

/** A public key of an account; client certificates are recognized by it (reference §1.4). */
export interface PublicKey {
  /** SHA-256 of the key's DER form in hex. */
  readonly id: string
  readonly accountId: string
  readonly publicKey: string
  readonly label: string
  readonly certificates: readonly KeyCertificate[]
}

const derOf = (pem: string): Uint8Array => {
  try {
    return createPublicKey(pem).export({ type: 'spki', format: 'der' })
  } catch {
    throw invalid('publicKey is not a public key in PEM.', 'INVALID_PUBLIC_KEY')
  }
}

/** The accounts' public keys. */
export class PublicKeys {
  readonly #byId = new Map<string, PublicKey>()

  /** @throws {Refusal} 400 where it is no public key in PEM. The same key again replaces it. */
  add(
    accountId: string,
    given: { publicKey: string; label: string; certificates: readonly KeyCertificate[] },
  ): PublicKey {
    const key: PublicKey = { id: publicKeyId(derOf(given.publicKey)), accountId, ...given }
    this.#byId.set(key.id, key)
    return key
  }

  find(id: string): PublicKey | undefined {
    return this.#byId.get(id)
  }

  ofAccount(accountId: string): PublicKey[] {
    return [...this.#byId.values()].filter((key) => key.accountId === accountId)
  }

  /** @throws {Refusal} 404 where the account has no such key. */
  get(accountId: string, id: string): PublicKey {
    const key = this.#byId.get(id)
    if (key?.accountId !== accountId) throw notFound('NO_SUCH_PUBLIC_KEY', `No public key ${id} exists.`)
    return key
  }

  update(key: PublicKey, changes: Partial<Pick<PublicKey, 'label' | 'certificates'>>): PublicKey {
    const updated = { ...key, ...changes }
    this.#byId.set(key.id, updated)
    return updated
  }

  remove(key: PublicKey): void {
    this.#byId.delete(key.id)
  }

  removeAccount(accountId: string): void {
    for (const key of this.ofAccount(accountId)) this.remove(key)
  }
}
