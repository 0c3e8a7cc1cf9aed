import { describe, expect, it } from 'vitest'
import { compile, compilePlatform, compileTenant } from '../../src/compile/compile.ts'
import { reserve } from '../../src/compile/reservation.ts'
import type { Resource } from '../../src/model/resource.ts'
import { Tenant } from '../../src/tenant/schema.ts'
import { dedicated, nonprod, prod } from './fixtures/clusters.ts'
import { acme, minimal } from './fixtures/tenants.ts'

const onNonprod = compileTenant(acme, nonprod).resources
const onProd = compileTenant(acme, prod).resources

type OfKind<K extends Resource['kind']> = Extract<Resource, { kind: K }>

const ofKind = <K extends Resource['kind']>(resources: readonly Resource[], kind: K): readonly OfKind<K>[] =>
  resources.filter((one): one is OfKind<K> => one.kind === kind)

const named = <K extends Resource['kind']>(
  resources: readonly Resource[],
  kind: K,
  key: string,
): OfKind<K> => {
  const found = ofKind(resources, kind).find((one) => one.key === key)
  if (found === undefined) throw new Error(`no ${kind} ${key}`)
  return found
}

const grantsOf = (resources: readonly Resource[], team: string): readonly string[] =>
  ofKind(resources, 'Grant')
    .filter(({ subject }) => subject.kind === 'team' && subject.team === team)
    .map(({ role, collection }) => `${role.replace(/-[0-9a-f]{8}$/, '')} ${collection}`)
    .sort()

describe('access', () => {
  it('gives developers of the whole organization their role everywhere and the nodes to run on', () => {
    expect(grantsOf(onNonprod, 'developers')).toEqual([
      'developer-nonprod /Build/Std/acme',
      'developer-nonprod /Run/Edge/acme',
      'developer-nonprod /Run/Std/acme',
      'developer-nonprod /Shared/Private/acme',
      'scheduler /Build/Std',
      'scheduler /Run/Edge/acme',
      'scheduler /Run/Std',
    ])
  })

  it('gives developers no nodes on production, where they only look', () => {
    expect(grantsOf(onProd, 'developers').filter((grant) => grant.startsWith('scheduler'))).toEqual([])
    expect(grantsOf(onProd, 'releasers')).toContain('scheduler /Run/Std')
  })

  it('keeps a team to its applications and what all of them share', () => {
    expect(grantsOf(onNonprod, 'payments-developers')).toEqual([
      'developer-nonprod /Run/Std/acme/payments',
      'developer-nonprod /Shared/Private/acme/payments',
      'developer-shared-nonprod /Shared/Private/acme/Shared',
      'scheduler /Run/Std',
    ])
  })

  it('gives a team nothing where none of its applications runs', () => {
    expect(grantsOf(onProd, 'lab-developers')).toEqual([])
    expect(named(onProd, 'Team', 'team/lab-developers').name).toBe('lab-developers')
  })

  it('syncs teams with LDAP or names their members', () => {
    expect(named(onProd, 'Team', 'team/developers').ldapSync).toEqual({
      groupDn: 'CN=ACME-Developers,OU=Groups,DC=bank,DC=example',
      groupMemberAttribute: 'member',
    })
    expect(ofKind(onProd, 'TeamMember').map(({ team, user }) => `${team} ${user}`)).toEqual([
      'lab-developers lena',
      'operators olga',
      'operators oscar',
      'pipelines svc-acme',
    ])
  })

  it('lets the account of pipelines deploy by itself, and its agents stand with the builds', () => {
    const account = ofKind(onProd, 'Grant').filter(({ subject }) => subject.kind === 'user')
    expect(account).toHaveLength(7)
    expect(ofKind(onProd, 'DefaultCollection')).toMatchObject([
      { user: 'svc-acme', collection: '/Build/Std/acme' },
    ])
  })

  it('uses only roles that the stack registers', () => {
    const roles = new Set(ofKind(onProd, 'Role').map(({ name }) => name))
    for (const { role } of ofKind(onProd, 'Grant')) if (role !== 'scheduler') expect(roles).toContain(role)
  })
})

