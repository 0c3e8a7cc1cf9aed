import type { Event } from '../../clients/docker-objects.ts'
import { type Filters, parseFilters, passes, passesLabels } from './filters.ts'
import { type EngineAnswer, type EngineRequest, ok } from './request.ts'
import { type EngineState, timestamp } from './state.ts'

/** The Engine API version this engine speaks (UCP 3.2's, reference §7). */
export const apiVersion = '1.39'
export const oldestApiVersion = '1.12'
const engineVersion = '19.03.13'

export const version = (): EngineAnswer =>
  ok({
    Platform: { Name: 'Docker Engine - Enterprise' },
    Components: [{ Name: 'Engine', Version: engineVersion, Details: { ApiVersion: apiVersion } }],
    Version: engineVersion,
    ApiVersion: apiVersion,
    MinAPIVersion: oldestApiVersion,
    GitCommit: '',
    GoVersion: 'go1.13.15',
    Os: 'linux',
    Arch: 'amd64',
    KernelVersion: '5.10.0',
  })

export const info = (state: EngineState): EngineAnswer => {
  const nodes = [...state.nodes.values()]
  const managers = nodes.filter(({ Spec }) => Spec.Role === 'manager')
  const own = managers[0] ?? nodes[0]
  const containers = [...state.containers.values()]
  const inState = (wanted: string): number => containers.filter((one) => one.state === wanted).length
  return ok({
    ID: state.swarmId,
    Name: own?.Description.Hostname ?? 'engine',
    ServerVersion: engineVersion,
    Containers: containers.length,
    ContainersRunning: inState('running'),
    ContainersPaused: inState('paused'),
    ContainersStopped: inState('exited'),
    Images: state.images.size,
    Driver: 'overlay2',
    OperatingSystem: 'Linux',
    OSType: 'linux',
    Architecture: 'x86_64',
    NCPU: Math.round((own?.Description.Resources.NanoCPUs ?? 0) / 1e9),
    MemTotal: own?.Description.Resources.MemoryBytes ?? 0,
    SystemTime: timestamp(state.clock()),
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'ipvlan', 'macvlan', 'null', 'overlay'],
      Authorization: null,
      Log: ['json-file'],
    },
    Swarm: {
      NodeID: own?.ID ?? '',
      NodeAddr: own?.Status.Addr ?? '',
      LocalNodeState: 'active',
      ControlAvailable: true,
      Error: '',
      Nodes: nodes.length,
      Managers: managers.length,
      Cluster: { ID: state.swarmId },
    },
    Labels: [],
    Warnings: null,
  })
}

export const swarm = (state: EngineState): EngineAnswer =>
  ok({
    ID: state.swarmId,
    Version: { Index: 10 },
    Spec: {
      Name: 'default',
      Labels: {},
      Orchestration: { TaskHistoryRetentionLimit: 5 },
      Dispatcher: { HeartbeatPeriod: 5_000_000_000 },
    },
    RootRotationInProgress: false,
    JoinTokens: state.joinTokens,
  })

export const diskUsage = (state: EngineState): EngineAnswer =>
  ok({
    LayersSize: 0,
    Images: [],
    Containers: [],
    Volumes: [...state.volumes.values()],
    BuildCache: [],
  })

const actorFilters = ['container', 'service', 'node', 'network', 'volume', 'secret', 'config', 'image']

const wants = (filters: Filters, event: Event): boolean => {
  const { ID, Attributes } = event.Actor
  return (
    passes(filters, 'type', (type) => type === event.Type) &&
    passes(filters, 'event', (action) => event.Action === action || event.Action.startsWith(`${action}:`)) &&
    passes(filters, 'scope', (scope) => scope === event.scope) &&
    passesLabels(filters, 'label', Attributes) &&
    actorFilters.every((kind) =>
      passes(filters, kind, (wanted) => event.Type === kind && (ID === wanted || Attributes.name === wanted)),
    )
  )
}

const seconds = (text: string | null): number | undefined => {
  if (text === null || text === '') return undefined
  const number = Number(text)
  return Number.isFinite(number) ? number : Date.parse(text) / 1000
}

/** Streams events as lines of JSON: remembered ones since `since`, then new ones until `until`. */
export const streamEvents = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const filters = parseFilters(request.query.get('filters'))
  const since = seconds(request.query.get('since'))
  const until = seconds(request.query.get('until'))
  return {
    stream: (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      const write = (event: Event): void => {
        if (wants(filters, event)) response.write(`${JSON.stringify(event)}\n`)
      }
      const remaining = until === undefined ? undefined : until * 1000 - state.clock()
      if (since !== undefined)
        for (const event of state.events.since(since))
          if (until === undefined || event.time <= until) write(event)
      if (remaining !== undefined && remaining <= 0) {
        response.end()
        return
      }
      const stop = state.events.listen(write)
      const timer = remaining === undefined ? undefined : setTimeout(() => response.end(), remaining)
      response.on('close', () => {
        stop()
        clearTimeout(timer)
      })
    },
  }
}
