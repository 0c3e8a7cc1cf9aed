import { setTimeout as wait } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { Ucp } from '../../src/clients/ucp.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { Lab } from '../../src/lab/lab.ts'
import { openVcenter, readVcenter } from './vcenter-world.ts'

/** Everything that can be seen of a cluster, as its admins see it; ids are replaced by names, so that two worlds compare. */
export type World = Readonly<Record<string, readonly string[]>>

type Item = Readonly<Record<string, unknown>>
type Reader = (path: string) => Promise<unknown>

/** What differs between two makings of the same thing, by name of the field. */
const volatile = new Set([
  ...[
    'id',
    'ID',
    'Id',
    'Version',
    'UpdatedAt',
    'CreatedAt',
    'Created',
    'createdAt',
    'updatedAt',
    'created_at',
    'updated_at',
  ],
  ...['Endpoint', 'Status', 'ServiceStatus', 'Containers', 'Peers', 'ConfigFrom', 'Addr', 'lastSuccessAt'],
  // A node tells of a volume plugin once it has used it.
  'Plugins',
  ...['lastUpdated', 'lastStatusChange', 'pushes', 'pulls', 'Spec.Data', 'PreviousSpec', 'UpdateStatus'],
])

const listOf = (value: unknown, key?: string): readonly Item[] => {
  const found = key === undefined ? value : (value as Record<string, unknown> | undefined)?.[key]
  return Array.isArray(found) ? (found as Item[]) : []
}

/** A UUID, or an id of Docker's. */
const id = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-z]{25}\b|\b[0-9a-f]{64}\b/g

