/**
 * What the watchers write on a node, beside what UCP keeps there. Every name is a label of the node, which outlives the
 * watcher's process, its container and a reboot, and which a person sees in `docker node inspect`.
 */
export const nodeMarks = {
  /** When the node watcher paused the node, ISO 8601: it is the watcher's to make active again. */
  pausedAt: 'tenantry.watch.paused-at',
  /** Why, with the figures, for whoever looks at the node. */
  pausedFor: 'tenantry.watch.paused-for',
  /** A node watcher is about to pause the node: others count it as paused while it stands. */
  turn: 'tenantry.watch.turn',
  /** When the cluster watcher began to take the node out of its pool, ISO 8601: it is drained, and the watcher's to give back. */
  drainedAt: 'tenantry.watch.drained-at',
  /** A person's: no watcher touches the node while it stands; its text says why. */
  hold: 'tenantry.watch.hold',
  /** The pool that the node belongs to, where a collection holds several. */
  pool: 'tenantry.pool',
} as const

/** What of a node the marks are read from. */
export interface MarkedNode {
  /** `active`, `pause`, `drain`. */
  readonly availability: string
  readonly labels: Readonly<Record<string, string>>
}

/** Whether it is the node watcher that paused the node, so that it comes back by itself. Never throws. */
export const isPausedByWatcher = ({ availability, labels }: MarkedNode): boolean =>
  availability === 'pause' && labels[nodeMarks.pausedAt] !== undefined

/** Whether it is the cluster watcher that is taking the node out: paused while it is looked at once more, then drained. Never throws. */
export const isDrainedByWatcher = ({ availability, labels }: MarkedNode): boolean =>
  availability !== 'active' && labels[nodeMarks.drainedAt] !== undefined

/** Whether a watcher took the node out of service for a while: to activate it would undo what its watcher does. Never throws. */
export const isHeldByWatcher = (node: MarkedNode): boolean =>
  isPausedByWatcher(node) || isDrainedByWatcher(node)
