import { badRequest, conflict } from './refusal.ts'

const serviceName = /^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$/
const payloadName = /^[a-zA-Z0-9]+(?:[a-zA-Z0-9\-_.]*[a-zA-Z0-9])?$/
const localName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

/** Errors: `@throws {Refusal}` 400 with swarmkit's sentence (a DNS label of at most 63 characters). */
export const checkServiceName = (name: string): void => {
  if (name === '') throw badRequest('rpc error: code = InvalidArgument desc = meta: name must be provided')
  if (name.length > 63 || !serviceName.test(name))
    throw badRequest(
      'rpc error: code = InvalidArgument desc = name must be valid as a DNS name component, if longer than 63 characters it is refused',
    )
}

/** Errors: `@throws {Refusal}` 400 with swarmkit's sentence. */
export const checkPayloadName = (kind: 'secret' | 'config', name: string): void => {
  if (name === '' || name.length > 64 || !payloadName.test(name))
    throw badRequest(
      `rpc error: code = InvalidArgument desc = invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9] (${kind})`,
    )
}

const networkName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

/** Errors: `@throws {Refusal}` 400. */
export const checkNetworkName = (name: string): void => {
  if (!networkName.test(name)) throw badRequest(`invalid network name: ${name}`)
}

/** Names of volumes and containers: two characters or more. Errors: `@throws {Refusal}` 400. */
export const checkLocalName = (kind: string, name: string): void => {
  if (!localName.test(name))
    throw badRequest(
      `${kind} name is invalid: "${name}" includes invalid characters, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
    )
}

/**
 * The object of an id, a full name, or an unambiguous prefix of an id; undefined where there is none.
 *
 * Errors: `@throws {Refusal}` 409 when a prefix fits several.
 */
export const resolveReference = <T>(
  map: ReadonlyMap<string, T>,
  reference: string,
  nameOf: (value: T) => string,
): T | undefined => {
  const exact = map.get(reference)
  if (exact !== undefined) return exact
  const byPrefix: T[] = []
  for (const [id, value] of map) {
    if (nameOf(value) === reference) return value
    if (reference !== '' && id.startsWith(reference)) byPrefix.push(value)
  }
  if (byPrefix.length > 1) throw conflict(`${reference} is ambiguous (${byPrefix.length} matches found)`)
  return byPrefix[0]
}
