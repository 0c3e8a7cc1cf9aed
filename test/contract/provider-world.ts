import type { Drive } from './provider-harness.ts'

/** What an emulator and its registry tell an admin, one line a thing, ids by names. */
export type ProviderWorld = readonly string[]

type Item = Readonly<Record<string, unknown>>

const volatile = new Set([
  'id',
  'ID',
  'Id',
  'Version',
  'UpdatedAt',
  'CreatedAt',
  'createdAt',
  'updatedAt',
  'created_at',
  'updated_at',
])
const alsoVolatile = new Set([
  'lastSuccessAt',
  'lastUpdated',
  'lastStatusChange',
  'Status',
  'author',
  'authorID',
])

const idForm = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-z]{25}\b|\b[0-9a-f]{64}\b/g

const scrubbed = (value: unknown, names: ReadonlyMap<string, string>): unknown => {
  if (typeof value === 'string') return value.replace(idForm, (id) => names.get(id) ?? id)
  if (Array.isArray(value)) return value.map((one) => scrubbed(one, names))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !volatile.has(name) && !alsoVolatile.has(name))
      .map(([name, one]) => [scrubbed(name, names), scrubbed(one, names)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  )
}

const listOf = (value: unknown, key?: string): readonly Item[] => {
  const found = key === undefined ? value : (value as Item | undefined)?.[key]
  return Array.isArray(found) ? (found as Item[]) : []
}

const textOf = (item: Item, ...keys: readonly string[]): string => {
  for (const key of keys) if (typeof item[key] === 'string') return item[key]
  return ''
}

const nameOf = (item: Item): string =>
  textOf(item, 'path', 'name') || textOf((item.Description ?? {}) as Item, 'Hostname')

const teamsOf = async (drive: Drive, organization: string): Promise<readonly Item[]> => {
  const base = `/accounts/${organization}/teams`
  const teams = listOf(await drive.see(`${base}?limit=1000`), 'teams')
  return Promise.all(
    teams.map(async (team) => ({
      ...team,
      members: listOf(await drive.see(`${base}/${team.name}/members?limit=1000`), 'members'),
      sync: await drive.see(`${base}/${team.name}/memberSyncConfig`),
    })),
  )
}

const registryOf = async ({ client: { registry } }: Drive): Promise<Record<string, readonly Item[]>> => {
  const get = (path: string) => registry.json({ method: 'GET', path })
  const repositories = listOf(await get('/repositories?pageSize=1000'), 'repositories')
  const parts = await Promise.all(
    repositories.map(async ({ namespace, name }) => {
      const path = `/repositories/${namespace}/${name}`
      const of = (items: readonly Item[]) => items.map((one) => ({ ...one, of: `${namespace}/${name}` }))
      return {
        access: of(listOf(await get(`${path}/teamAccess?pageSize=1000`), 'teamAccessList')),
        policies: of(listOf(await get(`${path}/promotionPolicies?source=true&pageSize=1000`))),
        webhooks: of(listOf(await get(`${path}/webhooks?pageSize=1000`))),
      }
    }),
  )
  return {
    repositories,
    access: parts.flatMap(({ access }) => access),
    policies: parts.flatMap(({ policies }) => policies),
    webhooks: parts.flatMap(({ webhooks }) => webhooks),
  }
}

/** Reads everything that the 15 types of the ucp plugin can change. `users` are those whose default collection counts. */
export const readProviderWorld = async (drive: Drive, users: readonly string[]): Promise<ProviderWorld> => {
  const accounts = listOf(await drive.see('/accounts/?filter=all&limit=1000'), 'accounts')
  const organizations = accounts.filter(({ isOrg }) => isOrg === true)
  const [collections, roles, grants, nodes, settings, registry] = await Promise.all([
    drive.see('/collections?limit=10000'),
    drive.see('/roles'),
    drive.see('/collectionGrants?limit=10000'),
    drive.see('/nodes'),
    drive.client.ucp.send({
      method: 'GET',
      path: '/api/ucp/config-toml',
      headers: { accept: 'application/toml' },
    }),
    registryOf(drive),
  ])
  const perOrganization = await Promise.all(
    organizations.map(async ({ name }) => ({
      teams: await teamsOf(drive, String(name)),
      members: listOf(await drive.see(`/accounts/${name}/members?limit=1000`), 'members').map((one) => ({
        ...one,
        organization: name,
      })),
    })),
  )
  const defaults = await Promise.all(
    accounts
      .filter(({ name }) => users.includes(String(name)))
      .map(async ({ id, name }) => ({
        user: name,
        path: (await drive.client.ucp.get(`/defaultCollection/${id}`))?.path,
      })),
  )
  const found: Record<string, readonly Item[]> = {
    accounts,
    teams: perOrganization.flatMap(({ teams }) => teams),
    members: perOrganization.flatMap(({ members }) => members),
    collections: listOf(collections),
    roles: listOf(roles),
    grants: listOf(grants, 'grants'),
    nodes: listOf(nodes),
    defaults,
    settings: [{ toml: settings.text }],
    ...registry,
  }
  const names = new Map(
    Object.values(found)
      .flat()
      .flatMap((item) => ['id', 'ID'].map((key) => [textOf(item, key), nameOf(item)] as const))
      .filter(([id, name]) => id !== '' && name !== ''),
  )
  return Object.entries(found)
    .flatMap(([kind, items]) => items.map((item) => `${kind} ${JSON.stringify(scrubbed(item, names))}`))
    .sort()
}

/** What one world has and another has not. */
export const worldDifferences = (wanted: ProviderWorld, found: ProviderWorld): readonly string[] => {
  const left = [...found]
  const missing = wanted.filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return [...missing.map((line) => `missing: ${line}`), ...left.map((line) => `too much: ${line}`)]
}
