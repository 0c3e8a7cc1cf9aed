import type { Ucp } from '../../clients/ucp.ts'
import {
  holdsNode,
  type ListedNode,
  type ListedService,
  type ListedTask,
  listNodesWhole,
  listServices,
  listTasksOfNode,
  listWantedTasks,
} from '../../clients/ucp-swarm.ts'
import { ciCollection, isWithin, offerCollections } from '../../compile/collection-paths.ts'
import { isDrainedByWatcher } from '../../core/node-marks.ts'
import { accessLabel } from '../cluster/make-figures.ts'
import type { Swarm, SwarmNode, SwarmService, SwarmTask } from '../cluster/swarm.ts'

const nanosInMilli = 1e6

/** A person's, on a service: its tasks end by themselves, and are not to be moved. */
const mustFinishLabel = 'tenantry.must-finish'

const stateOf = (state: string): SwarmNode['state'] =>
  state === 'ready' || state === 'down' || state === 'disconnected' ? state : 'unknown'

/** What is neither active nor paused takes no tasks at all. */
const availabilityOf = (availability: string): SwarmNode['availability'] =>
  availability === 'active' || availability === 'pause' ? availability : 'drain'

const nodeOf = ({
  nanoCpus,
  memoryBytes,
  role,
  plugins,
  state,
  availability,
  ...node
}: ListedNode): SwarmNode => ({
  ...node,
  state: stateOf(state),
  availability: availabilityOf(availability),
  isManager: role === 'manager',
  capacity: { cpuMillis: nanoCpus / nanosInMilli, memoryBytes },
  plugins: new Set(plugins),
})

/** Builds stand in an organization's part of the build offer; the Jenkins controllers beside them can be moved. */
const isBuild = ({ labels }: ListedService): boolean => {
  const path = labels[accessLabel] ?? ''
  const builds = offerCollections['build/std']
  return path !== builds && isWithin(path, builds) && !isWithin(path, ciCollection)
}

/** Work that would be lost: a job, a build, what is not started anew when it ends, and what says so of itself. */
const mustFinish = (service: ListedService): boolean =>
  service.mode.endsWith('Job') ||
  service.restart === 'none' ||
  service.labels[mustFinishLabel] === 'true' ||
  isBuild(service)

const serviceOf = (service: ListedService): SwarmService => ({
  id: service.id,
  name: service.name,
  reserved: { cpuMillis: service.nanoCpus / nanosInMilli, memoryBytes: service.memoryBytes },
  constraints: service.constraints,
  maxPerNode: service.maxPerNode,
  isGlobal: service.mode.startsWith('Global'),
  mustFinish: mustFinish(service),
  plugins: [
    ...service.volumeDrivers.map((driver) => `Volume/${driver}`),
    ...(service.logDriver === '' ? [] : [`Log/${service.logDriver}`]),
  ],
  replicas: service.replicas,
})

const isWaiting = ({ state }: ListedTask): boolean =>
  state === 'new' || state === 'pending' || state === 'allocated'

const tasksOf = (tasks: readonly ListedTask[]): SwarmTask[] =>
  tasks.flatMap((task) => {
    const { id, service, node, error } = task
    if (holdsNode(task)) return [{ id, service, node, error: '' }]
    return isWaiting(task) && node === '' ? [{ id, service, node, error }] : []
  })

/** Tasks that hold a node, without those of global services, which go with it; ids. @throws {Fault} of UCP. */
export const tasksHolding = async (
  ucp: Ucp,
  node: string,
  services: readonly Pick<SwarmService, 'id' | 'isGlobal'>[],
): Promise<readonly ListedTask[]> => {
  const global = new Set(services.filter(({ isGlobal }) => isGlobal).map(({ id }) => id))
  return (await listTasksOfNode(ucp, node)).filter((task) => holdsNode(task) && !global.has(task.service))
}

/** The services as the decisions know them. @throws {Fault} of UCP. */
export const readServices = async (ucp: Ucp): Promise<readonly SwarmService[]> =>
  (await listServices(ucp)).map(serviceOf)

/** What the managers say now. @throws {Fault} of UCP. */
export const readSwarm = async (ucp: Ucp): Promise<Swarm> => {
  const [nodes, services, tasks] = await Promise.all([
    listNodesWhole(ucp),
    readServices(ucp),
    listWantedTasks(ucp),
  ])
  const leaving = new Map<string, number>()
  // What is stopping on them is not to run any more, and still has to end.
  for (const node of nodes.filter(isDrainedByWatcher))
    leaving.set(node.id, (await tasksHolding(ucp, node.id, services)).length)
  return { nodes: nodes.map(nodeOf), services, tasks: tasksOf(tasks), leaving }
}
