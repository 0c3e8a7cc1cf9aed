import { constants } from 'node:os'
import * as z from 'zod'
import { parseFilters, passes, passesLabels } from './filters.ts'
import { logAnswer } from './log-stream.ts'
import { checkContainerName, resolveReference } from './names.ts'
import { findNetwork } from './networks.ts'
import { endTask, eraseTask, reconcile } from './reconcile.ts'
import { badRequest, conflict, notFound, Refusal } from './refusal.ts'
import {
  bodyOf,
  created,
  type EngineAnswer,
  type EngineRequest,
  flag,
  noContent,
  ok,
  parameter,
} from './request.ts'
import { type Container, type EngineState, timestamp } from './state.ts'
import { emitContainer, endContainer } from './task-containers.ts'

const texts = z.union([z.array(z.string()), z.string().transform((text) => [text])]).nullish()

/** The body of `containers/create`: the fields that count here. */
export const ContainerForm = z.looseObject({
  Image: z.string().default(''),
  Cmd: texts,
  Entrypoint: texts,
  Env: z.array(z.string()).nullish(),
  User: z.string().optional(),
  Hostname: z.string().optional(),
  Labels: z.record(z.string(), z.string()).nullish(),
  HostConfig: z
    .looseObject({
      Memory: z.number().optional(),
      NanoCpus: z.number().optional(),
      NetworkMode: z.string().optional(),
      Binds: z.array(z.string()).nullish(),
      Mounts: z
        .array(
          z.looseObject({ Type: z.string().optional(), Source: z.string().optional(), Target: z.string() }),
        )
        .nullish(),
    })
    .nullish(),
  NetworkingConfig: z.looseObject({ EndpointsConfig: z.record(z.string(), z.unknown()).nullish() }).nullish(),
})
export type ContainerForm = z.infer<typeof ContainerForm>

