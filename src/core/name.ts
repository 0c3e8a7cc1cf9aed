import { sha256 } from './canonical.ts'

/** Longest physical name of each system, in characters, with where the figure is from. */
export const nameLimits = {
  /** UCP accounts: up to 100 characters (LDAP name rule in UCP's docs, reference §2.1). */
  ucpAccount: 100,
  /** Collections and roles: no published limit; kept within accounts' (reference §13.7, our choice). */
  ucpCollection: 100,
  ucpRole: 100,
  /** DTR namespace and repository: each path part of a reference, 56 characters in DTR's form (our choice within 128). */
  dtrRepository: 56,
  /** Docker networks and volumes: swarm refuses service-like names over 63 characters (a DNS label, RFC 1035 §2.3.4). */
  dockerNetwork: 63,
  dockerVolume: 63,
  /** Swarm secrets and configs: 64 characters, `[a-zA-Z0-9-_.]` (swarmkit's validation). */
  dockerSecret: 64,
  dockerConfig: 64,
  /** Swarm services: a DNS label, RFC 1035 §2.3.4. */
  dockerService: 63,
  /** Vault policies and roles have no published limit; kept readable (our choice). */
  vaultName: 128,
  /** vSphere managed object names: 80 characters (vSphere API, ManagedEntity.name). */
  vsphereObject: 80,
  /** Host names of nodes: a DNS label, RFC 1035 §2.3.4. */
  nodeHostname: 63,
} as const

export type NameLimit = keyof typeof nameLimits

const hashLength = 8

/** Joins key parts with `-`; a name over the limit is cut and ends in eight hex digits of the full name's hash. */
export const physicalName = (limit: NameLimit, ...parts: readonly string[]): string => {
  const full = parts.join('-')
  const most = nameLimits[limit]
  if (full.length <= most) return full
  return `${full.slice(0, most - hashLength - 1)}-${sha256(full).slice(0, hashLength)}`
}
