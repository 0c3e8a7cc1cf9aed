/** One service that runs on a cluster, as the quota and the ports see it. */
export interface RunningService {
  readonly name: string
  /** Value of `com.docker.stack.namespace`; undefined for a service of no stack. */
  readonly stack: string | undefined
  /** The collection that it stands in. */
  readonly collection: string | undefined
  /** Containers at once; undefined for one on every node. */
  readonly containers: number | undefined
  /** Of one container; 0 where it has no limit. */
  readonly cpuLimitMillis: number
  readonly memoryLimitBytes: number
  /** Ports of the ingress network, `8443/tcp`. */
  readonly publishedPorts: readonly string[]
}

/** Every service of a cluster, of all tenants: a port that another has is taken. */
export interface RunningUsage {
  readonly services: readonly RunningService[]
}
