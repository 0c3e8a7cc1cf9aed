import { isWithin } from '../../compile/collection-paths.ts'
import { compileTenant } from '../../compile/compile.ts'
import { accessLabel } from '../../compile/docker-labels.ts'
import { keys } from '../../compile/keys.ts'
import { resolveTenant } from '../../compile/resolve.ts'
import type { Source } from '../../core/issue.ts'
import type { DockerSecret } from '../../model/docker-secret.ts'
import type { Network } from '../../model/network.ts'
import type { Volume } from '../../model/volume.ts'
import { childAt, textOf, type YamlNode } from '../yaml-node.ts'
import type { SupplyContext } from './context.ts'

/** Something that `tenantry up` makes for the tenant. */
export interface TenantObject<T> {
  /** What a stack calls it: its name in the tenant file. */
  readonly called: string
  readonly made: T
  /** Where the tenant file says so. */
  readonly source: Source
  /** Whether the stack's application may use it. */
  readonly isOurs: boolean
}

/** What a tenant has on a cluster that its stacks may use. */
export interface TenantObjects {
  readonly networks: readonly TenantObject<Network>[]
  readonly volumes: readonly TenantObject<Volume>[]
  readonly secrets: readonly TenantObject<DockerSecret>[]
}

/** Compiled from the tenant file, so that names, drivers and options are those that `tenantry up` gives them. */
export const tenantObjects = (context: SupplyContext): TenantObjects => {
  const { tenant, cluster, resources } = context
  const compiled = compileTenant(tenant.value, cluster.value).resources
  const resolved = resolveTenant(tenant.value, cluster.value)
  const objectOf = <T extends { readonly labels: Readonly<Record<string, string>> }>(
    made: T | undefined,
    called: string,
    path: readonly string[],
  ): readonly TenantObject<T>[] => {
    const collection = made?.labels[accessLabel] ?? ''
    const isOurs = resources.allowed.some((root) => isWithin(collection, root))
    return made === undefined ? [] : [{ called, made, source: tenant.locateKey(path), isOurs }]
  }
  const find = <K extends 'Network' | 'Volume' | 'DockerSecret'>(kind: K, key: string) =>
    compiled.find((one): one is Extract<typeof one, { kind: K }> => one.kind === kind && one.key === key)
  return {
    networks: resolved.networks.flatMap(({ name, madeAs }) =>
      objectOf(find('Network', keys.network(madeAs)), name, ['networks', name]),
    ),
    volumes: resolved.volumes.flatMap(({ name, madeAs }) =>
      objectOf(find('Volume', keys.volume(madeAs)), name, ['volumes', name]),
    ),
    secrets: resolved.applications.flatMap(({ name, madeAs }) =>
      objectOf(find('DockerSecret', keys.dockerSecret(`${madeAs}-role-id`)), `${name}-role-id`, [
        'applications',
        name,
      ]),
    ),
  }
}

/** The tenant's object that a top-level entry of a stack means: by its `name`, else by its key. */
export const meantBy = <T extends { readonly name: string }>(
  objects: readonly TenantObject<T>[],
  key: string,
  definition: YamlNode,
): TenantObject<T> | undefined => {
  const name = textOf(childAt(definition, 'name'))
  return name === undefined
    ? objects.find(({ called }) => called === key)
    : objects.find(({ made, called }) => made.name === name || called === name)
}

const naming: ReadonlySet<string> = new Set(['external', 'name'])

/** Whether an entry only names a thing, and leaves what it is to others. */
export const onlyNames = (definition: YamlNode): boolean =>
  definition.kind === 'map'
    ? [...definition.entries.keys()].every((key) => naming.has(key))
    : definition.kind === 'scalar' && definition.value === null
