import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { proxyEngine } from '../../src/lab/ucp/proxy.ts'
import type { PlacingProxy } from '../../src/lab/ucp/proxy-contract.ts'
import { FakeAccess } from './proxy-access.ts'
import type { ProxiedEngine } from './proxy-engines.ts'

const view = [
  'Service View',
  'Service View Tasks',
  'Container View',
  'Network View',
  'Secret View',
  'Volume View',
  'Config View',
]
const develop = [
  ...view,
  'Service Create',
  'Service Update',
  'Service Delete',
  'Service Logs',
  'Container Create',
  'Container Remove',
  'Container Start',
  'Container Exec',
  'Container Attach',
  'Container Logs',
]
const own = [
  'Network Create',
  'Network Connect',
  'Network Remove',
  'Secret Create',
  'Secret Use',
  'Secret View',
  'Secret Update',
  'Network View',
  'Volume Create/Attach',
  'Volume View',
  'Volume Remove',
]
const nodes = ['Node Schedule', 'Node View']

const makeAccess = () =>
  new FakeAccess({
    paths: [
      '/Run',
      '/Run/Std',
      '/Run/Std/retail',
      '/Run/Std/retail2',
      '/Run/Std/insurance',
      '/Shared/Private/retail',
      '/Shared/Private/insurance',
      '/Shared/Private/dev',
    ],
    grants: {
      dev: { '/Run/Std': nodes, '/Run/Std/retail': develop, '/Shared/Private/retail': own },
      prod: { '/Run/Std': nodes, '/Run/Std/retail': view },
      other: { '/Run/Std': nodes, '/Run/Std/insurance': develop, '/Shared/Private/insurance': own },
    },
    labelConstraints: {
      '/Run/Std/retail2': [{ type: 'node', label_key: 'ssd', label_value: 'true', equality: true }],
    },
  })

export interface Answer {
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: bodies are read freely in tests
  readonly json: any
}

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Long enough for three engines on a busy machine to start a container. */
export const patience = { timeout: 60_000, interval: 50 }

/** The access proxy before an engine, with plain HTTP in front: who calls stands in a header. */
export class Door {
  readonly access: FakeAccess
  readonly proxy: PlacingProxy
  readonly port: number
  readonly #stop: () => Promise<void>

  private constructor(access: FakeAccess, proxy: PlacingProxy, port: number, stop: () => Promise<void>) {
    this.access = access
    this.proxy = proxy
    this.port = port
    this.#stop = stop
  }

  /** With the worker `run-1` in `/Run/Std`, `spare` in `/Shared`. */
  static async open({ engine, members }: Pick<ProxiedEngine, 'engine' | 'members'>): Promise<Door> {
    const access = makeAccess()
    const proxy = proxyEngine({
      access,
      engineSocket: engine.socketPath,
      ...(members === undefined ? {} : { members }),
      isSigned: (image) => image.startsWith('signed/'),
    })
    const callerOf = ({ headers }: IncomingMessage) => {
      const name = String(headers['x-user'])
      return { id: name, name, isAdmin: name === 'admin' }
    }
    const server = createServer((request, response) => {
      void proxy.handle(callerOf(request), request, response)
    })
    server.on('upgrade', (request, socket, head) => {
      void proxy.upgrade(callerOf(request), request, socket, head)
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const stop = async (): Promise<void> => {
      await proxy.close()
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
    }
    const door = new Door(access, proxy, (server.address() as AddressInfo).port, stop)
    await proxy.placeNodes()
    await door.moveNode('run-1', '/Run/Std')
    return door
  }

  call(user: string, method: string, path: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        {
          ...{ host: '127.0.0.1', port: this.port, method, path, agent: false },
          headers: { 'x-user': user, 'content-type': 'application/json' },
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8')
            resolve({ status: response.statusCode ?? 0, text, json: json(text) })
          })
        },
      )
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  /** Reads a stream until `enough` says so of what has come, then hangs up. Resolves to what has come. */
  follow(
    user: string,
    path: string,
    enough: (seen: string) => boolean,
    opened?: () => void,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        { host: '127.0.0.1', port: this.port, path, headers: { 'x-user': user }, agent: false },
        (response) => {
          let seen = ''
          const end = (): void => {
            resolve(seen)
            sent.destroy()
          }
          response.on('data', (chunk: Buffer) => {
            seen += chunk.toString()
            if (enough(seen)) end()
          })
          response.on('end', end)
          opened?.()
        },
      )
      sent.on('error', reject)
      sent.end()
    })
  }

  /** What comes back over a hijacked connection, or the refusal; `input` is typed once it is open, which ends when it was seen again. */
  hijack(
    user: string,
    path: string,
    { body, input }: { body?: unknown; input?: string } = {},
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body)
      const sent = httpRequest({
        ...{ host: '127.0.0.1', port: this.port, method: 'POST', path, agent: false },
        headers: {
          'x-user': user,
          connection: 'Upgrade',
          upgrade: 'tcp',
          'content-type': 'application/json',
          'content-length': text.length,
        },
      })
      sent.on('upgrade', (_response, socket, head) => {
        let seen = head.toString()
        socket.on('data', (chunk: Buffer) => {
          seen += chunk.toString()
          if (input !== undefined && seen.includes(input)) socket.end()
        })
        socket.on('end', () => {
          resolve(seen)
          socket.destroy()
        })
        if (input !== undefined) socket.write(input)
      })
      sent.on('response', (response) => {
        response.resume()
        resolve(`refused ${response.statusCode}`)
      })
      sent.on('error', reject)
      sent.end(text)
    })
  }

  async moveNode(hostname: string, path: string, user = 'admin'): Promise<Answer> {
    const node = (await this.call('admin', 'GET', `/nodes/${hostname}`)).json
    const spec = { ...node.Spec, Labels: { ...node.Spec.Labels, ...labels(path) } }
    return this.call(user, 'POST', `/nodes/${node.ID}/update?version=${node.Version.Index}`, spec)
  }

  /** The task of a service once it runs. */
  async runningTask(service = 'web'): Promise<{ readonly node: string; readonly container: string }> {
    const filters = encodeURIComponent(JSON.stringify({ service: [service] }))
    const tasks = async (): Promise<Answer['json'][]> =>
      (await this.call('admin', 'GET', `/tasks?filters=${filters}`)).json
    await expect
      .poll(async () => (await tasks()).map(({ Status }) => Status.State), patience)
      .toContain('running')
    const task = (await tasks()).find(({ Status }) => Status.State === 'running')
    return { node: task.NodeID, container: task.Status.ContainerStatus.ContainerID }
  }

  close(): Promise<void> {
    return this.#stop()
  }
}

export const labels = (path: string) => ({ 'com.docker.ucp.access.label': path })

/** The service `web`, where a path says. */
export const web = (path: string, more: object = {}, template: object = {}) => ({
  Name: 'web',
  Labels: labels(path),
  TaskTemplate: { ContainerSpec: { Image: 'nginx:1.25', ...more }, ...template },
})
