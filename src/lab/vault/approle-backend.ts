import { randomUUID } from 'node:crypto'
import {
  type Backend,
  type Body,
  badRequest,
  listOf,
  notFound,
  secondsOf,
  textMapOf,
  unsupportedOperation,
  unsupportedPath,
  type VaultAnswer,
  type VaultRequest,
} from './request.ts'
import { authOf, type Tokens } from './tokens.ts'

interface SecretId {
  readonly accessor: string
  readonly expiresSeconds: number | undefined
  readonly metadata: Readonly<Record<string, string>>
  uses: number
}

interface Role {
  roleId: string
  fields: Body
  readonly secretIds: Map<string, SecretId>
}

const seconds = [
  'secret_id_ttl',
  'token_explicit_max_ttl',
  'token_max_ttl',
  'token_period',
  'token_ttl',
] as const
const counts = ['secret_id_num_uses', 'token_num_uses'] as const
const lists = ['token_bound_cidrs', 'token_policies'] as const
const flags = ['bind_secret_id', 'token_no_default_policy'] as const

const newFields: Body = {
  bind_secret_id: true,
  local_secret_ids: false,
  secret_id_bound_cidrs: null,
  secret_id_num_uses: 0,
  secret_id_ttl: 0,
  token_bound_cidrs: [],
  token_explicit_max_ttl: 0,
  token_max_ttl: 0,
  token_no_default_policy: false,
  token_num_uses: 0,
  token_period: 0,
  token_policies: [],
  token_ttl: 0,
  token_type: 'default',
}

const changed = (fields: Body, body: Body): Body => {
  const next: Record<string, unknown> = { ...fields }
  for (const name of [...seconds, ...counts])
    if (body[name] !== undefined) next[name] = secondsOf(body[name]) ?? 0
  for (const name of lists) if (body[name] !== undefined) next[name] = listOf(body[name])
  for (const name of flags) if (body[name] !== undefined) next[name] = body[name] === true
  if (body.policies !== undefined) next.token_policies = listOf(body.policies)
  if (body.token_type !== undefined) next.token_type = body.token_type
  if (body.secret_id_bound_cidrs !== undefined)
    next.secret_id_bound_cidrs = listOf(body.secret_id_bound_cidrs)
  const max = Number(next.token_max_ttl)
  if (max > 0 && Number(next.token_ttl) > max)
    throw badRequest('token_ttl should not be greater than token_max_ttl')
  return next
}

/** Auth method `approle`: machines log in with a role id and a secret id. Role names are case-insensitive. */
export class AppRoleBackend implements Backend {
  readonly #roles = new Map<string, Role>()
  readonly #tokens: Tokens
  readonly #now: () => number
  readonly #path: string

  /** `path` as mounted, e.g. `approle`; `now` in seconds. */
  constructor(path: string, tokens: Tokens, now: () => number) {
    this.#path = path
    this.#tokens = tokens
    this.#now = now
  }

  isOpen(path: string): boolean {
    return path === 'login'
  }

  creates(path: string): boolean {
    const [area, name, ...rest] = path.split('/')
    return area === 'role' && rest.length === 0 && !this.#roles.has((name ?? '').toLowerCase())
  }

  handle(request: VaultRequest): VaultAnswer | undefined {
    const [area, name = '', aspect, ...rest] = request.path.split('/')
    if (area === 'login') return this.#login(request)
    if (area !== 'role' || rest.length > 0) throw unsupportedPath()
    if (name === '') return this.#list(request)
    if (aspect === undefined) return this.#role(request, name.toLowerCase())
    if (aspect === 'role-id') return this.#roleId(request, name.toLowerCase())
    if (aspect === 'secret-id') return this.#secretId(request, name.toLowerCase())
    throw unsupportedPath()
  }

  #list({ verb }: VaultRequest): VaultAnswer {
    if (verb !== 'list') throw unsupportedOperation()
    if (this.#roles.size === 0) throw notFound()
    return { data: { keys: [...this.#roles.keys()].sort() } }
  }

  #role({ verb, body }: VaultRequest, name: string): VaultAnswer | undefined {
    if (verb === 'delete') {
      this.#roles.delete(name)
      return undefined
    }
    if (verb === 'read') return { data: this.#existing(name).fields }
    if (verb !== 'write') throw unsupportedOperation()
    this.#write(name, body)
    return undefined
  }

  #write(name: string, body: Body): void {
    const role = this.#roles.get(name)
    const fields = changed(role?.fields ?? newFields, body)
    const roleId = body.role_id === undefined ? (role?.roleId ?? randomUUID()) : String(body.role_id)
    if (role === undefined) this.#roles.set(name, { roleId, fields, secretIds: new Map() })
    else Object.assign(role, { roleId, fields })
  }

  #roleId({ verb, body }: VaultRequest, name: string): VaultAnswer | undefined {
    const role = this.#existing(name)
    if (verb === 'read') return { data: { role_id: role.roleId } }
    if (verb !== 'write') throw unsupportedOperation()
    if (typeof body.role_id !== 'string' || body.role_id === '') throw badRequest('missing role_id')
    role.roleId = body.role_id
    return undefined
  }

  #secretId({ verb, body }: VaultRequest, name: string): VaultAnswer {
    const role = this.#existing(name)
    if (verb === 'list') return { data: { keys: [...role.secretIds.values()].map((one) => one.accessor) } }
    if (verb !== 'write') throw unsupportedOperation()
    const id = randomUUID()
    const accessor = randomUUID()
    const ttl = Number(role.fields.secret_id_ttl)
    const uses = Number(role.fields.secret_id_num_uses)
    role.secretIds.set(id, {
      accessor,
      expiresSeconds: ttl === 0 ? undefined : this.#now() + ttl,
      metadata: textMapOf(typeof body.metadata === 'string' ? JSON.parse(body.metadata) : body.metadata),
      uses: uses === 0 ? Number.POSITIVE_INFINITY : uses,
    })
    return {
      data: { secret_id: id, secret_id_accessor: accessor, secret_id_num_uses: uses, secret_id_ttl: ttl },
    }
  }

  #login({ verb, body }: VaultRequest): VaultAnswer {
    if (verb !== 'write') throw unsupportedOperation()
    const found = [...this.#roles].find(([, role]) => role.roleId === body.role_id)
    if (found === undefined) throw badRequest('invalid role or secret ID')
    const [name, role] = found
    if (role.fields.bind_secret_id === true) this.#spend(role, String(body.secret_id ?? ''))
    const entry = this.#tokens.create({
      policies: listOf(role.fields.token_policies),
      displayName: this.#path,
      path: `auth/${this.#path}/login`,
      metadata: { role_name: name },
      ttlSeconds: Number(role.fields.token_ttl),
      maxTtlSeconds: Number(role.fields.token_max_ttl),
      periodSeconds: Number(role.fields.token_period),
      uses: Number(role.fields.token_num_uses),
    })
    return { auth: authOf(entry) }
  }

  #spend(role: Role, id: string): void {
    const secretId = role.secretIds.get(id)
    const isOver = secretId?.expiresSeconds !== undefined && secretId.expiresSeconds <= this.#now()
    if (secretId === undefined || isOver) throw badRequest('invalid role or secret ID')
    secretId.uses -= 1
    if (secretId.uses <= 0) role.secretIds.delete(id)
  }

  #existing(name: string): Role {
    const role = this.#roles.get(name)
    if (role === undefined) throw notFound()
    return role
  }
}
