import { Ucp } from '../../src/clients/ucp.ts'
import { writeTrust } from '../../src/clients/ucp-config.ts'
import { type ClusterLab, platformUser } from '../../src/lab/cluster-lab.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import {
  changeNode,
  changeSpec,
  collectionId,
  editRole,
  type HandMade,
  idOf,
  policyId,
  putGrant,
  resourceOf,
  webhookId,
} from './hand-made.ts'

const org = 'retail-banking'
const teamPath = (team: string): string => `/accounts/${org}/teams/${team}`
const noSync = {
  enableSync: false,
  selectGroupMembers: true,
  groupDN: '',
  groupMemberAttr: '',
  searchBaseDN: '',
  searchScopeSubtree: false,
  searchFilter: '',
}

/** Every property of accounts, collections, roles and members that an admin can change in UCP. */
const access = (state: StackState): readonly HandMade[] => [
  {
    resource: 'organization',
    what: 'changed',
    properties: ['fullName', 'marked'],
    to: { fullName: 'Renamed', marked: false },
    by: (hands) => hands.ucp('PATCH', `/accounts/${org}`, { fullName: 'Renamed' }),
  },
  {
    resource: 'team/developers',
    what: 'renamed',
    properties: ['name'],
    to: { name: 'hackers' },
    by: (hands) => hands.ucp('PATCH', teamPath('developers'), { name: 'hackers' }),
  },
  {
    // Its one member is told of no change: the team is.
    resource: 'team/pipelines',
    what: 'renamed',
    properties: ['members', 'name'],
    by: async (hands) => {
      await hands.ucp('PUT', `${teamPath('pipelines')}/members/ben`, { isAdmin: false })
      await hands.ucp('PATCH', teamPath('pipelines'), { name: 'conveyor' })
    },
  },
  {
    resource: 'team/auditors',
    what: 'changed',
    properties: ['description', 'marked'],
    to: { description: 'Nobody reads this.' },
    by: (hands) => hands.ucp('PATCH', teamPath('auditors'), { description: 'Nobody reads this.' }),
  },
  {
    resource: 'team/operators',
    what: 'changed',
    properties: ['ldapSync.groupDn'],
    to: { 'ldapSync.groupDn': 'CN=RB-Developers,OU=Groups,DC=bank,DC=example' },
    by: (hands) =>
      hands.ucp('PUT', `${teamPath('operators')}/memberSyncConfig`, {
        ...noSync,
        enableSync: true,
        groupDN: 'CN=RB-Developers,OU=Groups,DC=bank,DC=example',
        groupMemberAttr: 'member',
      }),
  },
  {
    resource: 'team/business',
    what: 'changed',
    properties: ['ldapSync'],
    by: (hands) => hands.ucp('PUT', `${teamPath('business')}/memberSyncConfig`, noSync),
  },
  {
    resource: 'team/releasers',
    what: 'changed',
    properties: ['ldapSync.groupMemberAttribute'],
    by: (hands) =>
      hands.ucp('PUT', `${teamPath('releasers')}/memberSyncConfig`, {
        ...noSync,
        enableSync: true,
        groupDN: 'CN=RB-Release,OU=Groups,DC=bank,DC=example',
        groupMemberAttr: 'uniqueMember',
      }),
  },
  {
    resource: 'member/pipelines/svc-retail-ci',
    what: 'changed',
    properties: ['isAdmin'],
    to: { isAdmin: true },
    by: (hands) => hands.ucp('PUT', `${teamPath('conveyor')}/members/svc-retail-ci`, { isAdmin: true }),
  },
  {
    resource: `collection/Run/Std/${org}/payments`,
    what: 'changed',
    properties: ['labelConstraints'],
    by: async (hands) =>
      hands.ucp('PATCH', `/collections/${await collectionId(hands, `/Run/Std/${org}/payments`)}`, {
        label_constraints: [{ type: 'node', label_key: 'ssd', label_value: 'true', equality: true }],
      }),
  },
  {
    resource: 'role/viewer-nonprod',
    what: 'changed',
    properties: ['operations'],
    by: (hands) =>
      editRole(hands, resourceOf(state, 'role/viewer-nonprod', 'Role').name, {
        Container: { 'Container Exec': [] },
        Service: { 'Service Create': [], 'Service View': [] },
      }),
  },
  {
    resource: 'default-collection/svc-retail-ci',
    what: 'changed',
    properties: ['collection'],
    to: { collection: '/Shared' },
    by: async (hands) =>
      hands.ucp('PUT', `/defaultCollection/${await idOf(hands, '/accounts/svc-retail-ci')}`, {
        id: await collectionId(hands, '/Shared'),
      }),
  },
]

const settings = (repository: string, body: object): HandMade['by'] => {
  return (hands) => hands.registry('PATCH', `/repositories/${org}/${repository}`, body)
}

