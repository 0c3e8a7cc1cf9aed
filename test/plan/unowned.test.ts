import { describe, expect, test } from 'vitest'
import type { StackState } from '../../src/model/desired-state.ts'
import type { Resource } from '../../src/model/resource.ts'
import { grantName, type LiveThing, subjectName, unownedThings } from '../../src/plan/unowned.ts'

const base = { concern: 'access', dependsOn: [] } as const
const collection = (path: string): Resource => ({
  ...base,
  kind: 'Collection',
  key: `collection${path}`,
  path,
})
const team = (name: string): Resource => ({
  ...base,
  kind: 'Team',
  key: `team/${name}`,
  organization: 'acme',
  name,
  description: '',
  ldapSync: null,
})

const platform: StackState = {
  stack: 'nonprod.platform',
  cluster: 'nonprod',
  organization: null,
  resources: ['/Build', '/Build/Std', '/Run', '/Run/Std'].map(collection),
}

const acme: StackState = {
  stack: 'nonprod.acme',
  cluster: 'nonprod',
  organization: 'acme',
  resources: [
    collection('/Run/Std/acme'),
    collection('/Shared/Private/acme'),
    team('developers'),
    {
      ...base,
      kind: 'Grant',
      key: 'grant',
      subject: { kind: 'team', organization: 'acme', team: 'developers' },
      role: 'developer-nonprod-1f2e3d4c',
      collection: '/Run/Std/acme',
    },
    {
      ...base,
      kind: 'Network',
      key: 'network/backend',
      name: 'acme-backend',
      driver: 'overlay',
      internal: false,
      attachable: true,
      options: {},
      subnet: '10.64.17.0/25',
      gateway: null,
      ipRange: null,
      labels: {},
    },
  ],
}

const told = (...things: readonly LiveThing[]): readonly string[] =>
  unownedThings({ cluster: 'nonprod', states: [platform, acme] }, things).map(
    ({ kind, name, why }) => `${kind} ${name}: ${why}`,
  )

const grant = (subject: string, role: string, at: string): LiveThing => ({
  kind: 'grant',
  name: grantName(subject, role, at),
  collection: at,
})

describe('unownedThings', () => {
  test('has nothing to say of what stacks hold, whoever is marked as its maker', () => {
    expect(
      told(
        { kind: 'network', name: 'acme-backend', collection: '/Shared/Private/acme', owner: 'nonprod.acme' },
        { kind: 'team', name: 'acme/developers', owner: 'nonprod.acme' },
        { kind: 'collection', name: '/Run/Std/acme', collection: '/Run/Std/acme', owner: 'nonprod.acme' },
        grant('acme/developers', 'developer-nonprod-1f2e3d4c', '/Run/Std/acme'),
      ),
    ).toEqual([])
  })

  test('tells what is marked as a stack’s that does not hold it', () => {
    expect(
      told(
        { kind: 'network', name: 'acme-old', collection: '/Shared/Private/acme', owner: 'nonprod.acme' },
        { kind: 'volume', name: 'gone-data', owner: 'nonprod.gone' },
        { kind: 'vault mount', name: 'orgs/gone', owner: 'nonprod.gone' },
      ),
    ).toEqual([
      'network acme-old: left over',
      'vault mount orgs/gone: left over',
      'volume gone-data: left over',
    ])
  })

  test('leaves what another cluster made to that cluster: they may share a Vault', () => {
    expect(told({ kind: 'vault mount', name: 'orgs/other', owner: 'prod.other' })).toEqual([])
  })

  test('tells access, teams, collections, repositories, mounts and machines that were made beside the files', () => {
    expect(
      told(
        grant('acme/developers', 'fullcontrol', '/Run/Std/acme'),
        grant('user mallory', 'fullcontrol', '/Run/Std'),
        grant('acme/developers', 'viewonly', '/'),
        { kind: 'team', name: 'acme/backdoor' },
        { kind: 'collection', name: '/Run/Std/ghost', collection: '/Run/Std/ghost' },
        { kind: 'collection', name: '/Shared/Private/acme/more', collection: '/Shared/Private/acme/more' },
        { kind: 'repository', name: 'acme/miner' },
        { kind: 'vault mount', name: 'orgs/ghost' },
        { kind: 'machine', name: 'edge-99' },
      ),
    ).toHaveLength(9)
  })

  test('leaves alone what is nobody’s of ours', () => {
    expect(
      told(
        { kind: 'collection', name: '/System', collection: '/System' },
        { kind: 'collection', name: '/Shared/Private/jdoe', collection: '/Shared/Private/jdoe' },
        { kind: 'collection', name: '/Runner', collection: '/Runner' },
        grant('user jdoe', 'restrictedcontrol', '/Shared'),
        grant('docker-datacenter', 'scheduler', '/Shared'),
        { kind: 'network', name: 'bridge' },
        { kind: 'service', name: 'ucp-agent', collection: '/System' },
      ),
    ).toEqual([])
  })

  test('takes what people put into their organization’s collections for theirs, and what stands beside them for nobody’s', () => {
    expect(
      told(
        { kind: 'service', name: 'shop', collection: '/Run/Std/acme/payments' },
        { kind: 'secret', name: 'token', collection: '/Shared/Private/acme' },
        { kind: 'service', name: 'squatter', collection: '/Run/Std' },
        { kind: 'service', name: 'orphan', collection: '/Run/Std/ghost', madeBy: 'jdoe' },
        { kind: 'service', name: 'lookalike', collection: '/Run/Std/acme2' },
      ),
    ).toEqual([
      'service lookalike: of no tenant',
      'service orphan: of no tenant',
      'service squatter: of no tenant',
    ])
  })
})

describe('subjectName', () => {
  test('is the same for what is desired and what is live', () => {
    expect(subjectName({ kind: 'organization', organization: 'acme' })).toBe('acme')
    expect(subjectName({ kind: 'user', user: 'svc' })).toBe('user svc')
  })
})
