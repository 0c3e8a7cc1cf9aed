import { waitFor } from '../../clients/clock.ts'
import type { Ucp } from '../../clients/ucp.ts'
import {
  type NodeChange,
  nodeByHostname,
  type Reconsider,
  readNode,
  reconsiderNode,
  tasksOnNode,
  type UcpNode,
} from '../../clients/ucp-nodes.ts'
import { Fault } from '../../core/fault.ts'
import { isHeldByWatcher } from '../../core/node-marks.ts'
import type { InputsOf } from '../input-fields.ts'
import { type Properties, type ResourceContext, Unfinished } from '../plugin.ts'
import { isPropertyObject } from '../properties.ts'
import { type UcpClient, ucpFor } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
import { required } from './ensure.ts'
import { collectionPath } from './patterns.ts'
import { requireCollection } from './resolve.ts'

const orchestrators = ['swarm', 'kubernetes', 'mixed'] as const
const availabilities = ['active', 'pause', 'drain'] as const

const fields = {
  hostname: {
    shape: {
      type: 'string',
      pattern: /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/,
      like: 'a host name',
    },
    description: 'The host name the node joins the swarm under.',
    replaces: true,
  },
  collection: {
    shape: collectionPath,
    description: 'The path of the collection that the node stands in.',
  },
  orchestrator: {
    shape: { type: 'string', oneOf: orchestrators },
    description: 'Who may schedule on it: `swarm`, `kubernetes`, or both (`mixed`).',
    optional: true,
    default: 'swarm',
  },
  availability: {
    shape: { type: 'string', oneOf: availabilities },
    description: '`active` takes new work, `pause` keeps what runs, `drain` moves it away.',
    optional: true,
    default: 'active',
  },
  labels: {
    shape: { type: 'map', of: { type: 'string' } },
    description: 'Labels that the node has beside those of its place; labels of others stay.',
    optional: true,
  },
  joinSeconds: {
    shape: { type: 'integer', minimum: 0, maximum: 86_400 },
    description: 'How long to wait for the node to join, in seconds.',
    optional: true,
    default: 900,
  },
} as const

type Placement = InputsOf<typeof fields>

const accessLabel = 'com.docker.ucp.access.label'
const collectionLabel = 'com.docker.ucp.collection'
const swarmLabel = 'com.docker.ucp.orchestrator.swarm'
const kubernetesLabel = 'com.docker.ucp.orchestrator.kubernetes'
/** Where workers stand by default (reference §6.3). */
const sharedPath = '/Shared'

const joinStepMilliseconds = 1_000
// UCP's reconciler moves a node within seconds of the label's change; a minute is generous.
const move = { totalMilliseconds: 60_000, stepMilliseconds: 500 }
// Containers get their grace period, 10 s where a service says nothing (Docker's `stop_grace_period`); then some.
const drain = { totalMilliseconds: 120_000, stepMilliseconds: 500 }

const orchestratorLabels = (orchestrator: Placement['orchestrator']): NodeChange['labels'] => ({
  [swarmLabel]: orchestrator === 'kubernetes' ? undefined : 'true',
  [kubernetesLabel]: orchestrator === 'swarm' ? undefined : 'true',
})

const orchestratorOf = ({ labels }: UcpNode): Placement['orchestrator'] => {
  if (labels[kubernetesLabel] !== 'true') return 'swarm'
  return labels[swarmLabel] === 'true' ? 'mixed' : 'kubernetes'
}

const notJoined = (ucp: Ucp, { hostname, joinSeconds }: Placement): Fault =>
  new Fault('timeout', `The node ${hostname} did not join the swarm within ${joinSeconds} s.`, {
    details: {
      endpoint: ucp.endpoint,
      hint: 'See whether the machine runs, what its cloud-init logged, and whether it reaches the managers.',
    },
  })

const joined = async (client: UcpClient, inputs: Placement, context: ResourceContext): Promise<UcpNode> => {
  const ucp = ucpFor(client, context, `node ${inputs.hostname}`)
  const look = () => nodeByHostname(ucp, inputs.hostname)
  const already = await look()
  if (already !== undefined) return already
  context.log('info', `Waiting up to ${inputs.joinSeconds} s for ${inputs.hostname} to join the swarm.`)
  const found = await waitFor(look, {
    clock: client.clock,
    patience: { totalMilliseconds: inputs.joinSeconds * 1000, stepMilliseconds: joinStepMilliseconds },
    signal: context.signal,
  })
  if (found === undefined) throw notJoined(ucp, inputs)
  return found
}

