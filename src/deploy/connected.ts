import type { Secret } from '../core/secret.ts'

/** Where one cluster's systems answer, as its cluster file says. */
export interface Endpoints {
  readonly ucp: string
  readonly registry: string
  readonly vault: string
  readonly vcenter: string
}

/** How to reach one cluster's systems, with the credentials read. */
export interface Connected {
  readonly ucp: {
    readonly endpoint: string
    readonly username: string
    readonly password: Secret
    readonly caCertificate?: string
  }
  readonly docker: {
    readonly host: string
    readonly caMaterial: string
    readonly certMaterial: string
    readonly keyMaterial: Secret
  }
  readonly registry: {
    readonly endpoint: string
    readonly username: string
    readonly token: Secret
    readonly caCertificate?: string
  }
  readonly vault: { readonly address: string; readonly token: Secret; readonly caFile?: string }
  readonly vcenter: {
    readonly server: string
    readonly user: string
    readonly password: Secret
    readonly allowUnverifiedTls: boolean
  }
}