/** Every property of repositories, their access, promotions and webhooks. */
const registry: readonly HandMade[] = [
  {
    resource: 'repository/payments-api-prod',
    what: 'changed',
    properties: ['immutableTags'],
    to: { immutableTags: false },
    by: settings('payments-api-prod', { immutableTags: false }),
  },
  {
    resource: 'repository/payments-api',
    what: 'changed',
    properties: ['scanOnPush', 'shortDescription', 'visibility'],
    to: { visibility: 'public', scanOnPush: false },
    by: settings('payments-api', { visibility: 'public', scanOnPush: false, shortDescription: 'mine' }),
  },
  {
    resource: 'repository/payments-web',
    what: 'changed',
    properties: ['marked'],
    by: settings('payments-web', { longDescription: 'Nobody’s.' }),
  },
  {
    resource: 'repository-access/cards-core-prod/business',
    what: 'changed',
    properties: ['accessLevel'],
    to: { accessLevel: 'admin' },
    by: (hands) =>
      hands.registry('PUT', `/repositories/${org}/cards-core-prod/teamAccess/business`, {
        accessLevel: 'admin',
      }),
  },
  {
    resource: 'promotion/payments-api',
    what: 'changed',
    properties: ['enabled', 'rules', 'tagTemplate'],
    to: { enabled: false, tagTemplate: 'evil-%n' },
    by: async (hands) =>
      hands.registry(
        'PUT',
        `/repositories/${org}/payments-api/promotionPolicies/${await policyId(hands, `${org}/payments-api`)}`,
        {
          enabled: false,
          tagTemplate: 'evil-%n',
          targetRepository: `${org}/payments-api-prod`,
          rules: [{ field: 'tag', operator: 'eq', values: ['latest'] }],
        },
      ),
  },
  {
    resource: 'promotion/cards-core',
    what: 'changed',
    properties: ['targetRepository'],
    to: { targetRepository: `${org}/payments-web-prod` },
    by: async (hands) =>
      hands.registry(
        'PUT',
        `/repositories/${org}/cards-core/promotionPolicies/${await policyId(hands, `${org}/cards-core`)}`,
        { targetRepository: `${org}/payments-web-prod` },
      ),
  },
  {
    resource: 'webhook/payments-api/tag-push',
    what: 'changed',
    properties: ['endpoint'],
    to: { endpoint: 'https://evil.example/' },
    by: async (hands) =>
      hands.registry('POST', '/webhooks/update', {
        id: await webhookId(hands, `${org}/payments-api`, 'TAG_PUSH'),
        endpoint: 'https://evil.example/',
      }),
  },
  {
    resource: 'webhook/payments-api/scan-completed',
    what: 'changed',
    properties: ['active'],
    to: { active: false },
    by: async (hands) =>
      hands.registry('POST', '/webhooks/update', {
        id: await webhookId(hands, `${org}/payments-api`, 'SCAN_COMPLETED'),
        inactive: true,
      }),
  },
]

interface ServiceSpec {
  readonly Labels: Readonly<Record<string, string>>
  readonly TaskTemplate: {
    readonly ContainerSpec: object
    readonly Resources: { readonly Limits: object; readonly Reservations: object }
  }
}

interface PayloadSpec {
  readonly Labels: Readonly<Record<string, string>>
}

const other = { stolen: 'yes' }

/** What an engine lets people change in place. */
const docker = (state: StackState): readonly HandMade[] => [
  {
    resource: 'service/ci/jenkins',
    what: 'changed',
    properties: [
      'labels',
      'mode.replicated.replicas',
      'taskSpec.containerSpec.env',
      'taskSpec.containerSpec.image',
      'taskSpec.placement',
      'taskSpec.resources.limits.nanoCpus',
      'taskSpec.resources.reservation.memoryBytes',
    ],
    to: { 'mode.replicated.replicas': 3, 'taskSpec.containerSpec.image': 'evil/miner:latest' },
    by: (hands) =>
      changeSpec<ServiceSpec>(
        hands,
        `/services/${resourceOf(state, 'service/ci/jenkins', 'DockerService').name}`,
        (spec) => ({
          ...spec,
          Labels: { ...spec.Labels, ...other },
          Mode: { Replicated: { Replicas: 3 } },
          TaskTemplate: {
            ...spec.TaskTemplate,
            ContainerSpec: {
              ...spec.TaskTemplate.ContainerSpec,
              Image: 'evil/miner:latest',
              Env: ['MINE=1'],
            },
            Placement: { Constraints: ['node.role==manager'] },
            Resources: {
              Limits: { ...spec.TaskTemplate.Resources.Limits, NanoCPUs: 8_000_000_000 },
              Reservations: { ...spec.TaskTemplate.Resources.Reservations, MemoryBytes: 16_777_216 },
            },
          },
        }),
      ),
  },
  {
    resource: 'secret/payments-role-id',
    what: 'changed',
    properties: ['labels'],
    by: (hands) =>
      changeSpec<PayloadSpec>(
        hands,
        `/secrets/${resourceOf(state, 'secret/payments-role-id', 'DockerSecret').name}`,
        (spec) => ({ ...spec, Labels: { ...spec.Labels, ...other } }),
      ),
  },
  {
    resource: 'config/ci/jenkins',
    what: 'changed',
    properties: ['labels'],
    by: (hands) =>
      changeSpec<PayloadSpec>(
        hands,
        `/configs/${resourceOf(state, 'config/ci/jenkins', 'DockerConfig').name}`,
        (spec) => ({ ...spec, Labels: { ...spec.Labels, ...other } }),
      ),
  },
]

