import { Cluster } from '../../../src/cluster/schema.ts'
import type { StackState } from '../../../src/model/desired-state.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { fleetChange } from '../../../src/plan/fleet-change.ts'
import type { ReportInput } from '../../../src/plan/report/change-report.ts'
import type { EngineRun } from '../../../src/plan/report/engine-run.ts'
import type { FleetFiles } from '../../../src/plan/report/fleet-files.ts'
import type { Members } from '../../../src/plan/report/membership.ts'
import { own } from '../../../src/plan/report/phrase.ts'
import { Tenant } from '../../../src/tenant/schema.ts'
import { minimal } from '../../compile/fixtures/tenants.ts'
import { overrideOf } from '../valve-fleet.ts'
import { base, changed, guarded, statesOf, withTenant } from './scenario.ts'

const acmeTeams: ReadonlyMap<string, readonly string[]> = new Map([
  ['acme/viewers', ['vera', 'victor', 'dora']],
  ['acme/developers', ['dora', 'denis', 'dieter']],
  ['acme/releasers', ['rita']],
  ['acme/auditors', []],
  ['acme/payments-developers', ['paul', 'petra']],
])

/** Who is in acme's teams on both clusters. */
export const members: Members = new Map([
  ['nonprod', acmeTeams],
  ['prod', acmeTeams],
])

type Edit = (files: FleetFiles) => FleetFiles

const editAcme =
  (edit: (tenant: Tenant) => unknown): Edit =>
  (files) =>
    withTenant(files, 'acme', edit)

const editCluster =
  (name: string, edit: (cluster: Cluster) => unknown): Edit =>
  (files) => ({
    ...files,
    clusters: files.clusters.map((cluster) =>
      cluster.cluster === name ? Cluster.parse(edit(structuredClone(cluster))) : cluster,
    ),
  })

const without = <T extends object, K extends keyof T>(record: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = record
  return rest
}

/** Many organizations that are alike but for their names and networks. */
const many = (count: number): FleetFiles => ({
  ...base,
  tenants: Array.from({ length: count }, (_, index) =>
    Tenant.parse({
      ...minimal,
      organization: `org-${String(index + 1).padStart(3, '0')}`,
      networks: { backend: { kind: 'overlay', subnet: `10.64.${index}.0/28` } },
      applications: { web: { environments: ['dev', 'prod'] } },
    }),
  ),
})

const everyone =
  (edit: (tenant: Tenant, index: number) => unknown): Edit =>
  (files) => ({
    ...files,
    tenants: files.tenants.map((tenant, index) => Tenant.parse(edit(structuredClone(tenant), index))),
  })

/** States changed by hand, for what no file can ask for. */
const rewritten = (edit: (resource: Resource) => Resource): ReportInput => {
  const before = statesOf(base)
  const after = before.map(
    (state): StackState =>
      state.stack === 'nonprod.acme' ? { ...state, resources: state.resources.map(edit) } : state,
  )
  const stages = new Map([
    ['nonprod', 'nonprod'],
    ['prod', 'prod'],
  ] as const)
  const change = fleetChange(before, after, stages)
  return { change, files: { before: base, after: base }, members, ...guarded(change) }
}

const run = (stack: string, more: Partial<EngineRun>): EngineRun => ({
  stack,
  outcome: 'succeeded',
  resources: [],
  diagnostics: [],
  ...more,
})

const addNetwork: Edit = editAcme((tenant) => ({
  ...tenant,
  networks: { ...tenant.networks, reports: { kind: 'overlay', subnet: '10.64.7.0/25' } },
}))

const newTenant: Tenant = Tenant.parse({
  ...minimal,
  organization: 'newcomers',
  displayName: 'The Newcomers',
  costCentre: 'NC-0042',
  teams: {
    developers: { role: 'developer', ldapGroup: 'CN=NC-Developers,OU=Groups,DC=bank,DC=example' },
    operators: { role: 'operator', members: ['nina'] },
  },
  applications: { shop: { environments: ['dev', 'prod'], repositories: ['shop'] } },
  networks: { backend: { kind: 'overlay', subnet: '10.64.8.0/26' } },
  volumes: { orders: { backend: 'files', size: '20Gi' } },
})

const adding =
  (tenant: Tenant): Edit =>
  (files) => ({ ...files, tenants: [...files.tenants, tenant] })

