import { isDeepStrictEqual } from 'node:util'
import { compareText } from '../core/issue.ts'
import { sameValue } from '../core/same-value.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Resource } from '../model/resource.ts'

/** What happens to a resource. Identified by key. */
export type Change =
  | { readonly kind: 'create'; readonly key: string; readonly after: Resource }
  | { readonly kind: 'delete'; readonly key: string; readonly before: Resource }
  | {
      /** `replace`: what it is identified by, or what its system cannot change, is another. */
      readonly kind: 'update' | 'replace'
      readonly key: string
      readonly before: Resource
      readonly after: Resource
      /** Fields that differ, sorted. */
      readonly fields: readonly string[]
    }

/** Everything of some kinds is fixed; `*` says so. */
const everything = '*'

/** Fields that cannot change in place, by kind. Source: the doc comments of `src/model`. */
const fixedFields: Readonly<Record<Resource['kind'], readonly string[]>> = {
  AntiAffinityRule: ['datacenter', 'computeCluster'],
  Collection: ['path'],
  ContentTrust: [],
  DefaultCollection: ['user'],
  DockerConfig: [everything],
  DockerSecret: [everything],
  DockerService: ['name'],
  Grant: [everything],
  Network: [everything],
  NodePlacement: ['hostname'],
  Organization: ['name'],
  PortGroup: ['datacenter', 'distributedSwitch'],
  PromotionPolicy: ['sourceRepository', 'targetRepository'],
  RegistryWebhook: [everything],
  Repository: ['namespace', 'name'],
  RepositoryAccess: ['namespace', 'repository', 'team'],
  RevokedGrant: [everything],
  Role: [everything],
  Tag: ['category'],
  TagCategory: [],
  Team: ['organization', 'name'],
  TeamMember: [everything],
  VaultAppRole: ['backend', 'name'],
  VaultAuthBackend: ['type'],
  VaultLdapGroup: ['backend', 'groupName'],
  VaultMount: ['path'],
  VaultPolicy: ['name'],
  VirtualMachine: ['datacenter', 'template'],
  VmFolder: ['datacenter'],
  VmResourcePool: ['datacenter', 'computeCluster'],
  Volume: [everything],
}

/** What only Tenantry sees: it changes nothing in the world. */
export const bookkeeping: ReadonlySet<string> = new Set(['concern', 'dependsOn', 'retained'])

const fieldsThatDiffer = (before: Resource, after: Resource): readonly string[] => {
  const [then, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))]
  return [...new Set([...then.keys(), ...now.keys()])]
    .filter((field) => !isDeepStrictEqual(then.get(field), now.get(field)))
    .sort(compareText)
}

const isFixed = (kind: Resource['kind'], field: string): boolean => {
  const fixed = fixedFields[kind]
  return !bookkeeping.has(field) && (field === 'kind' || fixed.includes(everything) || fixed.includes(field))
}

const changeOf = (before: Resource, after: Resource): readonly Change[] => {
  if (sameValue(before, after)) return []
  const fields = fieldsThatDiffer(before, after)
  if (fields.length === 0) return []
  const kind = fields.some((field) => isFixed(after.kind, field)) ? 'replace' : 'update'
  return [{ kind, key: after.key, before, after, fields }]
}

const byKey = (state: StackState | undefined): ReadonlyMap<string, Resource> =>
  new Map(state?.resources.map((resource) => [resource.key, resource]))

/** What must happen for a stack to go from one state to another, by key; undefined stands for no stack. Never throws. */
export const diffStates = (
  before: StackState | undefined,
  after: StackState | undefined,
): readonly Change[] => {
  const then = byKey(before)
  const now = byKey(after)
  const keys = [...new Set([...then.keys(), ...now.keys()])].sort(compareText)
  return keys.flatMap((key): readonly Change[] => {
    const old = then.get(key)
    const fresh = now.get(key)
    if (old === undefined) return fresh === undefined ? [] : [{ kind: 'create', key, after: fresh }]
    if (fresh === undefined) return [{ kind: 'delete', key, before: old }]
    return changeOf(old, fresh)
  })
}

/** The resources after some changes, by key: `applyChanges(a, diffStates(a, b))` are those of `b`. Never throws. */
export const applyChanges = (
  resources: readonly Resource[],
  changes: readonly Change[],
): readonly Resource[] => {
  const result = new Map(resources.map((resource) => [resource.key, resource]))
  for (const change of changes)
    if (change.kind === 'delete') result.delete(change.key)
    else result.set(change.key, change.after)
  return [...result.values()].sort((a, b) => compareText(a.key, b.key))
}
