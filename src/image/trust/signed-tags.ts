import * as z from 'zod'
import { compareText } from '../../core/issue.ts'
import { Keys, parsed, type Signers, sha256Of, TrustRefusal, verified } from './signed-document.ts'

/** Documents of a repository's trust data by role, `root`, `targets/releases`, as they were served. */
export type TrustDocuments = ReadonlyMap<string, Buffer>

/** Roles every repository has. Source: The Update Framework. */
export const topRoles = ['root', 'timestamp', 'snapshot', 'targets'] as const

/** Most delegations of one repository that are looked at. Source: our choice; a bank has a dozen teams that sign. */
export const mostDelegations = 64

const KeyIds = z.looseObject({ keyids: z.array(z.string()), threshold: z.int() })

const Root = z.looseObject({
  _type: z.literal('Root'),
  keys: Keys,
  roles: z.looseObject({ root: KeyIds, timestamp: KeyIds, snapshot: KeyIds, targets: KeyIds }),
})

const Hashed = z.looseObject({ hashes: z.looseObject({ sha256: z.base64() }), length: z.int() })

const Listing = z.looseObject({
  _type: z.enum(['Timestamp', 'Snapshot']),
  meta: z.record(z.string(), Hashed),
})

const Targets = z.looseObject({
  _type: z.literal('Targets'),
  targets: z.record(z.string(), Hashed),
  delegations: z.looseObject({
    keys: Keys,
    roles: z.array(KeyIds.extend({ name: z.string(), paths: z.array(z.string()).nullish() })).max(1000),
  }),
})

const shaped = <T>(name: string, shape: z.ZodType<T>, value: unknown): T => {
  const read = shape.safeParse(value)
  if (read.success) return read.data
  throw new TrustRefusal(`${name} of its trust data has another form than trust data has.`)
}

const documentOf = (documents: TrustDocuments, name: string): Buffer => {
  const found = documents.get(name)
  if (found !== undefined) return found
  throw new TrustRefusal(`${name} of its trust data is missing.`)
}

const digestIn = ({ hashes }: z.infer<typeof Hashed>): string =>
  Buffer.from(hashes.sha256, 'base64').toString('hex')

/** A document that a newer one lists must be the one it lists: an older one, signed once too, would hide what came since. */
const checkListed = (name: string, bytes: Buffer, { meta }: z.infer<typeof Listing>): void => {
  const listed = Object.hasOwn(meta, name) ? meta[name] : undefined
  if (listed === undefined || listed.length !== bytes.length || digestIn(listed) !== sha256Of(bytes))
    throw new TrustRefusal(`${name} of its trust data is not the one that belongs to the rest.`)
}

const isRole = (name: string): boolean => /^targets\/[a-z0-9][a-z0-9._-]{0,127}$/i.test(name)

/**
 * Roles that a `targets` document delegates to, by name: what else there is to ask for. Nothing of it is proven.
 * @throws {TrustRefusal} where it is no such document.
 */
export const delegationsIn = (targets: Buffer): readonly string[] => {
  const { delegations } = shaped('targets', Targets, parsed('targets', targets).signed)
  return delegations.roles
    .map(({ name }) => name)
    .filter(isRole)
    .slice(0, mostDelegations)
}

interface Signing {
  readonly role: string
  /** Digests of the keys that signed. */
  readonly keys: readonly string[]
  /** Digest by tag. */
  readonly tags: ReadonlyMap<string, string>
}

const tagsIn = ({ targets }: z.infer<typeof Targets>, paths: readonly string[]): Signing['tags'] =>
  new Map(
    Object.entries(targets)
      .filter(([tag]) => paths.some((path) => tag.startsWith(path)))
      .map(([tag, one]) => [tag, `sha256:${digestIn(one)}`]),
  )

/** Every role's tags, once the whole chain holds: root, timestamp, snapshot, targets, and each delegation. */
const signings = (documents: TrustDocuments, now: Date): readonly Signing[] => {
  const bytesOf = (name: string): Buffer => documentOf(documents, name)
  const said = shaped('root', Root, parsed('root', bytesOf('root')).signed)
  const keysFor = (role: keyof typeof said.roles & string): Signers => {
    const { keyids, threshold } = said.roles[role] as z.infer<typeof KeyIds>
    return { keys: said.keys, keyIds: keyids, threshold }
  }
  const open = (role: (typeof topRoles)[number]) => verified(role, bytesOf(role), keysFor(role), now)
  open('root')
  const timestamp = shaped('timestamp', Listing, open('timestamp').signed)
  checkListed('snapshot', bytesOf('snapshot'), timestamp)
  const snapshot = shaped('snapshot', Listing, open('snapshot').signed)
  for (const name of ['root', 'targets']) checkListed(name, bytesOf(name), snapshot)
  const top = open('targets')
  const targets = shaped('targets', Targets, top.signed)
  const own = { role: 'targets', keys: top.keys, tags: tagsIn(targets, ['']) }
  return [own, ...delegated(documents, targets, snapshot, now)]
}

/** What delegations sign; one whose document was never published signs nothing. */
const delegated = (
  documents: TrustDocuments,
  { delegations }: z.infer<typeof Targets>,
  snapshot: z.infer<typeof Listing>,
  now: Date,
): readonly Signing[] =>
  delegations.roles
    .filter(({ name }) => isRole(name) && Object.hasOwn(snapshot.meta, name))
    .slice(0, mostDelegations)
    .map(({ name, keyids, threshold, paths }) => {
      const bytes = documentOf(documents, name)
      checkListed(name, bytes, snapshot)
      const signers = { keys: delegations.keys, keyIds: keyids, threshold }
      const { signed, keys } = verified(name, bytes, signers, now)
      return { role: name, keys, tags: tagsIn(shaped(name, Targets, signed), paths ?? []) }
    })

/** What is asked about: a tag, or a digest under whichever tag. */
export interface SignedSubject {
  readonly tag: string | undefined
  readonly digest: string | undefined
}

/** A digest that counts as released, and every role that signed it. */
export interface SignedTag {
  readonly digest: string
  /** `targets/security`; sorted. */
  readonly signers: readonly string[]
  /** Digests of their keys; sorted. */
  readonly keys: readonly string[]
}

/** Roles in which an engine looks a tag up, first come first. Source: docker/cli, `cli/trust`, `GetSignableRoles`, `ReleasesRole`. */
const releaseRoles = ['targets/releases', 'targets']

/**
 * Who signed a tag, or a digest, in a repository's trust data; undefined where nobody released it.
 *
 * The chain is verified from its root, which is taken as it is served: nothing here remembers an earlier one. Signed by roles
 * that name another digest for the tag does not count.
 * @throws {TrustRefusal} where the trust data is broken, incomplete or over: nobody knows then.
 */
export const signedTag = (
  documents: TrustDocuments,
  { tag, digest }: SignedSubject,
  now: Date,
): SignedTag | undefined => {
  const all = signings(documents, now)
  const ofTag = (tags: Signing['tags']): string | undefined =>
    tag === undefined ? [...tags.values()].find((one) => one === digest) : tags.get(tag)
  const released = releaseRoles.flatMap((role) => {
    const found = all.find((one) => one.role === role)
    return (found === undefined ? undefined : ofTag(found.tags)) ?? []
  })[0]
  if (released === undefined) return undefined
  const by = all.filter(({ tags }) => ofTag(tags) === released)
  const keys = new Set(by.flatMap((one) => one.keys))
  return {
    digest: released,
    signers: by.map(({ role }) => role).sort(compareText),
    keys: [...keys].sort(compareText),
  }
}
