import { randomUUID } from 'node:crypto'
import { AppRoleBackend } from './approle-backend.ts'
import { KvBackend } from './kv-backend.ts'
import { LdapBackend, type LoginDirectory } from './ldap-backend.ts'
import { type MountEntry, MountTable } from './mount-table.ts'
import type { Capability } from './policy.ts'
import {
  type Backend,
  type Body,
  badRequest,
  secondsOf,
  type TokenEntry,
  type VaultAnswer,
  VaultRefusal,
  type VaultRequest,
  type VaultVerb,
} from './request.ts'
import { type Seal, SystemBackend } from './system-backend.ts'
import { TokenBackend } from './token-backend.ts'
import { Tokens } from './tokens.ts'
import { Wrappings } from './wrappings.ts'

export interface InMemoryVaultOptions {
  readonly rootToken: string
  /** Who may log in by LDAP. */
  readonly directory: LoginDirectory
  /** Injected in tests. */
  readonly now?: () => Date
}

/** An HTTP request, reduced to what counts. */
export interface RawRequest {
  readonly method: string
  /** Below `/v1/`, decoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly token: string | undefined
  readonly body: Body
  /** How long the answer is to be kept wrapped, as the header has it; undefined for an answer that is given at once. */
  readonly wrapTtl?: string | undefined
}

export interface RawAnswer {
  readonly status: number
  /** Undefined for none. */
  readonly body: Body | undefined
}

const unwrapping = 'sys/wrapping/unwrap'

const invalidToken = (): VaultRefusal =>
  new VaultRefusal(403, ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'])

const denied = (): VaultRefusal => new VaultRefusal(403, ['1 error occurred:\n\t* permission denied\n\n'])

const verbOf = (request: RawRequest): VaultVerb => {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return request.query.get('list') === 'true' ? 'list' : 'read'
    case 'LIST':
      return 'list'
    case 'POST':
    case 'PUT':
      return 'write'
    case 'DELETE':
      return 'delete'
    default:
      throw new VaultRefusal(405, [])
  }
}

const capabilityOf = (verb: VaultVerb, creates: boolean): Capability => {
  if (verb === 'write') return creates ? 'create' : 'update'
  return verb
}

const envelope = (answer: VaultAnswer): Body => ({
  request_id: randomUUID(),
  lease_id: '',
  renewable: false,
  lease_duration: 0,
  data: answer.data ?? null,
  wrap_info: null,
  warnings: answer.warnings ?? null,
  auth: answer.auth ?? null,
})

interface Route {
  readonly backend: Backend
  readonly rest: string
}

/**
 * HashiCorp Vault's HTTP API on data in memory, the parts that tenants need: KV version 2, policies enforced on every
 * call, tokens, AppRole, LDAP logins, mounts. Whatever else is asked for is refused as Vault refuses the unknown.
 * Source: Vault's HTTP API, 1.19; test/contract/vault.test.ts runs the same calls on both.
 */
export class InMemoryVault {
  readonly #seal: Seal = { sealed: false }
  readonly #tokens: Tokens
  readonly #secrets: MountTable
  readonly #methods: MountTable
  readonly #system: SystemBackend
  readonly #tokenBackend: TokenBackend
  readonly #wrappings: Wrappings