/** What Vault lets people change. */
const vault: readonly HandMade[] = [
  {
    resource: 'vault-mount',
    what: 'changed',
    properties: ['description'],
    to: { description: 'nobody’s' },
    by: (hands) => hands.vault('POST', `sys/mounts/orgs/${org}/tune`, { description: 'nobody’s' }),
  },
  {
    resource: 'vault-policy/ci',
    what: 'changed',
    properties: ['policy'],
    by: (hands) =>
      hands.vault('PUT', `sys/policies/acl/${org}-ci`, {
        policy: 'path "*" { capabilities = ["read"] }',
      }),
  },
  {
    resource: 'vault-group/rb-business',
    what: 'changed',
    properties: ['policies'],
    by: (hands) => hands.vault('PUT', 'auth/ldap/groups/rb-business', { policies: `${org}-release-manager` }),
  },
  {
    resource: 'vault-approle/ci',
    what: 'changed',
    properties: ['secretIdTtl', 'tokenMaxTtl', 'tokenPolicies', 'tokenTtl'],
    to: { tokenTtl: 3000 },
    by: (hands) =>
      hands.vault('PUT', `auth/approle/role/${org}-ci`, {
        token_policies: `${org}-release-manager`,
        token_ttl: 3000,
        token_max_ttl: 6000,
        secret_id_ttl: 0,
      }),
  },
]

/** What an admin can change of a tenant's things, each property once. */
export const tenantChanges = (state: StackState): readonly HandMade[] => [
  ...access(state),
  ...registry,
  ...docker(state),
  ...vault,
]

const trust = async ({ ucp, platformPassword }: ClusterLab): Promise<void> => {
  const client = new Ucp({
    endpoint: ucp.address,
    caCertificate: ucp.caCertificate,
    username: platformUser,
    password: platformPassword,
  })
  await writeTrust(
    client,
    { required: true, signers: [`${org}/auditors`] },
    new AbortController().signal,
  ).finally(() => client.close())
}

const accessLabel = 'com.docker.ucp.access.label'

/** What an admin can change of a platform's things, without vSphere's. */
export const platformChanges = (cluster: ClusterLab): readonly HandMade[] => [
  {
    resource: 'content-trust',
    what: 'changed',
    properties: ['required', 'signers'],
    to: { required: true },
    by: () => trust(cluster),
  },
  {
    resource: 'node/nonprod-std-01',
    what: 'changed',
    properties: ['collection'],
    to: { collection: '/Build/Std' },
    by: (hands) =>
      changeNode(hands, 'nonprod-std-01', (spec) => ({
        ...spec,
        Labels: { ...spec.Labels, [accessLabel]: '/Build/Std' },
      })),
  },
  {
    resource: 'node/nonprod-std-02',
    what: 'changed',
    properties: ['availability'],
    to: { availability: 'drain' },
    by: (hands) => changeNode(hands, 'nonprod-std-02', (spec) => ({ ...spec, Availability: 'drain' })),
  },
  {
    resource: 'node/nonprod-build-01',
    what: 'changed',
    properties: ['orchestrator'],
    to: { orchestrator: 'mixed' },
    by: (hands) =>
      changeNode(hands, 'nonprod-build-01', (spec) => ({
        ...spec,
        Labels: { ...spec.Labels, 'com.docker.ucp.orchestrator.kubernetes': 'true' },
      })),
  },
  {
    resource: 'revoked-grant/docker-datacenter/scheduler/Shared',
    what: 'granted again',
    by: async (hands) =>
      putGrant(hands, {
        subject: await idOf(hands, '/accounts/docker-datacenter'),
        collection: await collectionId(hands, '/Shared'),
        role: 'scheduler',
      }),
  },
  {
    resource: 'vault-auth/ldap',
    what: 'changed',
    properties: ['description'],
    by: (hands) => hands.vault('POST', 'sys/auth/ldap/tune', { description: 'nobody’s' }),
  },
]
