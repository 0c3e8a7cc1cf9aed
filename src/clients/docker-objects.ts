import * as z from 'zod'

/** What the Docker Engine API (1.39) says of swarm objects: the fields we use, every other one kept as it is. */

const Labels = z.record(z.string(), z.string()).nullish()
const texts = z.array(z.string()).nullish()
const Version = z.object({ Index: z.number() })
const dated = { CreatedAt: z.string(), UpdatedAt: z.string() }

const Mount = z.looseObject({
  Type: z.string().optional(),
  Source: z.string().optional(),
  Target: z.string().optional(),
  ReadOnly: z.boolean().optional(),
  VolumeOptions: z
    .looseObject({
      NoCopy: z.boolean().optional(),
      Labels,
      DriverConfig: z
        .looseObject({
          Name: z.string().optional(),
          Options: z.record(z.string(), z.string()).nullish(),
        })
        .nullish(),
    })
    .nullish(),
})

const FileTarget = z
  .looseObject({
    Name: z.string().optional(),
    UID: z.string().optional(),
    GID: z.string().optional(),
    Mode: z.number().optional(),
  })
  .nullish()

export const ContainerSpec = z.looseObject({
  Image: z.string().optional(),
  Labels,
  Command: texts,
  Args: texts,
  Hostname: z.string().optional(),
  Env: texts,
  Dir: z.string().optional(),
  User: z.string().optional(),
  Groups: texts,
  Privileges: z.looseObject({ CredentialSpec: z.looseObject({}).nullish() }).nullish(),
  Mounts: z.array(Mount).nullish(),
  Secrets: z
    .array(z.looseObject({ SecretID: z.string(), SecretName: z.string().optional(), File: FileTarget }))
    .nullish(),
  Configs: z
    .array(z.looseObject({ ConfigID: z.string(), ConfigName: z.string().optional(), File: FileTarget }))
    .nullish(),
})
export type ContainerSpec = z.infer<typeof ContainerSpec>

const Amounts = z
  .looseObject({ NanoCPUs: z.number().optional(), MemoryBytes: z.number().optional() })
  .nullish()

const NetworkTarget = z.looseObject({ Target: z.string(), Aliases: texts })

export const TaskSpec = z.looseObject({
  ContainerSpec: ContainerSpec.nullish(),
  Resources: z.looseObject({ Limits: Amounts, Reservations: Amounts }).nullish(),
  RestartPolicy: z.looseObject({ Condition: z.string().optional() }).nullish(),
  Placement: z
    .looseObject({
      Constraints: texts,
      MaxReplicas: z.number().optional(),
    })
    .nullish(),
  Networks: z.array(NetworkTarget).nullish(),
  ForceUpdate: z.number().optional(),
  Runtime: z.string().optional(),
})
export type TaskSpec = z.infer<typeof TaskSpec>

const Port = z.looseObject({
  Name: z.string().optional(),
  Protocol: z.string().optional(),
  TargetPort: z.number().optional(),
  PublishedPort: z.number().optional(),
  PublishMode: z.string().optional(),
})

export const ServiceSpec = z.looseObject({
  Name: z.string().optional(),
  Labels,
  TaskTemplate: TaskSpec.default({}),
  Mode: z
    .looseObject({
      Replicated: z.looseObject({ Replicas: z.number().nullish() }).nullish(),
      Global: z.looseObject({}).nullish(),
    })
    .nullish(),
  UpdateConfig: z.looseObject({}).nullish(),
  RollbackConfig: z.looseObject({}).nullish(),
  Networks: z.array(NetworkTarget).nullish(),
  EndpointSpec: z.looseObject({ Mode: z.string().optional(), Ports: z.array(Port).nullish() }).nullish(),
})
export type ServiceSpec = z.infer<typeof ServiceSpec>

export const Service = z.looseObject({
  ID: z.string(),
  Version,
  ...dated,
  Spec: ServiceSpec,
  PreviousSpec: ServiceSpec.nullish(),
  UpdateStatus: z.looseObject({ State: z.string().optional(), Message: z.string().optional() }).nullish(),
})
export type Service = z.infer<typeof Service>

const TaskStatus = z.looseObject({
  Timestamp: z.string(),
  State: z.string(),
  Message: z.string().optional(),
  Err: z.string().optional(),
  ContainerStatus: z
    .looseObject({
      ContainerID: z.string().optional(),
      PID: z.number().optional(),
      ExitCode: z.number().optional(),
    })
    .nullish(),
})

export const Task = z.looseObject({
  ID: z.string(),
  Version,
  ...dated,
  Labels,
  Spec: TaskSpec,
  ServiceID: z.string().default(''),
  Slot: z.number().optional(),
  NodeID: z.string().optional(),
  Status: TaskStatus,
  DesiredState: z.string(),
})
export type Task = z.infer<typeof Task>

export const NodeSpec = z.looseObject({
  Name: z.string().optional(),
  Labels,
  Role: z.enum(['worker', 'manager']),
  Availability: z.enum(['active', 'pause', 'drain']),
})
export type NodeSpec = z.infer<typeof NodeSpec>

export const Node = z.looseObject({
  ID: z.string(),
  Version,
  ...dated,
  Spec: NodeSpec,
  Description: z.looseObject({
    Hostname: z.string(),
    Resources: z.looseObject({ NanoCPUs: z.number(), MemoryBytes: z.number() }),
  }),
  Status: z.looseObject({ State: z.string(), Addr: z.string().optional(), Message: z.string().optional() }),
})
export type Node = z.infer<typeof Node>

