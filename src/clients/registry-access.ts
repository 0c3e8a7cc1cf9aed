import { objectOf, orMissing, segment, textAt } from './answer.ts'
import type { Registry } from './registry.ts'
import { repositoryPath } from './registry-repositories.ts'

/** A team's level in a repository; the list knows teams by id only (reference §8.3). */
export interface TeamLevel {
  readonly teamId: string
  readonly accessLevel: string
}

export interface RepositoryTeam {
  readonly namespace: string
  readonly repository: string
  /** Its name. */
  readonly team: string
}

const accessPath = ({ namespace, repository }: Omit<RepositoryTeam, 'team'>): string =>
  `${repositoryPath(namespace, repository)}/teamAccess`

/** Every team's level; undefined where there is no such repository. */
export const listTeamAccess = async (
  registry: Registry,
  where: Omit<RepositoryTeam, 'team'>,
): Promise<TeamLevel[] | undefined> => {
  const found = await registry.all({
    path: accessPath(where),
    key: 'teamAccessList',
    marker: (one) => textAt(objectOf(one.team), 'id'),
  })
  return found?.map((one) => ({
    teamId: textAt(objectOf(one.team), 'id'),
    accessLevel: textAt(one, 'accessLevel'),
  }))
}

/** Idempotent. */
export const putTeamAccess = async (
  registry: Registry,
  { accessLevel, ...where }: RepositoryTeam & { readonly accessLevel: string },
): Promise<void> => {
  await registry.send({
    method: 'PUT',
    path: `${accessPath(where)}/${segment(where.team)}`,
    body: { accessLevel },
  })
}

/** Succeeds where it is gone already. */
export const deleteTeamAccess = async (registry: Registry, where: RepositoryTeam): Promise<void> => {
  await orMissing(registry.send({ method: 'DELETE', path: `${accessPath(where)}/${segment(where.team)}` }))
}
