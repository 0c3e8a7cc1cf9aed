import {
  type Backend,
  type Body,
  badRequest,
  listOf,
  notFound,
  unsupportedOperation,
  unsupportedPath,
  type VaultAnswer,
  type VaultRequest,
} from './request.ts'
import { authOf, type Tokens } from './tokens.ts'

/** The people that a login asks about. */
export interface LoginDirectory {
  isPassword(user: string, password: string): boolean
  /** Common names of the groups the user is in. */
  groupsOf(user: string): readonly string[]
}

/** Fields of the configuration that Vault never gives back. */
const writeOnly = new Set(['bindpass', 'client_tls_key'])

/**
 * Auth method `ldap` on the lab's directory, whatever its configuration says: group's common name → policies.
 * Group names are case-insensitive unless configured, as in Vault.
 */
export class LdapBackend implements Backend {
  readonly #groups = new Map<string, readonly string[]>()
  readonly #users = new Map<string, Body>()
  readonly #path: string
  readonly #tokens: Tokens
  readonly #directory: LoginDirectory
  #config: Body | undefined

  constructor(path: string, tokens: Tokens, directory: LoginDirectory) {
    this.#path = path
    this.#tokens = tokens
    this.#directory = directory
  }

  isOpen(path: string): boolean {
    return path.startsWith('login/')
  }

  handle(request: VaultRequest): VaultAnswer | undefined {
    const [area, ...rest] = request.path.split('/')
    const name = rest.join('/')
    if (area === 'config' && name === '') return this.#configure(request)
    if (area === 'groups') return this.#group(request, name)
    if (area === 'users') return this.#user(request, name.toLowerCase())
    if (area === 'login' && name !== '') return this.#login(request, name)
    throw unsupportedPath()
  }

  #folded(name: string): string {
    return this.#config?.case_sensitive_names === true ? name : name.toLowerCase()
  }

  #configure({ verb, body }: VaultRequest): VaultAnswer | undefined {
    if (verb === 'write') {
      this.#config = { ...this.#config, ...body }
      return undefined
    }
    if (verb !== 'read') throw unsupportedOperation()
    const shown = Object.entries(this.#config ?? {}).filter(([name]) => !writeOnly.has(name))
    return {
      data: {
        case_sensitive_names: false,
        url: 'ldap://127.0.0.1',
        ...Object.fromEntries(shown),
      },
    }
  }

  #group({ verb, body }: VaultRequest, name: string): VaultAnswer | undefined {
    switch (verb) {
      case 'list':
        if (this.#groups.size === 0) throw notFound()
        return { data: { keys: [...this.#groups.keys()].sort() } }
      case 'delete':
        // The real one does not fold the name here (1.19.0, seen): a group written with capitals stays.
        this.#groups.delete(name)
        return undefined
      case 'write':
        this.#groups.set(this.#folded(name), listOf(body.policies))
        return undefined
      case 'read': {
        const policies = this.#groups.get(this.#folded(name))
        if (policies === undefined) throw notFound()
        return { data: { policies } }
      }
    }
  }

  #user({ verb, body }: VaultRequest, name: string): VaultAnswer | undefined {
    switch (verb) {
      case 'list':
        if (this.#users.size === 0) throw notFound()
        return { data: { keys: [...this.#users.keys()].sort() } }
      case 'delete':
        this.#users.delete(name)
        return undefined
      case 'write':
        this.#users.set(name, { groups: listOf(body.groups).join(','), policies: listOf(body.policies) })
        return undefined
      case 'read': {
        const user = this.#users.get(name)
        if (user === undefined) throw notFound()
        return { data: user }
      }
    }
  }

  #login({ verb, body }: VaultRequest, user: string): VaultAnswer {
    if (verb !== 'write') throw unsupportedOperation()
    const password = String(body.password ?? '')
    if (password === '')
      throw badRequest('password cannot be of zero length when passwordless binds are being denied')
    if (!this.#directory.isPassword(user, password))
      throw badRequest('ldap operation failed: failed to bind as user')
    const entry = this.#tokens.create({
      policies: this.#policiesOf(user),
      displayName: `${this.#path}-${user}`,
      path: `auth/${this.#path}/login/${user}`,
      metadata: { username: user },
    })
    return { auth: authOf(entry) }
  }

  #policiesOf(user: string): string[] {
    const own = this.#users.get(user.toLowerCase())
    const groups = [...this.#directory.groupsOf(user), ...listOf(own?.groups)]
    return [
      ...new Set([
        ...groups.flatMap((group) => this.#groups.get(this.#folded(group)) ?? []),
        ...listOf(own?.policies),
      ]),
    ]
  }
}
