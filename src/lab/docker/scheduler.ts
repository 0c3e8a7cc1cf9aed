import type { Node, Task, TaskSpec } from '../../clients/docker-objects.ts'
import { type Constraint, meets, parseConstraints } from './constraints.ts'

/** What is needed to say where a task goes. */
export interface Placement {
  readonly serviceId: string
  readonly spec: TaskSpec
  readonly nodes: readonly Node[]
  /** Every task that holds resources: assigned and not ended. */
  readonly active: readonly Task[]
  /** Volume plugins of every machine besides `local`; any that is asked for where absent. */
  readonly volumeDrivers?: readonly string[]
}

export type Choice = { readonly nodeId: string } | { readonly error: string }

interface Load {
  readonly ofService: number
  readonly tasks: number
  readonly nanoCpus: number
  readonly memoryBytes: number
}

const loadOf = (node: Node, { active, serviceId }: Placement): Load => {
  let [ofService, tasks, nanoCpus, memoryBytes] = [0, 0, 0, 0]
  for (const task of active) {
    if (task.NodeID !== node.ID) continue
    tasks += 1
    if (task.ServiceID === serviceId) ofService += 1
    nanoCpus += task.Spec.Resources?.Reservations?.NanoCPUs ?? 0
    memoryBytes += task.Spec.Resources?.Reservations?.MemoryBytes ?? 0
  }
  return { ofService, tasks, nanoCpus, memoryBytes }
}

const isReady = (node: Node): boolean => node.Spec.Availability === 'active' && node.Status.State === 'ready'

const fits = (node: Node, load: Load, spec: TaskSpec): boolean => {
  const wanted = spec.Resources?.Reservations
  const has = node.Description.Resources
  return (
    load.nanoCpus + (wanted?.NanoCPUs ?? 0) <= has.NanoCPUs &&
    load.memoryBytes + (wanted?.MemoryBytes ?? 0) <= has.MemoryBytes
  )
}

const nodesWord = (count: number): string => (count === 1 ? '1 node' : `${count} nodes`)

/** The filters in swarmkit's order, each with its sentence for the nodes it refused. */
const reasons: readonly ((count: number) => string)[] = [
  (count) => `${nodesWord(count)} not available for new tasks`,
  (count) => `insufficient resources on ${nodesWord(count)}`,
  (count) => `missing plugin on ${nodesWord(count)}`,
  (count) => `scheduling constraints not satisfied on ${nodesWord(count)}`,
  () => 'max replicas per node limit exceed',
]

interface Wishes {
  readonly spec: TaskSpec
  readonly constraints: readonly Constraint[]
  readonly hasPlugins: boolean
}

const refusingFilter = (node: Node, load: Load, { spec, constraints, hasPlugins }: Wishes): number => {
  if (!isReady(node)) return 0
  if (!fits(node, load, spec)) return 1
  if (!hasPlugins) return 2
  if (!meets(node, constraints)) return 3
  const most = spec.Placement?.MaxReplicas ?? 0
  return most > 0 && load.ofService >= most ? 4 : -1
}

const explain = (refusals: readonly number[]): string => {
  const counted = reasons
    .map((sentence, filter) => ({ sentence, count: refusals.filter((one) => one === filter).length }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .map(({ sentence, count }) => sentence(count))
  return counted.length === 0 ? 'no suitable node' : `no suitable node (${counted.join('; ')})`
}

const hasPlugins = ({ spec, volumeDrivers }: Placement): boolean =>
  (spec.ContainerSpec?.Mounts ?? []).every((mount) => {
    const driver = mount.VolumeOptions?.DriverConfig?.Name || 'local'
    return driver === 'local' || volumeDrivers === undefined || volumeDrivers.includes(driver)
  })

/**
 * The node for one task: among those that may take it the one with the fewest tasks of its service, then the
 * fewest tasks, then the one that joined first. Without one, swarmkit's sentence. Pure.
 */
export const chooseNode = (placement: Placement): Choice => {
  const constraints = parseConstraints(placement.spec.Placement?.Constraints ?? [])
  const wishes = { spec: placement.spec, constraints, hasPlugins: hasPlugins(placement) }
  const refusals: number[] = []
  const candidates: { node: Node; load: Load }[] = []
  for (const node of placement.nodes) {
    const load = loadOf(node, placement)
    const refusing = refusingFilter(node, load, wishes)
    if (refusing < 0) candidates.push({ node, load })
    else refusals.push(refusing)
  }
  const [best] = candidates.sort((a, b) => a.load.ofService - b.load.ofService || a.load.tasks - b.load.tasks)
  return best === undefined ? { error: explain(refusals) } : { nodeId: best.node.ID }
}

/** Whether a node's tasks of this spec may stay there (swarmkit's constraint enforcer). Pure. */
export const mayStay = (node: Node, spec: TaskSpec): boolean =>
  node.Spec.Availability !== 'drain' && meets(node, parseConstraints(spec.Placement?.Constraints ?? []))
