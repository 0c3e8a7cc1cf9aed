import { createHash } from 'node:crypto'
import type { Network, Node, Payload, Service, Task, Volume } from '../../clients/docker-objects.ts'
import { EventLog } from './event-log.ts'

/** What a container uses right now, as `stats` shows it. */
export interface Usage {
  /** CPUs in use, e.g. 0.25. */
  readonly cpus: number
  readonly memoryBytes: number
}

export interface LogLine {
  readonly time: number
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

export interface Container {
  readonly id: string
  name: string
  readonly nodeId: string
  readonly image: string
  readonly command: readonly string[]
  readonly env: readonly string[]
  readonly user: string
  readonly hostname: string
  readonly labels: Readonly<Record<string, string>>
  /** Of a swarm task; undefined for one made by `containers/create`. */
  readonly taskId: string | undefined
  readonly createdAt: number
  state: 'created' | 'running' | 'paused' | 'exited'
  startedAt: number | undefined
  finishedAt: number | undefined
  exitCode: number
  readonly memoryLimitBytes: number
  readonly nanoCpus: number
  /** Volume names by path in the container. */
  readonly volumes: Readonly<Record<string, string>>
  /** Network ids. */
  readonly networks: Set<string>
  readonly hostConfig: Readonly<Record<string, unknown>>
  /** Texts of secrets and configs by path in the container. */
  readonly files: ReadonlyMap<string, string>
  readonly log: LogLine[]
}

export interface Exec {
  readonly id: string
  readonly containerId: string
  readonly command: readonly string[]
  readonly tty: boolean
  readonly user: string
  readonly env: readonly string[]
  state: 'created' | 'running' | 'exited'
  exitCode: number | null
}

/** All that the engine knows. Maps keep the order of creation. */
export interface EngineState {
  /** Plugins every machine has besides `local`; undefined where it has any that is asked for. */
  readonly volumeDrivers: readonly string[] | undefined
  readonly clock: () => number
  readonly usage: (container: Container) => Usage
  readonly events: EventLog
  readonly joinTokens: { readonly Worker: string; readonly Manager: string }
  readonly swarmId: string
  readonly nodes: Map<string, Node>
  readonly services: Map<string, Service>
  /** Changes whenever a service's task template does, by service id: what tells old tasks from new ones. */
  readonly specIndexOfService: Map<string, number>
  /** The same as it was when the task was made, by task id. */
  readonly specIndexOfTask: Map<string, number>
  readonly tasks: Map<string, Task>
  readonly networks: Map<string, Network>
  /** By name. */
  readonly volumes: Map<string, Volume>
  /** With their data. */
  readonly secrets: Map<string, Payload>
  readonly configs: Map<string, Payload>
  readonly containers: Map<string, Container>
  readonly execs: Map<string, Exec>
  readonly images: Map<string, { readonly id: string; readonly createdAt: number }>
  /** The store's version index: every write to a swarm object takes the next one. */
  readonly nextIndex: () => number
  /** Lower-case ids as swarmkit's: 25 characters. */
  readonly nextId: () => string
  /** 64 hex digits, as containers', execs' and images'. */
  readonly nextHexId: () => string
}

const base36 = (hex: string): string => BigInt(`0x${hex}`).toString(36).padStart(25, '0').slice(-25)

/** An engine that has just run `swarm init`, without nodes. Ids follow from `seed` alone. */
export const createState = (options: {
  readonly clock: () => number
  readonly seed: string
  readonly usage?: (container: Container) => Usage
  readonly volumeDrivers?: readonly string[]
}): EngineState => {
  let made = 0
  let index = 10
  const hex = (kind: string): string => {
    made += 1
    return createHash('sha256').update(`${options.seed}/${kind}/${made}`).digest('hex')
  }
  const nextId = (): string => base36(hex('swarm').slice(0, 32))
  const swarmId = nextId()
  const token = (): string => `SWMTKN-1-${nextId()}${nextId()}-${nextId()}`
  return {
    volumeDrivers: options.volumeDrivers,
    clock: options.clock,
    usage: options.usage ?? idleUsage,
    events: new EventLog(options.clock),
    swarmId,
    joinTokens: { Worker: token(), Manager: token() },
    nodes: new Map(),
    services: new Map(),
    specIndexOfService: new Map(),
    specIndexOfTask: new Map(),
    tasks: new Map(),
    networks: new Map(),
    volumes: new Map(),
    secrets: new Map(),
    configs: new Map(),
    containers: new Map(),
    execs: new Map(),
    images: new Map(),
    nextIndex: () => {
      index += 1
      return index
    },
    nextId,
    nextHexId: () => hex('local'),
  }
}

/** A twentieth of its CPU limit and a quarter of its memory limit. */
const idleUsage = (container: Container): Usage => ({
  cpus: (container.nanoCpus || 1e9) / 1e9 / 20,
  memoryBytes: Math.round((container.memoryLimitBytes || 2 ** 28) / 4),
})

/** The moment in the engine's form (RFC 3339). */
export const timestamp = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** What a swarm object's identity, version and dates are when it is made now. */
export const freshMeta = (
  state: EngineState,
): { Version: { Index: number }; CreatedAt: string; UpdatedAt: string } => {
  const now = timestamp(state.clock())
  return { Version: { Index: state.nextIndex() }, CreatedAt: now, UpdatedAt: now }
}
