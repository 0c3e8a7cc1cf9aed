import { describe, expect, it } from 'vitest'
import {
  type ListedContainer,
  Network,
  Payload,
  Service,
  Task,
  Volume,
} from '../../src/clients/docker-objects.ts'
import { Fault } from '../../src/core/fault.ts'
import {
  countSecrets,
  type DockerReads,
  dockerRemnants,
  secretRemnants,
} from '../../src/survey/tenant-remnants.ts'

const search = {
  cluster: 'nonprod',
  organization: 'acme',
  stack: 'nonprod.acme',
  machineFolder: '/DC0/vm/tenantry-nonprod/acme',
  machines: new Set<string>(),
}

const at = (collection: string, owner?: string): Record<string, string> => ({
  'com.docker.ucp.access.label': collection,
  ...(owner === undefined ? {} : { 'tenantry.owner': owner }),
})
const dated = { CreatedAt: '2026-11-22T10:00:00Z', UpdatedAt: '2026-11-22T10:00:00Z', Version: { Index: 1 } }
const service = (name: string, labels: Record<string, string>) =>
  Service.parse({ ID: `id-${name}`, ...dated, Spec: { Name: name, Labels: labels, TaskTemplate: {} } })
const task = (name: string, desired: string) =>
  Task.parse({
    ID: `task-${name}-${desired}`,
    ...dated,
    Spec: {},
    ServiceID: `id-${name}`,
    Status: { Timestamp: '', State: desired },
    DesiredState: desired,
  })
const volume = (name: string, labels: Record<string, string>) =>
  Volume.parse({ Name: name, Driver: 'local', Mountpoint: '/', Scope: 'local', Labels: labels })
const payload = (name: string, labels: Record<string, string>) =>
  Payload.parse({ ID: name, ...dated, Spec: { Name: name, Labels: labels } })
const network = (name: string, labels: Record<string, string>) =>
  Network.parse({
    Id: name,
    Name: name,
    Created: '',
    Scope: 'swarm',
    Driver: 'overlay',
    IPAM: {},
    Internal: false,
    Attachable: false,
    Ingress: false,
    Labels: labels,
  })
const container = (name: string, labels: Record<string, string>): ListedContainer => ({
  Id: `0123456789abcdef-${name}`,
  Names: [`/${name}`],
  State: 'running',
  Labels: labels,
})

const empty: DockerReads = {
  services: async () => [],
  tasks: async () => [],
  containers: async () => [],
  networks: async () => [],
  payloads: async () => [],
  volumes: async () => [],
  volumeBytes: async () => new Map(),
}
const found = async (reads: Partial<DockerReads>) =>
  (await dockerRemnants({ ...empty, ...reads }, search)).map(
    ({ kind, name, isOwn, count, bytes }) =>
      `${kind} ${name} ${isOwn ? 'own' : 'other'} ${count}${bytes === undefined ? '' : ` ${bytes}`}`,
  )

