import { byText } from './stack-specs.ts'

type Texts = Readonly<Record<string, string>>
type Maybe<T> = T | null | undefined

interface SeenAmounts {
  readonly NanoCPUs?: number
  readonly MemoryBytes?: number
  readonly Pids?: number
}

interface SeenUse {
  readonly SecretName?: string
  readonly ConfigName?: string
  readonly File?: { readonly Name: string; readonly UID: string; readonly GID: string; readonly Mode: number }
}

interface SeenMount {
  readonly Type: string
  readonly Source?: string
  readonly Target: string
  readonly ReadOnly?: boolean
  readonly VolumeOptions?: {
    readonly Labels?: Maybe<Texts>
    readonly DriverConfig?: Maybe<{ readonly Name?: string; readonly Options?: Maybe<Texts> }>
  }
}

interface SeenContainer {
  readonly Image: string
  readonly User?: string
  readonly Hostname?: string
  readonly Init?: boolean
  readonly ReadOnly?: boolean
  readonly Command?: Maybe<readonly string[]>
  readonly Args?: Maybe<readonly string[]>
  readonly Env?: Maybe<readonly string[]>
  readonly Labels?: Maybe<Texts>
  readonly Secrets?: Maybe<readonly SeenUse[]>
  readonly Configs?: Maybe<readonly SeenUse[]>
  readonly Mounts?: Maybe<readonly SeenMount[]>
  readonly CapabilityAdd?: Maybe<readonly string[]>
  readonly CapabilityDrop?: Maybe<readonly string[]>
  readonly Sysctls?: Maybe<Texts>
  readonly Ulimits?: Maybe<readonly unknown[]>
  readonly Healthcheck?: Maybe<{ readonly Test?: readonly string[] }>
}

interface SeenTask {
  readonly ContainerSpec: SeenContainer
  readonly LogDriver?: { readonly Name: string; readonly Options?: Maybe<Texts> }
  readonly Networks?: Maybe<readonly { readonly Target: string; readonly Aliases?: readonly string[] }[]>
  readonly Placement?: { readonly Constraints?: Maybe<readonly string[]>; readonly MaxReplicas?: number }
  readonly Resources?: { readonly Limits?: SeenAmounts; readonly Reservations?: SeenAmounts }
  readonly RestartPolicy?: { readonly Condition?: string }
}

interface SeenPort {
  readonly PublishMode: string
  readonly PublishedPort?: number
  readonly TargetPort: number
  readonly Protocol: string
}

type SeenMode = { readonly ReplicatedJob?: { readonly TotalCompletions: number } }

/** What the Engine API says of a service, as far as these tests read it. */
export interface SeenService {
  readonly ID: string
  readonly Spec: {
    readonly Name: string
    readonly Labels: Texts
    readonly Mode: SeenMode
    readonly TaskTemplate: SeenTask
    readonly EndpointSpec?: { readonly Mode?: string; readonly Ports?: Maybe<readonly SeenPort[]> }
    readonly UpdateConfig?: { readonly FailureAction?: string; readonly Order?: string }
  }
  readonly ServiceStatus?: { readonly RunningTasks: number; readonly DesiredTasks: number }
}

/** Labels and constraints by which UCP says where a thing is: checked by themselves. */
const ofUcp = /com\.docker\.ucp\.(?:collection|orchestrator)/

const ownLabels = (labels: Maybe<Texts>): Texts =>
  Object.fromEntries(Object.entries(labels ?? {}).filter(([label]) => !ofUcp.test(label)))

const without = (labels: Texts, name: string): Texts =>
  Object.fromEntries(Object.entries(labels).filter(([label]) => label !== name))

const usesOf = (uses: Maybe<readonly SeenUse[]>) =>
  byText(
    (uses ?? []).map(({ SecretName, ConfigName, File }) => ({
      name: SecretName ?? ConfigName,
      target: File?.Name,
      mode: File?.Mode,
      owner: `${File?.UID}:${File?.GID}`,
    })),
  )