/** Errors: `@throws {Refusal}` 404. */
export const findContainer = (state: EngineState, reference: string): Container => {
  const container = resolveReference(state.containers, reference.replace(/^\//, ''), ({ name }) => name)
  if (container === undefined) throw notFound(`No such container: ${reference}`)
  return container
}

const mountedVolumes = (form: ContainerForm): Record<string, string> => {
  const binds = (form.HostConfig?.Binds ?? []).map((bind) => bind.split(':'))
  const mounts = (form.HostConfig?.Mounts ?? []).filter(({ Type }) => Type === 'volume')
  return Object.fromEntries([
    ...binds.flatMap(([source = '', target = '']) => (source.startsWith('/') ? [] : [[target, source]])),
    ...mounts.flatMap(({ Source, Target }) => (Source ? [[Target, Source]] : [])),
  ])
}

const networksOf = (state: EngineState, form: ContainerForm): Set<string> => {
  const names = Object.keys(form.NetworkingConfig?.EndpointsConfig ?? {})
  const mode = form.HostConfig?.NetworkMode
  const wanted = names.length > 0 ? names : [!mode || mode === 'default' ? 'bridge' : mode]
  return new Set(
    wanted
      .filter((name) => !name.startsWith('container:'))
      .map((name) => {
        const network = findNetwork(state, name)
        if (network.Scope === 'swarm' && !network.Attachable)
          throw new Refusal(403, `Could not attach to network ${name}: not manually attachable`)
        return network.Id
      }),
  )
}

const nodeFor = (state: EngineState): string => {
  const ready = [...state.nodes.values()].find(({ Status }) => Status.State === 'ready')
  return ready?.ID ?? ''
}

export const createContainer = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const form = bodyOf(request, ContainerForm)
  if (form.Image === '') throw new Refusal(400, 'Config cannot be empty in order to create a container')
  const id = state.nextHexId()
  const name = request.query.get('name') || `container_${id.slice(0, 8)}`
  checkContainerName(name)
  for (const other of state.containers.values())
    if (other.name === name)
      throw conflict(
        `Conflict. The container name "/${name}" is already in use by container "${other.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      )
  const container: Container = {
    id,
    name,
    nodeId: nodeFor(state),
    image: form.Image,
    command: [...(form.Entrypoint ?? []), ...(form.Cmd ?? [])],
    env: form.Env ?? [],
    user: form.User ?? '',
    hostname: form.Hostname || id.slice(0, 12),
    labels: { ...form.Labels },
    taskId: undefined,
    createdAt: state.clock(),
    state: 'created',
    startedAt: undefined,
    finishedAt: undefined,
    exitCode: 0,
    memoryLimitBytes: form.HostConfig?.Memory ?? 0,
    nanoCpus: form.HostConfig?.NanoCpus ?? 0,
    volumes: mountedVolumes(form),
    networks: networksOf(state, form),
    hostConfig: form.HostConfig ?? {},
    files: new Map(),
    log: [],
  }
  state.containers.set(id, container)
  emitContainer(state, container, 'create')
  return created({ Id: id, Warnings: [] })
}

const stateOf = (container: Container): Record<string, unknown> => ({
  Status: container.state,
  Running: container.state === 'running' || container.state === 'paused',
  Paused: container.state === 'paused',
  Restarting: false,
  OOMKilled: false,
  Dead: false,
  Pid: container.state === 'running' ? 1000 : 0,
  ExitCode: container.exitCode,
  Error: '',
  StartedAt: container.startedAt === undefined ? '0001-01-01T00:00:00Z' : timestamp(container.startedAt),
  FinishedAt: container.finishedAt === undefined ? '0001-01-01T00:00:00Z' : timestamp(container.finishedAt),
})

const mountsOf = (container: Container): unknown[] =>
  Object.entries(container.volumes).map(([Destination, Name]) => ({
    Type: 'volume',
    Name,
    Destination,
    RW: true,
  }))

const networkSettings = (state: EngineState, container: Container): unknown => ({
  Networks: Object.fromEntries(
    [...container.networks].map((id) => [state.networks.get(id)?.Name ?? id, { NetworkID: id }]),
  ),
})

export const inspectContainer = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const container = findContainer(state, parameter(request))
  return ok({
    Id: container.id,
    Created: timestamp(container.createdAt),
    Path: container.command[0] ?? '',
    Args: container.command.slice(1),
    State: stateOf(container),
    Image: `sha256:${container.id}`,
    Name: `/${container.name}`,
    RestartCount: 0,
    Driver: 'overlay2',
    HostConfig: {
      ...container.hostConfig,
      Memory: container.memoryLimitBytes,
      NanoCpus: container.nanoCpus,
    },
    Mounts: mountsOf(container),
    Config: {
      Hostname: container.hostname,
      User: container.user,
      Env: container.env,
      Cmd: container.command,
      Image: container.image,
      Labels: container.labels,
    },
    NetworkSettings: networkSettings(state, container),
    Node: { ID: container.nodeId, Name: state.nodes.get(container.nodeId)?.Description.Hostname ?? '' },
  })
}

const filterNames = ['id', 'name', 'label', 'status', 'ancestor', 'network', 'volume', 'is-task', 'node']

export const listContainers = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const filters = parseFilters(request.query.get('filters'), filterNames)
  const all = flag(request, 'all') || filters.has('status')
  const limit = Number(request.query.get('limit') ?? 0)
  const shown = [...state.containers.values()].filter(
    (container) =>
      (all || container.state === 'running') &&
      passes(filters, 'id', (id) => container.id.startsWith(id)) &&
      passes(filters, 'name', (name) => container.name.includes(name.replace(/^\//, ''))) &&
      passesLabels(filters, 'label', container.labels) &&
      passes(filters, 'status', (status) => status === container.state) &&
      passes(filters, 'ancestor', (image) => container.image.startsWith(image)) &&
      passes(filters, 'volume', (volume) => Object.values(container.volumes).includes(volume)) &&
      passes(filters, 'network', (network) => container.networks.has(network)) &&
      passes(filters, 'is-task', (on) => ['1', 'true'].includes(on) === (container.taskId !== undefined)),
  )
  const newestFirst = shown.reverse()
  return ok(
    (limit > 0 ? newestFirst.slice(0, limit) : newestFirst).map((container) => ({
      Id: container.id,
      Names: [`/${container.name}`],
      Image: container.image,
      ImageID: `sha256:${container.id}`,
      Command: container.command.join(' '),
      Created: Math.floor(container.createdAt / 1000),
      Ports: [],
      Labels: container.labels,
      State: container.state,
      Status: container.state === 'running' ? 'Up' : `Exited (${container.exitCode})`,
      HostConfig: { NetworkMode: 'default' },
      NetworkSettings: networkSettings(state, container),
      Mounts: mountsOf(container),
    })),
  )
}

/** A task whose container ended by hand has failed or completed; the swarm starts another. */
const endOfTask = (state: EngineState, container: Container, exitCode: number): void => {
  const task = state.tasks.get(container.taskId ?? '')
  if (task === undefined) return
  endTask(state, task, exitCode === 0 ? 'complete' : 'failed', {
    message: 'finished',
    exitCode,
    ...(exitCode === 0 ? {} : { error: `task: non-zero exit (${exitCode})` }),
  })
  reconcile(state)
}

const end = (state: EngineState, container: Container, exitCode: number): void => {
  endContainer(state, container.id, exitCode)
  endOfTask(state, container, exitCode)
}

/** 128 + SIGKILL, 128 + SIGTERM (POSIX shells' convention, which the engine follows). */
const killed = 137
const terminated = 143

export const startContainer = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const container = findContainer(state, parameter(request))
  if (container.state === 'running') return { status: 304 }
  container.state = 'running'
  container.startedAt = state.clock()
  container.finishedAt = undefined
  emitContainer(state, container, 'start')
  return noContent
}

export const stopContainer = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const container = findContainer(state, parameter(request))
  if (container.state !== 'running') return { status: 304 }
  end(state, container, terminated)
  emitContainer(state, container, 'stop')
  return noContent
}

const knowsSignal = (signal: string): boolean =>
  /^\d+$/.test(signal) || Object.hasOwn(constants.signals, `SIG${signal.replace(/^SIG/, '')}`)

export const killContainer = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const container = findContainer(state, parameter(request))
  if (container.state !== 'running')
    throw conflict(`Cannot kill container: ${parameter(request)}: Container ${container.id} is not running`)
  const signal = request.query.get('signal') || 'SIGKILL'
  if (!knowsSignal(signal)) throw badRequest(`Invalid signal: ${signal}`)
  emitContainer(state, container, 'kill', { signal })
  end(state, container, killed)
  return noContent
}

export const restartContainer = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const container = findContainer(state, parameter(request))
  container.state = 'running'
  container.startedAt = state.clock()
  emitContainer(state, container, 'restart')
  return noContent
}

export const setPaused =
  (paused: boolean) =>
  (state: EngineState, request: EngineRequest): EngineAnswer => {
    const container = findContainer(state, parameter(request))
    if (!paused && container.state !== 'paused')
      throw new Refusal(500, `Container ${container.id} is not paused`)
    if (container.state === 'paused' && paused) throw conflict(`Container ${container.id} is already paused`)
    if (paused && container.state !== 'running') throw conflict(`Container ${container.id} is not running`)
    container.state = paused ? 'paused' : 'running'
    emitContainer(state, container, paused ? 'pause' : 'unpause')
    return noContent
  }

export const renameContainer = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const container = findContainer(state, parameter(request))
  const name = request.query.get('name') ?? ''
  try {
    checkContainerName(name)
  } catch {
    throw badRequest(
      `Error when allocating new name: Invalid container name (/${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    )
  }
  if ([...state.containers.values()].some((other) => other.name === name))
    throw conflict(`Conflict. The container name "/${name}" is already in use.`)
  container.name = name
  emitContainer(state, container, 'rename')
  return noContent
}

export const removeContainer = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const container = findContainer(state, parameter(request))
  if (container.state === 'running' && !flag(request, 'force'))
    throw conflict(
      `You cannot remove a running container ${container.id}. Stop the container before attempting removal or force remove`,
    )
  if (container.state === 'running') end(state, container, killed)
  const task = state.tasks.get(container.taskId ?? '')
  if (task !== undefined) eraseTask(state, task)
  else if (state.containers.delete(container.id)) emitContainer(state, container, 'destroy')
  reconcile(state)
  return noContent
}

export const waitContainer = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const container = findContainer(state, parameter(request))
  if (container.state !== 'running') return ok({ StatusCode: container.exitCode })
  return {
    stream: (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      const stop = state.events.listen((event) => {
        if (event.Actor.ID !== container.id || event.Action !== 'die') return
        stop()
        response.end(`${JSON.stringify({ StatusCode: container.exitCode })}\n`)
      })
      response.on('close', stop)
    },
  }
}

