import type { Ucp } from '../../clients/ucp.ts'
import {
  listNodes,
  nodeByHostname,
  type Reconsider,
  readNode,
  reconsiderNode,
  type UcpNode,
} from '../../clients/ucp-nodes.ts'
import { Fault, isFault } from '../../core/fault.ts'

/** Swarm's ids: 25 lower-case letters and digits (swarmkit's identity package). */
const nodeId = /^[a-z0-9]{25}$/

/** A watcher's way to its node and the node's peers: one session of UCP, opened when it is needed and again after a refusal. */
export class NodeSession {
  readonly #open: () => Ucp
  readonly #wanted: string
  readonly #signal: AbortSignal
  #ucp: Ucp | undefined
  #id: string | undefined

  /** `wanted` is the node's host name, or its id. `open` reads the credentials anew. */
  constructor(wanted: string, { open, signal }: { readonly open: () => Ucp; readonly signal: AbortSignal }) {
    this.#wanted = wanted
    this.#open = open
    this.#signal = signal
    this.#id = nodeId.test(wanted) ? wanted : undefined
  }

  /** The node as it is now. A host that joined again is found under its new id. @throws {Fault} `not-found` where there is none. */
  async own(): Promise<UcpNode> {
    const known = this.#id === undefined ? undefined : await readNode(this.#within(), this.#id)
    if (known?.state === 'ready') return known
    const found = (await nodeByHostname(this.#within(), known?.hostname ?? this.#wanted)) ?? known
    if (found === undefined) throw this.#missing()
    this.#id = found.id
    return found
  }

  peers(): Promise<UcpNode[]> {
    return listNodes(this.#within())
  }

  /** Changes the node by what it is at the moment of the change. @throws {Fault} `not-found` where it is gone. */
  async change(node: UcpNode, decide: Reconsider): Promise<UcpNode> {
    const changed = await reconsiderNode(this.#within(), node.id, { decide, signal: this.#signal })
    if (changed === undefined) throw this.#missing()
    return changed
  }

  /** The same at the very end, when everything else has been cancelled. */
  changeAtEnd(node: UcpNode, decide: Reconsider): Promise<UcpNode | undefined> {
    const ucp = this.#session().within({ resource: `node ${this.#wanted}` })
    return reconsiderNode(ucp, node.id, { decide, signal: AbortSignal.timeout(10_000) })
  }

  /** After a failure: a refused login is not tried again by its session, and the password may have been changed by now. */
  async afterFailure(error: Fault): Promise<void> {
    if (isFault(error, 'unauthenticated')) await this.close()
  }

  async close(): Promise<void> {
    const ucp = this.#ucp
    this.#ucp = undefined
    await ucp?.close()
  }

  #session(): Ucp {
    this.#ucp ??= this.#open()
    return this.#ucp
  }

  #within(): Ucp {
    return this.#session().within({ signal: this.#signal, resource: `node ${this.#wanted}` })
  }

  #missing(): Fault {
    return new Fault('not-found', `There is no node ${this.#wanted} that the watcher’s account may see.`, {
      details: {
        endpoint: this.#session().endpoint,
        hint: 'Check that it has joined the swarm, that --node is its host name or id, and that the account has Node View on its collection.',
      },
    })
  }
}