/**
 * What a watcher paused or drains is in service: it comes back by itself or goes with its VM, and to activate it would undo that.
 */
const serviceOf = (node: UcpNode): string => (isHeldByWatcher(node) ? 'active' : node.availability)

/** The change, with a watcher's pause or drain left in place where the node is to be active. */
const besideWatcher = (node: UcpNode, change: NodeChange): NodeChange =>
  change.availability === 'active' && isHeldByWatcher(node)
    ? { ...change, availability: node.availability }
    : change

const isPlaced = (node: UcpNode, change: NodeChange): boolean =>
  serviceOf(node) === change.availability &&
  Object.entries(change.labels).every(([name, value]) => node.labels[name] === value)

interface Placing {
  readonly node: UcpNode
  readonly collection: { readonly id: string; readonly path: string }
  readonly change: NodeChange
  readonly context: ResourceContext
}

/** The change but for service: until UCP has moved a node it takes no work, which would be that of the place it comes from. */
const labelled = (now: UcpNode, { collection, change }: Placing): NodeChange => {
  if (change.availability !== 'active' || now.labels[collectionLabel] === collection.id)
    return besideWatcher(now, change)
  return { ...change, availability: now.availability === 'active' ? 'pause' : now.availability }
}

/** Waits until UCP has moved a node: the label of the collection's id is UCP's own. Undefined where the node is gone. */
const untilMoved = async (
  client: UcpClient,
  { node, collection, context }: Placing,
): Promise<UcpNode | undefined> => {
  const ucp = ucpFor(client, context, `node ${node.hostname}`)
  const moved = await waitFor(
    async () => {
      const now = await readNode(ucp, node.id)
      return now === undefined || now.labels[collectionLabel] === collection.id ? { now } : undefined
    },
    { clock: client.clock, patience: move, signal: context.signal },
  )
  if (moved !== undefined) return moved.now
  throw new Fault('timeout', `UCP did not move the node ${node.hostname} to ${collection.path}.`, {
    details: {
      endpoint: ucp.endpoint,
      hint: 'Nodes in /System cannot be moved, and others only with an advanced licence.',
    },
  })
}

/** Labels a node into its collection, waits until UCP has moved it, and only then makes it active. False where the node is gone. */
const place = async (client: UcpClient, placing: Placing): Promise<boolean> => {
  const { node, change, context } = placing
  const ucp = ucpFor(client, context, `node ${node.hostname}`)
  const write = (decide: Reconsider) => reconsiderNode(ucp, node.id, { decide, signal: context.signal })
  if (!isPlaced(node, change) && (await write((now) => labelled(now, placing))) === undefined) return false
  const moved = await untilMoved(client, placing)
  if (moved === undefined) return false
  if (isPlaced(moved, change)) return true
  return (await write((now) => besideWatcher(now, change))) !== undefined
}

/** Labels of ours that the state has, each to go away unless it is wanted still. */
const labelsBefore = (outputs: Properties): NodeChange['labels'] =>
  isPropertyObject(outputs.labels)
    ? Object.fromEntries(Object.keys(outputs.labels).map((name) => [name, undefined]))
    : {}

const placeAsWanted = async (
  client: UcpClient,
  node: UcpNode,
  { inputs, outputs, context }: { inputs: Placement; outputs: Properties; context: ResourceContext },
): Promise<Properties> => {
  const ucp = ucpFor(client, context, `node ${inputs.hostname}`)
  const collection = await requireCollection(ucp, inputs.collection)
  const change = {
    availability: inputs.availability,
    labels: {
      ...labelsBefore(outputs),
      ...inputs.labels,
      ...orchestratorLabels(inputs.orchestrator),
      [accessLabel]: collection.path,
    },
  }
  const isThere = await place(client, { node, collection, change, context })
  required(isThere || undefined, {
    what: `The node ${inputs.hostname}`,
    endpoint: ucp.endpoint,
    hint: 'It left the swarm while it was placed: run again once it is back.',
  })
  return { nodeId: node.id, collectionId: collection.id }
}

