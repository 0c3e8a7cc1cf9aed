import { mostUnusable } from './decide-node.ts'

/** A node of a collection as its peers see it. */
export interface Peer {
  readonly id: string
  /** Ready and active. */
  readonly isUsable: boolean
  /** Its watcher is about to pause it. */
  readonly hasTurn: boolean
  /** Whether it is of the asking node's pool; every node of the pool is of its collection. */
  readonly isOfPool: boolean
}

/** What a watcher that has announced itself does next. */
export type Turn = 'go' | 'wait' | 'withdraw'

interface Scope {
  readonly peers: readonly Peer[]
  /** How many of it may be unusable, the asking node among them. */
  readonly most: number
}

const counted = ({
  peers,
  most,
}: Scope): { readonly isFree: boolean; readonly isAmongFirst: (id: string) => boolean } => {
  const unusable = peers.filter((peer) => !peer.isUsable).length
  const announced = peers.filter((peer) => peer.isUsable && peer.hasTurn).map(({ id }) => id)
  const room = most - unusable
  return {
    isFree: announced.length <= room,
    isAmongFirst: (id) => announced.filter((other) => other < id).length < room,
  }
}

/**
 * Whether a watcher that has announced on its node's label that it will pause it may do so, having read all peers, itself
 * among them, after that.
 *
 * Many hosts become busy at one moment, and none can lock another's node. So whoever wants to pause announces it first, then
 * reads, and counts everybody announced as paused: of any that pause beyond the limit, the one that announced last would have
 * seen all others. `wait` where those before it by id leave room once the rest withdraws: some go on, so that the pool as a
 * whole does. Never throws.
 */
export const decideTurn = (
  id: string,
  peers: readonly Peer[],
  { maxPausedPercent }: { readonly maxPausedPercent: number },
): Turn => {
  const pool = peers.filter(({ isOfPool }) => isOfPool)
  const scopes = [
    { peers: pool, most: mostUnusable(pool.length, maxPausedPercent) },
    // One of a collection stays.
    { peers, most: peers.length - 1 },
  ].map(counted)
  if (scopes.every(({ isFree }) => isFree)) return 'go'
  return scopes.every(({ isAmongFirst }) => isAmongFirst(id)) ? 'wait' : 'withdraw'
}
