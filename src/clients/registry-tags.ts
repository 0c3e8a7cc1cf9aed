import { segment, textAt } from './answer.ts'
import type { Registry } from './registry.ts'
import { repositoryPath } from './registry-repositories.ts'

/** Names of the repositories of a namespace, sorted; none where there is no such namespace. Source: reference §8.2. */
export const listRepositoryNames = async (
  registry: Registry,
  namespace: string,
): Promise<readonly string[]> => {
  const found = await registry.all({
    path: `/repositories/${segment(namespace)}`,
    key: 'repositories',
    marker: (one) => textAt(one, 'name'),
  })
  return (found ?? []).map((one) => textAt(one, 'name')).sort()
}

/** Names of a repository's tags, sorted; none where there is no such repository. Source: reference §8.4. */
export const listTagNames = async (
  registry: Registry,
  namespace: string,
  name: string,
): Promise<readonly string[]> => {
  const found = await registry.all({
    path: `${repositoryPath(namespace, name)}/tags`,
    marker: (one) => textAt(one, 'name'),
  })
  return (found ?? []).map((one) => textAt(one, 'name')).sort()
}
