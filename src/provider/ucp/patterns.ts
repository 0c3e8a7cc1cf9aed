import type { Shape } from '../input-fields.ts'

// ≤ 100 characters, no white space and none of these (reference §2.2); `:` and `/` also divide our ids.
const forbidden = '\\s/\\\\\\[\\]:;|=,+*?<>\'"'

/** A name of a user, an organization or a team. */
export const accountName = {
  type: 'string',
  pattern: new RegExp(`^[^${forbidden}]{1,100}$`),
  like: 'a name of 1 to 100 characters without white space and without / \\ [ ] : ; | = , + * ? < > \' "',
} as const satisfies Shape

/** A text of any length. */
export const anyText = { type: 'string' } as const satisfies Shape

/** A text with something in it. */
export const someText = {
  type: 'string',
  pattern: /\S/,
  like: 'a text that is not empty',
} as const satisfies Shape

/** The path of a collection: absolute, without a slash at its end. */
export const collectionPath = {
  type: 'string',
  pattern: /^\/(?:[^/\s][^/]*(?:\/[^/\s][^/]*)*)?$/,
  like: "an absolute path of a collection without a slash at its end, e.g. '/Run/Std'",
} as const satisfies Shape

/** Who a grant is for. */
export const subject = {
  type: 'string',
  pattern: /^(?:team:[^/:]+\/[^/:]+|organization:[^/:]+|user:[^/:]+)$/,
  like: "'team:<organization>/<team>', 'organization:<name>' or 'user:<name>'",
} as const satisfies Shape

/** A namespace or name in the registry, as image references allow. */
export const repositoryPart = {
  type: 'string',
  pattern: /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/,
  like: 'lower-case letters and digits, with . _ - between them',
} as const satisfies Shape

/** A whole repository name. */
export const repositoryName = {
  type: 'string',
  pattern: /^[^/\s]+\/[^/\s]+$/,
  like: "'<namespace>/<repository>'",
} as const satisfies Shape
