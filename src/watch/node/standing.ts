import type { NodeChange, UcpNode } from '../../clients/ucp-nodes.ts'
import { isPausedByWatcher, nodeMarks } from '../../core/node-marks.ts'
import type { NodeCounts, NodeFigures, NodeStanding } from './decide-node.ts'
import type { Peer } from './decide-turn.ts'

/** UCP's own label of the collection that a node stands in, by id (reference §6.3). */
const collectionLabel = 'com.docker.ucp.collection'

/** The mark of a pause that somebody has undone or changed since; undefined while there is none. */
export type TakenOver = string | undefined

/**
 * What is remembered of a node that was looked at: once somebody drains or activates a node that its watcher paused, it is
 * theirs, also when they pause it later. Their hand shows only in what they change: whoever wants a node to stay paused that is
 * paused already sets the label `tenantry.watch.hold`, or drains it. Never throws.
 */
export const takenOverBy = (node: UcpNode, before: TakenOver): TakenOver => {
  const mark = node.labels[nodeMarks.pausedAt]
  if (mark === undefined) return undefined
  return node.availability === 'pause' ? before : mark
}

const isOurs = (node: UcpNode, takenOver: TakenOver): boolean =>
  isPausedByWatcher(node) && node.labels[nodeMarks.pausedAt] !== takenOver

const collectionOf = ({ labels }: UcpNode): string | undefined => labels[collectionLabel]

/** A host that joined twice has a node that is down for good beside the one it is now. */
const isSuperseded = (node: UcpNode, nodes: readonly UcpNode[]): boolean =>
  node.state !== 'ready' &&
  nodes.some((other) => other !== node && other.hostname === node.hostname && other.state === 'ready')

/** The workers of a node's collection as its watcher counts them, the node itself among them; by id. Never throws. */
export const peersOf = (node: UcpNode, nodes: readonly UcpNode[]): readonly Peer[] => {
  const collection = nodes.filter(
    (other) => other.role === 'worker' && collectionOf(other) === collectionOf(node),
  )
  return collection
    .filter((other) => !isSuperseded(other, collection))
    .map((other) => ({
      id: other.id,
      isUsable: other.state === 'ready' && other.availability === 'active',
      hasTurn: other.labels[nodeMarks.turn] !== undefined,
      isOfPool: other.labels[nodeMarks.pool] === node.labels[nodeMarks.pool],
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

const countsOf = (id: string, peers: readonly Peer[]): NodeCounts => ({
  nodes: peers.length,
  othersUnusable: peers.filter((peer) => peer.id !== id && (!peer.isUsable || peer.hasTurn)).length,
})

const availabilityOf = ({ availability }: UcpNode): NodeStanding['availability'] =>
  availability === 'active' || availability === 'pause' ? availability : 'drain'

/** What the cluster says of a node, by what it and its peers are now. Never throws. */
export const standingOf = (
  node: UcpNode,
  { peers, takenOver }: { readonly peers: readonly Peer[]; readonly takenOver: TakenOver },
): NodeStanding => ({
  role: node.role === 'manager' ? 'manager' : 'worker',
  isReady: node.state === 'ready',
  availability: availabilityOf(node),
  isOurs: isOurs(node, takenOver),
  isHeld: node.labels[nodeMarks.hold] !== undefined,
  collection: countsOf(node.id, peers),
  pool: countsOf(
    node.id,
    peers.filter(({ isOfPool }) => isOfPool),
  ),
})

/** Whether a watcher may write on the node at all: it is active, and no person wants it left alone. */
const isOpen = (node: UcpNode): boolean =>
  node.availability === 'active' && node.labels[nodeMarks.hold] === undefined

const withoutMarks = {
  [nodeMarks.pausedAt]: undefined,
  [nodeMarks.pausedFor]: undefined,
  [nodeMarks.turn]: undefined,
}

/** Announces a pause to the node's peers; undefined where the node is not the watcher's to pause any more. */
export const announced =
  (wallTime: string) =>
  (node: UcpNode): NodeChange | undefined =>
    isOpen(node) && node.role === 'worker' && node.labels[nodeMarks.turn] === undefined
      ? { availability: 'active', labels: { [nodeMarks.turn]: wallTime } }
      : undefined

const figuresText = ({ loadPercent, memoryPercent, aboveSeconds }: NodeFigures): string =>
  `load ${loadPercent ?? '?'} %, memory ${memoryPercent ?? '?'} % for ${aboveSeconds} s`

/** Pauses a node that was announced, and says so on it; undefined where somebody else has changed it since. */
export const paused =
  (wallTime: string, figures: NodeFigures) =>
  (node: UcpNode): NodeChange | undefined =>
    isOpen(node) && node.role === 'worker' && node.labels[nodeMarks.turn] !== undefined
      ? {
          availability: 'pause',
          labels: {
            [nodeMarks.pausedAt]: wallTime,
            [nodeMarks.pausedFor]: figuresText(figures),
            [nodeMarks.turn]: undefined,
          },
        }
      : undefined

/** Makes a node active again that its watcher paused; undefined where it is not the watcher's any more. */
export const resumed =
  (takenOver: TakenOver) =>
  (node: UcpNode): NodeChange | undefined =>
    isOurs(node, takenOver) && node.labels[nodeMarks.hold] === undefined
      ? { availability: 'active', labels: withoutMarks }
      : undefined

/** Whether marks stand on an active node that say what is no longer so: an announcement, or a pause that somebody undid. */
export const hasOldMarks = (node: UcpNode): boolean =>
  isOpen(node) && Object.keys(withoutMarks).some((label) => node.labels[label] !== undefined)

/** Takes old marks away; undefined where there are none, or the node is not active. */
export const tidied = (node: UcpNode): NodeChange | undefined =>
  hasOldMarks(node) ? { availability: 'active', labels: withoutMarks } : undefined
