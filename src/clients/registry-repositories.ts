import { type AnswerObject, isTrueAt, objectOf, orMissing, segment, textAt, textOr } from './answer.ts'
import type { Registry } from './registry.ts'

/** An image repository. Identified by namespace and name, neither of which changes. */
export interface RegistryRepository {
  readonly id: string
  readonly namespace: string
  readonly name: string
  readonly shortDescription: string
  readonly longDescription: string
  readonly visibility: string
  readonly scanOnPush: boolean
  readonly immutableTags: boolean
  /** 0 is no limit; undefined where the registry is older than 2.6. */
  readonly tagLimit: number | undefined
}

/** What can be set; `tagLimit` is left as it is where undefined. */
export type RepositorySettings = Omit<RegistryRepository, 'id' | 'namespace' | 'name'>

const repository = (from: AnswerObject): RegistryRepository => ({
  id: textAt(from, 'id'),
  namespace: textAt(from, 'namespace'),
  name: textAt(from, 'name'),
  shortDescription: textOr(from, 'shortDescription'),
  longDescription: textOr(from, 'longDescription'),
  visibility: textOr(from, 'visibility', 'private'),
  scanOnPush: isTrueAt(from, 'scanOnPush'),
  immutableTags: isTrueAt(from, 'immutableTags'),
  tagLimit: typeof from.tagLimit === 'number' ? from.tagLimit : undefined,
})

/** The path of a repository's own resources. */
export const repositoryPath = (namespace: string, name: string): string =>
  `/repositories/${segment(namespace)}/${segment(name)}`

export const readRepository = async (
  registry: Registry,
  namespace: string,
  name: string,
): Promise<RegistryRepository | undefined> => {
  const found = await registry.get(repositoryPath(namespace, name))
  return found === undefined ? undefined : repository(found)
}

export const createRepository = async (
  registry: Registry,
  { namespace, ...body }: { readonly namespace: string; readonly name: string } & RepositorySettings,
): Promise<RegistryRepository> =>
  repository(
    objectOf(
      await registry.json({
        method: 'POST',
        path: `/repositories/${segment(namespace)}`,
        // Required until 2.6 (reference §8.2).
        body: { enableManifestLists: false, ...body },
      }),
    ),
  )

/** Sets everything but the name; `immutableTags` is always sent (reference §8.2). */
export const patchRepository = async (
  registry: Registry,
  { namespace, name, ...body }: { readonly namespace: string; readonly name: string } & RepositorySettings,
): Promise<RegistryRepository> =>
  repository(objectOf(await registry.json({ method: 'PATCH', path: repositoryPath(namespace, name), body })))

/** Succeeds where it is gone already. */
export const deleteRepository = async (
  registry: Registry,
  namespace: string,
  name: string,
): Promise<void> => {
  await orMissing(registry.send({ method: 'DELETE', path: repositoryPath(namespace, name) }))
}
