import type { Docker } from '../clients/docker.ts'
import type { ListedContainer, Service, Task } from '../clients/docker-objects.ts'
import { listRepositoryNames, listTagNames } from '../clients/registry-tags.ts'
import type { Vault } from '../clients/vault.ts'
import { childrenOfFolder, findByInventoryPath } from '../clients/vsphere-inventory.ts'
import { isWithin, resourceCollection, workloadCollection } from '../compile/collection-paths.ts'
import { accessLabel, ownerLabel } from '../compile/docker-labels.ts'
import { vaultMountPath } from '../compile/vault-policies.ts'
import { isFault } from '../core/fault.ts'
import type { Connected } from '../deploy/connected.ts'
import type { Remnant, RemnantKind } from '../plan/offboarding.ts'
import { type Systems, withSystems } from './systems.ts'

/** Whose remnants are looked for, and where. */
export interface RemnantSearch {
  readonly cluster: string
  /** The name it was made under. */
  readonly organization: string
  /** `<cluster>.<organization>`. */
  readonly stack: string
  /** Inventory path of the folder of its VMs, e.g. `/DC0/vm/tenantry-nonprod/acme`. */
  readonly machineFolder: string
  /** Names of the VMs that the stack made. */
  readonly machines: ReadonlySet<string>
}

/** The calls that the search makes of a Docker Engine. */
export type DockerReads = Pick<
  Docker,
  'services' | 'tasks' | 'containers' | 'networks' | 'payloads' | 'volumes' | 'volumeBytes'
>

type Labels = Readonly<Record<string, string>> | null | undefined

const buildCollection = (organization: string): string => workloadCollection('build/std', organization)

const roots = (organization: string): readonly string[] => [
  workloadCollection('run/std', organization),
  workloadCollection('run/edge', organization),
  buildCollection(organization),
  resourceCollection(organization),
]

/** What a label tells of a thing; undefined of what is no part of the tenant. */
const belonging = (
  labels: Labels,
  { organization, stack }: RemnantSearch,
): { readonly isOwn: boolean; readonly isBuild: boolean } | undefined => {
  const collection = labels?.[accessLabel] ?? ''
  const isOwn = labels?.[ownerLabel] === stack
  if (!isOwn && !roots(organization).some((root) => isWithin(collection, root))) return undefined
  return { isOwn, isBuild: isWithin(collection, buildCollection(organization)) }
}

interface Thing {
  readonly kind: RemnantKind
  readonly name: string
  readonly labels: Labels
}

const remnantOf = (search: RemnantSearch, { kind, name, labels }: Thing): Remnant[] => {
  const known = belonging(labels, search)
  if (known === undefined) return []
  const isAgent = known.isBuild && !known.isOwn && (kind === 'service' || kind === 'container')
  return [{ cluster: search.cluster, kind: isAgent ? 'agent' : kind, name, isOwn: known.isOwn, count: 1 }]
}

/** Tasks that run or will, by their service. */
const runningTasks = (tasks: readonly Task[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { ServiceID, DesiredState } of tasks)
    if (DesiredState === 'running') counts.set(ServiceID, (counts.get(ServiceID) ?? 0) + 1)
  return counts
}

const serviceName = ({ ID, Spec }: Service): string => Spec.Name ?? ID

const taskRemnants = (
  search: RemnantSearch,
  services: readonly Service[],
  tasks: readonly Task[],
): Remnant[] => {
  const running = runningTasks(tasks)
  return services.flatMap((service): Remnant[] => {
    const known = belonging(service.Spec.Labels, search)
    const count = running.get(service.ID) ?? 0
    if (known === undefined || count === 0) return []
    return [{ cluster: search.cluster, kind: 'task', name: serviceName(service), isOwn: known.isOwn, count }]
  })
}

/** Containers of services' tasks are told by their services. */
const isOfTask = ({ Labels: labels }: ListedContainer): boolean =>
  labels?.['com.docker.swarm.task.id'] !== undefined

