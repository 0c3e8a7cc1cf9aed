import { type AnswerObject, listOf, objectOf, segment, textAt, textMapAt, textOr, textsAt } from './answer.ts'
import type { Ucp } from './ucp.ts'

/** A node with what it has, as an engine lists it. */
export interface ListedNode {
  readonly id: string
  readonly hostname: string
  readonly state: string
  readonly availability: string
  readonly role: string
  readonly labels: Readonly<Record<string, string>>
  readonly createdAt: string
  readonly address: string
  readonly os: string
  readonly architecture: string
  readonly engineLabels: Readonly<Record<string, string>>
  readonly nanoCpus: number
  readonly memoryBytes: number
  /** `Volume/local`. */
  readonly plugins: readonly string[]
}

/** A service as far as placing its tasks goes. */
export interface ListedService {
  readonly id: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** `replicated`, `global`, or of a job; empty where the engine says none. */
  readonly mode: string
  readonly replicas: number
  readonly restart: string
  readonly constraints: readonly string[]
  readonly maxPerNode: number
  readonly nanoCpus: number
  readonly memoryBytes: number
  /** Drivers of its volumes. */
  readonly volumeDrivers: readonly string[]
  /** The log driver that it asks for; empty for the engine's own. */
  readonly logDriver: string
}

/** A task as far as it holds or waits for a node. */
export interface ListedTask {
  readonly id: string
  readonly service: string
  readonly node: string
  readonly state: string
  readonly error: string
}

const inside = (from: AnswerObject, ...path: readonly string[]): AnswerObject => {
  let at = from
  for (const key of path) at = objectOf(at[key] ?? {})
  return at
}

const numberOr = (from: AnswerObject, key: string): number => {
  const value = from[key]
  return typeof value === 'number' ? value : 0
}

const pluginsOf = (engine: AnswerObject): readonly string[] =>
  listOf(engine.Plugins).map((one) => `${textOr(objectOf(one), 'Type')}/${textOr(objectOf(one), 'Name')}`)

const nodeOf = (from: AnswerObject): ListedNode => {
  const spec = inside(from, 'Spec')
  const description = inside(from, 'Description')
  const [engine, resources] = [inside(description, 'Engine'), inside(description, 'Resources')]
  const [status, platform] = [inside(from, 'Status'), inside(description, 'Platform')]
  return {
    id: textAt(from, 'ID'),
    hostname: textOr(description, 'Hostname') || textOr(spec, 'Name'),
    state: textOr(status, 'State'),
    availability: textOr(spec, 'Availability', 'active'),
    role: textOr(spec, 'Role', 'worker'),
    labels: textMapAt(spec, 'Labels'),
    createdAt: textOr(from, 'CreatedAt'),
    address: textOr(status, 'Addr'),
    os: textOr(platform, 'OS'),
    architecture: textOr(platform, 'Architecture'),
    engineLabels: textMapAt(engine, 'Labels'),
    nanoCpus: numberOr(resources, 'NanoCPUs'),
    memoryBytes: numberOr(resources, 'MemoryBytes'),
    plugins: pluginsOf(engine),
  }
}

const modes = ['Replicated', 'Global', 'ReplicatedJob', 'GlobalJob'] as const

const modeOf = (mode: AnswerObject): string => modes.find((name) => mode[name] != null) ?? ''

const volumeDriversOf = (container: AnswerObject): readonly string[] =>
  listOf(container.Mounts).flatMap((mount) => {
    const driver = textOr(inside(objectOf(mount), 'VolumeOptions', 'DriverConfig'), 'Name')
    return driver === '' || driver === 'local' ? [] : [driver]
  })

const serviceOf = (from: AnswerObject): ListedService => {
  const spec = inside(from, 'Spec')
  const template = inside(spec, 'TaskTemplate')
  const placement = inside(template, 'Placement')
  const reserved = inside(template, 'Resources', 'Reservations')
  const mode = inside(spec, 'Mode')
  return {
    id: textAt(from, 'ID'),
    name: textOr(spec, 'Name'),
    labels: textMapAt(spec, 'Labels'),
    mode: modeOf(mode),
    replicas: numberOr(inside(mode, 'Replicated'), 'Replicas'),
    restart: textOr(inside(template, 'RestartPolicy'), 'Condition'),
    constraints: textsAt(placement, 'Constraints'),
    maxPerNode: numberOr(placement, 'MaxReplicas'),
    nanoCpus: numberOr(reserved, 'NanoCPUs'),
    memoryBytes: numberOr(reserved, 'MemoryBytes'),
    volumeDrivers: volumeDriversOf(inside(template, 'ContainerSpec')),
    logDriver: textOr(inside(template, 'LogDriver'), 'Name'),
  }
}

const taskOf = (from: AnswerObject): ListedTask => {
  const status = inside(from, 'Status')
  return {
    id: textAt(from, 'ID'),
    service: textOr(from, 'ServiceID'),
    node: textOr(from, 'NodeID'),
    state: textOr(status, 'State'),
    error: textOr(status, 'Err'),
  }
}

const listed = async <T>(ucp: Ucp, path: string, read: (from: AnswerObject) => T): Promise<T[]> =>
  listOf(await ucp.json({ method: 'GET', path })).map((one) => read(objectOf(one)))

/** Every node that the caller may see, with what it has. The Engine API gives this list whole. */
export const listNodesWhole = (ucp: Ucp): Promise<ListedNode[]> => listed(ucp, '/nodes', nodeOf)

/** Every service that the caller may see. */
export const listServices = (ucp: Ucp): Promise<ListedService[]> => listed(ucp, '/services', serviceOf)

const filtered = (filters: Readonly<Record<string, readonly string[]>>): string =>
  `/tasks?filters=${encodeURIComponent(JSON.stringify(filters))}`

/** Every task that is to run: swarm keeps several that have ended for each, which are many times as many. */
export const listWantedTasks = (ucp: Ucp): Promise<ListedTask[]> =>
  listed(ucp, filtered({ 'desired-state': ['running'] }), taskOf)

/** The tasks of a node, ended ones too. */
export const listTasksOfNode = (ucp: Ucp, node: string): Promise<ListedTask[]> =>
  listed(ucp, filtered({ node: [node] }), taskOf)

/** States of a task that holds its node. Source: swarmkit's api.TaskState, between assigned and ended. */
const held = new Set(['assigned', 'accepted', 'preparing', 'ready', 'starting', 'running'])

/** Whether a task has a place and has not ended. Never throws. */
export const holdsNode = ({ state }: ListedTask): boolean => held.has(state)

/** Takes a node out of the swarm; succeeds where it is gone. `isForced`: also while it is ready, as a drained one is. */
export const deleteNode = async (ucp: Ucp, id: string, isForced: boolean): Promise<void> => {
  await ucp.send({
    method: 'DELETE',
    path: `/nodes/${segment(id)}${isForced ? '?force=true' : ''}`,
    answers: [404],
  })
}
