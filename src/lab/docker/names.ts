import { badRequest, conflict, Refusal } from './refusal.ts'

const serviceName = /^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$/
const payloadName = /^[a-zA-Z0-9]+(?:[a-zA-Z0-9\-_.]*[a-zA-Z0-9])?$/
const localName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

/** Errors: `@throws {Refusal}` 400 with swarmkit's sentence (a DNS label of at most 63 characters). */
export const checkServiceName = (name: string): void => {
  if (name === '') throw badRequest('rpc error: code = InvalidArgument desc = name must be provided')
  if (!serviceName.test(name))
    throw badRequest('rpc error: code = InvalidArgument desc = name must be valid as a DNS name component')
  if (name.length > 63)
    throw badRequest('rpc error: code = InvalidArgument desc = name must be 63 characters or fewer')
}

/** Errors: `@throws {Refusal}` 400 with swarmkit's sentence. */
export const checkPayloadName = (name: string): void => {
  if (name === '') throw badRequest('rpc error: code = InvalidArgument desc = name must be provided')
  if (name.length > 64 || !payloadName.test(name))
    throw badRequest(
      `rpc error: code = InvalidArgument desc = invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]`,
    )
}

/** Networks of the swarm are named as services are, local ones as they like. Errors: `@throws {Refusal}` 400; 500 for none. */
export const checkNetworkName = (name: string, scope: string): void => {
  if (name.trim() === '') throw new Refusal(500, `invalid name: ${name}`)
  if (scope === 'swarm') checkServiceName(name)
}

/** Errors: `@throws {Refusal}` 400 when it is shorter than two characters or has others than allowed. */
export const checkVolumeName = (name: string): void => {
  if (name.length < 2)
    throw badRequest(
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
    )
  if (!localName.test(name))
    throw badRequest(
      `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    )
}

/** Two characters or more. Errors: `@throws {Refusal}` 400. */
export const checkContainerName = (name: string): void => {
  if (!localName.test(name))
    throw badRequest(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`)
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
