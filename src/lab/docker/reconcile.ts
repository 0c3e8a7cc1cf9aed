import type { Node, Service, Task } from '../../clients/docker-objects.ts'
import { chooseNode, mayStay } from './scheduler.ts'
import { networkTargets } from './service-references.ts'
import { type EngineState, freshMeta, timestamp } from './state.ts'
import { isAllocated } from './subnets.ts'
import { emitContainer, endContainer, runTask } from './task-containers.ts'

/** Ended tasks kept for each slot (swarmkit's TaskHistoryRetentionLimit). */
const historyLimit = 5

const ended = new Set(['complete', 'failed', 'shutdown', 'rejected', 'orphaned', 'remove'])

/** Whether a task still wants to run: neither ended nor told to. */
const isLive = (task: Task): boolean => task.DesiredState === 'running' && !ended.has(task.Status.State)

const holdsResources = (task: Task): boolean => isLive(task) && task.Status.State === 'running'

const write = (state: EngineState, task: Task, change: Partial<Task>): Task => {
  const next: Task = {
    ...task,
    ...change,
    Version: { Index: state.nextIndex() },
    UpdatedAt: timestamp(state.clock()),
  }
  state.tasks.set(task.ID, next)
  return next
}

/** Stops a task, keeping it as history. */
export const endTask = (
  state: EngineState,
  task: Task,
  reached: 'shutdown' | 'failed' | 'complete' | 'rejected' | 'orphaned',
  reason: { readonly message: string; readonly error?: string; readonly exitCode?: number },
): void => {
  const containerId = task.Status.ContainerStatus?.ContainerID
  if (containerId !== undefined) endContainer(state, containerId, reason.exitCode ?? 0)
  write(state, task, {
    DesiredState: 'shutdown',
    Status: {
      Timestamp: timestamp(state.clock()),
      State: reached,
      Message: reason.message,
      ...(reason.error === undefined ? {} : { Err: reason.error }),
      ...(containerId === undefined
        ? {}
        : { ContainerStatus: { ContainerID: containerId, PID: 0, ExitCode: reason.exitCode ?? 0 } }),
    },
  })
}

/** Takes a task and its container away for good. */
export const eraseTask = (state: EngineState, task: Task): void => {
  const containerId = task.Status.ContainerStatus?.ContainerID
  if (containerId !== undefined) {
    endContainer(state, containerId, 0)
    const container = state.containers.get(containerId)
    if (container !== undefined) emitContainer(state, container, 'destroy')
    state.containers.delete(containerId)
    for (const [id, exec] of state.execs) if (exec.containerId === containerId) state.execs.delete(id)
  }
  state.tasks.delete(task.ID)
  state.specIndexOfTask.delete(task.ID)
}

const newTask = (state: EngineState, service: Service, at: { slot?: number; nodeId?: string }): Task => {
  const task: Task = {
    ID: state.nextId(),
    ...freshMeta(state),
    Labels: {},
    Spec: service.Spec.TaskTemplate,
    ServiceID: service.ID,
    ...(at.slot === undefined ? {} : { Slot: at.slot }),
    ...(at.nodeId === undefined ? {} : { NodeID: at.nodeId }),
    Status: { Timestamp: timestamp(state.clock()), State: 'new', Message: 'created', ContainerStatus: {} },
    DesiredState: 'running',
  }
  state.tasks.set(task.ID, task)
  state.specIndexOfTask.set(task.ID, specIndex(state, service))
  return task
}

const specIndex = (state: EngineState, service: Service): number =>
  state.specIndexOfService.get(service.ID) ?? 0

const start = (state: EngineState, service: Service, task: Task, node: Node): void => {
  const container = runTask(state, service, task, node)
  write(state, task, {
    NodeID: node.ID,
    Status: {
      Timestamp: timestamp(state.clock()),
      State: 'running',
      Message: 'started',
      ContainerStatus: {
        ContainerID: container.id,
        PID: 1000 + (state.containers.size % 30_000),
        ExitCode: 0,
      },
    },
    NetworksAttachments: [...container.networks].map((id) => ({
      Network: { ID: id, Spec: { Name: state.networks.get(id)?.Name ?? id } },
      Addresses: [],
    })),
  })
}

/** Why a machine's engine cannot make the task's container; undefined where it can. */
const refusalOf = ({ Spec }: Task, node: Node): string | undefined => {
  const target = (Spec.ContainerSpec?.Mounts ?? []).find(({ Target = '' }) => !Target.startsWith('/'))?.Target
  if (target !== undefined) return `invalid mount target, must be an absolute path: ${target}`
  const cpus = node.Description.Resources.NanoCPUs / 1e9
  if ((Spec.Resources?.Limits?.NanoCPUs ?? 0) / 1e9 <= cpus) return undefined
  return `Range of CPUs is from 0.01 to ${cpus.toFixed(2)}, as there are only ${cpus} CPUs available`
}

const waitsForNetwork = (state: EngineState, service: Service): boolean =>
  networkTargets(service.Spec).some((id) => {
    const network = state.networks.get(id)
    return network !== undefined && !isAllocated(state, network)
  })

