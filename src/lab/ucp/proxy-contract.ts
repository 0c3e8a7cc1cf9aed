import type { Access, EngineProxy } from './access.ts'

/** A node of the swarm with an engine of its own: containers, their logs and execs, volumes and images are kept there. */
export interface Member {
  /** Of the node in the swarm. */
  readonly id: string
  readonly socketPath: string
}

/** How UCP's access layer in front of the Docker Engine behaves. */
export interface ProxyOptions {
  readonly access: Access
  /** The engine's unix socket: the in-memory one's or a real dockerd's that is a manager. */
  readonly engineSocket: string
  /** The nodes that run an engine of their own now, managers included; where absent the one engine stands for all nodes. */
  readonly members?: () => Promise<readonly Member[]>
  /**
   * Whether an image carries signatures of all signers; asked only where content trust is required.
   * Nothing counts as signed where absent.
   */
  readonly isSigned?: (image: string, signers: readonly string[]) => boolean | Promise<boolean>
  /** What an inspect of something the caller may not view answers. 403 where absent (reference §13.1). */
  readonly hiddenStatus?: 403 | 404
}

/** The Engine API as one cluster's users see it: refused, hidden, labelled and constrained by UCP's rules. */
export interface PlacingProxy extends EngineProxy {
  /**
   * Labels nodes that have no collection yet: managers `/System`, workers `/Shared`, orchestrator of the node policy.
   * To be called when a node has joined; also done before nodes or services are asked for. Resolves to how many it
   * labelled. @throws {Fault} when the engine does not answer.
   */
  placeNodes(): Promise<number>
  close(): Promise<void>
}
