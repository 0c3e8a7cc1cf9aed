import type { ResourceBase } from './resource-base.ts'

export interface ServiceFile {
  /** `key` of the DockerSecret or DockerConfig. */
  readonly source: string
  /** Physical name of it. */
  readonly name: string
  /** Path in the container. */
  readonly target: string
}

/** A swarm service. Identified by name. Every one has a CPU and a memory limit. */
export interface DockerService extends ResourceBase {
  readonly kind: 'DockerService'
  readonly name: string
  readonly image: string
  readonly environment: Readonly<Record<string, string>>
  readonly replicas: number
  readonly cpuLimitMillis: number
  readonly cpuReservationMillis: number
  readonly memoryLimitBytes: number
  readonly memoryReservationBytes: number
  readonly secrets: readonly ServiceFile[]
  readonly configs: readonly ServiceFile[]
  /** Keys and physical names of networks. */
  readonly networks: readonly { readonly source: string; readonly name: string }[]
  readonly mounts: readonly { readonly source: string; readonly name: string; readonly target: string }[]
  readonly constraints: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}
