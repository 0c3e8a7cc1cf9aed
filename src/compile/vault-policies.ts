import type { Stage } from '../cluster/schema.ts'
import type { JobRole } from '../tenant/schema.ts'

/**
 * How far a job role reaches into secrets: their names, writing values without reading any, reading values, or all of it.
 */
export type VaultReach = 'names' | 'write' | 'read' | 'full'

/** On production nobody reads values but machines; operators and release managers set them blind. */
export const vaultReach: Readonly<Record<Stage, Readonly<Record<JobRole, VaultReach>>>> = {
  nonprod: {
    viewer: 'names',
    developer: 'full',
    operator: 'full',
    'release-manager': 'write',
    ci: 'read',
    auditor: 'names',
  },
  prod: {
    viewer: 'names',
    developer: 'names',
    operator: 'write',
    'release-manager': 'write',
    ci: 'names',
    auditor: 'names',
  },
}

/** Capabilities on values (`data/`) and on names and versions (`metadata/`) of a KV v2 mount. */
const capabilities: Readonly<
  Record<VaultReach, { readonly data: readonly string[]; readonly metadata: readonly string[] }>
> = {
  names: { data: [], metadata: ['list', 'read'] },
  write: { data: ['create', 'update'], metadata: ['list', 'read'] },
  read: { data: ['read'], metadata: ['list', 'read'] },
  full: { data: ['create', 'delete', 'read', 'update'], metadata: ['delete', 'list', 'read'] },
}

/** The organization's KV v2 mount. */
export const vaultMountPath = (organization: string): string => `orgs/${organization}`

const rule = (path: string, granted: readonly string[]): string =>
  `path "${path}" {\n  capabilities = [${granted.map((one) => `"${one}"`).join(', ')}]\n}\n`

/** HCL for a reach into a folder of the organization's mount, e.g. `apps/payments`. */
export const reachInto = (organization: string, folder: string, reach: VaultReach): string => {
  const mount = vaultMountPath(organization)
  const { data, metadata } = capabilities[reach]
  return [
    ...(data.length === 0 ? [] : [rule(`${mount}/data/${folder}/*`, data)]),
    rule(`${mount}/metadata/${folder}/*`, metadata),
  ].join('\n')
}

/** HCL for reading one secret of the organization's mount, e.g. `apps/payments/database`. */
export const readSecret = (organization: string, secret: string): string => {
  const mount = vaultMountPath(organization)
  return [
    rule(`${mount}/data/${secret}`, capabilities.read.data),
    rule(`${mount}/metadata/${secret}`, ['read']),
  ].join('\n')
}

/** HCL of several rules. */
export const policyText = (...rules: readonly string[]): string => rules.join('\n')