describe('registry', () => {
  const access = (resources: readonly Resource[], repository: string) =>
    Object.fromEntries(
      ofKind(resources, 'RepositoryAccess')
        .filter((one) => one.repository === repository)
        .map(({ team, accessLevel }) => [team, accessLevel]),
    )

  it('holds working and release repositories on non-production, and release repositories alone on production', () => {
    const repositories = (resources: readonly Resource[]) =>
      ofKind(resources, 'Repository').map(({ name, immutableTags }) => [name, immutableTags])
    expect(repositories(onNonprod)).toEqual([
      ['lab', false],
      ['payments-api', false],
      ['payments-api-prod', true],
      ['payments-web', false],
      ['payments-web-prod', true],
      ['trading', false],
      ['trading-prod', true],
    ])
    expect(repositories(onProd)).toEqual([
      ['payments-api-prod', true],
      ['payments-web-prod', true],
      ['trading-prod', true],
    ])
    for (const { scanOnPush } of ofKind(onNonprod, 'Repository')) expect(scanOnPush).toBe(true)
  })

  it('lets those push who build, to working repositories of their applications', () => {
    expect(access(onNonprod, 'payments-api')).toEqual({
      auditors: 'read-only',
      developers: 'read-write',
      operators: 'read-write',
      'payments-developers': 'read-write',
      pipelines: 'read-write',
      releasers: 'read-only',
      viewers: 'read-only',
    })
    expect(access(onNonprod, 'trading')).not.toHaveProperty('payments-developers')
  })

  it('lets nobody push to a release repository', () => {
    for (const resources of [onNonprod, onProd])
      for (const { repository, accessLevel } of ofKind(resources, 'RepositoryAccess'))
        if (repository.endsWith('-prod')) expect(accessLevel).toBe('read-only')
  })

  it('promotes what passed the scan', () => {
    expect(named(onNonprod, 'PromotionPolicy', 'promotion/payments-api')).toMatchObject({
      sourceRepository: 'acme/payments-api',
      targetRepository: 'acme/payments-api-prod',
      tagTemplate: '%n',
      rules: [
        { field: 'tag', operator: 'noo', values: ['latest'] },
        { field: 'vulnerability_critical', operator: 'lte', values: ['0'] },
        { field: 'vulnerability_major', operator: 'lte', values: ['0'] },
      ],
    })
    expect(ofKind(onProd, 'PromotionPolicy')).toEqual([])
  })

  it('tells the webhook where there is one', () => {
    const { registryWebhook: _, ...silent } = nonprod
    expect(ofKind(compileTenant(acme, silent).resources, 'RegistryWebhook')).toEqual([])
    expect(
      ofKind(onNonprod, 'RegistryWebhook')
        .filter(({ repository }) => repository === 'acme/trading')
        .map(({ event }) => event),
    ).toEqual(['PROMOTION', 'SCAN_COMPLETED', 'TAG_PUSH'])
  })

  it('makes a repository of two applications once', () => {
    const tenant = Tenant.parse({
      ...minimal,
      applications: {
        web: { environments: ['dev'], repositories: ['shared'] },
        api: { environments: ['dev', 'prod'], repositories: ['shared'] },
      },
    })
    const repositories = ofKind(compileTenant(tenant, nonprod).resources, 'Repository')
    expect(repositories.map(({ name, shortDescription }) => [name, shortDescription])).toEqual([
      ['shared', 'Images of api, web'],
      ['shared-prod', 'Released images of api'],
    ])
  })
})