describe('what is left of a tenant on a swarm', () => {
  it('is nothing where nothing is', async () => {
    expect(await found({})).toEqual([])
  })

  it('is what stands in its collections, and what its stack made elsewhere', async () => {
    const services = async () => [
      service('web', at('/Run/Std/acme/payments')),
      service('edge', at('/Run/Edge/acme')),
      service('jenkins', at('/Build/Std/CI-CD', 'nonprod.acme')),
      service('neighbour', at('/Run/Std/acme-two')),
      service('shared', at('/Run/Std')),
      service('plain', {}),
    ]
    expect(await found({ services })).toEqual([
      'service web other 1',
      'service edge other 1',
      'service jenkins own 1',
    ])
  })

  it('is the tasks that run, counted by their services', async () => {
    const services = async () => [
      service('web', at('/Run/Std/acme')),
      service('idle', at('/Run/Std/acme')),
      service('neighbour', at('/Run/Std/other')),
    ]
    const tasks = async () => [
      task('web', 'running'),
      task('web', 'running'),
      task('web', 'shutdown'),
      task('idle', 'shutdown'),
      task('neighbour', 'running'),
    ]
    expect((await found({ services, tasks })).filter((one) => one.startsWith('task'))).toEqual([
      'task web other 2',
    ])
  })

  it('is the agents of its builds, and containers that no service started', async () => {
    const services = async () => [service('agent-1', at('/Build/Std/acme'))]
    const containers = async () => [
      container('agent-2', at('/Build/Std/acme')),
      container('shell', at('/Run/Std/acme')),
      container('web.1', { ...at('/Run/Std/acme'), 'com.docker.swarm.task.id': 'task-web' }),
    ]
    expect(await found({ services, containers })).toEqual([
      'agent agent-1 other 1',
      'agent agent-2 other 1',
      'container shell other 1',
    ])
  })

  it('is networks, secrets and configs', async () => {
    const own = at('/Shared/Private/acme/Shared', 'nonprod.acme')
    const other = at('/Shared/Private/acme')
    expect(
      await found({
        networks: async () => [network('backend', own), network('bridge', {})],
        payloads: async (folder) => [payload(`${folder}-of-theirs`, other)],
      }),
    ).toEqual([
      'network backend own 1',
      'secret secrets-of-theirs other 1',
      'config configs-of-theirs other 1',
    ])
  })

  it('is volumes with what they hold, as far as the engine measures it', async () => {
    const volumes = async () => [
      volume('acme-ledger', at('/Shared/Private/acme/payments', 'nonprod.acme')),
      volume('acme-new', at('/Shared/Private/acme/Shared', 'nonprod.acme')),
      volume('acme-share', at('/Shared/Private/acme/Shared', 'nonprod.acme')),
      volume('other-ledger', at('/Shared/Private/other')),
    ]
    const volumeBytes = async () =>
      new Map([
        ['acme-ledger', 4096],
        ['acme-new', 0],
      ])
    expect(await found({ volumes, volumeBytes })).toEqual([
      'volume acme-ledger own 1 4096',
      'volume acme-new own 1 0',
      'volume acme-share own 1 null',
    ])
  })

  it('holds unknown amounts where nobody may measure, and is no empty one where nobody answers', async () => {
    const volumes = async () => [volume('acme-ledger', at('/Shared/Private/acme', 'nonprod.acme'))]
    const failing = (code: 'forbidden' | 'unavailable') => () =>
      Promise.reject(new Fault(code, 'no', { details: {} }))
    expect(await found({ volumes, volumeBytes: failing('forbidden') })).toEqual([
      'volume acme-ledger own 1 null',
    ])
    await expect(found({ volumes, volumeBytes: failing('unavailable') })).rejects.toThrow('no')
    await expect(found({ services: failing('unavailable') })).rejects.toThrow('no')
  })
})

describe('secrets in Vault', () => {
  const tree: Readonly<Record<string, readonly string[]>> = {
    '': ['apps/', 'ci/'],
    'apps/': ['payments/', 'root'],
    'apps/payments/': ['database', 'scheme-key'],
    'ci/': ['jenkins'],
  }
  it('are counted through all folders, and never read', async () => {
    const asked: string[] = []
    const vault = {
      listSecrets: async (mount: string, path: string) => {
        asked.push(`${mount} ${path}`)
        return tree[path] ?? []
      },
    }
    expect(await countSecrets(vault, 'orgs/acme')).toBe(4)
    expect(asked).toEqual(['orgs/acme ', 'orgs/acme apps/', 'orgs/acme apps/payments/', 'orgs/acme ci/'])
  })
})

describe('the mount of its secrets', () => {
  const vault = (mounted: boolean, names: readonly string[]) => ({
    readMount: async () => (mounted ? { type: 'kv' } : undefined),
    listSecrets: async () => names,
  })

  it('is told with how many are in it, also where that is none', async () => {
    const told = { cluster: 'nonprod', kind: 'vault secret', name: 'orgs/acme', isOwn: true }
    expect(await secretRemnants(vault(true, ['a', 'b']), search)).toEqual([{ ...told, count: 2 }])
    expect(await secretRemnants(vault(true, []), search)).toEqual([{ ...told, count: 0 }])
    expect(await secretRemnants(vault(false, []), search)).toEqual([])
  })
})
