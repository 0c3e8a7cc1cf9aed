import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Access, Caller } from './access.ts'

/** How UCP's access layer in front of the Docker Engine behaves. */
export interface ProxyOptions {
  /** The engine's unix socket: the in-memory one's or a real dockerd's. */
  readonly socketPath: string
  readonly access: Access
  /**
   * Whether an image carries signatures of all signers; asked only where content trust is required.
   * Nothing counts as signed where absent.
   */
  readonly isSigned?: (image: string, signers: readonly string[]) => boolean | Promise<boolean>
  /** Whether nodes may leave `/Shared` (reference §6.3). True where absent. */
  readonly advancedLicence?: boolean
  /** `enable_admin_ucp_scheduling`: admins' services may run on managers. False where absent. */
  readonly adminSchedulesOnManagers?: boolean
  /** What an inspect of something the caller may not view answers. 403 where absent (reference §13.1). */
  readonly hiddenStatus?: 403 | 404
}

/** What a collection itself holds; children are not counted. */
export interface CollectionContent {
  readonly nodes: number
  /** Services, secrets, configs, networks, volumes and containers that belong to no service. */
  readonly resources: number
}

/** The Engine API as one cluster's users see it: refused, hidden, labelled and constrained by UCP's rules. */
export interface EngineProxy {
  /** Whether the path (with or without `/v1.x`, with or without query) belongs to the Engine API. */
  handles(path: string): boolean
  /** Answers one call of an authenticated caller; `body` where the front door has read it already. Never throws. */
  serve(caller: Caller, request: IncomingMessage, response: ServerResponse, body?: Buffer): Promise<void>
  /** The same for a call that wants to hijack its connection (exec, attach). Never throws. */
  upgrade(caller: Caller, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  /** What stands in a collection, for deletes of collections. @throws {Fault} when the engine does not answer. */
  census(collectionId: string): Promise<CollectionContent>
  /**
   * Labels nodes that have no collection yet: managers `/System`, workers `/Shared`, orchestrator swarm.
   * To be called when a node has joined; also done before nodes or services are asked for. Resolves to how many it labelled.
   */
  placeNodes(): Promise<number>
  /** Closes its connections to the engine. Idempotent. */
  stop(): Promise<void>
}
