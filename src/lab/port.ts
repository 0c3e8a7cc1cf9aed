import { type AddressInfo, Socket as NetSocket, Server, type Socket } from 'node:net'

/** How long somebody else may hold the number while it was shut. */
const reopenMilliseconds = 10_000
const pollMilliseconds = 20

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'

/**
 * Closes a port without asking the HTTP server for its idle connections: it fails on one whose socket is gone (Node 20,
 * `closeIdleConnections`), and the port stays open. Whoever calls ends the connections.
 */
const closePort = (server: Server, closed: () => void = () => undefined): void => {
  Server.prototype.close.call(server, closed)
}

/** A server's port on 127.0.0.1, which can be shut for a while and opened again under the same number. */
export class Port {
  readonly number: number
  readonly #server: Server
  readonly #sockets: Set<Socket>
  #isStopped = false
  #reopening: Promise<void> | undefined

  /** Opens a free port. */
  static async open(server: Server): Promise<Port> {
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    await listen(server, 0)
    return new Port(server, sockets)
  }

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server
    this.#sockets = sockets
    this.number = (server.address() as AddressInfo).port
  }

  /** Breaks a connection with RST, as a host does that went away; also one under TLS. */
  reset(socket: Socket): void {
    const raw = [...this.#sockets].find(({ remotePort }) => remotePort === socket.remotePort) ?? socket
    if (raw.constructor === NetSocket) raw.resetAndDestroy()
    else raw.destroy()
    socket.destroy()
  }

  /** Breaks every connection and refuses new ones. Idempotent. */
  shut(): void {
    closePort(this.#server)
    for (const socket of [...this.#sockets]) socket.resetAndDestroy()
  }

  /** Listens again under the same number. Idempotent. @throws where somebody else has taken it for long. */
  async reopen(): Promise<void> {
    if (this.#isStopped || this.#server.listening) return
    this.#reopening ??= this.#listenAgain().finally(() => {
      this.#reopening = undefined
    })
    await this.#reopening
  }

  /** Shut for so long; resolves when it is open again. */
  async refuseFor(milliseconds: number): Promise<void> {
    this.shut()
    await pause(milliseconds)
    await this.reopen()
  }

  /** Shut for good. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#reopening?.catch(() => undefined)
    const closed = new Promise<void>((resolve) => {
      closePort(this.#server, () => resolve())
    })
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #listenAgain(): Promise<void> {
    const deadline = performance.now() + reopenMilliseconds
    for (;;)
      try {
        return await listen(this.#server, this.number)
      } catch (error) {
        if (!isTaken(error) || performance.now() > deadline) throw error
        await pause(pollMilliseconds)
      }
  }
}
