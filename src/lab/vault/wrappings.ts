import { randomBytes } from 'node:crypto'
import { type Body, badRequest } from './request.ts'

interface Wrapping {
  readonly body: Body
  readonly expiresSeconds: number
}

/** Answers that are kept for whoever has their token, each for one opening within its time. Source: Vault's docs, "Response wrapping". */
export class Wrappings {
  readonly #kept = new Map<string, Wrapping>()
  readonly #now: () => number

  /** `now` in seconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** What is answered instead of the answer. */
  wrap(body: Body, { path, ttlSeconds }: { readonly path: string; readonly ttlSeconds: number }): Body {
    const token = `hvs.${randomBytes(24).toString('base64url')}`
    const created = this.#now()
    this.#kept.set(token, { body, expiresSeconds: created + ttlSeconds })
    const info = {
      token,
      accessor: randomBytes(18).toString('base64url'),
      ttl: ttlSeconds,
      creation_time: new Date(created * 1000).toISOString(),
      creation_path: path,
    }
    return { ...body, data: null, auth: null, warnings: null, wrap_info: info }
  }

  /** @throws {VaultRefusal} 400 where it was opened, is over, or never was. */
  open(token: string): Body {
    const kept = this.#kept.get(token)
    this.#kept.delete(token)
    if (kept === undefined || kept.expiresSeconds <= this.#now())
      throw badRequest('wrapping token is not valid or does not exist')
    return kept.body
  }
}
