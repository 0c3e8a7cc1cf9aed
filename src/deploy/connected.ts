import type { Secret } from '../core/secret.ts'

/** Where one cluster's systems answer, as its cluster file says. */
export interface Endpoints {
  readonly ucp: string
  readonly registry: string
  readonly vault: string
  readonly vcenter: string
}

export interface UcpAccess {
  readonly endpoint: string
  readonly username: string
  readonly password: Secret
  readonly caCertificate?: string
}

export interface RegistryAccess {
  readonly endpoint: string
  readonly username: string
  readonly token: Secret
  readonly caCertificate?: string
}

export interface DockerAccess {
  /** `tcp://host:port` */
  readonly host: string
  readonly caMaterial: string
  readonly certMaterial: string
  readonly keyMaterial: Secret
}

export interface VaultAccess {
  readonly address: string
  readonly token: Secret
  readonly caFile?: string
}

export interface VcenterAccess {
  /** `host` or `host:port`. */
  readonly server: string
  readonly user: string
  readonly password: Secret
  readonly allowUnverifiedTls: boolean
}

/** How to reach one cluster's systems; each one's credentials are read when it is asked for. */
export interface Connected {
  /** @throws {Fault} `invalid-request` when its files are missing; so do the others. */
  readonly ucp: () => UcpAccess
  readonly registry: () => RegistryAccess
  readonly docker: () => DockerAccess
  readonly vault: () => VaultAccess
  readonly vcenter: () => VcenterAccess
}
