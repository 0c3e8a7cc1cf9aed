import { Fault } from '../../core/fault.ts'
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
