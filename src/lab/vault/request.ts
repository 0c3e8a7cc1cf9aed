/** What a request wants done, after the HTTP method and `?list=true`. */
export type VaultVerb = 'read' | 'list' | 'write' | 'delete'

export type Body = Readonly<Record<string, unknown>>

/** A request as a backend sees it: the path is below the backend's mount. */
export interface VaultRequest {
  readonly verb: VaultVerb
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Body
  /** The caller's token; undefined before a login. */
  readonly token: TokenEntry | undefined
}

/** A token as the store holds it. */
export interface TokenEntry {
  readonly id: string
  readonly accessor: string
  readonly displayName: string
  readonly policies: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  readonly path: string
  /** Accessor of the token it dies with. */
  readonly parent: string | undefined
  readonly createdSeconds: number
  readonly periodSeconds: number
  readonly ttlSeconds: number
  /** Undefined for one that does not expire. */
  readonly expiresSeconds: number | undefined
  readonly remainingUses: number | undefined
}

/** What a backend answers; `undefined` is 204 without a body. */
export interface VaultAnswer {
  readonly data?: Body
  readonly auth?: Body
  readonly warnings?: readonly string[]
  /** 200 where absent. */
  readonly status?: number
  /** Sent instead of the envelope. */
  readonly bare?: Body
}

/** A mounted engine or method. Paths are below its mount, without leading slash. */
export interface Backend {
  handle(request: VaultRequest): VaultAnswer | undefined
  /** Whether a write to the path creates rather than updates; absent where every write is an update. */
  creates?(path: string): boolean
  /** Whether the path answers without a token. */
  isOpen?(path: string): boolean
  /** Whether the path needs `sudo` besides. */
  needsSudo?(path: string): boolean
}

/** An answer of 400 and above, with Vault's list of errors. */
export class VaultRefusal extends Error {
  readonly status: number
  readonly errors: readonly string[]
  /** Data beside the refusal, as KV gives for a deleted version. */
  readonly data: Body | undefined

  constructor(status: number, errors: readonly string[], data?: Body) {
    super(errors.join('; '))
    this.name = 'VaultRefusal'
    this.status = status
    this.errors = errors
    this.data = data
  }
}

export const notFound = (): VaultRefusal => new VaultRefusal(404, [])

export const unsupportedPath = (): VaultRefusal =>
  new VaultRefusal(404, ['1 error occurred:\n\t* unsupported path\n\n'])

export const unsupportedOperation = (): VaultRefusal =>
  new VaultRefusal(405, ['1 error occurred:\n\t* unsupported operation\n\n'])

export const badRequest = (message: string): VaultRefusal => new VaultRefusal(400, [message])

const durationUnits: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds of `3600`, `"3600"`, `"768h"`, `"1h30m"`; undefined for what is absent. */
export const secondsOf = (value: unknown): number | undefined => {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'number') return Math.trunc(value)
  const text = String(value)
  if (/^\d+$/.test(text)) return Number(text)
  if (!/^(?:\d+[smhd])+$/.test(text)) throw badRequest(`error converting input ${text}: invalid duration`)
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (durationUnits[unit ?? 's'] ?? 1),
    0,
  )
}

/** A list given as JSON array or as text with commas; sorted, without duplicates or blanks. */
export const listOf = (value: unknown): string[] => {
  const items = Array.isArray(value) ? value.map(String) : typeof value === 'string' ? value.split(',') : []
  return [...new Set(items.map((item) => item.trim()).filter((item) => item !== ''))].sort()
}

/** Text values of an object, anything else left out. */
export const textMapOf = (value: unknown): Record<string, string> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)]))
    : {}
