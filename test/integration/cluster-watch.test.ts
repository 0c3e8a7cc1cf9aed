import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LeaseWatch } from '../../src/cli/lease-watch.ts'
import { EnginePoolStacks } from '../../src/cli/pool-stacks.ts'
import { poolsOf, type WatchedNodePool } from '../../src/cli/watched-pools.ts'
import type { Clock } from '../../src/clients/clock.ts'
import { Ucp } from '../../src/clients/ucp.ts'
import { listNodes, type UcpNode } from '../../src/clients/ucp-nodes.ts'
import { Vsphere } from '../../src/clients/vsphere.ts'
import { machinesBelow } from '../../src/clients/vsphere-folder-machines.ts'
import { compilePlatform } from '../../src/compile/compile.ts'
import { nodeMarks } from '../../src/core/node-marks.ts'
import { upStack } from '../../src/engine/run-stack.ts'
import { platformUser } from '../../src/lab/cluster-lab.ts'
import type { LogEvent } from '../../src/watch/log-lines.ts'
import { ClusterJournal } from '../../src/watch/pools/cluster-journal.ts'
import { ClusterWatcher } from '../../src/watch/pools/cluster-watcher.ts'
import { Leadership, leadByLease } from '../../src/watch/pools/leadership.ts'
import { readLive } from '../../src/watch/pools/live-record.ts'
import { readMemories, writeMemories } from '../../src/watch/pools/memory-record.ts'
import { handsOf, ViewOfCluster } from '../../src/watch/pools/view-of-cluster.ts'
import { failuresOf, type LabSession, openLabSession } from './lab-session.ts'

const stack = 'nonprod.platform'
const pool = `${stack}/std`
const never = new AbortController().signal
const lookMilliseconds = 200

/** A clock that only a test moves. */
class TestClock implements Clock {
  #at = 1_000_000
  readonly now = (): number => this.#at
  readonly wait = async (): Promise<void> => undefined
  pass(seconds: number): void {
    this.#at += seconds * 1000
  }
}

