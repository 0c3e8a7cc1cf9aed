import type { InjectedFault } from '../../src/lab/faults.ts'
import type { Properties } from '../../src/provider/plugin.ts'
import type { Drive, State } from './provider-harness.ts'

/** What goes wrong with one call, and whether every later call that changes something meets it too. */
export interface FaultKind {
  readonly name: string
  readonly fault: InjectedFault
  readonly lasting?: boolean
  /** Ends in an error at the first run whatever is called: the client cannot help itself. */
  readonly fails?: boolean
}

const status = (code: number, more: object = {}): InjectedFault => ({
  kind: 'status',
  status: code,
  body: { message: `injected ${code}` },
  ...more,
})

const sequence = status(500, {
  body: { message: 'rpc error: code = Unknown desc = update out of sequence' },
})

export const faultKinds: readonly FaultKind[] = [
  { name: '401', fault: status(401) },
  { name: '401 from now on', fault: status(401), lasting: true, fails: true },
  { name: '403', fault: status(403) },
  { name: '409', fault: status(409), fails: true },
  { name: '429 with Retry-After', fault: status(429, { headers: { 'retry-after': '0' } }) },
  {
    name: '429 from now on',
    fault: status(429, { headers: { 'retry-after': '0' } }),
    lasting: true,
    fails: true,
  },
  { name: '500', fault: status(500), fails: true },
  { name: '500 after the effect', fault: { kind: 'status-after', status: 500 } },
  { name: '503', fault: status(503) },
  { name: '503 from now on', fault: status(503), lasting: true, fails: true },
  { name: 'out of sequence', fault: sequence },
  { name: 'connection refused', fault: { kind: 'refused', milliseconds: 30 } },
  { name: 'reset before the effect', fault: { kind: 'reset-before' } },
  { name: 'reset after the effect', fault: { kind: 'reset-after' } },
  { name: 'reset in the body', fault: { kind: 'reset-in-body' } },
  { name: 'timeout before the effect', fault: { kind: 'timeout-before' } },
  { name: 'timeout after the effect', fault: { kind: 'timeout-after' } },
  { name: 'slow', fault: { kind: 'slow', milliseconds: 40 } },
]

/** A life of one resource: made, changed, deleted. */
export interface Life {
  readonly token: string
  /** What a message must name. */
  readonly named: string
  readonly inputs: Properties
  /** Absent where nothing of it changes in place. */
  readonly changed?: Properties
  /** Done by hand before the change, as what the change is for. */
  readonly beforeChange?: (drive: Drive, state: State) => Promise<void>
  /** Taken away by hand after the change. */
  readonly afterChange?: (drive: Drive, state: State) => Promise<void>
}

const group = { groupDn: 'CN=RB-Developers,OU=Groups,DC=bank,DC=example', groupMemberAttribute: 'member' }

const grantPath = async (drive: Drive, role: unknown): Promise<string> => {
  const subject = (await drive.see('/accounts/acme/teams/developers')) as { id: string }
  const collection = (await drive.see('/collectionByPath?path=/Run')) as { id: string }
  return `/collectionGrants/${subject.id}/${collection.id}/${String(role)}`
}

/** What every life finds there. */
export const surroundings: readonly (readonly [token: string, inputs: Properties])[] = [
  ['ucp:index:Organization', { name: 'acme', fullName: 'Acme' }],
  ['ucp:index:Team', { organization: 'acme', name: 'developers', description: '' }],
  // Whoever a team takes in stays in the organization: they are in it from the beginning.
  ['ucp:index:OrganizationMember', { organization: 'acme', user: 'ada', isAdmin: false }],
  ['ucp:index:OrganizationMember', { organization: 'acme', user: 'bob', isAdmin: false }],
  ['ucp:index:Collection', { path: '/Run' }],
  ['ucp:index:Collection', { path: '/Run/Std' }],
  ['ucp:index:Role', { name: 'looker', operations: { Service: { 'Service View': [] } } }],
  ['ucp:registry:Repository', { namespace: 'acme', name: 'api', scanOnPush: true, immutableTags: false }],
  ['ucp:registry:Repository', { namespace: 'acme', name: 'api-prod', scanOnPush: true, immutableTags: true }],
]

const grant = { subject: 'team:acme/developers', role: 'looker', collection: '/Run/Std' }
const policy = {
  sourceRepository: 'acme/api',
  targetRepository: 'acme/api-prod',
  tagTemplate: '%n',
  rules: [{ field: 'vulnerability_critical', operator: 'lte', values: ['0'] }],
}

