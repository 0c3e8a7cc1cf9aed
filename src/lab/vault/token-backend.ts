import {
  type Backend,
  badRequest,
  listOf,
  notFound,
  secondsOf,
  type TokenEntry,
  textMapOf,
  unsupportedOperation,
  unsupportedPath,
  type VaultAnswer,
  VaultRefusal,
  type VaultRequest,
} from './request.ts'
import { authOf, type Tokens } from './tokens.ts'

const stateOf = (tokens: Tokens, entry: TokenEntry, withId: boolean): Record<string, unknown> => ({
  accessor: entry.accessor,
  creation_time: entry.createdSeconds,
  creation_ttl: entry.ttlSeconds,
  display_name: entry.displayName,
  entity_id: '',
  expire_time:
    entry.expiresSeconds === undefined ? null : new Date(entry.expiresSeconds * 1000).toISOString(),
  explicit_max_ttl: 0,
  id: withId ? entry.id : '',
  meta: Object.keys(entry.metadata).length === 0 ? null : entry.metadata,
  num_uses: entry.remainingUses ?? 0,
  orphan: entry.parent === undefined,
  path: entry.path,
  ...(entry.periodSeconds === 0 ? {} : { period: entry.periodSeconds }),
  policies: entry.policies,
  renewable: entry.expiresSeconds !== undefined,
  ttl: tokens.remainingSeconds(entry),
  type: 'service',
})

/** `auth/token`: tokens make, look at, renew and revoke tokens. */
export class TokenBackend implements Backend {
  readonly #tokens: Tokens

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  handle(request: VaultRequest): VaultAnswer | undefined {
    switch (request.path) {
      case 'create':
      case 'create-orphan':
        return this.#create(request)
      case 'lookup-self':
        return { data: stateOf(this.#tokens, callerOf(request), true) }
      case 'lookup':
        return { data: stateOf(this.#tokens, this.#named(request), true) }
      case 'lookup-accessor':
        return { data: stateOf(this.#tokens, this.#byAccessor(request), false) }
      case 'renew-self':
        return { auth: authOf(this.#tokens.renew(callerOf(request))) }
      case 'revoke-self':
        this.#tokens.revoke(callerOf(request))
        return undefined
      case 'revoke':
        this.#tokens.revoke(this.#named(request))
        return undefined
      case 'revoke-accessor':
        this.#tokens.revoke(this.#byAccessor(request))
        return undefined
      default:
        throw unsupportedPath()
    }
  }

  needsSudo(path: string): boolean {
    return path === 'create-orphan' || path === 'lookup-accessor'
  }

  #create({ verb, body, token, path }: VaultRequest): VaultAnswer {
    if (verb !== 'write') throw unsupportedOperation()
    if (token === undefined) throw new VaultRefusal(403, ['permission denied'])
    const asked = listOf(body.policies)
    const policies = asked.length === 0 ? token.policies : asked
    const missing = policies.filter((policy) => !token.policies.includes(policy) && policy !== 'default')
    if (!token.policies.includes('root') && missing.length > 0)
      throw badRequest('child policies must be subset of parent')
    const isOrphan = path === 'create-orphan' || body.no_parent === true
    const entry = this.#tokens.create({
      policies,
      displayName: `token${body.display_name === undefined ? '' : `-${String(body.display_name)}`}`,
      path: 'auth/token/create',
      metadata: textMapOf(body.meta),
      ttlSeconds: secondsOf(body.ttl) ?? 0,
      periodSeconds: secondsOf(body.period) ?? 0,
      uses: secondsOf(body.num_uses) ?? 0,
      ...(isOrphan ? {} : { parent: token.accessor }),
    })
    return { auth: authOf(entry) }
  }

  #named({ body }: VaultRequest): TokenEntry {
    const entry = this.#tokens.find(String(body.token ?? ''))
    if (entry === undefined) throw new VaultRefusal(403, ['bad token'])
    return entry
  }

  #byAccessor({ body }: VaultRequest): TokenEntry {
    const entry = this.#tokens.findByAccessor(String(body.accessor ?? ''))
    if (entry === undefined) throw new VaultRefusal(403, ['invalid accessor'])
    return entry
  }
}

const callerOf = ({ token }: VaultRequest): TokenEntry => {
  if (token === undefined) throw notFound()
  return token
}
