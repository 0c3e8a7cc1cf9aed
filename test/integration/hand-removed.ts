import type { StackState } from '../../src/model/desired-state.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { Hands } from './by-hand.ts'
import {
  collectionId,
  type GrantIds,
  grantsOf,
  type HandMade,
  idOf,
  policyId,
  putGrant,
  removeGrant,
  resourceOf,
  roleId,
  webhookId,
} from './hand-made.ts'

const org = 'retail-banking'
const teamPath = (team: string): string => `/accounts/${org}/teams/${team}`

const removed = (resource: string, by: HandMade['by'] = async () => undefined): HandMade => ({
  resource,
  what: 'removed',
  by,
})

/** What goes with something that is deleted: told too, and done by nobody. */
const alongside = (
  state: StackState,
  isGone: (resource: Resource) => boolean,
  others: readonly string[] = [],
): readonly HandMade[] =>
  state.resources.filter((one) => isGone(one) && !others.includes(one.key)).map(({ key }) => removed(key))

const isOfTeam =
  (team: string) =>
  (one: Resource): boolean =>
    (one.kind === 'Grant' && one.subject.kind === 'team' && one.subject.team === team) ||
    (one.kind === 'RepositoryAccess' && one.team === team)

const isOfRepository =
  (name: string) =>
  (one: Resource): boolean =>
    (one.kind === 'RepositoryAccess' && one.repository === name) ||
    (one.kind === 'PromotionPolicy' && one.sourceRepository === `${org}/${name}`) ||
    (one.kind === 'RegistryWebhook' && one.repository === `${org}/${name}`)

const grantsOn = async (hands: Hands, collection: string): Promise<readonly GrantIds[]> => {
  const answer = (await hands.ucp('GET', `/collectionGrants?objectID=${collection}&limit=10000`)) as {
    grants?: readonly Readonly<Record<string, string>>[]
  }
  return (answer.grants ?? []).map((one) => ({
    subject: String(one.subjectID),
    collection: String(one.objectID),
    role: String(one.roleID),
  }))
}

/** A collection and every one below it, the deepest first, with the grants on them. */
const removeTree = async (hands: Hands, path: string): Promise<void> => {
  const all = (await hands.ucp('GET', '/collections?limit=10000')) as { id: string; path: string }[]
  const tree = all
    .filter((one) => one.path === path || one.path.startsWith(`${path}/`))
    .sort((a, b) => b.path.length - a.path.length)
  for (const { id } of tree) {
    for (const grant of await grantsOn(hands, id)) await removeGrant(hands, grant)
    await hands.ucp('DELETE', `/collections/${id}`)
  }
}

const isBelow =
  (path: string) =>
  (one: Resource): boolean => {
    const at = one.kind === 'Collection' ? one.path : one.kind === 'Grant' ? one.collection : ''
    return at === path || at.startsWith(`${path}/`)
  }

const access = (state: StackState): readonly HandMade[] => {
  const goesWithTeam = isOfTeam('auditors')
  const goesWithTree = isBelow(`/Run/Std/${org}`)
  const role = resourceOf(state, 'role/viewer-shared-nonprod', 'Role').name
  const goesWithRole = (one: Resource): boolean =>
    (one.kind === 'Grant' && one.role === role) || one.key === 'role/viewer-shared-nonprod'
  const all = state.resources.filter((one) => goesWithTeam(one) || goesWithTree(one) || goesWithRole(one))
  return [
    removed('team/auditors', (hands) => hands.ucp('DELETE', teamPath('auditors'))),
    removed('member/pipelines/svc-retail-ci', (hands) =>
      hands.ucp('DELETE', `${teamPath('pipelines')}/members/svc-retail-ci`),
    ),
    removed('grant/team/developers/scheduler/Build/Std', async (hands) =>
      removeGrant(hands, {
        subject: await idOf(hands, teamPath('developers')),
        collection: await collectionId(hands, '/Build/Std'),
        role: 'scheduler',
      }),
    ),
    removed(`collection/Run/Std/${org}`, (hands) => removeTree(hands, `/Run/Std/${org}`)),
    removed('role/viewer-shared-nonprod', async (hands) => {
      const id = await roleId(hands, role)
      for (const grant of await grantsOf(hands, id)) await removeGrant(hands, grant)
      await hands.ucp('DELETE', `/roles/${id}`)
    }),
    removed('default-collection/svc-retail-ci', async (hands) =>
      hands.ucp('DELETE', `/defaultCollection/${await idOf(hands, '/accounts/svc-retail-ci')}`),
    ),
    ...all
      .filter(({ key }) => ![`collection/Run/Std/${org}`, 'role/viewer-shared-nonprod'].includes(key))
      .map(({ key }) => removed(key)),
  ]
}

const registry = (state: StackState): readonly HandMade[] => [
  removed('repository/statements-renderer', (hands) =>
    hands.registry('DELETE', `/repositories/${org}/statements-renderer`),
  ),
  ...alongside(state, isOfRepository('statements-renderer'), [
    'repository-access/statements-renderer/auditors',
  ]),
  removed('repository-access/payments-web/developers', (hands) =>
    hands.registry('DELETE', `/repositories/${org}/payments-web/teamAccess/developers`),
  ),
  removed('promotion/payments-web', async (hands) =>
    hands.registry(
      'DELETE',
      `/repositories/${org}/payments-web/promotionPolicies/${await policyId(hands, `${org}/payments-web`)}`,
    ),
  ),
  removed('webhook/cards-core/tag-push', async (hands) =>
    hands.registry('DELETE', `/webhooks/${await webhookId(hands, `${org}/cards-core`, 'TAG_PUSH')}`),
  ),
]

