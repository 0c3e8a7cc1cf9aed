import limit from 'p-limit'
import type { Clock } from '../../clients/clock.ts'
import { type NodeStatus, readNodeStatus } from '../../clients/node-watcher-status.ts'
import { isFault } from '../../core/fault.ts'
import type { SwarmNode } from '../cluster/swarm.ts'
import type { NodeSample } from '../node-sample.ts'

/** Asks one node watcher. @throws {Fault} where it does not answer. */
export type AskNode = (node: SwarmNode, signal: AbortSignal) => Promise<NodeStatus | undefined>

/** How many are asked at once, how long one may take, and all of them. Source: our choice; 1,000 nodes that answer take a second. */
const atOnce = 64
const oneMilliseconds = 3_000
const allMilliseconds = 12_000

/** The last sample of each node, by id; a node that does not answer, or answers for another one, has none. */
export interface Samples {
  readonly samples: ReadonlyMap<string, NodeSample>
  /** Nodes that did not answer, by host name. */
  readonly silent: readonly string[]
}

/** Node watchers are asked where their nodes are reached, at the port that they listen on. */
export const askAt =
  (port: number): AskNode =>
  ({ address }, signal) =>
    readNodeStatus(`http://${address.includes(':') ? `[${address}]` : address}:${port}`, signal)

const sampleOf = (status: NodeStatus, { id }: SwarmNode, now: number): NodeSample | undefined => {
  if (status.nodeId !== undefined && status.nodeId !== id) return undefined
  const { sampleAgeSeconds, loadPercent, memoryPercent } = status
  return { at: now - sampleAgeSeconds * 1000, loadPercent, memoryPercent }
}

/**
 * Asks the watchers of nodes that are ready, many at once, each and all of them within a bound. Node watchers know their hosts best, and to ask them costs
 * the managers nothing: labels that were written every few seconds would. Rejects only with what is a bug.
 */
export const readSamples = async (
  nodes: readonly SwarmNode[],
  { ask, clock, signal }: { readonly ask: AskNode; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Samples> => {
  const samples = new Map<string, NodeSample>()
  const silent: string[] = []
  const all = AbortSignal.any([signal, AbortSignal.timeout(allMilliseconds)])
  const bounded = limit(atOnce)
  const one = async (node: SwarmNode): Promise<void> => {
    try {
      const status = await ask(node, AbortSignal.any([all, AbortSignal.timeout(oneMilliseconds)]))
      const sample = status && sampleOf(status, node, clock.now())
      if (sample === undefined) silent.push(node.hostname)
      else samples.set(node.id, sample)
    } catch (error) {
      if (!isFault(error)) throw error
      silent.push(node.hostname)
    }
  }
  await Promise.all(
    nodes
      .filter(({ state, isManager }) => state === 'ready' && !isManager)
      .map((node) => bounded(() => one(node))),
  )
  return { samples, silent: silent.sort() }
}