/** One life of each of the plugin's types. */
export const lives: readonly Life[] = [
  {
    token: 'ucp:index:Organization',
    named: 'beta',
    inputs: { name: 'beta', fullName: 'Beta' },
    changed: { name: 'beta', fullName: 'Beta Two' },
  },
  {
    token: 'ucp:index:OrganizationMember',
    named: 'acme/dan',
    inputs: { organization: 'acme', user: 'dan', isAdmin: false },
    changed: { organization: 'acme', user: 'dan', isAdmin: true },
  },
  {
    token: 'ucp:index:Team',
    named: 'acme/',
    inputs: { organization: 'acme', name: 'ops', description: 'one', ldapSync: group },
    changed: { organization: 'acme', name: 'operators', description: 'two' },
  },
  {
    token: 'ucp:index:TeamMember',
    named: 'acme/developers/ada',
    inputs: { organization: 'acme', team: 'developers', user: 'ada', isAdmin: false },
    changed: { organization: 'acme', team: 'developers', user: 'ada', isAdmin: true },
  },
  {
    token: 'ucp:index:Collection',
    named: '/Run/Std/acme',
    inputs: {
      path: '/Run/Std/acme',
      labelConstraints: [{ type: 'node', labelKey: 'ssd', labelValue: 'true', equality: true }],
    },
    changed: { path: '/Run/Std/acme' },
  },
  {
    token: 'ucp:index:Role',
    named: 'doer',
    inputs: { name: 'doer', operations: { Service: { 'Service View': [] } } },
    changed: { name: 'doer', operations: { Service: { 'Service Create': [], 'Service View': [] } } },
    beforeChange: async (drive, { outputs }) => {
      await drive.client.ucp.send({ method: 'PUT', path: await grantPath(drive, outputs.roleId), body: {} })
    },
    afterChange: async (drive, { outputs }) => {
      await drive.client.ucp.send({ method: 'DELETE', path: await grantPath(drive, outputs.roleId) })
    },
  },
  { token: 'ucp:index:Grant', named: 'team:acme/developers:looker:/Run/Std', inputs: grant },
  {
    token: 'ucp:index:RevokedGrant',
    named: 'organization:docker-datacenter:scheduler:/Shared',
    inputs: { subject: 'organization:docker-datacenter', role: 'scheduler', collection: '/Shared' },
  },
  {
    token: 'ucp:index:DefaultCollection',
    named: 'ada',
    inputs: { user: 'ada', collection: '/Run' },
    changed: { user: 'ada', collection: '/Run/Std' },
  },
  {
    token: 'ucp:index:NodePlacement',
    named: 'one',
    inputs: { hostname: 'one', collection: '/Run', orchestrator: 'swarm', availability: 'active' },
    changed: { hostname: 'one', collection: '/Run/Std', orchestrator: 'swarm', availability: 'pause' },
  },
  {
    token: 'ucp:index:ContentTrust',
    named: 'content trust',
    inputs: { required: true, signers: ['acme/developers'] },
    changed: { required: true, signers: [] },
  },
  {
    token: 'ucp:registry:Repository',
    named: 'acme/web',
    inputs: { namespace: 'acme', name: 'web', scanOnPush: true, immutableTags: false },
    changed: {
      namespace: 'acme',
      name: 'web',
      scanOnPush: false,
      immutableTags: true,
      visibility: 'public',
      shortDescription: 'Of the web.',
    },
  },
  {
    token: 'ucp:registry:TeamAccess',
    named: 'acme/api:developers',
    inputs: { namespace: 'acme', repository: 'api', team: 'developers', accessLevel: 'read-only' },
    changed: { namespace: 'acme', repository: 'api', team: 'developers', accessLevel: 'read-write' },
  },
  {
    token: 'ucp:registry:PromotionPolicy',
    named: 'acme/api->acme/api-prod',
    inputs: policy,
    changed: { ...policy, tagTemplate: 'v%n', enabled: false },
  },
  {
    token: 'ucp:registry:Webhook',
    named: 'acme/api:TAG_PUSH:https://hooks.bank.example/x',
    inputs: { repository: 'acme/api', event: 'TAG_PUSH', endpoint: 'https://hooks.bank.example/x' },
    changed: { repository: 'acme/api', event: 'TAG_PUSH', endpoint: 'https://hooks.bank.example/x' },
    beforeChange: async (drive, { outputs }) => {
      const body = { id: outputs.webhookId, inactive: true }
      await drive.client.registry.send({ method: 'POST', path: '/webhooks/update', body })
    },
  },
]