describe('networks', () => {
  it('encrypts overlays on production alone', () => {
    expect(named(onNonprod, 'Network', 'network/backend')).toMatchObject({
      name: 'acme-backend',
      driver: 'overlay',
      options: {},
      attachable: true,
      labels: {
        'com.docker.ucp.access.label': '/Shared/Private/acme/Shared',
        'tenantry.owner': 'nonprod.acme',
      },
    })
    expect(named(onProd, 'Network', 'network/backend')).toMatchObject({
      options: { encrypted: 'true' },
      attachable: false,
    })
    expect(named(onProd, 'Network', 'network/ledger')).toMatchObject({
      internal: true,
      labels: { 'com.docker.ucp.access.label': '/Shared/Private/acme/payments' },
    })
  })

  it('puts VPN and public networks on their VLAN', () => {
    expect(named(onNonprod, 'Network', 'network/partners')).toMatchObject({
      driver: 'ipvlan',
      options: { ipvlan_mode: 'l2', parent: 'ens224.100' },
      subnet: '10.80.3.0/28',
      gateway: '10.80.3.1',
    })
    expect(named(onNonprod, 'Network', 'network/web').subnet).toMatch(/^203\.0\.113\.\d+\/29$/)
    expect(named(onProd, 'Network', 'network/web').subnet).toMatch(/^203\.0\.113\.\d+\/29$/)
  })

  it('is a bug where the checks let an unknown VLAN through', () => {
    expect(() => compileTenant(acme, { ...nonprod, vlans: {} })).toThrow(
      'unchecked: acme names VLAN partners',
    )
    const { publicPool: _, ...without } = nonprod
    expect(() => compileTenant(acme, without)).toThrow('unchecked: acme gets no public block for web')
  })
})

describe('volumes', () => {
  it('has each back end’s options, retained, without a secret in clear', () => {
    const volumes = ofKind(onNonprod, 'Volume').filter(({ concern }) => concern === 'volumes')
    expect(volumes.every(({ retained }) => retained === 'data')).toBe(true)
    expect(named(onNonprod, 'Volume', 'volume/statements').driverOptions).toEqual({
      device: ':/exports/tenantry/acme/statements',
      o: 'addr=nfs.example,rw,nfsvers=4.1,sec=krb5p',
      type: 'nfs',
    })
    expect(named(onNonprod, 'Volume', 'volume/exchange').driverOptions).toMatchObject({
      device: '//cifs.example/tenantry/acme/exchange',
      o: {
        kind: 'SecretText',
        parts: [
          'addr=cifs.example,vers=3.1.1,seal,username=',
          { kind: 'VaultField', mount: 'platform', path: 'storage/cifs', field: 'username' },
          ',password=',
          { kind: 'VaultField', mount: 'platform', path: 'storage/cifs', field: 'password' },
        ],
      },
    })
    expect(named(onNonprod, 'Volume', 'volume/ticks').driverOptions).toEqual({
      aggregate: 'aggr1',
      encryption: 'true',
      size: '1TiB',
      svm: 'svm1',
    })
    expect(named(onProd, 'Volume', 'volume/archive').driverOptions).toMatchObject({
      accessKey: { kind: 'SecretText' },
      bucket: 'prod-acme-archive',
      secretKey: { kind: 'SecretText' },
    })
  })

  it('is a bug where the checks let an unknown back end through', () => {
    expect(() => compileTenant(acme, { ...nonprod, storage: {} })).toThrow('unchecked: acme names storage')
  })
})