describe('the cluster watcher on the real engine', () => {
  let session: LabSession
  let ucp: Ucp
  let vsphere: Vsphere
  let pools: readonly WatchedNodePool[]
  let state: string
  const clock = new TestClock()
  const lines: LogEvent[] = []
  let load = 20

  const nonprod = () =>
    session.lab.clusters.find(({ cluster }) => cluster.cluster === 'nonprod') ?? expect.fail('no nonprod')

  /** One process of the watcher. */
  const watcherOf = (): ClusterWatcher => {
    const { cluster } = nonprod()
    const journal = new ClusterJournal((event) => lines.push(event), 'nonprod')
    const view = new ViewOfCluster({
      openUcp: () => ucp,
      openVsphere: () => vsphere,
      place: { cluster: 'nonprod', folder: `/${cluster.vsphere.datacenter}/vm/${cluster.vsphere.folder}` },
      ask: async ({ id }) => ({ nodeId: id, sampleAgeSeconds: 1, loadPercent: load, memoryPercent: 30 }),
      clock,
      signal: never,
    })
    const leadership = new Leadership(leadByLease(state, 'nonprod'))
    return new ClusterWatcher({
      ...{ cluster: 'nonprod', tickSeconds: 30, journal, leadership, clock, signal: never },
      pools: async () => pools.filter(({ subject }) => subject.id === pool).map(({ subject }) => subject),
      readSight: view.read,
      hands: handsOf(view, () => leadership.verify()),
      stacks: new EnginePoolStacks({
        ...{ state, environment: session.environment, engine: session.engine, up: upStack },
        project: process.cwd(),
        pools: () => pools,
        leases: new LeaseWatch(state, clock.now),
      }),
      memory: {
        read: (moment) => readMemories(state, 'nonprod', moment),
        write: (record) => writeMemories(state, 'nonprod', record),
      },
      wallTime: () => new Date(Date.UTC(2026, 10, 23) + clock.now()),
      random: () => 1,
    })
  }

  const stdNodes = async (): Promise<readonly UcpNode[]> =>
    (await listNodes(ucp)).filter(({ hostname }) => hostname.startsWith('nonprod-std-'))

  const stdMachines = async (): Promise<readonly string[]> => {
    const { cluster } = nonprod()
    const path = `/${cluster.vsphere.datacenter}/vm/${cluster.vsphere.folder}`
    const found = (await machinesBelow(vsphere, path)) ?? []
    return found
      .map(({ name }) => name)
      .filter((name) => name.startsWith('nonprod-std-'))
      .sort()
  }

  /**
   * Looks until something holds, a look every so many seconds of the test's clock; fails after so many. The lab's machines boot
   * and join in their own time, so that a look waits for them too.
   */
  const lookUntil = async (
    watcher: ClusterWatcher,
    holds: () => Promise<boolean>,
    { looks, seconds }: { readonly looks: number; readonly seconds: number },
  ): Promise<void> => {
    for (let look = 0; look < looks; look++) {
      await watcher.tick()
      await watcher.settled()
      if (await holds()) return
      clock.pass(seconds)
      await wait(lookMilliseconds)
    }
    expect.fail(
      `not after ${looks} looks:\n${lines
        .slice(-12)
        .map((line) => JSON.stringify(line))
        .join('\n')}`,
    )
  }

  beforeAll(async () => {
    session = await openLabSession()
    const fleet = await session.fleet()
    const cluster =
      fleet.clusters.find(({ value }) => value.cluster === 'nonprod') ?? expect.fail('no nonprod')
    pools = poolsOf(fleet, cluster.value)
    state = session.lab.layout.state
    const { results } = await session.run('up', [compilePlatform(cluster.value)])
    expect(failuresOf(results)).toEqual([])
    const { ucp: server, platformPassword } = nonprod()
    ucp = new Ucp({
      endpoint: server.address,
      caCertificate: server.caCertificate,
      username: platformUser,
      password: platformPassword,
    })
    const { vcenter } = session.lab
    vsphere = new Vsphere({
      server: vcenter.address,
      user: vcenter.user,
      password: vcenter.password,
      tls: { ca: vcenter.caCertificate },
    })
  })

  afterAll(async () => {
    await ucp?.close()
    await vsphere?.close()
    await session?.close()
  })

  /** Host names of the running tasks of a service, sorted. */
  const placesOf = async (name: string): Promise<readonly string[]> => {
    const names = new Map((await listNodes(ucp)).map(({ id, hostname }) => [id, hostname]))
    const [services, tasks] = (await Promise.all(
      ['/services', '/tasks'].map((path) => ucp.json({ method: 'GET', path })),
    )) as [
      { ID: string; Spec: { Name: string } }[],
      { ServiceID: string; NodeID?: string; Status: { State: string } }[],
    ]
    const id = services.find(({ Spec }) => Spec.Name === name)?.ID
    return tasks
      .filter(({ ServiceID, Status }) => ServiceID === id && Status.State === 'running')
      .map(({ NodeID }) => names.get(NodeID ?? '') ?? '?')
      .sort()
  }

  const serve = async (name: string, replicas: number, maxPerNode: number): Promise<void> => {
    const label = 'com.docker.ucp.access.label'
    const body = {
      Name: name,
      Labels: { [label]: '/Run/Std' },
      TaskTemplate: {
        ContainerSpec: { Image: 'bank/api:1' },
        Resources: { Reservations: { NanoCPUs: 1e9, MemoryBytes: 2 ** 30 } },
        Placement: { Constraints: [`node.labels.${label}==/Run/Std`], MaxReplicas: maxPerNode },
      },
      Mode: { Replicated: { Replicas: replicas } },
    }
    await ucp.send({ method: 'POST', path: '/services/create', body })
  }

  test('grows under load, and takes what idles away again, with state, preview and the record true', async () => {
    const watcher = watcherOf()
    await serve('api', 6, 3)
    expect(new Set(await placesOf('api'))).toEqual(new Set(['nonprod-std-01', 'nonprod-std-02']))
    expect(await stdMachines()).toEqual(['nonprod-std-01', 'nonprod-std-02'])
    load = 95
    await lookUntil(watcher, async () => (await stdMachines()).length === 3, { looks: 12, seconds: 30 })
    await lookUntil(
      watcher,
      async () => {
        const node = (await stdNodes()).find(({ hostname }) => hostname === 'nonprod-std-03')
        return node?.availability === 'active' && node.labels['com.docker.ucp.access.label'] === '/Run/Std'
      },
      { looks: 300, seconds: 1 },
    )
    expect(readLive(state, stack)?.pools.std).toEqual(['nonprod-std-01', 'nonprod-std-02', 'nonprod-std-03'])
    await serve('batch', 3, 1)
    expect(await placesOf('batch')).toEqual(['nonprod-std-01', 'nonprod-std-02', 'nonprod-std-03'])
    await ucp.send({ method: 'DELETE', path: '/services/batch' })

    // An ordinary preview with the live VMs has nothing to do, and one of the files alone would take the VM away.
    const cluster = nonprod().cluster
    const live = readLive(state, stack)?.pools ?? {}
    const { results } = await session.run('preview', [
      compilePlatform({ ...cluster, pools: cluster.pools }, live),
    ])
    expect(failuresOf(results)).toEqual([])
    expect(results[0]?.counts).toMatchObject({ create: 0, update: 0, replace: 0, delete: 0 })
    const { results: refused } = await session.run('up', [compilePlatform(cluster)])
    expect(failuresOf(refused).join(' ')).toContain('gave the pools of nonprod.platform other VMs')

    load = 5
    await lookUntil(
      watcher,
      async () => {
        expect(await placesOf('api')).toHaveLength(6)
        return (await stdMachines()).length === 2 && (readLive(state, stack)?.removing.length ?? 1) === 0
      },
      { looks: 60, seconds: 300 },
    )
    const left = await stdMachines()
    expect(readLive(state, stack)).toMatchObject({ pools: { std: left }, removing: [], replacing: [] })
    expect((await stdNodes()).map(({ hostname }) => hostname).sort()).toEqual(left)
    expect((await stdNodes()).flatMap(({ labels }) => Object.keys(labels))).not.toContain(nodeMarks.drainedAt)
    await watcher.end()
  })
})
