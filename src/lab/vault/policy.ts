const capabilities = ['create', 'read', 'update', 'patch', 'delete', 'list', 'sudo', 'deny'] as const

/** What a policy lets a token do on a path. */
export type Capability = (typeof capabilities)[number]

/** One `path` block. */
export interface PolicyRule {
  /** With `+` for one segment, and `*` at the end for everything. */
  readonly path: string
  readonly capabilities: readonly Capability[]
}

/** A policy's text that Vault would refuse, or that this stand-in does not enforce. */
export class PolicyError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PolicyError'
  }
}

type Token =
  | { readonly kind: 'word' | 'text'; readonly value: string }
  | { readonly kind: 'mark'; readonly value: '{' | '}' | '[' | ']' | '=' | ',' }

const tokenPattern =
  /\s+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|"((?:[^"\\\n]|\\.)*)"|([A-Za-z_][\w-]*)|([{}[\]=,])/y

const tokenize = (hcl: string): Token[] => {
  const tokens: Token[] = []
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < hcl.length) {
    const at = tokenPattern.lastIndex
    const match = tokenPattern.exec(hcl)
    if (match === null) throw new PolicyError(`failed to parse policy: unexpected character at ${at}`)
    const [, quoted, word, mark] = match
    if (quoted !== undefined) tokens.push({ kind: 'text', value: JSON.parse(`"${quoted}"`) as string })
    else if (word !== undefined) tokens.push({ kind: 'word', value: word })
    else if (mark !== undefined) tokens.push({ kind: 'mark', value: mark as '{' })
  }
  return tokens
}

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length
  }

  next(what: string): Token {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new PolicyError(`failed to parse policy: expected ${what}, found the end`)
    return token
  }

  take(kind: Token['kind'], what: string): string {
    const token = this.next(what)
    if (token.kind !== kind)
      throw new PolicyError(`failed to parse policy: expected ${what}, found '${token.value}'`)
    return token.value
  }

  expect(mark: string): void {
    const token = this.next(`'${mark}'`)
    if (token.value !== mark || token.kind !== 'mark')
      throw new PolicyError(`failed to parse policy: expected '${mark}', found '${token.value}'`)
  }

  skip(mark: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'mark' || token.value !== mark) return false
    this.#at++
    return true
  }
}

const isCapability = (text: string): text is Capability => capabilities.some((one) => one === text)

const readCapabilities = (reader: Reader): Capability[] => {
  const found: Capability[] = []
  reader.expect('[')
  while (!reader.skip(']')) {
    const text = reader.take('text', 'a capability')
    if (!isCapability(text))
      throw new PolicyError(`failed to parse policy: path: invalid capability "${text}"`)
    found.push(text)
    if (!reader.skip(',')) {
      reader.expect(']')
      break
    }
  }
  return found
}

const readRule = (reader: Reader): PolicyRule => {
  const path = reader.take('text', 'a path')
  if (path.includes('+*'))
    throw new PolicyError(
      `failed to parse policy: path "${path}": invalid use of wildcards ('+*' is forbidden)`,
    )
  let granted: Capability[] = []
  reader.expect('{')
  while (!reader.skip('}')) {
    const key = reader.take('word', 'capabilities')
    if (key !== 'capabilities')
      throw new PolicyError(
        `failed to parse policy: the lab's Vault does not enforce '${key}' in a path block`,
      )
    reader.expect('=')
    granted = readCapabilities(reader)
  }
  return { path: path.replace(/^\/+/, ''), capabilities: granted }
}

/**
 * The rules of a policy's HCL, in its order.
 *
 * Errors: `@throws {PolicyError}` for text that Vault refuses, and for what this stand-in does not enforce
 * (parameter constraints, wrapping, control groups). Source: Vault's documentation of policies.
 */
export const parsePolicy = (hcl: string): PolicyRule[] => {
  const reader = new Reader(tokenize(hcl))
  const rules: PolicyRule[] = []
  while (!reader.done) {
    const word = reader.take('word', "'path'")
    if (word !== 'path') throw new PolicyError(`failed to parse policy: invalid key "${word}"`)
    rules.push(readRule(reader))
  }
  return rules
}

const hasWildcard = (path: string): boolean => path.endsWith('*') || path.split('/').includes('+')

const matches = (pattern: string, path: string): boolean => {
  const isPrefix = pattern.endsWith('*')
  const segments = (isPrefix ? pattern.slice(0, -1) : pattern).split('/')
  const given = path.split('/')
  if (isPrefix ? given.length < segments.length : given.length !== segments.length) return false
  return segments.every((segment, index) => {
    const actual = given[index] ?? ''
    if (isPrefix && index === segments.length - 1) return actual.startsWith(segment)
    return segment === '+' || segment === actual
  })
}

const firstWildcard = (pattern: string): number => {
  const plus = pattern.search(/(?:^|\/)\+(?:\/|$)/)
  const star = pattern.endsWith('*') ? pattern.length - 1 : Number.POSITIVE_INFINITY
  return Math.min(plus === -1 ? Number.POSITIVE_INFINITY : plus, star)
}

/** Negative where `a` counts more. Source: Vault's documentation of policies, "priority matching". */
const byPriority = (a: string, b: string): number =>
  firstWildcard(b) - firstWildcard(a) ||
  Number(a.endsWith('*')) - Number(b.endsWith('*')) ||
  a.split('/').filter((one) => one === '+').length - b.split('/').filter((one) => one === '+').length ||
  b.length - a.length ||
  (a < b ? 1 : a > b ? -1 : 0)

const bestPattern = (patterns: readonly string[], path: string): string | undefined => {
  const exact = patterns.find((pattern) => !hasWildcard(pattern) && pattern === path)
  if (exact !== undefined) return exact
  return patterns.filter((pattern) => hasWildcard(pattern) && matches(pattern, path)).sort(byPriority)[0]
}

/**
 * What a token with these rules may do on a path: the union of the most specific pattern's rules; a deny among them
 * takes all away.
 */
export const capabilitiesOn = (rules: readonly PolicyRule[], path: string): ReadonlySet<Capability> => {
  const patterns = [...new Set(rules.map((rule) => rule.path))]
  const pattern = bestPattern(patterns, path)
  const granted = new Set(rules.filter((rule) => rule.path === pattern).flatMap((rule) => rule.capabilities))
  return granted.has('deny') ? new Set<Capability>() : granted
}

/** The policy `default`, the part of Vault's own that a token needs for itself. */
export const defaultPolicy = `path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "auth/token/revoke-self" {
  capabilities = ["update"]
}
path "sys/capabilities-self" {
  capabilities = ["update"]
}
path "sys/internal/ui/mounts" {
  capabilities = ["read"]
}
path "sys/internal/ui/mounts/*" {
  capabilities = ["read"]
}
`
