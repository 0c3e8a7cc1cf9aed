import { type Clock, systemClock, waitFor } from '../../clients/clock.ts'
import type { Docker } from '../../clients/docker.ts'
import { canonicalJson } from '../../core/canonical.ts'
import { Fault, isFault } from '../../core/fault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type {
  CheckFailure,
  DiffResult,
  Properties,
  PropertyValue,
  ResourceContext,
} from '../../provider/plugin.ts'
import { isPropertyObject } from '../../provider/properties.ts'
import { type Fields, normal, objectOf, observed } from './docker-codec.ts'

/** What the stand-in's resources work with. */
export interface DockerClient {
  readonly docker: Docker
  readonly clock: Clock
}

export const withClock = (docker: Docker, clock: Clock = systemClock): DockerClient => ({ docker, clock })

/** Marks whose a thing is (brief: compile puts it on everything it makes). */
const ownerLabel = 'tenantry.owner'

/** Checks against a table; inputs stay as they are. */
export const checkWith =
  (fields: Fields, more: (inputs: Properties) => readonly CheckFailure[] = () => []) =>
  (inputs: Properties): { inputs: Properties; failures: readonly CheckFailure[] } => ({
    inputs,
    failures: [...objectOf(fields).check('', inputs), ...more(inputs)],
  })

const normalProperties = (properties: Properties): Properties => {
  const value = normal(properties)
  return isPropertyObject(value) ? value : {}
}

export interface DiffRules {
  /** Top-level properties that may change where they are; every other one replaces. */
  readonly inPlace?: readonly string[]
  /** Whether a change at this path replaces, though its top-level property changes in place. */
  readonly replacesAt?: (path: string) => boolean
}

type Details = DiffResult['details']

/**
 * As the vendor's bridge: a replaced thing with a name of the author's goes before the new one comes, for both cannot
 * have it.
 */
export const diffWith =
  (fields: Fields, { inPlace = [], replacesAt = () => false }: DiffRules = {}) =>
  (olds: { inputs: Properties }, news: Properties): DiffResult => {
    const replaceOn = Object.keys(fields).filter((name) => !inPlace.includes(name))
    const now = normalProperties(news)
    const old = normalProperties(olds.inputs)
    const result = diffInputs(old, now, { replaceOn })
    const deep = Object.keys(result.details).filter(replacesAt)
    const details = Object.fromEntries(
      Object.entries(result.details).map(([path, kind]) => [
        path,
        deep.includes(path) ? replacing(kind) : kind,
      ]),
    )
    const replaces = [
      ...new Set([...result.replaces, ...deep.map((path) => path.split(/[.[]/, 1)[0] ?? path)]),
    ]
    return {
      changes: result.changes,
      replaces,
      details,
      deleteBeforeReplace: replaces.length > 0 && old.name === now.name,
    }
  }

const replacing = (kind: Details[string]): Details[string] => {
  if (kind === 'add') return 'add-replace'
  if (kind === 'delete') return 'delete-replace'
  return kind === 'update' ? 'update-replace' : kind
}

export const nameOf = (inputs: Properties): string => String(inputs.name ?? '')

type Labels = Readonly<Record<string, string>> | null | undefined

/** What a resource's labels say in the API's form. */
export const labelsOf = (fields: Fields, inputs: Properties): Record<string, string> => {
  const value = inputs.labels
  return value === undefined ? {} : { ...(fields.labels?.codec.encode(value) as Record<string, string>) }
}

/**
 * Says whether something that has the name already is ours: made by an interrupted run of the same owner.
 *
 * Errors: `@throws {Fault}` `foreign` when it carries another owner or none, `conflict` when we have no owner to compare.
 */
export const demandOwn = (what: string, ours: Labels, theirs: Labels): void => {
  const owner = ours?.[ownerLabel]
  const other = theirs?.[ownerLabel]
  if (owner === undefined)
    throw new Fault('conflict', `${what} exists already.`, {
      details: { resource: what, hint: 'Import it, choose another name, or remove it.' },
    })
  if (owner === other) return
  throw new Fault(
    'foreign',
    `${what} exists already and ${other === undefined ? 'nobody is marked as its owner' : `belongs to ${other}`}, not to ${owner}.`,
    { details: { resource: what, hint: 'Import it if it is to be managed here, or choose another name.' } },
  )
}

/** What a read gives: inputs in the author's words where they still say what is there. Importing has no words yet. */
export const readInputs = (
  fields: Fields,
  mine: Properties | undefined,
  there: unknown,
  isComputed: (path: string) => boolean,
): Properties => {
  const decoded = objectOf(fields).decode(there) ?? {}
  const seen = mine === undefined ? decoded : (observed(mine, decoded, isComputed) ?? {})
  return isPropertyObject(seen) ? seen : {}
}

/** Whether what is there is what the inputs say. */
export const isAsWanted = (
  fields: Fields,
  inputs: Properties,
  there: unknown,
  isComputed: (path: string) => boolean,
): boolean =>
  canonicalJson(normal(readInputs(fields, inputs, there, isComputed))) === canonicalJson(normal(inputs))

export const textAt = (inputs: Properties, name: string): string | undefined => {
  const value: PropertyValue | undefined = inputs[name]
  return typeof value === 'string' ? value : undefined
}

/** How long a thing that is still in use is given to come free; the vendor's plugin waits as long for networks. */
const patience = { totalMilliseconds: 30_000, stepMilliseconds: 500 }

const isInUse = (error: unknown): boolean =>
  isFault(error) && /in use|has active endpoints/i.test(error.message)

/** Removes; while something still uses it, tries again for 30 s. @throws {Fault} the last refusal. */
export const removeWhenFree = async (
  remove: () => Promise<void>,
  { clock }: DockerClient,
  { signal }: Pick<ResourceContext, 'signal'>,
): Promise<void> => {
  let refusal: unknown
  const removed = await waitFor(
    async () => {
      try {
        await remove()
        return true
      } catch (error) {
        if (!isInUse(error)) throw error
        refusal = error
        return undefined
      }
    },
    { clock, patience, signal },
  )
  if (removed === undefined) throw refusal
}