describe('secrets', () => {
  const policy = (resources: readonly Resource[], label: string): string =>
    named(resources, 'VaultPolicy', `vault-policy/${label}`).policy

  it('lets developers read values on non-production and only names on production', () => {
    expect(policy(onNonprod, 'developer')).toContain(
      'path "orgs/acme/data/apps/*" {\n  capabilities = ["create", "delete", "read", "update"]\n}',
    )
    expect(policy(onProd, 'developer')).not.toContain('/data/')
    expect(policy(onProd, 'developer')).toContain('path "orgs/acme/metadata/apps/*"')
  })

  it('lets no person read values on production', () => {
    const machines = /^vault-policy\/(?:app-|ci$)/
    for (const { key, policy: text } of ofKind(onProd, 'VaultPolicy')) {
      if (machines.test(key)) continue
      for (const [, granted] of text.matchAll(/\/data\/[^{]*\{\s*capabilities = \[([^\]]*)\]/g))
        expect(granted).not.toMatch(/read|sudo|list/)
    }
  })

  it('keeps a limited team and an application to their own folder', () => {
    expect(policy(onNonprod, 'developer-payments')).toMatch(/orgs\/acme\/data\/apps\/payments\/\*/)
    expect(policy(onNonprod, 'developer-payments')).not.toContain('apps/*')
    expect(policy(onNonprod, 'app-payments')).toContain(
      'path "orgs/acme/data/apps/payments/database" {\n  capabilities = ["read"]\n}',
    )
    expect(policy(onNonprod, 'app-trading')).not.toContain('/apps/')
  })

  it('maps LDAP groups by common name and hands out role ids', () => {
    expect(named(onNonprod, 'VaultLdapGroup', 'vault-group/acme-payments')).toMatchObject({
      groupName: 'acme-payments',
      policies: ['acme-developer-payments'],
    })
    expect(named(onNonprod, 'DockerSecret', 'secret/payments-role-id')).toMatchObject({
      name: 'acme-payments-role-id',
      data: { parts: [{ kind: 'Reference', of: 'vault-approle/app-payments', output: 'roleId' }] },
    })
    expect(named(onNonprod, 'VaultMount', 'vault-mount')).toMatchObject({
      path: 'orgs/acme',
      retained: 'data',
    })
  })

  it('merges two teams of one LDAP group', () => {
    const ldapGroup = 'CN=Both,OU=Groups,DC=bank'
    const tenant = Tenant.parse({
      ...minimal,
      teams: { a: { role: 'viewer', ldapGroup }, b: { role: 'developer', ldapGroup } },
    })
    expect(ofKind(compileTenant(tenant, nonprod).resources, 'VaultLdapGroup')).toMatchObject([
      { groupName: 'both', policies: ['tiny-developer', 'tiny-viewer'] },
    ])
  })
})

describe('ci', () => {
  const service = (resources: readonly Resource[]) => named(resources, 'DockerService', 'service/ci/jenkins')

  it('sizes the controller by reservation policy', () => {
    const gibibyte = 1024 ** 3
    expect(service(onNonprod)).toMatchObject({
      cpuLimitMillis: 2000,
      cpuReservationMillis: 1000,
      memoryLimitBytes: 4 * gibibyte,
      memoryReservationBytes: 2 * gibibyte,
    })
    expect(service(onProd)).toMatchObject({ cpuLimitMillis: 3000, cpuReservationMillis: 3000 })
    const frugal = compileTenant(Tenant.parse({ ...acme, reservation: 'minimum' }), nonprod).resources
    expect(service(frugal)).toMatchObject({
      cpuReservationMillis: 100,
      memoryReservationBytes: 768 * 1024 ** 2,
    })
  })

  it('stands in the CI collection, on build nodes, and holds no secret', () => {
    expect(service(onNonprod)).toMatchObject({
      image: 'registry.nonprod.example/platform/jenkins:1',
      constraints: ['node.labels.com.docker.ucp.access.label==/Build/Std'],
      labels: {
        'com.docker.ucp.access.label': '/Build/Std/CI-CD',
        'com.docker.lb.hosts': 'acme.ci.nonprod.example',
      },
    })
    const config = named(onNonprod, 'DockerConfig', 'config/ci/jenkins')
    expect(config.name).toMatch(/^acme-jenkins-[0-9a-f]{8}$/)
    expect(config.data).toContain('maxInstances: 8')
    expect(config.data).toContain('cpuLimit: "2"')
    expect(config.data).toContain('memoryLimit: "3072m"')
  })

  it('fills in nothing for a name that looks like a variable', () => {
    const tenant = Tenant.parse({ ...acme, displayName: `$\{ldapManagerPassword}` })
    const config = named(compileTenant(tenant, nonprod).resources, 'DockerConfig', 'config/ci/jenkins')
    expect(config.data).toContain(`Builds of ^$\{ldapManagerPassword} on nonprod`)
  })

  it('lets no developer change jobs on production', () => {
    const { data } = named(onProd, 'DockerConfig', 'config/ci/jenkins')
    const developers = data.slice(
      data.indexOf('- name: "developers"'),
      data.indexOf('- name: "lab-developers"'),
    )
    expect(developers).toContain('Job/Read')
    expect(developers).not.toMatch(/Configure|Build|Create|Administer/)
  })

  it('keeps the home on a back end that follows the controller', () => {
    const home = (cluster: typeof nonprod) =>
      named(compileTenant({ ...acme, volumes: {} }, cluster).resources, 'Volume', 'volume/ci/jenkins-home')
    expect(home(nonprod)).toMatchObject({ driver: 'local', driverOptions: { type: 'nfs' }, retained: 'data' })
    const { files: _, ...others } = nonprod.storage
    expect(home({ ...nonprod, storage: others })).toMatchObject({ driver: 'netapp:latest' })
    expect(home({ ...nonprod, storage: {} })).toMatchObject({ driver: 'local', driverOptions: {} })
  })
})

describe('nodes', () => {
  it('makes an organization’s edge nodes with a rule, a folder and a tag of their own', () => {
    expect(ofKind(onProd, 'VirtualMachine').map(({ name }) => name)).toEqual([
      'prod-acme-edge-01',
      'prod-acme-edge-02',
    ])
    expect(ofKind(onProd, 'VirtualMachine')[0]).toMatchObject({
      folder: 'tenantry-prod/acme',
      cpus: 16,
      memoryMib: 65_536,
      diskGib: 200,
      tags: ['tag/organization-acme'],
      guestInfo: {
        'guestinfo.hostname': 'prod-acme-edge-01',
        'guestinfo.tenantry.cluster': 'prod',
      },
      join: {
        managers: ['10.60.0.11:2377', '10.60.0.12:2377'],
        vault: 'https://vault.prod.example',
        token: { kind: 'VaultField', mount: 'platform', path: 'swarm/prod', field: 'worker' },
      },
    })
    const { swarm: _none, ...joinless } = prod
    const byTemplate = compileTenant(acme, joinless).resources
    expect(ofKind(byTemplate, 'VirtualMachine').map(({ join }) => join)).toEqual([null, null])
    expect(named(onProd, 'VmResourcePool', 'vm-pool/edge')).toMatchObject({
      name: 'prod-acme-edge',
      cpuShares: 'high',
      cpuLimitMhz: 4 * 16 * 2500,
      memoryLimitMib: 4 * 65_536,
    })
    // `safe` has the hosts keep all of its fewest machines free, `optimized` half of them.
    expect(named(onProd, 'VmResourcePool', 'vm-pool/edge')).toMatchObject({
      cpuReservationMhz: 2 * 16 * 2500,
      memoryReservationMib: 2 * 65_536,
    })
    expect(named(onNonprod, 'VmResourcePool', 'vm-pool/edge')).toMatchObject({
      cpuShares: 'normal',
      cpuReservationMhz: 16 * 2500,
      memoryReservationMib: 65_536,
    })
    expect(named(onProd, 'AntiAffinityRule', 'anti-affinity/edge').machines).toHaveLength(2)
    expect(ofKind(onProd, 'NodePlacement').map(({ collection, labels }) => [collection, labels])).toEqual([
      ['/Run/Edge/acme', { 'tenantry.pool': 'edge' }],
      ['/Run/Edge/acme', { 'tenantry.pool': 'edge' }],
    ])
  })

  it('makes none without an edge pool', () => {
    expect(compileTenant(minimal, prod).resources.filter(({ concern }) => concern === 'nodes')).toEqual([])
  })
})

describe('the platform', () => {
  const platform = compilePlatform(nonprod).resources

  it('places each pool’s nodes on its offer’s collection, with a rule from two machines on', () => {
    expect(
      ofKind(platform, 'NodePlacement').map(({ hostname, collection }) => [hostname, collection]),
    ).toEqual([
      ['nonprod-build-01', '/Build/Std'],
      ['nonprod-std-01', '/Run/Std'],
      ['nonprod-std-02', '/Run/Std'],
    ])
    expect(ofKind(platform, 'AntiAffinityRule').map(({ name }) => name)).toEqual(['nonprod-std'])
    expect(ofKind(platform, 'NodePlacement').map(({ labels }) => labels['tenantry.pool'])).toEqual([
      'build',
      'std',
      'std',
    ])
  })

  it('reserves for a pool what its file says of its fewest machines', () => {
    const reserving = { ...nonprod.pools, std: { ...nonprod.pools.std, reservedPercent: 25 } }
    const pools = ofKind(
      compilePlatform({ ...nonprod, pools: reserving } as typeof nonprod).resources,
      'VmResourcePool',
    )
    expect(
      pools.map(({ name, cpuReservationMhz, memoryReservationMib }) => [
        name,
        cpuReservationMhz,
        memoryReservationMib,
      ]),
    ).toEqual([
      ['nonprod-build', 0, 0],
      ['nonprod-std', (2 * 8 * 2500) / 4, (2 * 32 * 1024) / 4],
    ])
  })

  it('takes away everyone’s scheduling only where the cluster says so', () => {
    expect(ofKind(platform, 'RevokedGrant')).toMatchObject([
      {
        subject: { kind: 'organization', organization: 'docker-datacenter' },
        role: 'scheduler',
        collection: '/Shared',
      },
    ])
    const kept = compilePlatform({ ...nonprod, removeDefaultSchedulerGrant: false }).resources
    expect(ofKind(kept, 'RevokedGrant')).toEqual([])
  })

  it('has a port group a VLAN, log-ins of Vault, and signers in order', () => {
    expect(ofKind(platform, 'PortGroup').map(({ name, vlanId }) => [name, vlanId])).toEqual([
      ['nonprod-vlan-partners', 100],
      ['nonprod-vlan-public-200', 200],
    ])
    expect(ofKind(platform, 'VaultAuthBackend').map(({ path }) => path)).toEqual(['approle', 'ldap'])
    expect(ofKind(compilePlatform(prod).resources, 'ContentTrust')).toMatchObject([
      { required: true, signers: ['platform/operations', 'platform/security'] },
    ])
  })

  it('is on a dedicated cluster with nobody but who the cluster is for', () => {
    expect(compile([minimal, acme], dedicated).stacks.map(({ stack }) => stack)).toEqual([
      'acme-prod.platform',
      'acme-prod.acme',
    ])
  })

  it('gives a dedicated cluster’s things names of their own', () => {
    expect(ofKind(compilePlatform(dedicated).resources, 'TagCategory')).toMatchObject([
      { name: 'tenantry-acme-prod' },
    ])
  })
})

describe('reserve', () => {
  const limits = { cpuMillis: 1001, memoryBytes: 2048 }

  it.each([
    ['safe', limits],
    ['optimized', { cpuMillis: 501, memoryBytes: 1024 }],
    ['minimum', { cpuMillis: 100, memoryBytes: 2048 }],
  ] as const)('%s', (policy, reserved) => {
    expect(reserve(policy, limits, { cpuMillis: 100, memoryBytes: 4096 })).toEqual(reserved)
  })
})
