import type { RepositoryName } from '../../clients/registry-promotion.ts'
import { badId } from './ensure.ts'

/** `namespace/name` in two. @throws {Fault} `invalid-request` where it is not of that form. */
export const splitName = (text: string): RepositoryName => {
  const [, namespace, name] = /^([^/\s]+)\/([^/\s]+)$/.exec(text) ?? []
  if (namespace === undefined || name === undefined) throw badId(text, '<namespace>/<repository>')
  return { namespace, name }
}
