import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../core/fault.ts'
import type { DockerdTools } from './dockerd.ts'
import { endsWithin, type Hub } from './dockerd-hub.ts'
import { callEngine, sendToEngine } from './engine-calls.ts'

/**
 * The first process of a daemon's own namespaces: gives it a private /run and /etc, its host name, the memory it shall
 * see and the plugins' folder, then runs dockerd until that ends or the input does. Its end is the end of its containers.
 *
 * Arguments: host name, folder, socket, cgroup, plugins' folder, dockerd.
 */
const script = `
set -e
exec 3<&0 0</dev/null
hostname=$1 folder=$2 socket=$3 cgroup=$4 plugins=$5 dockerd=$6
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/docker/plugins /run/containerd /run/etc/upper /run/etc/work
mount --bind "$plugins" /run/docker/plugins
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work /etc
rm -rf /etc/docker
mkdir /etc/docker
mount --bind "$folder/meminfo" /proc/meminfo
echo "$hostname" > /proc/sys/kernel/hostname
ip link set lo up
(read -r _ <&3 || true; kill -KILL -1) &
"$dockerd" --host "unix://$socket" --group root --data-root "$folder/data" --exec-root /run/docker/exec \\
  --pidfile /run/docker/dockerd.pid --cgroup-parent "/$cgroup" --storage-driver overlay2 3<&- &
wait $!
`

/** Makes the network namespace of a node and joins it to the bridge. Arguments: node, address with its length. */
const plug = `
ip netns add "$1"
ip link add "$1" type veth peer name eth0 netns "$1"
ip link set "$1" master swarm0 up
ip -n "$1" addr add "$2" dev eth0
ip -n "$1" link set lo up
ip -n "$1" link set eth0 up
`

const unplug = `ip netns del "$1"`

/** A link with the name of a machine's VLAN interface, which the ipvlan driver takes for its parent. Arguments: node, name, peer. */
const addLink = `
ip -n "$1" link show dev "$2" >/dev/null 2>&1 || ip -n "$1" link add "$2" type veth peer name "$3"
ip -n "$1" link set "$2" up
ip -n "$1" link set "$3" up
`

const readyMilliseconds = 120_000
const endMilliseconds = 30_000
const pollMilliseconds = 50

/** Length of the names of network interfaces. Source: IFNAMSIZ, 16 with the final zero (netdevice(7)). */
const longestLink = 15

export interface DaemonOptions {
  readonly hub: Hub
  readonly tools: DockerdTools
  /** Of this engine alone; names its network namespace and its link to the bridge. */
  readonly name: string
  readonly hostname: string
  /** In the bridge's network. */
  readonly address: string
  readonly cpus: number
  readonly memoryBytes: number
  /** Its data; kept while it is down. */
  readonly folder: string
  readonly socketPath: string
  readonly cgroup: string
  readonly plugins: string
  readonly logFile: string
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** The machine's own file with other totals, so that a daemon says the memory its machine would have. */
const meminfo = async (memoryBytes: number): Promise<string> => {
  const kibibytes = Math.round(memoryBytes / 1024)
  return (await readFile('/proc/meminfo', 'utf8')).replace(/^MemTotal:.*$/m, `MemTotal: ${kibibytes} kB`)
}

const isAnswering = (socketPath: string): Promise<boolean> =>
  sendToEngine(socketPath, { method: 'GET', path: '/_ping', timeoutMilliseconds: 5_000 }).then(
    ({ status }) => status === 200,
    () => false,
  )

/** One machine of the lab with a Docker Engine: on, off, on again, with the identity it had. */
export class Daemon {
  readonly options: DaemonOptions
  readonly #links = new Map<string, string>()
  #process: ChildProcess | undefined

  constructor(options: DaemonOptions) {
    this.options = options
  }

  get isOn(): boolean {
    const child = this.#process
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** Resolves when it answers. @throws {Fault} `unavailable` with the end of its log when it does not. */
  async start(): Promise<void> {
    if (this.isOn) return
    const { hub, name, address, folder, memoryBytes, socketPath } = this.options
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(join(folder, 'meminfo'), await meminfo(memoryBytes))
    await hub.run(plug, [name, address])
    for (const [link, peer] of this.#links) await hub.run(addLink, [name, link, peer])
    await rm(socketPath, { force: true })
    this.#process = this.#launch()
    await this.#untilReady()
  }

  /** As a machine that loses its power: nothing gets to say goodbye. Idempotent. */
  async stop(): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    this.#process = undefined
    child.stdin?.end()
    if (!(await endsWithin(child, endMilliseconds)))
      throw new Fault('timeout', `The Docker Engine of ${this.options.hostname} did not end.`)
    await this.options.hub.run(unplug, [this.options.name])
    await rm(this.options.socketPath, { force: true })
  }

  /** A network link of that name, now and whenever it is on. Idempotent. */
  async ensureLink(link: string): Promise<void> {
    if (!/^[\w.-]+$/.test(link) || link.length > longestLink)
      throw new Fault('invalid-request', `${link} cannot be the name of a network interface.`)
    const peer = this.#links.get(link) ?? `peer${this.#links.size}`
    this.#links.set(link, peer)
    if (this.isOn) await this.options.hub.run(addLink, [this.options.name, link, peer])
  }

  #launch(): ChildProcess {
    const { hub, tools, name, hostname, folder, socketPath, cgroup, plugins, logFile } = this.options
    const { nsenter, unshare, taskset, dockerd } = tools.programs
    const [program = '', ...enter] = hub.enter
    const processors = Math.max(1, Math.min(Math.floor(this.options.cpus), cpus().length))
    const child = spawn(
      program,
      [
        ...[...enter, nsenter, `--net=/run/netns/${name}`, '--'],
        ...[taskset, '--cpu-list', `0-${processors - 1}`],
        ...[unshare, '--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'],
        ...['--propagation', 'private', '/bin/sh', '-c', script, 'tenantry-docker-node'],
        ...[hostname, folder, socketPath, cgroup, plugins, dockerd],
      ],
      {
        cwd: '/',
        stdio: ['pipe', 'pipe', 'pipe'],
        // No registry can be asked: an image that is there is taken as it is.
        env: { PATH: tools.path, DOCKER_SERVICE_PREFER_OFFLINE_IMAGE: '1' },
      },
    )
    child.stdin?.on('error', () => undefined)
    const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 })
    log.on('error', () => undefined)
    for (const stream of [child.stdout, child.stderr]) stream?.pipe(log, { end: false })
    child.once('close', () => log.end())
    return child
  }

  /** A daemon tells the swarm of its volume drivers once it has used them; a list asks each. */
  async #loadDrivers(): Promise<void> {
    await callEngine(this.options.socketPath, { method: 'GET', path: '/volumes' })
  }

  async #untilReady(): Promise<void> {
    const { hostname, socketPath, logFile } = this.options
    const deadline = performance.now() + readyMilliseconds
    while (performance.now() < deadline && this.isOn) {
      if (await isAnswering(socketPath)) return await this.#loadDrivers()
      await pause(pollMilliseconds)
    }
    const log = await readFile(logFile, 'utf8').catch(() => '')
    throw new Fault(
      'unavailable',
      `The Docker Engine of ${hostname} did not come up: ${log.trim().split('\n').at(-1) ?? ''}`,
      { details: { resource: 'docker', hint: `Its log is ${logFile}.` } },
    )
  }
}
