import type { Cluster, StorageBackend } from '../cluster/schema.ts'
import { randomPassword } from './layout.ts'
import type { SeedSecret } from './vault/lab-vault.ts'

const credentialsOf = (backend: StorageBackend): SeedSecret | undefined => {
  switch (backend.kind) {
    case 'cifs':
      return {
        path: backend.credentials,
        data: { username: 'svc-storage', password: randomPassword().reveal() },
      }
    case 'scality':
      return {
        path: backend.credentials,
        data: { accessKey: randomPassword().reveal(), secretKey: randomPassword().reveal() },
      }
    case 'nfs':
    case 'netapp':
      return undefined
  }
}

/** The lab's engines ask nobody for a token; a VM that opens its ticket finds this one. */
const joinTokenOf = ({ swarm }: Cluster): SeedSecret | undefined =>
  swarm === undefined
    ? undefined
    : { path: swarm.joinToken, data: { worker: `SWMTKN-1-${randomPassword().reveal()}` } }

/** What a cluster's file says that lies in Vault's mount `platform`, with random values; by path. */
export const storageCredentials = (cluster: Cluster): readonly SeedSecret[] => {
  const seeds = new Map<string, SeedSecret>()
  for (const backend of Object.values(cluster.storage)) {
    const seed = credentialsOf(backend)
    if (seed === undefined) continue
    const before = seeds.get(seed.path)
    seeds.set(seed.path, { path: seed.path, data: { ...before?.data, ...seed.data } })
  }
  const token = joinTokenOf(cluster)
  if (token !== undefined) seeds.set(token.path, token)
  return [...seeds.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}
