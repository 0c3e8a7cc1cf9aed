import { nodeMarks } from '../../core/node-marks.ts'
import { type ConstrainedNode, meetsAll } from './constraints.ts'
import type { PendingTasks, ServiceNeeds } from './figures.ts'
import type { PoolSubject } from './pool-subject.ts'
import type { Swarm, SwarmNode, SwarmService, SwarmTask } from './swarm.ts'

interface PendingInput {
  readonly pools: readonly PoolSubject[]
  readonly swarm: Swarm
  readonly needs: ReadonlyMap<string, ServiceNeeds>
  /** Of each pool. */
  readonly nodes: ReadonlyMap<PoolSubject, readonly SwarmNode[]>
}

/** What keeps a task off a node and that no room lifts. Source: the sentences of swarmkit's filters (manager/scheduler/filter.go). */
const refusals = [/missing plugin/, /host-mode port/, /unsupported platform/]

/** What more nodes lift. */
const lacks = [/insufficient resources/, /max replicas per node/, /not available for new tasks/]

/** What every node of a pool has: a new one is cloned from the same template, and gets the same labels. */
interface Template extends ConstrainedNode {
  readonly plugins: ReadonlySet<string>
}

const isOfOneNode = (label: string): boolean => (Object.values(nodeMarks) as string[]).includes(label)

const common = (maps: readonly Readonly<Record<string, string>>[]): Readonly<Record<string, string>> => {
  const [first = {}, ...others] = maps
  return Object.fromEntries(
    Object.entries(first).filter(
      ([name, value]) =>
        (!isOfOneNode(name) || name === nodeMarks.pool) && others.every((one) => one[name] === value),
    ),
  )
}

/** The node that a new VM would be, by those that stand in the pool; undefined where none does: nobody knows its labels then. */
const templateOf = (nodes: readonly SwarmNode[], { collection }: PoolSubject): Template | undefined => {
  const standing = nodes.filter(({ labels }) => labels['com.docker.ucp.access.label'] === collection)
  const [first, ...others] = standing
  if (first === undefined) return undefined
  return {
    ...{ id: undefined, hostname: undefined, address: undefined, isManager: false },
    ...{ os: first.os, architecture: first.architecture },
    labels: common(standing.map(({ labels }) => labels)),
    engineLabels: common(standing.map(({ engineLabels }) => engineLabels)),
    plugins: new Set([...first.plugins].filter((one) => others.every(({ plugins }) => plugins.has(one)))),
  }
}

/** Whether a node that is to be would take the service's tasks but for the room: no constraint, plugin or port in the way. Never throws. */
const suits = (template: Template, { constraints, plugins }: SwarmService, error: string): boolean =>
  meetsAll(template, constraints) &&
  plugins.every((plugin) => template.plugins.has(plugin)) &&
  !refusals.some((refusal) => refusal.test(error)) &&
  lacks.some((lack) => lack.test(error))

interface Waiting {
  readonly service: SwarmService
  readonly error: string
  count: number
}

/** Tasks that the scheduler has looked at and found no node for, by service; those that it has not come to yet have no sentence of it. */
const waitingOf = ({ services, tasks }: Swarm): readonly Waiting[] => {
  const byId = new Map(services.map((service) => [service.id, service]))
  const found = new Map<string, Waiting>()
  const isWaiting = ({ node, error }: SwarmTask): boolean => node === '' && error !== ''
  for (const { service: id, error } of tasks.filter(isWaiting)) {
    const [service, known] = [byId.get(id), found.get(id)]
    if (known !== undefined) known.count += 1
    else if (service !== undefined && !service.isGlobal) found.set(id, { service, error, count: 1 })
  }
  return [...found.values()]
}

/** Whether the service runs on nodes of the pool as they are. */
const mayRunOn = (nodes: readonly SwarmNode[], { constraints }: SwarmService): boolean =>
  nodes.some((node) => meetsAll(node, constraints))

const canGrow = (pool: PoolSubject, { nodes }: PendingInput): boolean =>
  (nodes.get(pool) ?? []).length < pool.rules.max

/**
 * Whose a service's waiting tasks are: the first pool whose new nodes would take them, one that may grow first, so that no two grow for the same
 * tasks; else the first that its constraints allow, which can only tell of them.
 */
const poolFor = (
  waiting: Waiting,
  input: PendingInput,
  templates: ReadonlyMap<PoolSubject, Template>,
): { readonly pool: PoolSubject; readonly onNewNodes: boolean } | undefined => {
  const suited = input.pools.filter((pool) => {
    const template = templates.get(pool)
    return template !== undefined && suits(template, waiting.service, waiting.error)
  })
  const takes = suited.find((pool) => canGrow(pool, input)) ?? suited[0]
  if (takes !== undefined) return { pool: takes, onNewNodes: true }
  const allowed = input.pools.find((pool) => mayRunOn(input.nodes.get(pool) ?? [], waiting.service))
  return allowed && { pool: allowed, onNewNodes: false }
}

/** The tasks that no node takes, by the pool that they wait for; those that no pool's constraints allow are nobody's. Never throws. */
export const pendingOfPools = (input: PendingInput): ReadonlyMap<PoolSubject, readonly PendingTasks[]> => {
  const templates = new Map<PoolSubject, Template>()
  for (const pool of input.pools) {
    const template = templateOf(input.nodes.get(pool) ?? [], pool)
    if (template !== undefined) templates.set(pool, template)
  }
  const pending = new Map<PoolSubject, PendingTasks[]>(input.pools.map((pool) => [pool, []]))
  for (const waiting of waitingOf(input.swarm)) {
    const found = poolFor(waiting, input, templates)
    const service = input.needs.get(waiting.service.id)
    if (found !== undefined && service !== undefined)
      pending.get(found.pool)?.push({ service, count: waiting.count, onNewNodes: found.onNewNodes })
  }
  return pending
}
