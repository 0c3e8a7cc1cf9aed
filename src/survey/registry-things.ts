import pLimit from 'p-limit'
import { segment, textAt, textOr } from '../clients/answer.ts'
import type { Registry } from '../clients/registry.ts'
import type { LiveThing } from '../plan/unowned.ts'
import { repositoryOwner } from '../provider/ucp/ownership.ts'

const atOnce = 8

const repositoriesOf = async (registry: Registry, namespace: string): Promise<readonly LiveThing[]> => {
  const found = await registry.all({
    path: `/repositories/${segment(namespace)}`,
    key: 'repositories',
    marker: (one) => textAt(one, 'name'),
  })
  return (found ?? []).map((one) => {
    const owner = repositoryOwner(textOr(one, 'longDescription'))
    return {
      kind: 'repository',
      name: `${namespace}/${textAt(one, 'name')}`,
      ...(owner === undefined ? {} : { owner }),
    }
  })
}

/** The repositories of our organizations. @throws {Fault} as `Registry` does. */
export const registryThings = async (
  registry: Registry,
  organizations: readonly string[],
): Promise<readonly LiveThing[]> => {
  const bounded = pLimit(atOnce)
  const found = await Promise.all(organizations.map((name) => bounded(() => repositoriesOf(registry, name))))
  return found.flat()
}
