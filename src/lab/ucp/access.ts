import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Who calls, as the front door found out from a token, basic credentials or a client certificate. */
export interface Caller {
  readonly id: string
  readonly name: string
  readonly isAdmin: boolean
}

/** A collection as the access checks need it. */
export interface CollectionNode {
  readonly id: string
  readonly path: string
  /** From the root (`swarm`) down to the direct parent. */
  readonly ancestorIds: readonly string[]
  readonly labelConstraints: readonly LabelConstraint[]
}

export interface LabelConstraint {
  readonly type: 'node' | 'engine'
  readonly label_key: string
  readonly label_value: string
  readonly equality: boolean
}

/**
 * The rules of UCP's RBAC over the emulator's accounts, collections, roles and grants (reference §6).
 * The proxied Docker Engine API asks it and never looks at grants itself.
 */
export interface Access {
  /** The collection of an absolute path; undefined where there is none. A plain value `foo` is `/Shared/Legacy/foo`. */
  collectionByPath(path: string): CollectionNode | undefined
  collectionById(id: string): CollectionNode | undefined
  /** Where a caller's unlabelled resources go. */
  defaultCollection(caller: Caller): CollectionNode
  /** Whether the caller may; `subPermission` is a dangerous variant, e.g. `Host Bind Mounts`. */
  may(caller: Caller, operation: string, collectionId: string, subPermission?: string): boolean
  /**
   * The ancestor-or-self of the collection closest to the root on which the caller has Node Schedule;
   * undefined where there is none (reference §6.3).
   */
  schedulingCollection(caller: Caller, collectionId: string): CollectionNode | undefined
  /** Whether only signed images may run, and whose signatures count. */
  contentTrust(): { readonly required: boolean; readonly signers: readonly string[] }
  /** What the configuration and the licence say about nodes. */
  nodePolicy?(): NodePolicy
}

export interface NodePolicy {
  /** `enable_admin_ucp_scheduling`: admins' workloads may run on managers. */
  readonly adminsScheduleOnManagers: boolean
  /** Without it a node can be in `/Shared` and `/System` only (reference §6.3). */
  readonly advancedLicense: boolean
  readonly defaultNodeOrchestrator: string
}

/** What lies in a collection itself, not in its children; asked before a collection is deleted. */
export type ResourceCensus = (
  collectionId: string,
) => Promise<{ readonly nodes: number; readonly resources: number }>

/**
 * The proxied Docker Engine API, as the front door drives it: `proxyEngine({ access, engineSocket })` of `proxy.ts`
 * returns one. The front door has found out the caller and has not read the body; `handle` answers the request whole,
 * whatever happens, and `upgrade` owns the socket of a hijacked attach or exec.
 */
export interface EngineProxy {
  handle(caller: Caller, request: IncomingMessage, response: ServerResponse): Promise<void>
  upgrade(caller: Caller, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  readonly census: ResourceCensus
  /** Ends what it keeps open towards the engine. */
  close?(): Promise<void>
}
