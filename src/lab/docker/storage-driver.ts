import { mkdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { Fault } from '../../core/fault.ts'

/** A volume as the driver knows it. */
interface Share {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
  readonly createdAt: string
  /** Ids of the mounts that are in use. */
  readonly mounts: Set<string>
}

const Call = z.looseObject({
  Name: z.string().default(''),
  ID: z.string().default(''),
  Opts: z.record(z.string(), z.string()).nullish(),
})
type Call = z.infer<typeof Call>

type Answer = Readonly<Record<string, unknown>>

/** Every volume's data is a folder, the same for every node: the share of one storage system. */
class Driver {
  readonly #folder: string
  readonly #shares = new Map<string, Share>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The calls of the engine's volume plugin protocol. An `Err` in the answer is a failure. */
  readonly calls: Readonly<Record<string, (call: Call) => Answer | Promise<Answer>>> = {
    '/Plugin.Activate': () => ({ Implements: ['VolumeDriver'] }),
    '/VolumeDriver.Capabilities': () => ({ Capabilities: { Scope: 'global' } }),
    '/VolumeDriver.Create': (call) => this.#create(call),
    '/VolumeDriver.Remove': (call) => this.#remove(call),
    '/VolumeDriver.Mount': (call) => this.#mount(call),
    '/VolumeDriver.Unmount': ({ Name, ID }) => {
      this.#find(Name).mounts.delete(ID)
      return { Err: '' }
    },
    '/VolumeDriver.Path': ({ Name }) => ({ Mountpoint: this.#pathOf(this.#find(Name)), Err: '' }),
    '/VolumeDriver.Get': ({ Name }) => ({ Volume: this.#shown(this.#find(Name)), Err: '' }),
    '/VolumeDriver.List': () => ({
      Volumes: [...this.#shares.values()].map((share) => this.#shown(share)),
      Err: '',
    }),
  }

  /** A volume that is there stays as it is: every node's engine asks for the ones it mounts. */
  async #create({ Name, Opts }: Call): Promise<Answer> {
    if (!/^[\w][\w.-]*$/.test(Name)) throw new Error(`${Name} cannot be a volume's name`)
    if (this.#shares.has(Name)) return { Err: '' }
    const share: Share = {
      name: Name,
      options: { ...Opts },
      createdAt: new Date().toISOString(),
      mounts: new Set(),
    }
    this.#shares.set(Name, share)
    await mkdir(this.#pathOf(share), { recursive: true, mode: 0o777 })
    return { Err: '' }
  }

  async #remove({ Name }: Call): Promise<Answer> {
    const share = this.#find(Name)
    if (share.mounts.size > 0) throw new Error(`volume ${Name} is in use`)
    this.#shares.delete(Name)
    await rm(this.#pathOf(share), { recursive: true, force: true })
    return { Err: '' }
  }

  async #mount({ Name, ID }: Call): Promise<Answer> {
    const share = this.#find(Name)
    await mkdir(this.#pathOf(share), { recursive: true, mode: 0o777 })
    share.mounts.add(ID)
    return { Mountpoint: this.#pathOf(share), Err: '' }
  }

  #find(name: string): Share {
    const share = this.#shares.get(name)
    if (share === undefined) throw new Error(`no such volume: ${name}`)
    return share
  }

  #pathOf({ name }: Share): string {
    return join(this.#folder, name)
  }

  #shown(share: Share): Answer {
    return {
      Name: share.name,
      Mountpoint: this.#pathOf(share),
      CreatedAt: share.createdAt,
      Status: { options: share.options },
    }
  }
}

const mediaType = 'application/vnd.docker.plugins.v1.1+json'

const read = async (request: IncomingMessage): Promise<Call> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8').trim()
  return Call.parse(text === '' ? {} : JSON.parse(text))
}

const answerTo = async (driver: Driver, request: IncomingMessage): Promise<Answer | undefined> => {
  const path = request.url ?? ''
  const call = Object.hasOwn(driver.calls, path) ? driver.calls[path] : undefined
  if (call === undefined) return undefined
  try {
    return await call(await read(request))
  } catch (error) {
    return { Err: error instanceof Error ? error.message : String(error) }
  }
}

/**
 * Each answer ends its connection. An engine keeps one for the next call, and takes one that ends under that call for a volume that
 * is gone: it forgets the volume's labels, and with them its collection (seen with 20.10).
 */
const serve = async (driver: Driver, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const answer = await answerTo(driver, request)
  response.setHeader('connection', 'close')
  if (answer === undefined) response.writeHead(404).end()
  else response.writeHead(200, { 'content-type': mediaType }).end(JSON.stringify(answer))
}

/** What the engine looks for is the driver's name with `.sock`; `rexray/s3fs:0.11` lies in a folder of its own. */
const socketOf = (sockets: string, name: string): string => {
  if (!/^[\w][\w.:-]*(?:\/[\w][\w.:-]*)*$/.test(name))
    throw new Fault('invalid-request', `${name} cannot be the name of a volume driver.`)
  return join(sockets, `${name}.sock`)
}

const listen = (server: Server, socketPath: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })

export interface StorageDriversOptions {
  /** As volumes name their driver, e.g. `netapp:latest`. */
  readonly names: readonly string[]
  /** Gets the drivers' sockets: what the engines see as their `/run/docker/plugins`. Made. */
  readonly sockets: string
  /** Gets the volumes' data. Made. */
  readonly folder: string
}

export interface StorageDrivers {
  /** Of the sockets. */
  readonly folder: string
  stop(): Promise<void>
}

/** Stands in for the storage systems' volume plugins, one server a driver, over the engine's own plugin protocol. */
export const startStorageDrivers = async (options: StorageDriversOptions): Promise<StorageDrivers> => {
  await mkdir(options.sockets, { recursive: true, mode: 0o700 })
  const open = new Set<Socket>()
  const servers: Server[] = []
  const stop = async (): Promise<void> => {
    const closing = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const socket of open) socket.destroy()
    await Promise.all(closing)
  }
  try {
    for (const name of options.names) {
      const socket = socketOf(options.sockets, name)
      const driver = new Driver(join(options.folder, name.replaceAll(/[/:]/g, '-')))
      const server = createServer((request, response) => void serve(driver, request, response))
      server.on('connection', (connection) => {
        open.add(connection)
        connection.on('close', () => open.delete(connection))
      })
      await mkdir(dirname(socket), { recursive: true, mode: 0o700 })
      await listen(server, socket)
      servers.push(server)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { folder: options.sockets, stop }
}
