/**
 * Keys of the resources that others of the same stack refer to: `<kind>/<what it is called>`, without hashes and without
 * the organization's or the cluster's name where the stack says it.
 */
export const keys = {
  organization: 'organization',
  team: (team: string) => `team/${team}`,
  role: (role: string) => `role/${role}`,
  collection: (path: string) => `collection${path}`,
  repository: (name: string) => `repository/${name}`,
  network: (name: string) => `network/${name}`,
  volume: (name: string) => `volume/${name}`,
  vaultMount: 'vault-mount',
  vaultPolicy: (name: string) => `vault-policy/${name}`,
  vaultAppRole: (name: string) => `vault-approle/${name}`,
  dockerSecret: (name: string) => `secret/${name}`,
  dockerConfig: (name: string) => `config/${name}`,
  tagCategory: 'tag-category',
  tag: (name: string) => `tag/${name}`,
  folder: 'vm-folder',
  resourcePool: (pool: string) => `vm-pool/${pool}`,
  machine: (hostname: string) => `vm/${hostname}`,
} as const
