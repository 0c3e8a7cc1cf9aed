import {
  type AnswerObject,
  isTrueAt,
  listOf,
  objectOf,
  orMissing,
  segment,
  textAt,
  textOr,
  textsAt,
} from './answer.ts'
import type { Registry } from './registry.ts'
import { repositoryPath } from './registry-repositories.ts'

interface RegistryRule {
  readonly field: string
  readonly operator: string
  readonly values: readonly string[]
}

export interface PolicySettings {
  /** `namespace/name`. */
  readonly targetRepository: string
  readonly tagTemplate: string
  readonly enabled: boolean
  readonly rules: readonly RegistryRule[]
}

/** A promotion policy of a repository. Identified by id; the registry takes duplicates. */
export interface RegistryPolicy extends PolicySettings {
  readonly id: string
}

/** A repository as `namespace/name`, in two. */
export interface RepositoryName {
  readonly namespace: string
  readonly name: string
}

const policiesPath = ({ namespace, name }: RepositoryName): string =>
  `${repositoryPath(namespace, name)}/promotionPolicies`

const rule = (from: AnswerObject): RegistryRule => ({
  field: textAt(from, 'field'),
  operator: textAt(from, 'operator'),
  values: textsAt(from, 'values'),
})

const policy = (from: AnswerObject): RegistryPolicy => ({
  id: textAt(from, 'id'),
  targetRepository: textAt(from, 'targetRepository'),
  tagTemplate: textOr(from, 'tagTemplate'),
  enabled: isTrueAt(from, 'enabled'),
  rules: listOf(from.rules).map((one) => rule(objectOf(one))),
})

/** Every policy out of a repository; undefined where there is no such repository. */
export const listPolicies = async (
  registry: Registry,
  source: RepositoryName,
): Promise<RegistryPolicy[] | undefined> => {
  const found = await registry.all({
    path: `${policiesPath(source)}?source=true`,
    marker: (one) => textAt(one, 'id'),
  })
  return found?.map(policy)
}

// Evaluating what is there already can outlast the proxy's patience (reference §8.7), and would promote old images.
const noEvaluation = 'initialEvaluation=false'

export const createPolicy = async (
  registry: Registry,
  source: RepositoryName,
  body: PolicySettings,
): Promise<RegistryPolicy> =>
  policy(
    objectOf(await registry.json({ method: 'POST', path: `${policiesPath(source)}?${noEvaluation}`, body })),
  )

export const putPolicy = async (
  registry: Registry,
  source: RepositoryName,
  { id, ...body }: RegistryPolicy,
): Promise<RegistryPolicy> =>
  policy(
    objectOf(
      await registry.json({
        method: 'PUT',
        path: `${policiesPath(source)}/${segment(id)}?${noEvaluation}`,
        body,
      }),
    ),
  )

/** Succeeds where it is gone already. */
export const deletePolicy = async (registry: Registry, source: RepositoryName, id: string): Promise<void> => {
  await orMissing(registry.send({ method: 'DELETE', path: `${policiesPath(source)}/${segment(id)}` }))
}