export const containerLogs = (state: EngineState, request: EngineRequest): EngineAnswer =>
  logAnswer(request, findContainer(state, parameter(request)).log, false)

const running = (state: EngineState, request: EngineRequest): Container => {
  const container = findContainer(state, parameter(request))
  if (container.state !== 'running') throw conflict(`Container ${container.id} is not running`)
  return container
}

export const containerTop = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const container = running(state, request)
  return ok({
    Titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
    Processes: [
      [
        container.user || 'root',
        '1000',
        '1',
        '0',
        timestamp(container.startedAt ?? 0).slice(11, 16),
        '?',
        '00:00:00',
        container.command.join(' ') || container.image,
      ],
    ],
  })
}

export const containerChanges = (state: EngineState, request: EngineRequest): EngineAnswer => {
  findContainer(state, parameter(request))
  return ok(null)
}

/** Processors a machine of the lab is said to have in `stats`. */
const onlineCpus = 4

const sample = (state: EngineState, container: Container): unknown => {
  const { cpus, memoryBytes } = state.usage(container)
  const now = state.clock()
  const age = Math.max(0, now - (container.startedAt ?? now))
  const cpu = (milliseconds: number): unknown => ({
    cpu_usage: { total_usage: Math.round(milliseconds * 1e6 * cpus), percpu_usage: [] },
    system_cpu_usage: Math.round(milliseconds * 1e6 * onlineCpus),
    online_cpus: onlineCpus,
  })
  return {
    id: container.id,
    name: `/${container.name}`,
    read: timestamp(now),
    preread: timestamp(now - 1000),
    cpu_stats: cpu(age + 1000),
    precpu_stats: cpu(age),
    memory_stats: {
      usage: memoryBytes,
      max_usage: memoryBytes,
      limit: container.memoryLimitBytes,
      stats: {},
    },
    pids_stats: { current: 1 },
    networks: {},
    blkio_stats: {},
  }
}

/** One sample, whatever `stream` says: time stands still for who does not ask again. */
export const containerStats = (state: EngineState, request: EngineRequest): EngineAnswer =>
  ok(sample(state, findContainer(state, parameter(request))))

export const resizeContainer = (state: EngineState, request: EngineRequest): EngineAnswer => {
  running(state, request)
  return { status: 200 }
}
