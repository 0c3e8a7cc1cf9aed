import {
  type Backend,
  type Body,
  badRequest,
  notFound,
  textMapOf,
  unsupportedOperation,
  unsupportedPath,
  type VaultAnswer,
  VaultRefusal,
  type VaultRequest,
} from './request.ts'

interface Version {
  readonly data: Body
  readonly createdTime: string
  readonly deletionTime: string
  readonly destroyed: boolean
}

interface Entry {
  readonly versions: Map<number, Version>
  current: number
  readonly createdTime: string
  updatedTime: string
  maxVersions: number
  casRequired: boolean
  customMetadata: Readonly<Record<string, string>> | null
}

/** Versions kept of a secret where nothing else is said. Source: Vault's KV v2 documentation. */
const standardVersions = 10

const isObject = (value: unknown): value is Body =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** KV version 2: `data`, `metadata`, `delete`, `undelete`, `destroy`, `config`. */
export class KvBackend implements Backend {
  readonly #entries = new Map<string, Entry>()
  readonly #now: () => Date
  #maxVersions = 0
  #casRequired = false

  constructor(now: () => Date) {
    this.#now = now
  }

  handle(request: VaultRequest): VaultAnswer | undefined {
    const [area = '', ...rest] = request.path.split('/')
    const path = rest.join('/')
    switch (area) {
      case 'config':
        return this.#config(request)
      case 'data':
        return this.#data(request, path)
      case 'metadata':
        return this.#metadata(request, path)
      case 'delete':
        return this.#mark(request, path, (version) => ({ ...version, deletionTime: this.#time() }))
      case 'undelete':
        return this.#mark(request, path, (version) => ({ ...version, deletionTime: '' }))
      case 'destroy':
        return this.#mark(request, path, (version) => ({ ...version, data: {}, destroyed: true }))
      default:
        throw unsupportedPath()
    }
  }

  creates(path: string): boolean {
    const [area, ...rest] = path.split('/')
    return (area === 'data' || area === 'metadata') && !this.#entries.has(rest.join('/'))
  }