const place = (state: EngineState, service: Service, task: Task): void => {
  if (waitsForNetwork(state, service)) return
  const nodes = [...state.nodes.values()].filter((node) => task.Slot !== undefined || node.ID === task.NodeID)
  const choice = chooseNode({
    serviceId: service.ID,
    spec: task.Spec,
    nodes,
    active: [...state.tasks.values()].filter((other) => other.ID !== task.ID && holdsResources(other)),
    ...(state.volumeDrivers === undefined ? {} : { volumeDrivers: state.volumeDrivers }),
  })
  const node = 'nodeId' in choice ? state.nodes.get(choice.nodeId) : undefined
  if (node !== undefined) {
    const refusal = refusalOf(task, node)
    if (refusal === undefined) start(state, service, task, node)
    else endTask(state, { ...task, NodeID: node.ID }, 'rejected', { message: 'preparing', error: refusal })
    return
  }
  const error = 'error' in choice ? choice.error : 'no suitable node'
  if (task.Status.State === 'pending' && task.Status.Err === error) return
  write(state, task, {
    Status: {
      Timestamp: timestamp(state.clock()),
      State: 'pending',
      Message: 'pending task scheduling',
      Err: error,
      ContainerStatus: {},
    },
  })
}

const evict = (state: EngineState, task: Task): void => {
  const node = state.nodes.get(task.NodeID ?? '')
  if (node === undefined || node.Status.State === 'down') {
    endTask(state, task, 'orphaned', { message: 'task is on a node that is gone' })
  } else if (node.Spec.Availability === 'drain') {
    endTask(state, task, 'shutdown', { message: 'shutdown: the node is drained' })
  } else if (!mayStay(node, task.Spec)) {
    const message = 'assigned node no longer meets constraints'
    endTask(state, task, 'rejected', { message, error: message })
  }
}

const keepHistory = (state: EngineState, tasks: readonly Task[]): void => {
  const ofSlot = new Map<string, Task[]>()
  for (const task of tasks) {
    if (isLive(task)) continue
    const slot = String(task.Slot ?? task.NodeID)
    ofSlot.set(slot, [...(ofSlot.get(slot) ?? []), task])
  }
  for (const history of ofSlot.values())
    for (const task of history.slice(0, Math.max(0, history.length - historyLimit))) eraseTask(state, task)
}

const tasksOf = (state: EngineState, service: Service): Task[] =>
  [...state.tasks.values()].filter(({ ServiceID }) => ServiceID === service.ID)

/** Where the service wants tasks: slots of a replicated one, nodes of a global one. */
const wantedPlaces = (state: EngineState, service: Service): { slot?: number; nodeId?: string }[] => {
  const mode = service.Spec.Mode
  if (mode?.Global)
    return [...state.nodes.values()]
      .filter((node) => node.Status.State === 'ready' && mayStay(node, service.Spec.TaskTemplate))
      .map((node) => ({ nodeId: node.ID }))
  const replicas = mode?.Replicated?.Replicas ?? 1
  return Array.from({ length: replicas }, (_, position) => ({ slot: position + 1 }))
}

/** An engine tries a task that it rejected again and again; here time stands still until the service changes. */
const wasRejected = (state: EngineState, service: Service, last: Task | undefined): boolean => {
  const node = state.nodes.get(last?.NodeID ?? '')
  if (last?.Status.State !== 'rejected' || node === undefined || refusalOf(last, node) === undefined)
    return false
  return state.specIndexOfTask.get(last.ID) === specIndex(state, service)
}

const mayRestart = (service: Service, history: readonly Task[]): boolean => {
  const condition = service.Spec.TaskTemplate.RestartPolicy?.Condition ?? 'any'
  const last = history.at(-1)
  if (last === undefined || last.Status.State === 'shutdown' || condition === 'any') return true
  if (last.Status.State === 'orphaned' || last.Status.State === 'rejected') return true
  return condition === 'on-failure' && last.Status.State === 'failed'
}

const reconcileService = (state: EngineState, service: Service): void => {
  for (const task of tasksOf(state, service)) {
    if (!isLive(task)) continue
    if (state.specIndexOfTask.get(task.ID) !== specIndex(state, service))
      endTask(state, task, 'shutdown', { message: 'shutdown' })
    else if (task.Status.State === 'running') evict(state, task)
  }
  const wanted = wantedPlaces(state, service)
  const isAt = (task: Task, at: { slot?: number; nodeId?: string }): boolean =>
    at.slot === undefined ? task.Slot === undefined && task.NodeID === at.nodeId : task.Slot === at.slot
  for (const task of tasksOf(state, service)) if (!wanted.some((at) => isAt(task, at))) eraseTask(state, task)
  for (const at of wanted) {
    const here = tasksOf(state, service).filter((task) => isAt(task, at))
    if (here.some(isLive) || wasRejected(state, service, here.at(-1))) continue
    if (mayRestart(service, here)) newTask(state, service, at)
  }
  for (const task of tasksOf(state, service))
    if (isLive(task) && task.Status.State !== 'running') place(state, service, task)
  keepHistory(state, tasksOf(state, service))
}

/** Brings the tasks of every service to what the swarm wants now; services in the order they were made. */
export const reconcile = (state: EngineState): void => {
  for (const service of state.services.values()) reconcileService(state, service)
}
