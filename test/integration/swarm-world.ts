import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { changeNode, nodeByHostname, type UcpNode } from '../../src/clients/ucp-nodes.ts'
import type { DockerdTools } from '../../src/lab/docker/dockerd.ts'
import { callEngine } from '../../src/lab/docker/engine-calls.ts'
import { type EngineNode, type RealDockerEngine, startDockerd } from '../../src/lab/docker/real-engine.ts'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import { collection, grantWatcher, watcherAccount } from '../contract/node-watcher-world.ts'
import { adminPassword, type Drive, driveFor, startEmulator } from '../contract/provider-harness.ts'
import { generateCluster } from '../fixtures/generate-fleet.ts'
import { sizeCgroup } from '../fixtures/host-cgroup.ts'
import { outcomeOf, type Said } from './docker-users.ts'
import { WatchProcess } from './watch-process.ts'

const image = 'web:1'
/** Of each host: little, so that a program that never rests fills it also on a machine that is busy with other things. */
const hostSize = { cpus: 0.2, memoryBytes: 512 * 1024 ** 2 }
/** A container's limit is no more than its host has (cgroup v1 refuses it, and a real engine would). */
const nanocpus = hostSize.cpus * 1e9
const never = new AbortController().signal

/** A sample of a starved machine comes late; its windows are not to begin anew for that. */
const nodeWatch = {
  sampleSeconds: 1,
  breachSeconds: 5,
  calmSeconds: 5,
  staleSeconds: 600,
  maxPausedPercent: 80,
}

interface Task {
  readonly NodeID?: string
  readonly DesiredState: string
  readonly Status: { readonly State: string; readonly Err?: string }
}

interface ServiceWish {
  readonly replicas?: number
  readonly constraints?: readonly string[]
  readonly command?: readonly string[]
}

/** Two that never rest, so that one of them always waits. */
const restless = ['sh', '-c', 'while :; do :; done & while :; do :; done']

const serviceSpec = (name: string, { replicas = 1, constraints = [], command }: ServiceWish) => ({
  Name: name,
  TaskTemplate: {
    ContainerSpec: { Image: image, StopGracePeriod: 1e9, ...(command && { Command: command }) },
    Placement: { Constraints: constraints },
    Resources: { Limits: { NanoCPUs: nanocpus } },
  },
  Mode: { Replicated: { Replicas: replicas } },
})

/**
 * A real swarm, a manager and its workers in a collection, and the real process of the node watcher for each worker.
 *
 * The engines run in namespaces of their own on one kernel, so that its whole load would be every host's. So each host is the
 * cgroup that its engine's containers are in, with a CPU limit of its own, and is watched as such: what the kernel counts there
 * is what runs there.
 */
export class SwarmWorld {
  readonly engine: RealDockerEngine
  readonly emulator: Emulator
  readonly drive: Drive
  readonly #root: string
  readonly #watching: WatchProcess[] = []

  private constructor(root: string, engine: RealDockerEngine, emulator: Emulator) {
    this.#root = root
    this.engine = engine
    this.emulator = emulator
    this.drive = driveFor(emulator, {}, { timeoutMilliseconds: 60_000 })
  }

  static async open(tools: DockerdTools, workers: readonly string[]): Promise<SwarmWorld> {
    const root = await mkdtemp(join(tmpdir(), 'tenantry-swarm-'))
    const engine = await startDockerd({
      ...{ tools, cluster: 'nonprod', folder: join(root, 'docker'), socketPath: join(root, 'docker.sock') },
      logs: join(root, 'logs'),
    })
    try {
      await engine.provideImage({ reference: image })
      await engine.joinNode({ hostname: 'manager', role: 'manager', cpus: 2, memoryBytes: 2 ** 32 })
      const users = [{ name: 'svc-tenantry', isAdmin: true, password: adminPassword }, watcherAccount]
      const emulator = await startEmulator({}, { engineSocket: engine.socketPath, users })
      engine.whenJoined(emulator.placeNodes)
      const world = new SwarmWorld(root, engine, emulator)
      await world.#furnish(workers)
      return world
    } catch (error) {
      await engine.stop()
      throw error
    }
  }

