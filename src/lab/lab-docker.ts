import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cluster } from '../cluster/schema.ts'
import { Fault } from '../core/fault.ts'
import { type DockerdTools, type FoundDockerd, findDockerd } from './docker/dockerd.ts'
import { type DockerEngine, startDockerEngine } from './docker/engine.ts'
import { type RealDockerEngine, startDockerd } from './docker/real-engine.ts'
import type { LabLayout } from './layout.ts'
import type { Part } from './part.ts'
import type { StopList } from './stop-list.ts'
import type { Member } from './ucp/proxy-contract.ts'

/** Which Docker Engine a lab takes: `found` is the real one where this machine can run it, else the one in memory. */
export const dockerChoices = ['found', 'real', 'memory'] as const
export type DockerChoice = (typeof dockerChoices)[number]

/**
 * What a lab takes where nobody chooses. Not the real one: an engine carries one ipvlan network a VLAN interface (measured,
 * 20.10.24: "is already using parent interface"), and organizations of one VLAN each have theirs.
 */
export const standardDocker: DockerChoice = 'memory'

/** The engine of one cluster's swarm. */
export interface LabDocker {
  readonly engine: DockerEngine
  readonly reality: Part['reality']
  /** Of the real engine, or `in memory`. */
  readonly version: string
  /** The real one: what needs more than the Engine API, such as images that no registry of the lab can give. */
  readonly real?: RealDockerEngine
  /** The nodes with an engine of their own; absent where one engine stands for all of them. */
  readonly members?: () => Promise<readonly Member[]>
}

export interface LabDockerOptions {
  readonly cluster: Cluster
  readonly layout: LabLayout
  /** Of the machine; undefined for the engine in memory. */
  readonly tools: DockerdTools | undefined
  /** Takes what has to be ended, also when starting fails halfway. */
  readonly stops: StopList
  /** Told of every process that was started. */
  readonly onProcess: (pid: number) => Promise<void>
  readonly log?: (line: string) => void
}

/**
 * What of the machine a choice takes: the tools of the real engine, or nothing for the one in memory, with a sentence why
 * where the real one was looked for. @throws {Fault} `missing-tool` where it is demanded and cannot be run here.
 */
export const chooseDocker = async (
  choice: DockerChoice,
  find: () => Promise<FoundDockerd> = findDockerd,
): Promise<{ readonly tools?: DockerdTools; readonly reason?: string }> => {
  if (choice === 'memory') return {}
  const found = await find()
  if (found.tools !== undefined) return { tools: found.tools }
  if (choice === 'found') return { reason: found.reason }
  throw new Fault('missing-tool', `The real Docker Engine cannot be run here: ${found.reason}.`, {
    details: {
      resource: 'docker',
      hint: 'As root on Linux `npm run setup:real` installs it; `--docker memory` does without.',
    },
  })
}

/** Longest path of a unix socket. Source: unix(7), `sun_path` has 108 bytes with the final zero; macOS has 104. */
const longestSocketPath = 103

const socketPathOf = async ({ cluster, layout, stops }: LabDockerOptions): Promise<string> => {
  const near = join(layout.run, `docker-${cluster.cluster}.sock`)
  if (Buffer.byteLength(near) <= longestSocketPath) return near
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-'))
  stops.add(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'docker.sock')
}

/** Links that the cluster's ipvlan networks have for parents: on a machine of the bank its template makes them. */
const parentsOf = ({ vlans, publicPool }: Cluster): readonly string[] => [
  ...Object.values(vlans).map(({ parent }) => parent),
  ...(publicPool === undefined ? [] : [publicPool.parent]),
]

/** Drivers of the cluster's storage that are plugins; the engine's own `local` driver does the rest. */
const volumeDriversOf = ({ storage }: Cluster): readonly string[] => [
  ...new Set(Object.values(storage).flatMap((backend) => ('driver' in backend ? [backend.driver] : []))),
]

/** The platform's own images of the cluster file by their full names. */
export const platformImages = ({ endpoints, jenkins }: Cluster): readonly string[] =>
  [jenkins.controllerImage, jenkins.agentImage].map((image) => `${new URL(endpoints.registry).host}/${image}`)

const startReal = async (options: LabDockerOptions, tools: DockerdTools): Promise<LabDocker> => {
  const { cluster, layout, stops, onProcess, log } = options
  const engine = await startDockerd({
    tools,
    cluster: cluster.cluster,
    folder: join(layout.run, `docker-${cluster.cluster}`),
    logs: layout.logs,
    socketPath: await socketPathOf(options),
    onProcess,
    volumeDrivers: volumeDriversOf(cluster),
    ...(log === undefined ? {} : { log }),
  })
  stops.add(() => engine.stop())
  for (const parent of parentsOf(cluster)) await engine.ensureParent(parent)
  // No registry of the lab holds layers: every node has them as if pulled.
  for (const reference of platformImages(cluster)) await engine.provideImage({ reference })
  return {
    engine,
    real: engine,
    reality: 'real',
    version: engine.version,
    members: async () =>
      engine
        .daemons()
        .filter(({ isOn }) => isOn)
        .map(({ nodeId, socketPath }) => ({ id: nodeId, socketPath })),
  }
}

/** Starts the engine of a cluster's swarm; no node has joined yet. */
export const startLabDocker = async (options: LabDockerOptions): Promise<LabDocker> => {
  if (options.tools !== undefined) return startReal(options, options.tools)
  const engine = await startDockerEngine({ socketPath: await socketPathOf(options) })
  options.stops.add(() => engine.stop())
  return { engine, reality: 'stand-in', version: 'in memory' }
}
