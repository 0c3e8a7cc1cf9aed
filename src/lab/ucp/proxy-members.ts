import type { Member, ProxyOptions } from './proxy-contract.ts'
import { Denial } from './proxy-denial.ts'
import { EngineSocket } from './proxy-engine.ts'

/** The engines of a swarm: what swarm keeps is asked of the manager, what a node keeps of that node (reference §7). */
export class Engines {
  readonly manager: EngineSocket
  readonly #members: () => Promise<readonly Member[]>
  readonly #sockets = new Map<string, EngineSocket>()

  constructor({ engineSocket, members }: Pick<ProxyOptions, 'engineSocket' | 'members'>) {
    this.manager = new EngineSocket(engineSocket)
    this.#members = members ?? (async () => [])
  }

  /** Every engine that runs, the manager's first. */
  async all(): Promise<readonly EngineSocket[]> {
    const members = await this.#members()
    const paths = new Set(members.map(({ socketPath }) => socketPath))
    this.#forget(paths)
    paths.delete(this.manager.socketPath)
    return [this.manager, ...[...paths].map((path) => this.#socketAt(path))]
  }

  /** The engine of a node by its swarm id; the manager's where nodes have no engine of their own. */
  async ofNode(id: string): Promise<EngineSocket | undefined> {
    const members = await this.#members()
    if (members.length === 0) return this.manager
    const member = members.find((one) => one.id === id)
    if (member === undefined) return undefined
    return member.socketPath === this.manager.socketPath ? this.manager : this.#socketAt(member.socketPath)
  }

  /** What every engine answers, the manager first; undefined of a node that cannot be reached. @throws {Denial} of the others. */
  async each<T>(ask: (engine: EngineSocket) => Promise<T>): Promise<readonly (T | undefined)[]> {
    return Promise.all(
      (await this.all()).map(async (engine) => {
        try {
          return await ask(engine)
        } catch (error) {
          if (engine === this.manager || !isUnreachable(error)) throw error
          return undefined
        }
      }),
    )
  }

  close(): void {
    for (const socket of [this.manager, ...this.#sockets.values()]) socket.close()
    this.#sockets.clear()
  }

  #socketAt(path: string): EngineSocket {
    const known = this.#sockets.get(path) ?? new EngineSocket(path)
    this.#sockets.set(path, known)
    return known
  }

  /** Nodes that have left are connected to no more. */
  #forget(paths: ReadonlySet<string>): void {
    for (const [path, socket] of this.#sockets)
      if (!paths.has(path)) {
        socket.close()
        this.#sockets.delete(path)
      }
  }
}

const isUnreachable = (error: unknown): boolean => error instanceof Denial && error.status === 502