const scrub = (value: unknown, names: ReadonlyMap<string, string>): unknown => {
  if (typeof value === 'string') return value.replace(id, (found) => names.get(found) ?? found)
  if (Array.isArray(value))
    return value
      .map((one) => scrub(one, names))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  if (value === null || typeof value !== 'object') return value
  const fields = Object.entries(value)
    .filter(([name]) => !volatile.has(name))
    .map(([name, one]) => [String(scrub(name, names)), scrub(one, names)] as const)
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

const nameOf = (item: Item): string => {
  const spec = (item.Spec ?? {}) as Item
  const description = (item.Description ?? {}) as Item
  return (
    text(item.path) || text(item.name) || text(item.Name) || text(description.Hostname) || text(spec.Name)
  )
}

/** What UCP, its engine and the registry tell. */
const readUcp = async (get: Reader): Promise<Record<string, readonly Item[]>> => {
  const accounts = listOf(await get('/accounts/?filter=all&limit=1000'), 'accounts')
  const organizations = accounts.filter(({ isOrg }) => isOrg === true)
  const teams: Item[] = []
  const organizationMembers: Item[] = []
  for (const { name } of organizations) {
    const people = listOf(await get(`/accounts/${name}/members?limit=1000`), 'members')
    organizationMembers.push(...people.map((person) => ({ ...person, organization: name })))
    for (const team of listOf(await get(`/accounts/${name}/teams?limit=1000`), 'teams')) {
      const path = `/accounts/${name}/teams/${team.name}`
      const members = listOf(await get(`${path}/members?limit=1000`), 'members')
      teams.push({ ...team, organization: name, members, sync: await get(`${path}/memberSyncConfig`) })
    }
  }
  const defaultCollections: Item[] = []
  for (const { name, id: user, isOrg } of accounts)
    if (isOrg === false) {
      const found = (await get(`/defaultCollection/${user}`)) as Item | undefined
      defaultCollections.push({ user: name, path: found?.path })
    }
  return {
    accounts,
    teams,
    organizationMembers,
    defaultCollections,
    collections: listOf(await get('/collections?limit=10000')),
    roles: listOf(await get('/roles')),
    grants: listOf(await get('/collectionGrants?expandUser=false&limit=10000'), 'grants'),
    networks: listOf(await get('/networks')),
    volumes: listOf(await get('/volumes'), 'Volumes'),
    secrets: listOf(await get('/secrets')),
    configs: listOf(await get('/configs')),
    services: listOf(await get('/services')),
    nodes: listOf(await get('/nodes')),
  }
}

const readRegistry = async (get: Reader): Promise<Record<string, readonly Item[]>> => {
  const repositories = listOf(await get('/api/v0/repositories?pageSize=1000'), 'repositories')
  const access: Item[] = []
  const policies: Item[] = []
  for (const { namespace, name } of repositories) {
    const path = `/api/v0/repositories/${namespace}/${name}`
    const teams = listOf(await get(`${path}/teamAccess?pageSize=1000`), 'teamAccessList')
    access.push(...teams.map((team) => ({ ...team, repository: `${namespace}/${name}` })))
    const promoted = listOf(await get(`${path}/promotionPolicies?pageSize=1000`))
    policies.push(...promoted.map((policy) => ({ ...policy, repository: `${namespace}/${name}` })))
  }
  return { repositories, access, policies, webhooks: listOf(await get('/api/v0/webhooks?pageSize=1000')) }
}

const readVault = async ({ vault }: ClusterLab): Promise<Record<string, readonly Item[]>> => {
  const get = async (path: string): Promise<Item> => {
    const headers = { 'x-vault-token': vault.rootToken.reveal() }
    const answer = await fetch(`${vault.address}/v1/${path}`, { headers })
    return answer.ok ? (((await answer.json()) as { data?: Item }).data ?? {}) : {}
  }
  const each = async (folder: string): Promise<readonly Item[]> => {
    const names = listOf(await get(`${folder}?list=true`), 'keys') as unknown as readonly string[]
    return Promise.all(names.map(async (name) => ({ name, ...(await get(`${folder}/${name}`)) })))
  }
  const mounts = async (path: string): Promise<readonly Item[]> =>
    Object.entries(await get(path)).map(([name, mount]) => {
      const { accessor: _, uuid: __, ...rest } = mount as Item
      return { name, ...rest }
    })
  return {
    mounts: await mounts('sys/mounts'),
    backends: await mounts('sys/auth'),
    vaultPolicies: await each('sys/policies/acl'),
    appRoles: await each('auth/approle/role'),
    ldapGroups: await each('auth/ldap/groups'),
  }
}

type Items = Readonly<Record<string, readonly Item[]>>

/** Whose answers make up a world, with their connections. */
interface Clients {
  readonly cluster: ClusterLab
  readonly ucp: Ucp
  readonly registry: Agent
}

const connect = (cluster: ClusterLab): Clients => ({
  cluster,
  ucp: new Ucp({
    endpoint: cluster.ucp.address,
    caCertificate: cluster.ucp.caCertificate,
    username: 'svc-tenantry',
    password: cluster.platformPassword,
  }),
  registry: new Agent({ connect: { ca: cluster.ucp.caCertificate } }),
})

const disconnect = async ({ ucp, registry }: Clients): Promise<void> => {
  await Promise.allSettled([ucp.close(), registry.close()])
}

const readItems = async ({ cluster, ucp, registry }: Clients): Promise<Items> => {
  const basic = Buffer.from(`svc-tenantry:${cluster.platformPassword.reveal()}`).toString('base64')
  const settings = await ucp.send({
    method: 'GET',
    path: '/api/ucp/config-toml',
    headers: { accept: 'application/toml' },
  })
  return {
    settings: [{ toml: settings.text }],
    ...(await readUcp(async (path) => {
      const answer = await ucp.send({ method: 'GET', path, answers: [404] })
      return answer.status === 404 || answer.text === '' ? undefined : JSON.parse(answer.text)
    })),
    ...(await readRegistry(async (path) => {
      const headers = { authorization: `Basic ${basic}` }
      const answer = await request(`${cluster.registry.address}${path}`, { dispatcher: registry, headers })
      return answer.body.json()
    })),
    ...(await readVault(cluster)),
  }
}

const idOf = (item: Item): string => text(item.id) || text(item.ID) || text(item.Id)

const worldOf = (found: Items): World => {
  const names = new Map(
    Object.values(found)
      .flat()
      .flatMap((item) =>
        ['id', 'ID', 'Id'].flatMap((key) =>
          text(item[key]) === '' ? [] : [[text(item[key]), nameOf(item)] as const],
        ),
      ),
  )
  const scrubbed = Object.entries(found).map(([kind, items]): [string, readonly string[]] => [
    kind,
    items.map((item) => JSON.stringify(scrub(item, names))).sort(),
  ])
  return Object.fromEntries(scrubbed)
}

/** Reads worlds over connections that it keeps. */
export interface WorldReader {
  readonly read: () => Promise<World>
  readonly close: () => Promise<void>
}

export const openWorldReader = (lab: Lab, cluster: ClusterLab): WorldReader => {
  const clients = connect(cluster)
  const vsphere = openVcenter(lab)
  return {
    read: async () => ({ ...worldOf(await readItems(clients)), ...(await readVcenter(vsphere)) }),
    close: async () => {
      await Promise.allSettled([disconnect(clients), vsphere.close()])
    },
  }
}

/** Reads the whole world of one cluster of a lab. */
export const readWorld = async (lab: Lab, cluster: ClusterLab): Promise<World> => {
  const reader = openWorldReader(lab, cluster)
  try {
    return await reader.read()
  } finally {
    await reader.close()
  }
}

/** The id of everything of one cluster that its server gave one, by kind and name: an id that changes was made anew. */
export const readIdentities = async (cluster: ClusterLab): Promise<ReadonlyMap<string, string>> => {
  const clients = connect(cluster)
  try {
    return new Map(
      Object.entries(await readItems(clients)).flatMap(([kind, items]) =>
        items
          .filter((item) => idOf(item) !== '' && nameOf(item) !== '')
          .map(
            (item) =>
              [
                `${kind} ${text(item.organization) || text(item.namespace)}/${nameOf(item)}`,
                idOf(item),
              ] as const,
          ),
      ),
    )
  } finally {
    await disconnect(clients)
  }
}

/** What one world has and another has not, or has otherwise; nothing where they are the same. */
export const differences = (wanted: World, found: World): readonly string[] =>
  [...new Set([...Object.keys(wanted), ...Object.keys(found)])].flatMap((kind) => {
    const left = [...(found[kind] ?? [])]
    const missing = (wanted[kind] ?? []).filter((item) => {
      const at = left.indexOf(item)
      if (at >= 0) left.splice(at, 1)
      return at < 0
    })
    return [
      ...missing.map((item) => `missing in ${kind}: ${item}`),
      ...left.map((item) => `too much in ${kind}: ${item}`),
    ]
  })

/** Services and machines go on moving for a while after a run; longer than this is a difference. */
const settlingMilliseconds = 60_000
const lookMilliseconds = 500

const pause = (): Promise<void> => wait(lookMilliseconds)

/** A world once two looks at it are the same; after the most looks, as it is then. */
export const settledWorld = async (
  read: () => Promise<World>,
  looks: { readonly milliseconds: number; readonly most: number },
): Promise<World> => {
  let now = await read()
  for (let look = 0; look < looks.most; look++) {
    await wait(looks.milliseconds)
    const before = now
    now = await read()
    if (differences(before, now).length === 0) break
  }
  return now
}

/** The world of one cluster once two looks at it are the same. */
export const readSettledWorld = (lab: Lab, cluster: ClusterLab): Promise<World> =>
  settledWorld(() => readWorld(lab, cluster), {
    milliseconds: lookMilliseconds,
    most: Number.POSITIVE_INFINITY,
  })

/** What keeps a cluster from being in a world after all the time it has to get there; nothing where it is. */
export const missedWorld = async (
  wanted: World,
  lab: Lab,
  cluster: ClusterLab,
): Promise<readonly string[]> => {
  for (const end = Date.now() + settlingMilliseconds; ; await pause()) {
    const found = differences(wanted, await readWorld(lab, cluster))
    if (found.length === 0 || Date.now() > end) return found
  }
}
