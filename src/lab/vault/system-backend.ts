import { type MountTable, shownMount, shownTuning } from './mount-table.ts'
import {
  type Capability,
  capabilitiesOn,
  defaultPolicy,
  PolicyError,
  type PolicyRule,
  parsePolicy,
} from './policy.ts'
import {
  type Backend,
  type Body,
  badRequest,
  listOf,
  notFound,
  type TokenEntry,
  unsupportedOperation,
  unsupportedPath,
  type VaultAnswer,
  VaultRefusal,
  type VaultRequest,
} from './request.ts'
import type { Tokens } from './tokens.ts'

/** Version the stand-in tells clients, which choose calls by it. */
const spokenVersion = '1.19.0'

const clusterName = 'tenantry-lab'

/** Whether a server answers nothing but its health. */
export interface Seal {
  sealed: boolean
}

/** `sys`: mounts, auth methods, policies, capabilities, health, and the seal, which cannot be opened again. */
export class SystemBackend implements Backend {
  readonly #policies = new Map<string, { readonly text: string; readonly rules: readonly PolicyRule[] }>()
  readonly #secrets: MountTable
  readonly #methods: MountTable
  readonly #tokens: Tokens
  readonly #seal: Seal

  constructor(options: {
    readonly secrets: MountTable
    readonly methods: MountTable
    readonly tokens: Tokens
    readonly seal: Seal
  }) {
    this.#secrets = options.secrets
    this.#methods = options.methods
    this.#tokens = options.tokens
    this.#seal = options.seal
    this.#store('default', defaultPolicy)
  }

  isOpen(path: string): boolean {
    return path === 'health' || path === 'seal-status'
  }

  /** Source: Vault's documentation of policies, "root protected API endpoints". */
  needsSudo(path: string): boolean {
    return path.startsWith('auth/') || path === 'remount' || path === 'seal' || path.startsWith('leases/')
  }

  /** What a token may do on a full path, e.g. `orgs/acme/data/x`. */
  capabilities(token: TokenEntry, path: string): ReadonlySet<Capability> {
    if (token.policies.includes('root'))
      return new Set(['create', 'read', 'update', 'patch', 'delete', 'list', 'sudo'])
    return capabilitiesOn(
      token.policies.flatMap((name) => this.#policies.get(name)?.rules ?? []),
      path,
    )
  }

  handle(request: VaultRequest): VaultAnswer | undefined {
    const [area = '', ...rest] = request.path.split('/').filter((segment) => segment !== '')
    const below = rest.join('/')
    switch (area) {
      case 'health':
        return this.#health(request)
      case 'seal-status':
        if (request.verb !== 'read') throw unsupportedOperation()
        return { bare: this.#sealStatus() }
      case 'seal':
        if (request.verb !== 'write') throw unsupportedOperation()
        this.#seal.sealed = true
        return undefined
      case 'mounts':
        return below.startsWith('auth/')
          ? this.#mounts(request, this.#methods, below.slice('auth/'.length), 'auth')
          : this.#mounts(request, this.#secrets, below, 'secret')
      case 'auth':
        return this.#mounts(request, this.#methods, below, 'auth')
      case 'remount':
        return this.#remount(request)
      case 'policies':
        return this.#policy(request, below.replace(/^acl(?:\/|$)/, ''), 'policy')
      case 'policy':
        return this.#policy(request, below, 'rules')
      case 'capabilities-self':
        return this.#capabilitiesSelf(request)
      case 'internal':
        return this.#internal(request, below)
      default:
        throw unsupportedPath()
    }
  }

  #health({ query }: VaultRequest): VaultAnswer {
    const sealed = this.#seal.sealed
    return {
      status: sealed ? Number(query.get('sealedcode') ?? 503) : Number(query.get('activecode') ?? 200),
      bare: {
        initialized: true,
        sealed,
        standby: sealed,
        performance_standby: false,
        replication_performance_mode: 'disabled',
        replication_dr_mode: 'disabled',
        server_time_utc: Math.trunc(Date.now() / 1000),
        version: spokenVersion,
        enterprise: false,
        cluster_name: clusterName,
      },
    }
  }

  #sealStatus(): Body {
    return {
      type: 'shamir',
      initialized: true,
      sealed: this.#seal.sealed,
      t: 1,
      n: 1,
      progress: 0,
      version: spokenVersion,
      cluster_name: clusterName,
      storage_type: 'inmem',
    }
  }

