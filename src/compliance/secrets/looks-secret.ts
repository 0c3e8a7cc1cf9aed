/** Longest text that is looked into: the patterns are linear, and nobody writes a longer secret. */
const longest = 65_536

/** Forms that are secrets wherever they stand. Source: the issuers' documents; RFC 7468 (PEM), RFC 7519 (JWT), RFC 3986 (userinfo). */
const forms: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----/],
  ['an access key of AWS', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a token of GitHub', /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40})/],
  ['a token of GitLab', /\bgl(?:pat|dt|rt|ptt|soat)-[\w-]{20}/],
  ['a token of Slack', /\bxox[abeoprs]-[A-Za-z0-9-]{10}/],
  ['a token of Docker Hub', /\bdckr_(?:pat|oat)_[\w-]{20}/],
  ['a token of npm', /\bnpm_[A-Za-z0-9]{36}/],
  ['a token of Vault', /\b(?:hvs|hvb|hvr)\.[\w-]{20}/],
  ['a key of Google', /\bAIza[\w-]{35}/],
  ['a key of Stripe', /\b[rs]k_live_[A-Za-z0-9]{16}/],
  ['a signed token (JWT)', /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/],
  ['credentials of HTTP', /\b(?:Basic|Bearer) +[A-Za-z0-9+/=_.-]{16}/],
  ['a swarm join token', /\bSWMTKN-1-[a-z0-9]{40}/],
]

/** `scheme://user:password@host`; a variable or a mark in the password's place is none. */
const inUrl = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@?#]{0,128}:([^\s/@?#]{1,256})@/i

/** `Password=…` in the connection strings of JDBC and ADO, and options such as those of CIFS. */
const inPairs =
  /(?:^|[;,&?\s"'])(?:password|passwd|pwd|secret_?key|access_?token|api_?key|client_?secret)=([^;,&\s"']{1,256})/i

/** What stands for a value that is elsewhere, or for none. */
const reference = /^(?:\$\{?\w|\{\{|<[^>]*>$|\*{3,}$|\/run\/secrets\/|vault:|\[secret\]$|file:\/|%[A-Z_]+%$)/i

const isReference = (value: string): boolean => value === '' || reference.test(value)

/** Words of a name: `DB_PASSWORD`, `dbPassword`, `spring.datasource.password`. */
const wordsOf = (name: string): string[] =>
  name
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')

const secretWords = new Set([
  'password',
  'passwd',
  'pwd',
  'pass',
  'passphrase',
  'passcode',
  'pin',
  'secret',
  'secrets',
  'token',
  'credential',
  'credentials',
  'apikey',
  'privatekey',
  'secretkey',
  'accesskey',
  'authtoken',
  'sharedsecret',
  'pgpassword',
])
const secretPairs = new Set([
  'api key',
  'private key',
  'secret key',
  'access key',
  'encryption key',
  'signing key',
  'master key',
  'account key',
  'auth key',
  'license key',
])

/** Last words after which a name is about a secret and holds none. */
const aboutSecrets = new Set([
  'file',
  'path',
  'dir',
  'url',
  'uri',
  'endpoint',
  'name',
  'names',
  'id',
  'ttl',
  'timeout',
  'expiry',
  'expiration',
  'expires',
  'lifetime',
  'age',
  'length',
  'size',
  'type',
  'header',
  'enabled',
  'disabled',
  'required',
  'policy',
  'issuer',
  'audience',
  'provider',
  'version',
  'mount',
  'engine',
  'store',
  'backend',
  'format',
  'prefix',
  'algorithm',
  'alg',
  'encoder',
  'encoding',
  'field',
  'attempts',
  'retries',
  'min',
  'max',
  'count',
  'rotation',
  'interval',
  'seconds',
  'minutes',
  'hours',
  'days',
  'refresh',
  'location',
  'ref',
  'host',
  'port',
  'user',
  'username',
])

/** Whether what stands under a name should be a secret: `DB_PASSWORD` does, `DB_PASSWORD_FILE` and `TOKEN_TTL` do not. Never throws. */
export const isSecretName = (name: string): boolean => {
  const words = wordsOf(name)
  const last = words.at(-1) ?? ''
  if (aboutSecrets.has(last)) return false
  return (
    words.some((word) => secretWords.has(word) || /(?:password|passwd|secret|token)$/.test(word)) ||
    words.some((word, index) => secretPairs.has(`${word} ${words[index + 1] ?? ''}`))
  )
}

/** Values that are settings: truth, numbers of one digit, a path of a file. */
const isPlain = (value: string): boolean =>
  /^(?:true|false|yes|no|on|off|none|null|disabled|enabled|required|optional|auto|\d)$/i.test(value) ||
  /^\/(?:[\w.-]+\/)+[\w.-]+$/.test(value)

/** What a text holds that is a secret, in words; undefined where nothing is seen. Never throws. */
export const secretForm = (text: string): string | undefined => {
  const shown = text.slice(0, longest)
  const known = forms.find(([, pattern]) => pattern.test(shown))
  if (known !== undefined) return known[0]
  const password = inUrl.exec(shown)?.[1]
  if (password !== undefined && !isReference(password)) return 'an address with a password'
  const pair = inPairs.exec(shown)?.[1]
  return pair !== undefined && !isReference(pair) ? 'a password among its parts' : undefined
}

/** What a named value is that is a secret, in words: by its form, or by its name. Undefined where nothing is seen. Never throws. */
export const secretValue = (name: string, value: string | undefined): string | undefined => {
  if (value === undefined || isReference(value.trim())) return undefined
  const form = secretForm(value)
  if (form !== undefined) return form
  return isSecretName(name) && !isPlain(value.trim()) ? 'a secret by its name' : undefined
}

/** Each form wherever it stands in a text. */
const everywhere = [...forms.map(([, pattern]) => pattern), inUrl, inPairs].map(
  (pattern) => new RegExp(pattern.source, `g${pattern.flags}`),
)

/** A text without what is a secret by its form, wherever it stands in it: for messages, which quote parts of files. Never throws. */
export const withoutSecretForms = (text: string): string =>
  everywhere.reduce(
    (shown, pattern) =>
      shown.replaceAll(pattern, (whole, part: unknown) =>
        typeof part === 'string' ? whole.replace(part, '[secret]') : '[secret]',
      ),
    text,
  )
