import { randomUUID } from 'node:crypto'
import { type Backend, type Body, badRequest, secondsOf, textMapOf } from './request.ts'
import { defaultTtlSeconds } from './tokens.ts'

/** A mounted engine or auth method. */
export interface MountEntry {
  /** With trailing slash. */
  readonly path: string
  readonly type: string
  readonly description: string
  readonly accessor: string
  readonly uuid: string
  readonly options: Readonly<Record<string, string>> | null
  readonly defaultLeaseTtlSeconds: number
  readonly maxLeaseTtlSeconds: number
  readonly local: boolean
  readonly sealWrap: boolean
  readonly backend: Backend
}

/** Makes the backend of a type; throws a VaultRefusal where the type is unknown. */
export type BackendFactory = (
  type: string,
  path: string,
  options: Readonly<Record<string, string>>,
) => Backend

const trailing = (path: string): string => `${path.replace(/^\/+|\/+$/g, '')}/`

const leases = (config: Body, current?: MountEntry) => ({
  defaultLeaseTtlSeconds: secondsOf(config.default_lease_ttl) ?? current?.defaultLeaseTtlSeconds ?? 0,
  maxLeaseTtlSeconds: secondsOf(config.max_lease_ttl) ?? current?.maxLeaseTtlSeconds ?? 0,
})

/** What is mounted where; no mount lies in another. */
export class MountTable {
  readonly #entries = new Map<string, MountEntry>()
  readonly #factory: BackendFactory

  constructor(factory: BackendFactory) {
    this.#factory = factory
  }

  /** By path. */
  all(): MountEntry[] {
    return [...this.#entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  at(path: string): MountEntry | undefined {
    return this.#entries.get(trailing(path))
  }

  /** The mount that a request's path is below, with the rest of the path. */
  match(path: string): { readonly mount: MountEntry; readonly rest: string } | undefined {
    const mount = this.all().find((entry) => path.startsWith(entry.path) || `${path}/` === entry.path)
    return mount === undefined ? undefined : { mount, rest: path.slice(mount.path.length) }
  }

  enable(path: string, body: Body): void {
    const full = trailing(path)
    this.#refuseOverlap(full)
    const asked = String(body.type ?? '')
    if (asked === '') throw badRequest('backend type must be specified as a string')
    const type = asked === 'kv-v2' ? 'kv' : asked
    const options = asked === 'kv-v2' ? { version: '2' } : textMapOf(body.options)
    const config = body.config !== null && typeof body.config === 'object' ? (body.config as Body) : {}
    this.#entries.set(full, {
      path: full,
      type,
      description: String(body.description ?? ''),
      accessor: `${type}_${randomUUID().slice(0, 8)}`,
      uuid: randomUUID(),
      options: Object.keys(options).length === 0 ? null : options,
      ...leases(config),
      local: body.local === true,
      sealWrap: body.seal_wrap === true,
      backend: this.#factory(type, full.slice(0, -1), options),
    })
  }

  tune(path: string, body: Body): void {
    const entry = this.at(path)
    if (entry === undefined) throw badRequest(`sysview fetch of path "${trailing(path)}" failed`)
    this.#entries.set(entry.path, {
      ...entry,
      ...leases(body, entry),
      description: body.description === undefined ? entry.description : String(body.description),
      options: body.options === undefined ? entry.options : textMapOf(body.options),
    })
  }

  /** Nothing happens where nothing is. */
  disable(path: string): MountEntry | undefined {
    const entry = this.at(path)
    this.#entries.delete(trailing(path))
    return entry
  }

  move(from: string, to: string): void {
    const entry = this.at(from)
    if (entry === undefined) throw badRequest(`no matching mount at "${trailing(from)}"`)
    this.#refuseOverlap(trailing(to))
    this.#entries.delete(entry.path)
    this.#entries.set(trailing(to), { ...entry, path: trailing(to) })
  }

  #refuseOverlap(path: string): void {
    const other = this.all().find((entry) => entry.path.startsWith(path) || path.startsWith(entry.path))
    if (other !== undefined) throw badRequest(`path is already in use at ${other.path}`)
  }
}

/** A mount as the API shows it. */
export const shownMount = (entry: MountEntry): Body => ({
  accessor: entry.accessor,
  config: {
    default_lease_ttl: entry.defaultLeaseTtlSeconds,
    force_no_cache: false,
    max_lease_ttl: entry.maxLeaseTtlSeconds,
  },
  deprecation_status: 'supported',
  description: entry.description,
  external_entropy_access: false,
  local: entry.local,
  options: entry.options,
  plugin_version: '',
  seal_wrap: entry.sealWrap,
  type: entry.type,
  uuid: entry.uuid,
})

/** A mount's tuning as the API shows it: leases with the server's defaults in place of 0. */
export const shownTuning = (entry: MountEntry): Body => ({
  default_lease_ttl: entry.defaultLeaseTtlSeconds || defaultTtlSeconds,
  description: entry.description,
  force_no_cache: false,
  max_lease_ttl: entry.maxLeaseTtlSeconds || defaultTtlSeconds,
  ...(entry.options === null ? {} : { options: entry.options }),
})