  #mounts(
    request: VaultRequest,
    table: MountTable,
    below: string,
    kind: 'secret' | 'auth',
  ): VaultAnswer | undefined {
    if (below === '') return this.#listMounts(request, table)
    if (below.endsWith('/tune')) return this.#tuning(request, table, below.slice(0, -'/tune'.length))
    switch (request.verb) {
      case 'read': {
        const entry = table.at(below)
        if (entry === undefined)
          throw badRequest(
            kind === 'secret' ? `No secret engine mount at ${below}/` : `No auth engine at ${below}/`,
          )
        return { data: shownMount(entry) }
      }
      case 'write':
        table.enable(below, request.body)
        return undefined
      case 'delete':
        if (table.disable(below) !== undefined && kind === 'auth') this.#tokens.revokeBelow(`auth/${below}/`)
        return undefined
      default:
        throw unsupportedOperation()
    }
  }

  #listMounts({ verb }: VaultRequest, table: MountTable): VaultAnswer {
    if (verb !== 'read') throw unsupportedOperation()
    return { data: Object.fromEntries(table.all().map((entry) => [entry.path, shownMount(entry)])) }
  }

  #tuning({ verb, body }: VaultRequest, table: MountTable, path: string): VaultAnswer | undefined {
    if (verb === 'write') {
      table.tune(path, body)
      return undefined
    }
    const entry = table.at(path)
    if (verb !== 'read') throw unsupportedOperation()
    if (entry === undefined) throw badRequest(`cannot fetch sysview for path "${path}/"`)
    return { data: shownTuning(entry) }
  }

  #remount({ verb, body }: VaultRequest): VaultAnswer {
    if (verb !== 'write') throw unsupportedOperation()
    const [from, to] = [String(body.from ?? ''), String(body.to ?? '')]
    const isAuth = from.startsWith('auth/')
    if (isAuth !== to.startsWith('auth/')) throw badRequest('cannot remount between auth and secret mounts')
    if (isAuth) this.#methods.move(from.slice('auth/'.length), to.slice('auth/'.length))
    else this.#secrets.move(from, to)
    return { data: { migration_id: `${from}-${to}` } }
  }

  #policy(request: VaultRequest, given: string, field: 'policy' | 'rules'): VaultAnswer | undefined {
    const name = given.toLowerCase()
    if (name === '') {
      if (request.verb !== 'list' && request.verb !== 'read') throw unsupportedOperation()
      const keys = [...this.#policies.keys(), 'root'].sort()
      return { data: { keys, policies: keys } }
    }
    switch (request.verb) {
      case 'read': {
        const policy = this.#policies.get(name)
        if (policy === undefined) throw notFound()
        return { data: { name, [field]: policy.text } }
      }
      case 'write':
        this.#writePolicy(name, request.body)
        return undefined
      case 'delete':
        if (name === 'default' || name === 'root') throw badRequest(`cannot delete ${name} policy`)
        this.#policies.delete(name)
        return undefined
      default:
        throw unsupportedOperation()
    }
  }

  #writePolicy(name: string, body: Body): void {
    if (name === 'root') throw badRequest('cannot update "root" policy')
    const given = String(body.policy ?? body.rules ?? '')
    if (given === '') throw badRequest("'policy' parameter not supplied or empty")
    const decoded = Buffer.from(given, 'base64')
    const isBase64 = decoded.length > 0 && decoded.toString('base64') === given
    this.#store(name, isBase64 ? decoded.toString('utf8') : given)
  }

  #store(name: string, text: string): void {
    try {
      this.#policies.set(name, { text, rules: parsePolicy(text) })
    } catch (error) {
      throw error instanceof PolicyError ? badRequest(error.message) : error
    }
  }

  #capabilitiesSelf({ body, token }: VaultRequest): VaultAnswer {
    if (token === undefined) throw new VaultRefusal(403, ['permission denied'])
    const paths = listOf(body.paths ?? body.path)
    const of = (path: string): string[] => {
      if (token.policies.includes('root')) return ['root']
      const granted = [...this.capabilities(token, path)].sort()
      return granted.length === 0 ? ['deny'] : granted
    }
    const first = paths[0]
    return {
      data: {
        ...Object.fromEntries(paths.map((path) => [path, of(path)])),
        capabilities: first === undefined ? [] : of(first),
      },
    }
  }

  #internal({ token }: VaultRequest, below: string): VaultAnswer {
    const path = below.replace(/^ui\/mounts\/?/, '')
    if (!below.startsWith('ui/mounts') || token === undefined) throw unsupportedPath()
    const shown = (table: MountTable): Body =>
      Object.fromEntries(table.all().map((entry) => [entry.path, shownMount(entry)]))
    if (path === '') return { data: { secret: shown(this.#secrets), auth: shown(this.#methods) } }
    const match = this.#secrets.match(path)
    if (match === undefined)
      throw new VaultRefusal(403, [
        "preflight capability check returned 403, please ensure client's policies grant access to path",
      ])
    return { data: { ...shownMount(match.mount), path: match.mount.path } }
  }
}