const volumeOf = ({ Source, VolumeOptions }: SeenMount) => {
  const labels = without(ownLabels(VolumeOptions?.Labels), 'com.docker.stack.namespace')
  return {
    source: Source,
    driver: VolumeOptions?.DriverConfig?.Name,
    options: VolumeOptions?.DriverConfig?.Options ?? {},
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  }
}

const mountsOf = (mounts: Maybe<readonly SeenMount[]>) =>
  byText(
    (mounts ?? []).map((mount) => ({
      ...{ type: mount.Type, target: mount.Target, readOnly: mount.ReadOnly === true },
      ...(mount.Type === 'volume' && mount.Source !== undefined ? { volume: volumeOf(mount) } : {}),
    })),
  )

const amountsOf = (amounts: SeenAmounts | undefined) => ({
  NanoCPUs: amounts?.NanoCPUs ?? 0,
  MemoryBytes: amounts?.MemoryBytes ?? 0,
})

const modeOf = (mode: SeenMode): unknown => {
  const completions = mode.ReplicatedJob?.TotalCompletions
  return completions === undefined ? mode : { ReplicatedJob: { TotalCompletions: completions } }
}

/** Which of what few services have it has, by the words of a stack file. */
const extrasOf = ({ ContainerSpec, Resources }: SeenTask): readonly string[] => {
  const { CapabilityAdd, CapabilityDrop, Sysctls, Ulimits } = ContainerSpec
  const fields = { cap_add: CapabilityAdd, cap_drop: CapabilityDrop, sysctls: Sysctls, ulimits: Ulimits }
  const pids = Resources?.Limits?.Pids === undefined ? [] : ['pids']
  return byText([
    ...Object.entries(fields).flatMap(([field, value]) => (value == null ? [] : [field])),
    ...pids,
  ])
}

const ofContainer = (container: SeenContainer) => ({
  image: container.Image,
  user: container.User,
  hostname: container.Hostname,
  init: container.Init,
  readOnly: container.ReadOnly,
  command: container.Command ?? [],
  args: container.Args ?? [],
  environment: byText(container.Env ?? []),
  // UCP copies where a service is to the labels of its containers.
  containerLabels: without(ownLabels(container.Labels), 'com.docker.ucp.access.label'),
  secrets: usesOf(container.Secrets),
  configs: usesOf(container.Configs),
  mounts: mountsOf(container.Mounts),
  test: container.Healthcheck?.Test ?? [],
})

const ofTask = (task: SeenTask, networkNames: ReadonlyMap<string, string>) => ({
  logging: task.LogDriver?.Name,
  logOptions: task.LogDriver?.Options ?? {},
  networks: byText(
    (task.Networks ?? []).map(({ Target, Aliases }) => ({
      name: networkNames.get(Target),
      aliases: byText(Aliases ?? []),
    })),
  ),
  constraints: byText((task.Placement?.Constraints ?? []).filter((one) => !ofUcp.test(one))),
  mostPerNode: task.Placement?.MaxReplicas ?? 0,
  limits: amountsOf(task.Resources?.Limits),
  reservations: amountsOf(task.Resources?.Reservations),
  restart: task.RestartPolicy?.Condition,
  extras: extrasOf(task),
})

/** A service of the engine in the form of `wantedService`; names of networks by id. */
export const seenService = ({ Spec }: SeenService, networkNames: ReadonlyMap<string, string>) => ({
  ...ofContainer(Spec.TaskTemplate.ContainerSpec),
  ...ofTask(Spec.TaskTemplate, networkNames),
  labels: ownLabels(Spec.Labels),
  ports: byText(
    (Spec.EndpointSpec?.Ports ?? []).map(({ PublishMode, PublishedPort, TargetPort, Protocol }) => ({
      mode: PublishMode,
      ports: `${PublishedPort ?? 0}:${TargetPort}/${Protocol}`,
    })),
  ),
  mode: modeOf(Spec.Mode),
  endpoint: Spec.EndpointSpec?.Mode ?? 'vip',
  onFailure: Spec.UpdateConfig?.FailureAction,
  order: Spec.UpdateConfig?.Order,
})