  #time(): string {
    return this.#now().toISOString()
  }

  #config({ verb, body }: VaultRequest): VaultAnswer | undefined {
    if (verb === 'write') {
      this.#maxVersions = Number(body.max_versions ?? this.#maxVersions)
      this.#casRequired = body.cas_required === undefined ? this.#casRequired : body.cas_required === true
      return undefined
    }
    if (verb !== 'read') throw unsupportedOperation()
    return {
      data: { cas_required: this.#casRequired, delete_version_after: '0s', max_versions: this.#maxVersions },
    }
  }

  #data(request: VaultRequest, path: string): VaultAnswer | undefined {
    switch (request.verb) {
      case 'read':
        return this.#readVersion(path, Number(request.query.get('version') ?? 0))
      case 'write':
        return this.#writeVersion(path, request.body)
      case 'delete':
        return this.#deleteCurrent(path)
      default:
        throw unsupportedOperation()
    }
  }

  #readVersion(path: string, asked: number): VaultAnswer {
    const entry = this.#entries.get(path)
    const number = asked === 0 ? (entry?.current ?? 0) : asked
    const version = entry?.versions.get(number)
    if (entry === undefined || version === undefined) throw notFound()
    const metadata = versionMetadata(entry, number, version)
    if (version.destroyed || version.deletionTime !== '')
      throw new VaultRefusal(404, [], { data: null, metadata })
    return { data: { data: version.data, metadata } }
  }

  #writeVersion(path: string, body: Body): VaultAnswer {
    if (!isObject(body.data)) throw badRequest('no data provided')
    const existing = this.#entries.get(path)
    this.#checkCas(existing, isObject(body.options) ? body.options.cas : undefined)
    const entry = existing ?? this.#newEntry(path)
    const number = entry.current + 1
    const version = { data: body.data, createdTime: this.#time(), deletionTime: '', destroyed: false }
    entry.versions.set(number, version)
    entry.current = number
    entry.updatedTime = version.createdTime
    this.#dropOld(entry)
    return { data: versionMetadata(entry, number, version) }
  }

  #checkCas(entry: Entry | undefined, cas: unknown): void {
    if (cas === undefined) {
      if (this.#casRequired || entry?.casRequired === true)
        throw badRequest('check-and-set parameter required for this call')
      return
    }
    if (Number(cas) !== (entry?.current ?? 0))
      throw badRequest('check-and-set parameter did not match the current version')
  }

  #dropOld(entry: Entry): void {
    const most = entry.maxVersions || this.#maxVersions || standardVersions
    for (const number of entry.versions.keys())
      if (number <= entry.current - most) entry.versions.delete(number)
  }

  #deleteCurrent(path: string): undefined {
    const entry = this.#entries.get(path)
    const version = entry?.versions.get(entry.current)
    if (entry !== undefined && version !== undefined && version.deletionTime === '')
      entry.versions.set(entry.current, { ...version, deletionTime: this.#time() })
    return undefined
  }

  #mark(request: VaultRequest, path: string, change: (version: Version) => Version): VaultAnswer | undefined {
    if (request.verb !== 'write') throw unsupportedOperation()
    const numbers = Array.isArray(request.body.versions) ? request.body.versions.map(Number) : []
    if (numbers.length === 0) throw badRequest('No version number provided')
    const entry = this.#entries.get(path)
    for (const number of numbers) {
      const version = entry?.versions.get(number)
      if (version !== undefined) entry?.versions.set(number, change(version))
    }
    return undefined
  }

  #metadata(request: VaultRequest, path: string): VaultAnswer | undefined {
    switch (request.verb) {
      case 'list':
        return this.#list(path)
      case 'read':
        return this.#readMetadata(path)
      case 'write':
        this.#writeMetadata(path, request.body)
        return undefined
      case 'delete':
        this.#entries.delete(path)
        return undefined
    }
  }

  #list(path: string): VaultAnswer {
    const prefix = path === '' || path.endsWith('/') ? path : `${path}/`
    const keys = [...this.#entries.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length).replace(/\/.*$/, '/'))
    if (keys.length === 0) throw notFound()
    return { data: { keys: [...new Set(keys)].sort() } }
  }

  #readMetadata(path: string): VaultAnswer {
    const entry = this.#entries.get(path)
    if (entry === undefined) throw notFound()
    return {
      data: {
        cas_required: entry.casRequired,
        created_time: entry.createdTime,
        current_version: entry.current,
        custom_metadata: entry.customMetadata,
        delete_version_after: '0s',
        max_versions: entry.maxVersions,
        oldest_version: Math.min(...entry.versions.keys(), entry.current),
        updated_time: entry.updatedTime,
        versions: Object.fromEntries(
          [...entry.versions].map(([number, { createdTime, deletionTime, destroyed }]) => [
            String(number),
            { created_time: createdTime, deletion_time: deletionTime, destroyed },
          ]),
        ),
      },
    }
  }

  #writeMetadata(path: string, body: Body): void {
    const entry = this.#entries.get(path) ?? this.#newEntry(path)
    if (body.max_versions !== undefined) entry.maxVersions = Number(body.max_versions)
    if (body.cas_required !== undefined) entry.casRequired = body.cas_required === true
    if (body.custom_metadata !== undefined) entry.customMetadata = textMapOf(body.custom_metadata)
    entry.updatedTime = this.#time()
  }

  #newEntry(path: string): Entry {
    const entry: Entry = {
      versions: new Map(),
      current: 0,
      createdTime: this.#time(),
      updatedTime: this.#time(),
      maxVersions: 0,
      casRequired: false,
      customMetadata: null,
    }
    this.#entries.set(path, entry)
    return entry
  }
}

const versionMetadata = (entry: Entry, number: number, version: Version): Body => ({
  created_time: version.createdTime,
  custom_metadata: entry.customMetadata,
  deletion_time: version.deletionTime,
  destroyed: version.destroyed,
  version: number,
})
