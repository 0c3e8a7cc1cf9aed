import { Fault } from '../../core/fault.ts'
import type { DiffResult, Properties, ResourceContext } from '../plugin.ts'
import type { UcpClient } from './client.ts'

/** A mark that was taken off a text. */
export interface Marked {
  readonly text: string
  /** Undefined where there is no mark. */
  readonly owner: string | undefined
}

const textMark = /\s*\[tenantry:([^\]]*)\]$/
const repositoryMark = /^Managed by Tenantry: (\S+)$/

/** A text that ends in its owner's mark. */
export const markText = (text: string, owner: string): string => `${text} [tenantry:${owner}]`.trimStart()

/** A text without its owner's mark. Never throws. */
export const unmarkText = (text: string): Marked => {
  const match = textMark.exec(text)
  return match === null ? { text, owner: undefined } : { text: text.slice(0, match.index), owner: match[1] }
}

/** The long description of a repository of ours. */
export const repositoryDescription = (owner: string): string => `Managed by Tenantry: ${owner}`

/** Who a repository's long description names. Never throws. */
export const repositoryOwner = (description: string): string | undefined =>
  repositoryMark.exec(description.trim())?.[1]

/** The output that says whether a thing still carries its owner's mark: a person can take it off. */
export const markedOutput = {
  marked: { type: 'boolean', description: 'Whether it carries its owner’s mark.' },
} as const

/** A mark that was taken off is a difference, though no input says so. For `refineDiff`. Pure. */
export const withMark = (diff: DiffResult, outputs: Properties): DiffResult =>
  outputs.marked === false ? { ...diff, changes: true, details: { ...diff.details, marked: 'update' } } : diff

/**
 * Whether what has the name now is another thing than the one in the state, made by somebody else: ours is gone then.
 * Of an import nothing is known before. Says so in the log.
 */
export const isAnothers = (
  client: UcpClient,
  found: { readonly what: string; readonly id: string; readonly owner: string | undefined },
  { known, log }: { readonly known: string | undefined; readonly log: ResourceContext['log'] },
): boolean => {
  if (known === undefined || found.id === known || found.owner === client.owner) return false
  log(
    'warning',
    `${found.what} was deleted by somebody, and another one was made under its name. Delete that one, or set TENANTRY_ADOPT=1 for a run that takes it over.`,
  )
  return true
}

/** The key of the legacy label that marks a collection. */
export const collectionMarkKey = 'tenantry'

export const collectionMark = (owner: string, path: string): string => `${owner}:${path}`

/** Who a collection's legacy label names. Never throws. */
export const collectionOwner = (key: string, value: string): string | undefined =>
  key === collectionMarkKey ? value.split(':/', 1)[0] : undefined

/**
 * Lets an existing thing be taken over: ours, since an interrupted run made it, or anybody's where adoption was asked for.
 * @throws {Fault} `foreign` else.
 */
export const assertOurs = (
  client: UcpClient,
  found: { readonly what: string; readonly id: string; readonly owner: string | undefined },
): void => {
  if (client.adopt || found.owner === client.owner) return
  const whose = found.owner === undefined ? 'was not made by Tenantry' : `belongs to the stack ${found.owner}`
  throw new Fault('foreign', `${found.what} exists already and ${whose}.`, {
    details: {
      resource: found.what,
      endpoint: client.ucp.endpoint,
      hint: `Give yours another name, import it (\`pulumi import\`, id ${found.id}), or set adopt for this run.`,
    },
  })
}