/** Waits until nothing runs on a drained node any more: whoever deletes its machine next cuts nobody off. */
const emptied = async (client: UcpClient, node: UcpNode, context: ResourceContext): Promise<void> => {
  // What was to run on a node that is down runs elsewhere already, and nobody reports its end.
  if (node.state !== 'ready') return
  const ucp = ucpFor(client, context, `node ${node.hostname}`)
  const isEmpty = async () => ((await tasksOnNode(ucp, node.id)).length === 0 ? true : undefined)
  const waited = await waitFor(isEmpty, { clock: client.clock, patience: drain, signal: context.signal })
  if (waited === undefined)
    context.log(
      'warning',
      `${node.hostname} is drained, but still runs something after ${drain.totalMilliseconds / 1000} s.`,
    )
}

const labelsAmong = ({ labels }: UcpNode, names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)))

/** The node by the id in the state while it is there, else by its host name: machines are rebuilt under their name. */
const findNode = async (ucp: Ucp, hostname: string, outputs: Properties): Promise<UcpNode | undefined> => {
  const byName = await nodeByHostname(ucp, hostname)
  const nodeId = textOutput(outputs, 'nodeId')
  if (byName !== undefined || nodeId === undefined) return byName
  return readNode(ucp, nodeId)
}

/** Drained in /Shared is where a deletion leaves it, so one that was cut off may have been there before. */
const isMovedByOthers = ({ labels, availability }: UcpNode, ours: string | undefined): boolean => {
  const isLeft = labels[accessLabel] === sharedPath && availability === 'drain'
  return ours !== undefined && labels[accessLabel] !== ours && !isLeft
}

/** `ucp:index:NodePlacement`; its id is the host name. */
export const nodePlacement = defineResource({
  description:
    'Where a node of the swarm stands: its collection, orchestrator and availability. Waits for the node to join, keeps all its other labels. Deleting it drains the node, waits until nothing runs on it and leaves it so in /Shared. Import id: the host name.',
  fields,
  outputs: {
    nodeId: { type: 'string', description: 'The node’s id in the swarm.' },
    collectionId: { type: 'string', description: 'The collection’s id in UCP.' },
  },

  create: async (client, inputs, context) => {
    // A missing collection is told before the wait, not after it.
    await requireCollection(ucpFor(client, context, `node ${inputs.hostname}`), inputs.collection)
    const node = await joined(client, inputs, context)
    try {
      const ids = await placeAsWanted(client, node, { inputs, outputs: {}, context })
      return { id: inputs.hostname, outputs: { ...inputs, ...ids } }
    } catch (error) {
      throw new Unfinished(inputs.hostname, { ...inputs, nodeId: node.id, collectionId: '' }, error)
    }
  },

  read: async (client, { id, inputs: last, outputs }, context) => {
    const node = await findNode(ucpFor(client, context, `node ${id}`), id, outputs)
    if (node === undefined) return undefined
    const inputs = {
      hostname: node.hostname,
      collection: node.labels[accessLabel] ?? sharedPath,
      orchestrator: orchestratorOf(node),
      availability: serviceOf(node),
      ...(last?.labels === undefined ? {} : { labels: labelsAmong(node, Object.keys(last.labels)) }),
      joinSeconds: last?.joinSeconds ?? fields.joinSeconds.default,
    }
    const collectionId = node.labels[collectionLabel] ?? ''
    return { id: node.hostname, inputs, outputs: { ...inputs, nodeId: node.id, collectionId } }
  },

  update: async (client, { inputs, outputs }, context) => {
    const node = await joined(client, inputs, context)
    return placeAsWanted(client, node, { inputs, outputs, context })
  },

  delete: async (client, { id, outputs }, context) => {
    const ucp = ucpFor(client, context, `node ${id}`)
    const node = await findNode(ucp, id, outputs)
    if (node === undefined) return
    if (isMovedByOthers(node, textOutput(outputs, 'collection'))) {
      context.log('warning', `The node ${id} was moved by somebody else and is left where it is.`)
      return
    }
    const collection = await requireCollection(ucp, sharedPath)
    const change = {
      availability: 'drain',
      labels: { ...labelsBefore(outputs), [accessLabel]: collection.path },
    }
    const isThere = await place(client, { node, collection, change, context })
    if (isThere) await emptied(client, node, context)
  },
})