const withQuota = (cpu: string, more: Partial<Tenant>): Edit =>
  editAcme((tenant) => ({ ...tenant, ...more, quota: { ...tenant.quota, cpu } }))

const override = overrideOf({ rules: ['data-deleted'], organizations: ['acme'] })

const acmeOverride: typeof override = {
  ...override,
  file: 'overrides/acme-exchange.ts',
  value: {
    ...override.value,
    owner: 'acme-owner@bank.example',
    reason: 'BANK-17: acme has copied it elsewhere',
  },
}

/** Every kind of change that a reviewer meets, by the name of its golden comment. */
export const scenarios: Readonly<Record<string, ReportInput>> = {
  nothing: changed((files) => files),
  'tenant-new': changed(adding(newTenant), { members }),
  'tenant-gone': changed(
    (files) => ({ ...files, tenants: files.tenants.filter(({ organization }) => organization !== 'acme') }),
    { members },
  ),
  'tenant-leaves-production': changed(
    editAcme((tenant) => ({ ...tenant, clusters: { nonprod: {} } })),
    { members },
  ),
  'tenant-frozen': changed(editAcme((tenant) => ({ ...tenant, lifecycle: 'frozen' }))),
  'tenant-draining': changed(
    editAcme((tenant) => ({ ...tenant, lifecycle: 'draining' })),
    { members },
  ),
  'tenant-archived': changed(
    editAcme((tenant) => ({ ...tenant, lifecycle: 'archived' })),
    { members },
  ),
  'tenant-renamed': changed(
    editAcme((tenant) => ({ ...tenant, organization: 'acme-group', previously: 'acme' })),
    { members },
  ),
  'team-new': changed(
    editAcme((tenant) => ({
      ...tenant,
      teams: { ...tenant.teams, support: { role: 'viewer', members: ['sam', 'denis'] } },
    })),
    { members },
  ),
  'team-gone': changed(
    editAcme((tenant) => ({ ...tenant, teams: without(tenant.teams, 'releasers') })),
    { members },
  ),
  'team-other-role': changed(
    editAcme((tenant) => ({
      ...tenant,
      teams: { ...tenant.teams, viewers: { ...tenant.teams.viewers, role: 'developer' } },
    })),
    { members },
  ),
  'team-other-group': changed(
    editAcme((tenant) => ({
      ...tenant,
      teams: {
        ...tenant.teams,
        developers: { role: 'developer', ldapGroup: 'CN=Everybody,OU=Groups,DC=bank,DC=example' },
      },
    })),
    { members },
  ),
  'team-members': changed(
    editAcme((tenant) => ({
      ...tenant,
      teams: { ...tenant.teams, operators: { role: 'operator', members: ['oscar', 'omar'] } },
    })),
    { members },
  ),
  'team-uncounted': changed(
    editAcme((tenant) => ({
      ...tenant,
      teams: { ...tenant.teams, auditors: { ...tenant.teams.auditors, role: 'viewer' } },
    })),
    { notes: [own('Who is in the teams on nonprod could not be read, so people are not counted.')] },
  ),
  'application-new': changed(
    editAcme((tenant) => ({
      ...tenant,
      applications: {
        ...tenant.applications,
        mobile: { environments: ['dev', 'prod'], repositories: ['mobile-api'], secrets: ['push-key'] },
      },
    })),
    { members },
  ),
  'application-gone': changed(
    editAcme((tenant) => ({
      ...tenant,
      applications: without(tenant.applications, 'lab'),
      networks: without(tenant.networks ?? {}, 'sandbox'),
      teams: without(tenant.teams, 'lab-developers'),
    })),
    { members },
  ),
  'network-new': changed(addNetwork),
  'network-moved': changed(
    editAcme((tenant) => ({
      ...tenant,
      networks: { ...tenant.networks, backend: { kind: 'overlay', subnet: '10.64.9.0/24' } },
    })),
  ),
  'network-opened': rewritten((resource) =>
    resource.kind === 'Network' && resource.key === 'network/ledger'
      ? { ...resource, internal: false }
      : resource,
  ),
  'volume-new': changed(
    editAcme((tenant) => ({
      ...tenant,
      volumes: { ...tenant.volumes, reports: { backend: 'blocks', size: '500Gi', application: 'payments' } },
    })),
  ),
  'volume-gone': changed(
    editAcme((tenant) => ({ ...tenant, volumes: without(tenant.volumes ?? {}, 'exchange') })),
  ),
  'volume-given-up': changed(
    editAcme((tenant) => ({ ...tenant, volumes: without(tenant.volumes ?? {}, 'exchange') })),
    { lifted: [acmeOverride] },
  ),
  'folder-emptied': changed((files) => ({ ...files, tenants: [] }), {}, many(8)),
  'vms-more': changed(
    editAcme((tenant) => ({
      ...tenant,
      offers: { ...tenant.offers, 'run/edge': { pool: { machine: 'large', min: 4, max: 6 } } },
    })),
  ),
  'vms-fewer': changed(
    editAcme((tenant) => ({
      ...tenant,
      offers: { ...tenant.offers, 'run/edge': { pool: { machine: 'large', min: 1, max: 1 } } },
    })),
  ),
  'ci-limits': changed(
    editAcme((tenant) => ({
      ...tenant,
      ci: {
        ...tenant.ci,
        controller: { cpu: '4', memory: '8Gi' },
        agents: { ...tenant.ci?.agents, max: 20 },
      },
    })),
  ),
  'quota-and-owner': changed(withQuota('512', { owner: 'c@bank.example', costCentre: 'AC-0815' })),
  'image-rights': changed(
    editAcme((tenant) => ({
      ...tenant,
      teams: { ...tenant.teams, operators: { role: 'viewer', members: ['oscar', 'olga'] } },
    })),
    { members },
  ),
  'platform-trust': changed(
    editCluster('prod', (cluster) => ({
      ...cluster,
      contentTrust: { ...cluster.contentTrust, required: false },
    })),
  ),
  'platform-nodes': changed(
    editCluster('nonprod', (cluster) => ({
      ...cluster,
      machines: { ...cluster.machines, standard: { ...cluster.machines.standard, cpus: 12, memory: '48Gi' } },
    })),
  ),
  'platform-image': changed(
    editCluster('nonprod', (cluster) => ({
      ...cluster,
      jenkins: { ...cluster.jenkins, controllerImage: 'platform/jenkins:2' },
    })),
  ),
  'host-reached': rewritten((resource) =>
    resource.kind === 'Role' && resource.key === 'role/developer-nonprod'
      ? {
          ...resource,
          name: 'developer-nonprod-0badcafe',
          operations: {
            ...resource.operations,
            Service: { ...resource.operations.Service, 'Service Create': ['Host Bind Mounts'] },
          },
        }
      : resource.kind === 'Grant' && resource.key.includes('/developer-nonprod/')
        ? { ...resource, role: 'developer-nonprod-0badcafe' }
        : resource,
  ),
  'many-alike': changed(
    everyone((tenant) => ({
      ...tenant,
      teams: { ...tenant.teams, readers: { role: 'viewer', members: ['robot'] } },
    })),
    {},
    many(40),
  ),
  'preview-failed': changed(addNetwork, {
    runs: [
      run('prod.acme', {
        outcome: 'failed',
        diagnostics: [
          {
            severity: 'error',
            resource: 'network/reports',
            message: 'UCP at https://ucp.prod.example did not answer.\nconnect ECONNREFUSED',
            hint: 'Check that the cluster is up.',
          },
        ],
      }),
      run('nonprod.acme', {
        resources: [
          { name: 'network/reports', type: 'docker:index/network:Network', change: 'create', failed: false },
          { name: 'volume/archive', type: 'docker:index/volume:Volume', change: 'delete', failed: false },
          { name: 'team/viewers', type: 'ucp:index:Team', change: 'update', failed: false },
          { name: 'organization', type: 'ucp:index:Organization', change: 'same', failed: false },
        ],
      }),
    ],
  }),
  'base-files-unknown': { ...changed(addNetwork), files: { after: addNetwork(base) } },
}

/** A fleet so large that no comment holds all of its changes. */
export const huge = (): ReportInput =>
  changed(
    everyone((tenant, index) => ({
      ...tenant,
      networks: { backend: { kind: 'overlay', subnet: `10.65.${index}.0/28` } },
      volumes: { [`data-${index}`]: { backend: 'files', size: '10Gi' } },
      teams: { ...tenant.teams, [`readers-${index}`]: { role: 'viewer', members: [`robot-${index}`] } },
    })),
    {},
    many(250),
  )
