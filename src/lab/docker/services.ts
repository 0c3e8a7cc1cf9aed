import { type Network, type Service, ServiceSpec, type Task } from '../../clients/docker-objects.ts'
import { canonicalJson } from '../../core/canonical.ts'
import { parseConstraints } from './constraints.ts'
import { parseFilters, passes, passesIdAndName, passesLabels } from './filters.ts'
import { logAnswer } from './log-stream.ts'
import { checkServiceName, resolveReference } from './names.ts'
import { findNetwork, isPredefined } from './networks.ts'
import { eraseTask, reconcile } from './reconcile.ts'
import { badRequest, conflict, notFound, outOfSequence, Refusal } from './refusal.ts'
import {
  bodyOf,
  created,
  type EngineAnswer,
  type EngineRequest,
  ok,
  parameter,
  versionOf,
} from './request.ts'
import { type EngineState, freshMeta, timestamp } from './state.ts'

const invalid = (sentence: string): Refusal =>
  badRequest(`rpc error: code = InvalidArgument desc = ${sentence}`)

/** Dockerd answers 500 where a service's network is missing, and knows the predefined ones of every node by name. */
const targetOf = (state: EngineState, target: string): Network => {
  try {
    return findNetwork(state, target)
  } catch (error) {
    throw error instanceof Refusal && error.status === 404 ? new Refusal(500, error.message) : error
  }
}

/** Networks by id, each checked; the engine answers 403 to one that services cannot use (reference §7). */
const resolveNetworks = (state: EngineState, spec: ServiceSpec): ServiceSpec => {
  const resolve = <T extends { Target: string }>(targets: readonly T[] | null | undefined): T[] =>
    (targets ?? []).map((target) => {
      const network = targetOf(state, target.Target)
      if (network.Ingress)
        throw invalid(`Service cannot be explicitly attached to the ingress network "${network.Name}"`)
      if (network.Scope !== 'swarm' && !isPredefined(network))
        throw new Refusal(
          403,
          `The network ${network.Name} cannot be used with services. Only networks scoped to the swarm can be used, such as those created with the overlay driver.`,
        )
      return { ...target, Target: network.Id }
    })
  const { Networks: deprecated, ...rest } = spec
  const { Networks: own, ...template } = spec.TaskTemplate
  const networks = resolve((own ?? []).length > 0 ? own : deprecated)
  return { ...rest, TaskTemplate: { ...template, ...(networks.length > 0 ? { Networks: networks } : {}) } }
}

const checkPayloads = (state: EngineState, spec: ServiceSpec): void => {
  for (const { SecretID, SecretName } of spec.TaskTemplate.ContainerSpec?.Secrets ?? [])
    if (!state.secrets.has(SecretID)) throw invalid(`secret not found: ${SecretName ?? SecretID}`)
  for (const { ConfigID, ConfigName } of spec.TaskTemplate.ContainerSpec?.Configs ?? [])
    if (!state.configs.has(ConfigID)) throw invalid(`config not found: ${ConfigName ?? ConfigID}`)
}

const leastNanoCpus = 1e6
const leastMemoryBytes = 4 * 1024 ** 2