const IpamConfig = z.looseObject({
  Subnet: z.string().optional(),
  IPRange: z.string().optional(),
  Gateway: z.string().optional(),
  AuxiliaryAddresses: z.record(z.string(), z.string()).nullish(),
})

export const Network = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Created: z.string(),
  Scope: z.string(),
  Driver: z.string(),
  EnableIPv6: z.boolean().default(false),
  IPAM: z.looseObject({
    Driver: z.string().optional(),
    Options: z.record(z.string(), z.string()).nullish(),
    Config: z.array(IpamConfig).nullish(),
  }),
  Internal: z.boolean(),
  Attachable: z.boolean(),
  Ingress: z.boolean(),
  Containers: z
    .record(
      z.string(),
      z.looseObject({
        Name: z.string(),
        EndpointID: z.string(),
        MacAddress: z.string(),
        IPv4Address: z.string(),
        IPv6Address: z.string(),
      }),
    )
    .nullish(),
  Options: z.record(z.string(), z.string()).nullish(),
  Labels,
})
export type Network = z.infer<typeof Network>

export const NetworkForm = z.looseObject({
  Name: z.string().default(''),
  CheckDuplicate: z.boolean().optional(),
  Driver: z.string().optional(),
  Scope: z.string().optional(),
  EnableIPv6: z.boolean().optional(),
  IPAM: Network.shape.IPAM.nullish(),
  Internal: z.boolean().optional(),
  Attachable: z.boolean().optional(),
  Ingress: z.boolean().optional(),
  Options: z.record(z.string(), z.string()).nullish(),
  Labels,
})
export type NetworkForm = z.infer<typeof NetworkForm>

export const Volume = z.looseObject({
  Name: z.string(),
  Driver: z.string(),
  Mountpoint: z.string(),
  CreatedAt: z.string().optional(),
  Scope: z.string(),
  Labels,
  Options: z.record(z.string(), z.string()).nullish(),
})
export type Volume = z.infer<typeof Volume>

export const VolumeForm = z.looseObject({
  Name: z.string().optional(),
  Driver: z.string().optional(),
  DriverOpts: z.record(z.string(), z.string()).nullish(),
  Labels,
})
export type VolumeForm = z.infer<typeof VolumeForm>

/** One of `GET /containers/json`. */
export const ListedContainer = z.looseObject({
  Id: z.string(),
  Names: z.array(z.string()).nullish(),
  State: z.string(),
  Labels,
})
export type ListedContainer = z.infer<typeof ListedContainer>

/** What `GET /system/df` says of a volume; -1 bytes of one that the engine does not measure, e.g. a mount. */
export const VolumeUsage = z.looseObject({
  Name: z.string(),
  UsageData: z.looseObject({ Size: z.number() }).nullish(),
})

/** The spec of a secret or a config; `Data` is base64, and never comes back for a secret. */
export const PayloadSpec = z.looseObject({
  Name: z.string().default(''),
  Labels,
  Data: z.string().optional(),
})
export type PayloadSpec = z.infer<typeof PayloadSpec>

/** A secret or a config. */
export const Payload = z.looseObject({ ID: z.string(), Version, ...dated, Spec: PayloadSpec })
export type Payload = z.infer<typeof Payload>

export const Event = z.looseObject({
  Type: z.string(),
  Action: z.string(),
  Actor: z.looseObject({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
  scope: z.string().optional(),
  time: z.number(),
  timeNano: z.number(),
})
export type Event = z.infer<typeof Event>

const Cpu = z.looseObject({ cpu_usage: z.looseObject({ total_usage: z.number() }) })

/** `GET /containers/{id}/stats`; of one that does not run the engine answers zeros, and memory without `usage`. */
export const ContainerStats = z.looseObject({
  read: z.string(),
  cpu_stats: Cpu,
  memory_stats: z.looseObject({
    usage: z.number().optional(),
    stats: z.record(z.string(), z.unknown()).nullish(),
  }),
})
export type ContainerStats = z.infer<typeof ContainerStats>

/** What a container has used: processor time since its start, memory now without what the kernel caches of files. */
export interface ContainerUsage {
  /** Since 1970, by its node's clock. */
  readonly readAtMilliseconds: number
  readonly cpuNanoseconds: number
  readonly memoryBytes: number
}

/** Cache that goes when memory is needed. Source: `docker stats`, which leaves it out; cgroup v2, then v1. */
const cacheBytes = (stats: ContainerStats['memory_stats']['stats']): number => {
  const found = stats?.inactive_file ?? stats?.total_inactive_file
  return typeof found === 'number' ? found : 0
}

/** Undefined of a container that does not run. Never throws. */
export const usageIn = ({ read, cpu_stats, memory_stats }: ContainerStats): ContainerUsage | undefined => {
  const readAtMilliseconds = Date.parse(read)
  if (memory_stats.usage === undefined || Number.isNaN(readAtMilliseconds)) return undefined
  return {
    readAtMilliseconds,
    cpuNanoseconds: cpu_stats.cpu_usage.total_usage,
    memoryBytes: Math.max(0, memory_stats.usage - cacheBytes(memory_stats.stats)),
  }
}