interface Payload {
  readonly ID: string
  readonly Spec: { readonly Name: string; readonly Labels: Readonly<Record<string, string>> }
}

/** Deletes a swarm secret and makes another of its name, labels and all, as somebody who rotates one by hand does. */
const replaceSecret = async (hands: Hands, name: string): Promise<void> => {
  const { ID, Spec } = (await hands.ucp('GET', `/secrets/${name}`)) as Payload
  await hands.ucp('DELETE', `/secrets/${ID}`)
  const own = Object.entries(Spec.Labels).filter(
    ([label]) => !label.startsWith('com.docker.ucp.') || label === 'com.docker.ucp.access.label',
  )
  await hands.ucp('POST', '/secrets/create', {
    Name: name,
    Labels: Object.fromEntries(own),
    Data: Buffer.from('rotated').toString('base64'),
  })
}

const docker = (state: StackState): readonly HandMade[] => {
  const networkName = (key: string) => resourceOf(state, key, 'Network').name
  const removeNetwork = (key: string): HandMade =>
    removed(key, (hands) => hands.ucp('DELETE', `/networks/${networkName(key)}`))
  const removeVolume = (key: string): HandMade =>
    removed(key, (hands) => hands.ucp('DELETE', `/volumes/${resourceOf(state, key, 'Volume').name}`))
  return [
    removed('service/ci/jenkins', (hands) =>
      hands.ucp('DELETE', `/services/${resourceOf(state, 'service/ci/jenkins', 'DockerService').name}`),
    ),
    removed('config/ci/jenkins', (hands) =>
      hands.ucp('DELETE', `/configs/${resourceOf(state, 'config/ci/jenkins', 'DockerConfig').name}`),
    ),
    removed('secret/payments-role-id', (hands) =>
      replaceSecret(hands, resourceOf(state, 'secret/payments-role-id', 'DockerSecret').name),
    ),
    removed('secret/cards-role-id', (hands) =>
      hands.ucp('DELETE', `/secrets/${resourceOf(state, 'secret/cards-role-id', 'DockerSecret').name}`),
    ),
    ...['network/backend', 'network/partners', 'network/web'].map(removeNetwork),
    ...['volume/statements', 'volume/archive', 'volume/ledger'].map(removeVolume),
  ]
}

const vault: readonly HandMade[] = [
  removed('vault-mount', (hands) => hands.vault('DELETE', `sys/mounts/orgs/${org}`)),
  removed('vault-policy/developer', (hands) => hands.vault('DELETE', `sys/policies/acl/${org}-developer`)),
  removed('vault-group/rb-audit', (hands) => hands.vault('DELETE', 'auth/ldap/groups/rb-audit')),
  removed('vault-approle/app-cards', (hands) => hands.vault('DELETE', `auth/approle/role/${org}-app-cards`)),
]

const platform: readonly HandMade[] = [
  removed('collection/Run/Edge', (hands) => removeTree(hands, '/Run/Edge')),
]

/** What an admin can delete of a tenant's and of the platform's things, and what goes with it. */
export const removals = (tenant: StackState): readonly HandMade[] => {
  const all = [...access(tenant), ...registry(tenant), ...docker(tenant), ...vault, ...platform]
  const byResource = new Map<string, HandMade>()
  // Of two ways in which something goes, the one that somebody did stands first.
  for (const one of all) if (!byResource.has(one.resource)) byResource.set(one.resource, one)
  return [...byResource.values()]
}

/** Things of nobody's of ours beside ours, with names that come close. */
export const makeStrangers = async (hands: Hands): Promise<void> => {
  await hands.ucp('POST', '/accounts/', { name: `${org}-2`, fullName: 'Retail Banking', isOrg: true })
  await hands.ucp('POST', `/accounts/${org}-2/teams`, { name: 'developers', description: 'not ours' })
  await hands.ucp('POST', '/collections', { name: 'Retail', parent_id: 'shared' })
  await hands.ucp('POST', '/roles', {
    name: 'viewer-nonprod-by-hand',
    operations: { Service: { 'Service View': [] } },
  })
  await putGrant(hands, {
    subject: await idOf(hands, `/accounts/${org}-2/teams/developers`),
    collection: await collectionId(hands, '/Shared/Retail'),
    role: await roleId(hands, 'viewer-nonprod-by-hand'),
  })
  await hands.ucp('POST', '/networks/create', {
    Name: `${org}-backend-2`,
    Driver: 'overlay',
    IPAM: { Driver: 'default', Config: [{ Subnet: '10.99.0.0/24' }] },
  })
  await hands.ucp('POST', '/volumes/create', { Name: `${org}-statements-2`, Driver: 'local' })
  await hands.ucp('POST', '/secrets/create', {
    Name: `${org}-payments-role-id-2`,
    Data: Buffer.from('theirs').toString('base64'),
  })
  await hands.registry('POST', `/repositories/${org}-2`, { name: 'payments-api' })
  await hands.vault('PUT', `sys/policies/acl/${org}-ci-2`, {
    policy: 'path "orgs/none" { capabilities = ["read"] }',
  })
  await hands.vault('POST', `sys/mounts/orgs/${org}-2`, { type: 'kv', options: { version: '2' } })
}