/** As Go prints it: an exponent has two digits. */
const goNumber = (value: number): string => {
  const text = Math.abs(value) < 1e-4 ? value.toExponential() : String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

const checkResources = (spec: ServiceSpec): void => {
  const { Limits, Reservations } = spec.TaskTemplate.Resources ?? {}
  for (const amounts of [Limits, Reservations]) {
    const { NanoCPUs = 0, MemoryBytes = 0 } = amounts ?? {}
    if (NanoCPUs !== 0 && NanoCPUs < leastNanoCpus)
      throw invalid(`invalid cpu value ${goNumber(NanoCPUs / 1e9)}: Must be at least ${leastNanoCpus / 1e9}`)
    if (MemoryBytes !== 0 && MemoryBytes < leastMemoryBytes)
      throw invalid(`invalid memory value ${MemoryBytes}: Must be at least 4MiB`)
  }
}

const checkMode = (spec: ServiceSpec): void => {
  if (spec.Mode?.Global && spec.Mode.Replicated) throw badRequest('must specify only one service mode')
  const replicas = spec.Mode?.Replicated?.Replicas ?? 1
  if (!Number.isInteger(replicas) || replicas < 0)
    throw badRequest(
      `json: cannot unmarshal number ${replicas} into Go struct field ReplicatedService.Mode.Replicated.Replicas of type uint64`,
    )
}

const checkMounts = (spec: ServiceSpec): void => {
  const targets = new Set<string>()
  for (const { Target = '' } of spec.TaskTemplate.ContainerSpec?.Mounts ?? []) {
    if (targets.has(Target)) throw invalid(`ContainerSpec: duplicate mount point: ${Target}`)
    targets.add(Target)
  }
}

const checkPorts = (state: EngineState, spec: ServiceSpec, own: string | undefined): void => {
  const published = (one: ServiceSpec): string[] =>
    (one.EndpointSpec?.Ports ?? []).flatMap(({ PublishedPort, Protocol = 'tcp', PublishMode = 'ingress' }) =>
      PublishedPort && PublishMode === 'ingress' ? [`${PublishedPort}/${Protocol}`] : [],
    )
  const wanted = published(spec)
  for (const service of state.services.values()) {
    const taken =
      service.ID === own ? undefined : published(service.Spec).find((port) => wanted.includes(port))
    if (taken !== undefined)
      throw invalid(
        `port '${taken.split('/', 1)[0]}' is already in use by service '${service.Spec.Name}' (${service.ID}) as an ingress port`,
      )
  }
}

const updateDefaults = {
  Parallelism: 0,
  FailureAction: 'pause',
  MaxFailureRatio: 0,
  Order: 'stop-first',
} as const

/** What dockerd adds of its own. */
const withDefaults = (template: ServiceSpec['TaskTemplate']): ServiceSpec['TaskTemplate'] => ({
  ...template,
  ...(template.ContainerSpec === undefined
    ? {}
    : { ContainerSpec: { Isolation: 'default', ...template.ContainerSpec } }),
  ...(template.RestartPolicy ? { RestartPolicy: { MaxAttempts: 0, ...template.RestartPolicy } } : {}),
  ForceUpdate: template.ForceUpdate ?? 0,
  Runtime: template.Runtime || 'container',
})

/** The spec as swarmkit keeps it. Errors: `@throws {Refusal}` when it cannot run as it is. */
const accept = (state: EngineState, given: ServiceSpec, own?: string): ServiceSpec => {
  checkServiceName(given.Name ?? '')
  if (given.TaskTemplate.ContainerSpec === undefined && !given.TaskTemplate.Runtime)
    throw badRequest('mismatched Runtime and *Spec fields')
  if (!given.TaskTemplate.ContainerSpec?.Image && given.TaskTemplate.Runtime !== 'plugin')
    throw invalid('ContainerSpec: image reference must be provided')
  checkMode(given)
  checkMounts(given)
  checkResources(given)
  parseConstraints(given.TaskTemplate.Placement?.Constraints ?? [])
  checkPayloads(state, given)
  checkPorts(state, given, own)
  const spec = resolveNetworks(state, given)
  const mode = spec.Mode?.Global
    ? { Global: spec.Mode.Global }
    : { Replicated: { ...spec.Mode?.Replicated, Replicas: spec.Mode?.Replicated?.Replicas ?? 1 } }
  return {
    ...spec,
    Labels: spec.Labels ?? {},
    Mode: mode,
    TaskTemplate: withDefaults(spec.TaskTemplate),
    ...(spec.UpdateConfig ? { UpdateConfig: { ...updateDefaults, ...spec.UpdateConfig } } : {}),
    ...(spec.RollbackConfig ? { RollbackConfig: { ...updateDefaults, ...spec.RollbackConfig } } : {}),
  }
}

const endpoint = (spec: ServiceSpec): Record<string, unknown> => ({
  Spec: spec.EndpointSpec ?? {},
  ...(spec.EndpointSpec?.Ports ? { Ports: spec.EndpointSpec.Ports } : {}),
})

/** Errors: `@throws {Refusal}` 404. */
const findService = (state: EngineState, reference: string): Service => {
  const service = resolveReference(state.services, reference, ({ Spec }) => Spec.Name ?? '')
  if (service === undefined) throw notFound(`service ${reference} not found`)
  return service
}

const refuseTakenName = (state: EngineState, name: string | undefined): void => {
  for (const { Spec } of state.services.values())
    if (Spec.Name === name)
      throw conflict(
        'rpc error: code = AlreadyExists desc = name conflicts with an existing object: service ' +
          `${name} already exists`,
      )
}

/** A service without a name gets one. */
const named = (state: EngineState, spec: ServiceSpec): ServiceSpec =>
  spec.Name ? spec : { ...spec, Name: `service_${state.nextHexId().slice(0, 8)}` }

export const createService = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const spec = accept(state, named(state, bodyOf(request, ServiceSpec)))
  refuseTakenName(state, spec.Name)
  const meta = freshMeta(state)
  const service: Service = { ID: state.nextId(), ...meta, Spec: spec, Endpoint: endpoint(spec) }
  state.services.set(service.ID, service)
  state.specIndexOfService.set(service.ID, meta.Version.Index)
  state.events.emit('service', 'create', service.ID, { name: spec.Name ?? '' })
  reconcile(state)
  return created({ ID: service.ID })
}