  async #furnish(workers: readonly string[]): Promise<void> {
    const cluster = { ...generateCluster('nonprod', 2), watch: { node: nodeWatch } }
    mkdirSync(join(this.#root, 'stacks'))
    writeFileSync(join(this.#root, 'stacks', 'nonprod.ts'), `export default ${JSON.stringify(cluster)}\n`)
    writeFileSync(join(this.#root, 'password'), watcherAccount.password.reveal())
    writeFileSync(this.caFile, this.emulator.caCertificate)
    await this.emulator.placeNodes()
    await grantWatcher(this.drive)
    for (const hostname of workers) await this.#join(hostname)
  }

  async #join(hostname: string): Promise<void> {
    await this.engine.joinNode({ hostname, cpus: 2, memoryBytes: 2 ** 32 })
    sizeCgroup(this.#daemonOf(hostname).cgroup, hostSize)
    await this.drive.create('ucp:index:NodePlacement', { hostname, collection })
  }

  #daemonOf(hostname: string): EngineNode {
    const found = this.engine.daemons().find((one) => one.hostname === hostname)
    if (found === undefined) throw new Error(`no engine ${hostname}`)
    return found
  }

  /** Starts the watcher of a host. */
  watch(hostname: string): WatchProcess {
    const watching = new WatchProcess(this.#root, {
      TENANTRY_CLUSTER: 'nonprod',
      TENANTRY_NODE: hostname,
      TENANTRY_UCP_ENDPOINT: this.emulator.address,
      TENANTRY_UCP_USERNAME: watcherAccount.name,
      TENANTRY_UCP_PASSWORD_FILE: join(this.#root, 'password'),
      TENANTRY_UCP_CA_FILE: this.caFile,
      TENANTRY_CGROUP: this.#daemonOf(hostname).cgroup,
      TENANTRY_LISTEN: '127.0.0.1:0',
    })
    this.#watching.push(watching)
    return watching
  }

  async node(hostname: string): Promise<UcpNode> {
    const node = await nodeByHostname(this.drive.client.ucp, hostname)
    if (node === undefined) throw new Error(`no node ${hostname}`)
    return node
  }

  /** What a person does by hand; an undefined label goes away. */
  async byHand(
    hostname: string,
    change: { availability?: string; labels?: Record<string, string | undefined> },
  ): Promise<void> {
    const { id, availability } = await this.node(hostname)
    await changeNode(this.drive.client.ucp, id, { availability, labels: {}, ...change, signal: never })
  }

  async createService(name: string, wish: ServiceWish = {}): Promise<void> {
    const json = serviceSpec(name, wish)
    await callEngine(this.engine.socketPath, { method: 'POST', path: '/services/create', json })
  }

  /** A service whose one task keeps its host busy until it is removed. */
  loadOn(hostname: string): Promise<void> {
    const constraints = [`node.hostname==${hostname}`]
    return this.createService(`load-${hostname}`, { constraints, command: restless })
  }

  /** The `docker` command at the manager, and how it ended. */
  docker(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
    const own = { PATH: process.env.PATH, DOCKER_CONFIG: join(this.#root, 'config'), ...env }
    return outcomeOf('docker', ['--host', `unix://${this.engine.socketPath}`, ...args], own)
  }

  /** Hosts that a service has a task for, sorted, whatever came of it. */
  async hostsOf(service: string): Promise<readonly string[]> {
    const filters = encodeURIComponent(JSON.stringify({ service: [service] }))
    const { json } = await callEngine(this.engine.socketPath, {
      method: 'GET',
      path: `/tasks?filters=${filters}`,
    })
    const hosts = (json as readonly Task[]).map(({ NodeID }) => this.#nameOf(NodeID))
    return [...new Set(hosts)].sort()
  }

  #nameOf(nodeId = ''): string {
    return this.engine.daemons().find((one) => one.nodeId === nodeId)?.hostname ?? nodeId
  }

  /** The authority of UCP's certificate, in a file. */
  get caFile(): string {
    return join(this.#root, 'ca.pem')
  }

  /** Keeps a host busy with a container that swarm knows nothing of, which a drain leaves there; resolves to what ends it. */
  async loadBeside(hostname: string): Promise<() => Promise<void>> {
    const { socketPath } = this.#daemonOf(hostname)
    const call = (method: 'POST' | 'DELETE', path: string, json?: unknown) =>
      callEngine(socketPath, { method, path, ...(json === undefined ? {} : { json }) })
    const HostConfig = { NanoCpus: nanocpus }
    const { json } = await call('POST', '/containers/create', { Image: image, Cmd: restless, HostConfig })
    const { Id } = json as { readonly Id: string }
    await call('POST', `/containers/${Id}/start`)
    return async () => {
      await call('DELETE', `/containers/${Id}?force=true`)
    }
  }

  async removeService(name: string): Promise<void> {
    await callEngine(this.engine.socketPath, { method: 'DELETE', path: `/services/${name}` })
  }

  /** Where the tasks of a service run, sorted; of one that does not, its state and what the scheduler says. */
  async placesOf(service: string): Promise<readonly string[]> {
    const filters = encodeURIComponent(JSON.stringify({ service: [service], 'desired-state': ['running'] }))
    const { json } = await callEngine(this.engine.socketPath, {
      method: 'GET',
      path: `/tasks?filters=${filters}`,
    })
    return (json as readonly Task[])
      .map(({ NodeID, Status }) =>
        Status.State === 'running' ? this.#nameOf(NodeID) : `${Status.State}: ${Status.Err ?? ''}`,
      )
      .sort()
  }

  async close(): Promise<void> {
    await Promise.all(this.#watching.map((one) => one.kill()))
    await this.drive.close()
    await this.emulator.stop()
    await this.engine.stop()
    await rm(this.#root, { recursive: true, force: true })
  }
}
