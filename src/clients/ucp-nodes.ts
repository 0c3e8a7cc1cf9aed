import { isFault } from '../core/fault.ts'
import {
  type AnswerObject,
  listOf,
  numberAt,
  objectOf,
  orMissing,
  segment,
  textAt,
  textMapAt,
  textOr,
} from './answer.ts'
import type { Ucp } from './ucp.ts'

/** A node of the swarm. Identified by id; a host that joined twice occurs twice. */
export interface UcpNode {
  readonly id: string
  readonly hostname: string
  /** `ready`, `down`, `unknown`, `disconnected`. */
  readonly state: string
  readonly createdAt: string
  readonly version: number
  /** The whole spec: an update must send all of it (reference §9.3). */
  readonly spec: AnswerObject
  /** `worker`, `manager`. */
  readonly role: string
  readonly availability: string
  readonly labels: Readonly<Record<string, string>>
}

/** What an update changes; an undefined label goes away, the others stay. */
export interface NodeChange {
  readonly labels: Readonly<Record<string, string | undefined>>
  readonly availability: string
}

// Several writers: UCP's own reconciler, the watcher and us (reference §9.3).
const sequenceAttempts = 8
const sequenceWaitMilliseconds = 100

const node = (from: AnswerObject): UcpNode => {
  const spec = objectOf(from.Spec)
  return {
    id: textAt(from, 'ID'),
    hostname: textOr(objectOf(from.Description ?? {}), 'Hostname') || textOr(spec, 'Name'),
    state: textOr(objectOf(from.Status ?? {}), 'State'),
    createdAt: textOr(from, 'CreatedAt'),
    version: numberAt(objectOf(from.Version), 'Index'),
    spec,
    role: textOr(spec, 'Role', 'worker'),
    availability: textOr(spec, 'Availability', 'active'),
    labels: textMapAt(spec, 'Labels'),
  }
}

/** Every node that the caller may see. */
export const listNodes = async (ucp: Ucp): Promise<UcpNode[]> =>
  listOf(await ucp.json({ method: 'GET', path: '/nodes' })).map((one) => node(objectOf(one)))

/** A node by id; undefined where there is none. */
export const readNode = async (ucp: Ucp, id: string): Promise<UcpNode | undefined> => {
  const found = await ucp.get(`/nodes/${segment(id)}`)
  return found === undefined ? undefined : node(found)
}

/** The node of a host: the ready one, else the one that joined last; undefined where it has not joined. */
export const nodeByHostname = async (ucp: Ucp, hostname: string): Promise<UcpNode | undefined> => {
  const rank = (one: UcpNode): string => `${one.state === 'ready' ? '1' : '0'}${one.createdAt}`
  return (await listNodes(ucp))
    .filter((one) => one.hostname === hostname)
    .sort((a, b) => (rank(a) < rank(b) ? 1 : -1))[0]
}

const changedSpec = (current: UcpNode, change: NodeChange): AnswerObject => ({
  ...current.spec,
  Availability: change.availability,
  Labels: Object.fromEntries(
    Object.entries({ ...current.labels, ...change.labels }).filter(([, value]) => value !== undefined),
  ),
})

/** Decides on a node as it is now; undefined to leave it so. Asked again of every fresh read. */
export type Reconsider = (current: UcpNode) => NodeChange | undefined

/**
 * Reads a node, has the change decided on what it is now, and writes it back whole; again, with a new decision, where somebody
 * else wrote in between, or the answer was lost: what they did is seen before anything is written over it.
 *
 * Answers the node as it is in the end, changed or left; undefined where it is gone.
 * @throws {Fault} `out-of-sequence` or `outcome-unknown` where that happened every time.
 */
export const reconsiderNode = async (
  ucp: Ucp,
  id: string,
  { decide, signal }: { readonly decide: Reconsider; readonly signal: AbortSignal },
): Promise<UcpNode | undefined> => {
  for (let attempt = 1; ; attempt++) {
    const current = await readNode(ucp, id)
    const change = current === undefined ? undefined : decide(current)
    if (current === undefined || change === undefined) return current
    const path = `/nodes/${segment(id)}/update?version=${current.version}`
    try {
      await ucp.send({ method: 'POST', path, body: changedSpec(current, change) })
      return await readNode(ucp, id)
    } catch (error) {
      const isWorthAnother = isFault(error, 'out-of-sequence') || isFault(error, 'outcome-unknown')
      if (!isWorthAnother || attempt === sequenceAttempts) throw error
      await ucp.clock.wait(sequenceWaitMilliseconds * attempt, signal)
    }
  }
}

/** `reconsiderNode` with a change that holds whatever the node is by then. */
export const changeNode = (
  ucp: Ucp,
  id: string,
  { signal, ...change }: NodeChange & { readonly signal: AbortSignal },
): Promise<UcpNode | undefined> => reconsiderNode(ucp, id, { decide: () => change, signal })

const isLive = (state: string): boolean =>
  ['assigned', 'accepted', 'preparing', 'ready', 'starting', 'running'].includes(state)

/** Ids of the tasks that have a place on a node and have not ended. */
export const tasksOnNode = async (ucp: Ucp, nodeId: string): Promise<readonly string[]> => {
  const filters = encodeURIComponent(JSON.stringify({ node: [nodeId] }))
  return listOf(await ucp.json({ method: 'GET', path: `/tasks?filters=${filters}` }))
    .map((one) => objectOf(one))
    .filter((one) => isLive(textOr(objectOf(one.Status ?? {}), 'State')))
    .map((one) => textAt(one, 'ID'))
}

/** What of the engine's lists lies in a collection, e.g. `service acme-api`. Lists that cannot be read are left out. */
export const engineObjectsIn = async (ucp: Ucp, collectionId: string): Promise<string[]> => {
  const label = 'com.docker.ucp.collection'
  const lists = [
    { path: '/services', what: 'service', read: specOf },
    { path: '/secrets', what: 'secret', read: specOf },
    { path: '/configs', what: 'config', read: specOf },
    { path: '/networks', what: 'network', read: plainOf },
    { path: '/volumes', what: 'volume', read: plainOf },
  ]
  const found = await Promise.all(
    lists.map(async ({ path, what, read }) => {
      const answer = await orMissing(ucp.json({ method: 'GET', path }))
      const items = path === '/volumes' ? objectOf(answer ?? {}).Volumes : answer
      return listOf(items)
        .map((one) => read(objectOf(one)))
        .filter(({ labels }) => labels[label] === collectionId)
        .map(({ name }) => `${what} ${name}`)
    }),
  )
  return found.flat()
}

const plainOf = (from: AnswerObject) => ({ name: textOr(from, 'Name'), labels: textMapAt(from, 'Labels') })
const specOf = (from: AnswerObject) => plainOf(objectOf(from.Spec ?? {}))