  constructor(options: InMemoryVaultOptions) {
    const now = options.now ?? (() => new Date())
    const seconds = (): number => Math.trunc(now().getTime() / 1000)
    this.#tokens = new Tokens(seconds)
    this.#tokenBackend = new TokenBackend(this.#tokens)
    this.#wrappings = new Wrappings(seconds)
    this.#secrets = new MountTable((type, _path, mountOptions) => newEngine(type, mountOptions, now))
    this.#methods = new MountTable((type, path) => this.#newMethod(type, path, options.directory, seconds))
    this.#system = new SystemBackend({
      secrets: this.#secrets,
      methods: this.#methods,
      tokens: this.#tokens,
      seal: this.#seal,
    })
    this.#tokens.create({
      id: options.rootToken,
      policies: ['root'],
      displayName: 'token',
      path: 'auth/token/root',
    })
  }

  /** Never throws: refusals and bugs become answers. */
  answer(request: RawRequest): RawAnswer {
    try {
      if (request.path === unwrapping) return { status: 200, body: this.#unwrap(request) }
      const answer = this.#route(request)
      if (answer === undefined) return { status: 204, body: undefined }
      return { status: answer.status ?? 200, body: this.#wrapped(request, answer.bare ?? envelope(answer)) }
    } catch (error) {
      if (!(error instanceof VaultRefusal))
        return { status: 500, body: { errors: ['1 error occurred:\n\t* internal error\n\n'] } }
      const body = error.data === undefined ? { errors: error.errors } : envelope({ data: error.data })
      return { status: error.status, body }
    }
  }

  #wrapped({ path, wrapTtl }: RawRequest, body: Body): Body {
    const ttlSeconds = secondsOf(wrapTtl) ?? 0
    return ttlSeconds === 0 ? body : this.#wrappings.wrap(body, { path, ttlSeconds })
  }

  /** The token is that of the call, or beside it where somebody else opens it. */
  #unwrap({ method, token, body }: RawRequest): Body {
    if (this.#seal.sealed) throw new VaultRefusal(503, ['Vault is sealed'])
    if (method !== 'POST' && method !== 'PUT') throw new VaultRefusal(405, [])
    return this.#wrappings.open(typeof body.token === 'string' ? body.token : (token ?? ''))
  }

  #newMethod(type: string, path: string, directory: LoginDirectory, seconds: () => number): Backend {
    if (type === 'approle') return new AppRoleBackend(path, this.#tokens, seconds)
    if (type === 'ldap') return new LdapBackend(path, this.#tokens, directory)
    throw badRequest(`plugin not found in the catalog: ${type}`)
  }

  #route(request: RawRequest): VaultAnswer | undefined {
    const verb = verbOf(request)
    const route = this.#find(request.path)
    const isHealth = route?.backend === this.#system && this.#system.isOpen(route.rest)
    if (this.#seal.sealed && !isHealth) throw new VaultRefusal(503, ['Vault is sealed'])
    const isOpen = route?.backend.isOpen?.(route.rest) === true
    const token = isOpen ? undefined : this.#authorized(request, verb, route)
    if (route === undefined)
      throw new VaultRefusal(404, [`no handler for route "${request.path}". route entry not found.`])
    const inner: VaultRequest = { verb, path: route.rest, query: request.query, body: request.body, token }
    return route.backend.handle(inner)
  }

  #find(path: string): Route | undefined {
    if (path.startsWith('sys/')) return { backend: this.#system, rest: path.slice('sys/'.length) }
    if (path.startsWith('auth/token/'))
      return { backend: this.#tokenBackend, rest: path.slice('auth/token/'.length) }
    const match = path.startsWith('auth/')
      ? this.#methods.match(path.slice('auth/'.length))
      : this.#secrets.match(path)
    return match === undefined ? undefined : routeOf(match)
  }

  #authorized(request: RawRequest, verb: VaultVerb, route: Route | undefined): TokenEntry {
    const token = request.token === undefined ? undefined : this.#tokens.use(request.token)
    if (request.token === undefined) throw new VaultRefusal(403, ['permission denied'])
    if (token === undefined) throw invalidToken()
    const granted = this.#system.capabilities(token, listPath(request.path, verb))
    const creates = route?.backend.creates?.(route.rest) === true
    if (!granted.has(capabilityOf(verb, creates))) throw denied()
    if (route?.backend.needsSudo?.(route.rest) === true && !granted.has('sudo')) throw denied()
    return token
  }
}

const routeOf = ({ mount, rest }: { readonly mount: MountEntry; readonly rest: string }): Route => ({
  backend: mount.backend,
  rest,
})

/** Vault checks a list against the path with a trailing slash. */
const listPath = (path: string, verb: VaultVerb): string =>
  verb === 'list' && !path.endsWith('/') ? `${path}/` : path

const newEngine = (type: string, options: Readonly<Record<string, string>>, now: () => Date): Backend => {
  if (type !== 'kv') throw badRequest(`plugin not found in the catalog: ${type}`)
  if (options.version !== '2') throw badRequest("the lab's Vault has version 2 of the KV engine only")
  return new KvBackend(now)
}
