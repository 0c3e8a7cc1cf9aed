import type { ContainerSpec, Node, Payload, Service, Task } from '../../clients/docker-objects.ts'
import { networkTargets } from './service-references.ts'
import type { Container, EngineState } from './state.ts'

const taskName = (service: Service, task: Task): string =>
  `${service.Spec.Name}.${task.Slot ?? task.NodeID}.${task.ID}`

const textOf = (payload: Payload | undefined): string =>
  Buffer.from(payload?.Spec.Data ?? '', 'base64').toString('utf8')

const filesOf = (state: EngineState, spec: ContainerSpec): Map<string, string> => {
  const files = new Map<string, string>()
  for (const { SecretID, SecretName, File } of spec.Secrets ?? []) {
    const name = File?.Name ?? SecretName ?? SecretID
    files.set(name.startsWith('/') ? name : `/run/secrets/${name}`, textOf(state.secrets.get(SecretID)))
  }
  for (const { ConfigID, ConfigName, File } of spec.Configs ?? []) {
    const name = File?.Name ?? ConfigName ?? ConfigID
    files.set(name.startsWith('/') ? name : `/${name}`, textOf(state.configs.get(ConfigID)))
  }
  return files
}

/** Creates the volumes a task mounts on its node's behalf, as the engine does when the container is made. */
const mountVolumes = (state: EngineState, spec: ContainerSpec): Record<string, string> => {
  const mounted: Record<string, string> = {}
  for (const mount of spec.Mounts ?? []) {
    if (mount.Type !== 'volume' || mount.Source === undefined || mount.Target === undefined) continue
    mounted[mount.Target] = mount.Source
    if (state.volumes.has(mount.Source)) continue
    state.volumes.set(mount.Source, {
      Name: mount.Source,
      Driver: mount.VolumeOptions?.DriverConfig?.Name ?? 'local',
      Mountpoint: `/var/lib/docker/volumes/${mount.Source}/_data`,
      CreatedAt: new Date(state.clock()).toISOString(),
      Scope: 'local',
      Labels: { ...mount.VolumeOptions?.Labels },
      Options: { ...mount.VolumeOptions?.DriverConfig?.Options },
    })
  }
  return mounted
}

const swarmLabels = (service: Service, task: Task, node: Node): Record<string, string> => ({
  'com.docker.swarm.node.id': node.ID,
  'com.docker.swarm.service.id': service.ID,
  'com.docker.swarm.service.name': service.Spec.Name ?? '',
  'com.docker.swarm.task': '',
  'com.docker.swarm.task.id': task.ID,
  'com.docker.swarm.task.name': taskName(service, task),
})

/** Makes and starts the container of a task that was given a node. */
export const runTask = (state: EngineState, service: Service, task: Task, node: Node): Container => {
  const spec = task.Spec.ContainerSpec ?? {}
  const now = state.clock()
  const id = state.nextHexId()
  const container: Container = {
    id,
    name: taskName(service, task),
    nodeId: node.ID,
    image: spec.Image ?? '',
    command: [...(spec.Command ?? []), ...(spec.Args ?? [])],
    env: spec.Env ?? [],
    user: spec.User ?? '',
    hostname: spec.Hostname || id.slice(0, 12),
    labels: { ...spec.Labels, ...swarmLabels(service, task, node) },
    taskId: task.ID,
    createdAt: now,
    state: 'running',
    startedAt: now,
    finishedAt: undefined,
    exitCode: 0,
    memoryLimitBytes: task.Spec.Resources?.Limits?.MemoryBytes ?? 0,
    nanoCpus: task.Spec.Resources?.Limits?.NanoCPUs ?? 0,
    volumes: mountVolumes(state, spec),
    networks: new Set(networkTargets(service.Spec)),
    hostConfig: {},
    files: filesOf(state, spec),
    log: [
      { time: now, stream: 'stdout', text: `${service.Spec.Name ?? ''} started from ${spec.Image ?? ''}` },
    ],
  }
  state.containers.set(id, container)
  for (const action of ['create', 'start']) emitContainer(state, container, action)
  return container
}

export const emitContainer = (
  state: EngineState,
  container: Container,
  action: string,
  more: Readonly<Record<string, string>> = {},
): void =>
  state.events.emit(
    'container',
    action,
    container.id,
    { ...container.labels, image: container.image, name: container.name, ...more },
    'local',
  )

/** Ends a running container; nothing where it has ended. */
export const endContainer = (state: EngineState, id: string, exitCode: number): void => {
  const container = state.containers.get(id)
  if (container === undefined || container.state === 'exited') return
  container.state = 'exited'
  container.exitCode = exitCode
  container.finishedAt = state.clock()
  emitContainer(state, container, 'die', { exitCode: String(exitCode) })
}