const filterNames = ['id', 'name', 'label', 'mode', 'runtime']

export const listServices = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const filters = parseFilters(request.query.get('filters'), filterNames, 400)
  return ok(
    [...state.services.values()].filter(
      ({ ID, Spec }) =>
        passesIdAndName(filters, ID, Spec.Name ?? '') &&
        passesLabels(filters, 'label', Spec.Labels) &&
        passes(filters, 'mode', (mode) => mode === (Spec.Mode?.Global ? 'global' : 'replicated')) &&
        passes(filters, 'runtime', (runtime) => runtime === (Spec.TaskTemplate.Runtime || 'container')),
    ),
  )
}

export const inspectService = (state: EngineState, request: EngineRequest): EngineAnswer =>
  ok(findService(state, parameter(request)))

const sameKindOfMode = (a: ServiceSpec, b: ServiceSpec): boolean =>
  Boolean(a.Mode?.Global) === Boolean(b.Mode?.Global)

const specToApply = (service: Service, request: EngineRequest): ServiceSpec => {
  if (request.query.get('rollback') !== 'previous') return bodyOf(request, ServiceSpec)
  if (!service.PreviousSpec) throw invalid(`service ${service.ID} does not have a previous spec`)
  return service.PreviousSpec
}

export const updateService = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const service = findService(state, parameter(request))
  const version = versionOf(request, 'service')
  const spec = accept(state, specToApply(service, request), service.ID)
  if (version !== service.Version.Index) throw outOfSequence()
  if (spec.Name !== service.Spec.Name)
    throw new Refusal(501, 'rpc error: code = Unimplemented desc = renaming services is not supported')
  if (!sameKindOfMode(spec, service.Spec))
    throw new Refusal(501, 'rpc error: code = Unimplemented desc = service mode change is not allowed')
  const index = state.nextIndex()
  const rolls = canonicalJson(spec.TaskTemplate) !== canonicalJson(service.Spec.TaskTemplate)
  const now = timestamp(state.clock())
  if (rolls) state.specIndexOfService.set(service.ID, index)
  state.services.set(service.ID, {
    ...service,
    Version: { Index: index },
    UpdatedAt: now,
    PreviousSpec: service.Spec,
    Spec: spec,
    Endpoint: endpoint(spec),
    ...(rolls
      ? {
          UpdateStatus: { State: 'completed', StartedAt: now, CompletedAt: now, Message: 'update completed' },
        }
      : {}),
  })
  state.events.emit('service', 'update', service.ID, { name: spec.Name ?? '' })
  reconcile(state)
  return ok({ Warnings: null })
}

export const deleteService = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const service = findService(state, parameter(request))
  for (const task of [...state.tasks.values()]) if (task.ServiceID === service.ID) eraseTask(state, task)
  state.services.delete(service.ID)
  state.specIndexOfService.delete(service.ID)
  state.events.emit('service', 'remove', service.ID, { name: service.Spec.Name ?? '' })
  reconcile(state)
  return { status: 200 }
}

export const serviceLogs = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const service = findService(state, parameter(request))
  const lines = [...state.tasks.values()]
    .filter((task) => task.ServiceID === service.ID)
    .flatMap((task) => state.containers.get(task.Status.ContainerStatus?.ContainerID ?? '')?.log ?? [])
  return logAnswer(request, lines, false)
}

/** Errors: `@throws {Refusal}` 404. */
const findTask = (state: EngineState, reference: string): Task => {
  const task = resolveReference(state.tasks, reference, ({ ID }) => ID)
  if (task === undefined) throw notFound(`task ${reference} not found`)
  return task
}

const taskFilters = ['id', 'name', 'label', 'service', 'node', 'desired-state', 'runtime']

export const listTasks = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const filters = parseFilters(request.query.get('filters'), taskFilters)
  const nameOf = (id: string): string => state.services.get(id)?.Spec.Name ?? ''
  return ok(
    [...state.tasks.values()].filter(
      (task) =>
        passesIdAndName(filters, task.ID, `${nameOf(task.ServiceID)}.${task.Slot ?? task.NodeID}`) &&
        passesLabels(filters, 'label', task.Spec.ContainerSpec?.Labels) &&
        passes(filters, 'service', (name) => [task.ServiceID, nameOf(task.ServiceID)].includes(name)) &&
        passes(
          filters,
          'node',
          (node) => node === task.NodeID || node === state.nodes.get(task.NodeID ?? '')?.Description.Hostname,
        ) &&
        passes(filters, 'desired-state', (wanted) => wanted === task.DesiredState),
    ),
  )
}

export const inspectTask = (state: EngineState, request: EngineRequest): EngineAnswer =>
  ok(findTask(state, parameter(request)))