const containerName = ({ Id, Names }: ListedContainer): string =>
  Names?.[0]?.replace(/^\//, '') ?? Id.slice(0, 12)

/** Whoever may not measure volumes takes each for one that holds data. */
const measured = (docker: DockerReads): Promise<ReadonlyMap<string, number>> =>
  docker.volumeBytes().catch((error: unknown) => {
    if (isFault(error, 'forbidden')) return new Map()
    throw error
  })

const volumeRemnants = async (docker: DockerReads, search: RemnantSearch): Promise<Remnant[]> => {
  const volumes = await docker.volumes()
  const own = volumes.flatMap(({ Name, Labels: labels }) =>
    remnantOf(search, { kind: 'volume', name: Name, labels }),
  )
  if (own.length === 0) return []
  const bytes = await measured(docker)
  return own.map((one) => ({ ...one, bytes: bytes.get(one.name) ?? null }))
}

/** What is left of a tenant on a cluster's swarm. @throws {Fault} as `Docker` does. */
export const dockerRemnants = async (
  docker: DockerReads,
  search: RemnantSearch,
): Promise<readonly Remnant[]> => {
  const [services, tasks, containers, networks, secrets, configs, volumes] = await Promise.all([
    docker.services(),
    docker.tasks(),
    docker.containers(),
    docker.networks(),
    docker.payloads('secrets'),
    docker.payloads('configs'),
    volumeRemnants(docker, search),
  ])
  const things: readonly Thing[] = [
    ...services.map((one): Thing => ({ kind: 'service', name: serviceName(one), labels: one.Spec.Labels })),
    ...containers
      .filter((one) => !isOfTask(one))
      .map((one): Thing => ({ kind: 'container', name: containerName(one), labels: one.Labels })),
    ...networks.map(({ Name, Labels: labels }): Thing => ({ kind: 'network', name: Name, labels })),
    ...secrets.map(({ Spec }): Thing => ({ kind: 'secret', name: Spec.Name, labels: Spec.Labels })),
    ...configs.map(({ Spec }): Thing => ({ kind: 'config', name: Spec.Name, labels: Spec.Labels })),
  ]
  return [
    ...things.flatMap((thing) => remnantOf(search, thing)),
    ...taskRemnants(search, services, tasks),
    ...volumes,
  ]
}

/** Repositories with images in them. @throws {Fault} as `Registry` does. */
const imageRemnants = async (
  { registry }: Systems,
  { cluster, organization }: RemnantSearch,
): Promise<readonly Remnant[]> => {
  const names = await listRepositoryNames(registry(), organization)
  const found: Remnant[] = []
  for (const name of names) {
    const count = (await listTagNames(registry(), organization, name)).length
    if (count > 0) found.push({ cluster, kind: 'image', name, isOwn: true, count })
  }
  return found
}

/** How many secrets lie below a path of a KV mount; their values are never read. @throws {Fault} as `Vault` does. */
export const countSecrets = async (
  vault: Pick<Vault, 'listSecrets'>,
  mount: string,
  path = '',
): Promise<number> => {
  let count = 0
  for (const name of await vault.listSecrets(mount, path))
    count += name.endsWith('/') ? await countSecrets(vault, mount, `${path}${name}`) : 1
  return count
}

/** The mount of a tenant's secrets, which stays behind also where none is in it. @throws {Fault} as `Vault` does. */
export const secretRemnants = async (
  vault: Pick<Vault, 'listSecrets'> & { readonly readMount: (path: string) => Promise<object | undefined> },
  { cluster, organization }: Pick<RemnantSearch, 'cluster' | 'organization'>,
): Promise<readonly Remnant[]> => {
  const name = vaultMountPath(organization)
  if ((await vault.readMount(name)) === undefined) return []
  return [{ cluster, kind: 'vault secret', name, isOwn: true, count: await countSecrets(vault, name) }]
}

const machineRemnants = async (
  { vsphere }: Systems,
  { cluster, machineFolder, machines }: RemnantSearch,
): Promise<readonly Remnant[]> => {
  const folder = await findByInventoryPath(vsphere(), machineFolder)
  if (folder === undefined) return []
  const children = await childrenOfFolder(vsphere(), folder)
  return children
    .filter(({ reference }) => reference.type === 'VirtualMachine')
    .map(({ name }) => ({ cluster, kind: 'machine', name, isOwn: machines.has(name), count: 1 }))
}

/**
 * Everything of a tenant that stands on a cluster, in every back end: what its stack made and what others made where it is at
 * home. Changes nothing and reads no value. A back end that cannot be read is no empty one.
 *
 * @throws {Fault} as the clients do.
 */
export const tenantRemnants = (connected: Connected, search: RemnantSearch): Promise<readonly Remnant[]> =>
  withSystems(connected, async (systems) => {
    const found = await Promise.all([
      dockerRemnants(systems.docker(), search),
      imageRemnants(systems, search),
      secretRemnants(systems.vault(), search),
      machineRemnants(systems, search),
    ])
    return found.flat()
  })
