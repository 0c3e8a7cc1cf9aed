import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ucp } from '../../src/clients/ucp.ts'
import { Vault } from '../../src/clients/vault.ts'
import { isFault } from '../../src/core/fault.ts'
import { joinTicketKey } from '../../src/core/join-ticket.ts'
import { Secret } from '../../src/core/secret.ts'
import { destroyStack, refreshStack } from '../../src/engine/run-stack.ts'
import { platformUser } from '../../src/lab/cluster-lab.ts'
import { type ByHandMachine, type Inventory, VcenterByHand } from '../contract/vcenter-by-hand.ts'
import { hasVcsim } from '../contract/vcenters.ts'
import { changesOf, failuresOf, type LabSession, openLabSession } from './lab-session.ts'

const tenant = (min: number) => `import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: 'pool-probe',
  size: 'small',
  owner: 'ines.costa@bank.example',
  technicalLead: 'liam.oconnor@bank.example',
  costCentre: 'PP-001',
  teams: { probers: { role: 'developer', members: ['ines'] } },
  offers: { 'run/edge': { pool: { machine: 'standard', min: ${min}, max: 4 } } },
  applications: { probe: { environments: ['dev'], offer: 'run/edge' } },
  clusters: { nonprod: {} },
})
`

interface Sizes {
  readonly std: number
  readonly edge: number
  readonly machine?: 'standard' | 'large'
}

interface SwarmNode {
  readonly ID: string
  readonly Description: { readonly Hostname: string }
  readonly Status: { readonly State: string }
  readonly Spec: { readonly Availability: string; readonly Labels: Readonly<Record<string, string>> }
}

const pools = '/DC0/host/DC0_C0/Resources'
const folder = '/DC0/vm/tenantry-nonprod'
const edge = 'nonprod-pool-probe-edge'

const numbered = (pool: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${pool}-0${index + 1}`)

const encoded = (text: string): string => Buffer.from(text).toString('base64')

const inTenant = (change: string): string => `pool-probe: ${change}`
const inPlatform = (change: string): string => `platform: ${change}`

/** What somebody else has, named much like ours. */
interface Planted {
  readonly inventory: Inventory
  readonly machines: readonly string[]
}

describe.skipIf(!hasVcsim('node pools on the vCenter simulator'))('node pools on a vCenter', () => {
  let session: LabSession
  let hand: VcenterByHand
  let ucp: Ucp
  let planted: Planted

  const nonprod = () =>
    session.lab.clusters.find(({ cluster }) => cluster.cluster === 'nonprod') ?? expect.fail('no nonprod')

  /** Somebody else's VM, folder, pool, tag, rule and port group. */
  const plant = async (): Promise<Planted> => {
    const vmFolder = await hand.at('/DC0/vm', 'Folder')
    await hand.soap('CreateFolder', vmFolder, '<name>tenantry-nonprod-old</name>')
    const machines = [
      await hand.clone('nonprod-std-01', '/DC0/vm', { 'guestinfo.hostname': 'nonprod-std-01' }),
      await hand.clone('nonprod-std-02', '/DC0/vm/tenantry-nonprod-old'),
    ]
    await hand.rule('/DC0/host/DC0_C0', { operation: 'add', name: 'nonprod-std-old', machines })
    await hand.soap(
      'CreateResourcePool',
      await hand.at(pools, 'ResourcePool'),
      '<name>nonprod-std-old</name><spec><cpuAllocation><reservation>0</reservation><expandableReservation>true</expandableReservation><limit>-1</limit><shares><shares>0</shares><level>low</level></shares></cpuAllocation><memoryAllocation><reservation>0</reservation><expandableReservation>true</expandableReservation><limit>-1</limit><shares><shares>0</shares><level>low</level></shares></memoryAllocation></spec>',
    )
    const tag = await hand.makeTag('tenantry-nonprod-old', 'offer-run-std')
    await hand.changeTag('attach', tag, { type: 'VirtualMachine', id: machines[0] ?? '' })
    return { machines, inventory: await hand.inventory() }
  }

  const write = async ({ std, edge, machine = 'standard' }: Sizes): Promise<void> => {
    const file = join(session.files, 'stacks', 'nonprod.ts')
    const text = await readFile(file, 'utf8')
    const pool = `std: { offer: 'run/std', machine: '${machine}', min: ${std}, max: 24 }`
    const edited = text.replace(/std: \{ offer: 'run\/std',[^}]*\}/, pool)
    expect(edited).toContain(pool)
    await writeFile(file, edited)
    await mkdir(join(session.files, 'tenants'), { recursive: true })
    await writeFile(join(session.files, 'tenants', 'pool-probe.ts'), tenant(edge))
  }

  const stacks = async () =>
    (await session.stacks(['pool-probe'])).filter(({ cluster }) => cluster === 'nonprod')

  /** Applies pools of these sizes; what changed, the nodes' resources only. */
  const resize = async (sizes: Sizes): Promise<readonly string[]> => {
    await write(sizes)
    const { results } = await session.run('up', await stacks())
    expect(failuresOf(results)).toEqual([])
    return changesOf(results).map((change) => change.replace(/^nonprod\./, ''))
  }

  const nodes = async (): Promise<ReadonlyMap<string, SwarmNode>> => {
    const found = (await ucp.json({ method: 'GET', path: '/nodes' })) as readonly SwarmNode[]
    return new Map(found.map((node) => [node.Description.Hostname, node]))
  }

  const ours = ({ machines }: Inventory): ReadonlyMap<string, ByHandMachine> =>
    new Map(
      machines
        .filter(({ path }) => path.startsWith(`${folder}/`))
        .map((machine) => [machine.path.split('/').at(-1) ?? '', machine]),
    )

  const ticketOf = ({ guestInfo }: ByHandMachine): string => guestInfo[joinTicketKey] ?? 'none'

  /** Whether somebody who finds a ticket gets a join token for it. */
  const opens = async (ticket: string): Promise<boolean> => {
    const vault = new Vault({ address: nonprod().vault.nodeAddress, token: new Secret(ticket) })
    try {
      return (await vault.openWrapped()).worker !== undefined
    } catch (error) {
      if (isFault(error)) return false
      throw error
    } finally {
      await vault.close()
    }
  }

  const idsOf = (machines: ReadonlyMap<string, ByHandMachine>) =>
    new Map([...machines].map(([name, { id, uuid }]) => [name, `${id} ${uuid}`]))

  /** What a VM of ours is to be, by name. */
  const expectedMachine = (name: string, large = false): Omit<ByHandMachine, 'id' | 'uuid' | 'host'> => {
    const pool = name.replace(/-\d+$/, '')
    const isTenant = pool.includes('pool-probe')
    const tags = isTenant
      ? ['organization-pool-probe']
      : ['cluster-nonprod', pool === 'nonprod-std' ? 'offer-run-std' : 'offer-build-std']
    const [cpus, memoryGib, diskGib] = large ? [32, 256, 400] : [16, 64, 200]
    return {
      path: `${folder}/${isTenant ? 'pool-probe/' : ''}${name}`,
      pool: `${pools}/${pool}`,
      power: 'poweredOn',
      cpus,
      memoryMib: memoryGib * 1024,
      disksKib: [diskGib * 1024 * 1024],
      networks: ['VM Network'],
      annotation: '',
      guestInfo: {
        'guestinfo.hostname': name,
        'guestinfo.tenantry.cluster': 'nonprod',
        'guestinfo.metadata': encoded(JSON.stringify({ 'instance-id': name, 'local-hostname': name })),
        'guestinfo.metadata.encoding': 'base64',
        // `#cloud-config`, whole groups of three of it.
        'guestinfo.userdata': expect.stringMatching(`^${encoded('#cloud-confi')}`),
        'guestinfo.userdata.encoding': 'base64',
        'guestinfo.tenantry.ticket': expect.stringMatching(/^hvs\.[\w-]{20,}$/),
      },
      tags: tags.map((tag) => `tenantry-nonprod/${tag}`),
    }
  }

  const expectMachines = (
    machines: ReadonlyMap<string, ByHandMachine>,
    large: readonly string[] = [],
  ): void => {
    for (const [name, machine] of machines)
      expect(machine, name).toEqual({
        ...expectedMachine(name, large.includes(name)),
        id: expect.stringMatching(/^vm-/),
        uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        host: expect.stringMatching(/^\/DC0\/host\/DC0_C0\//),
      })
  }

  const collectionOf = (name: string): string => {
    if (name.includes('pool-probe')) return '/Run/Edge/pool-probe'
    return name.startsWith('nonprod-build') ? '/Build/Std' : '/Run/Std'
  }

  const poolOf = (name: string): string => /(edge|build|std)-\d+$/.exec(name)?.[1] ?? 'none'

  /** Exactly these nodes, and those that the lab starts with, are in the swarm: ready, active, in their collections. */
  const expectMembers = async (names: readonly string[]): Promise<void> => {
    const members = async () =>
      [...(await nodes()).values()]
        .filter(({ Description }) => !/-(?:manager|worker)-\d+$/.test(Description.Hostname))
        .map(({ Description, Status, Spec }) =>
          [
            Description.Hostname,
            Status.State,
            Spec.Availability,
            Spec.Labels['com.docker.ucp.access.label'],
            Spec.Labels['com.docker.ucp.orchestrator.swarm'],
            Spec.Labels['tenantry.pool'],
          ].join(' '),
        )
        .sort()
    const wanted = names
      .map((name) => `${name} ready active ${collectionOf(name)} true ${poolOf(name)}`)
      .toSorted()
    await expect.poll(members, { timeout: 60_000 }).toEqual(wanted)
    // UCP's own label, which its access checks go by, is the collection's id.
    const found = (await ucp.json({ method: 'GET', path: '/collections?limit=10000' })) as readonly {
      id: string
      path: string
    }[]
    const paths = new Map(found.map(({ id, path }) => [id, path]))
    const all = await nodes()
    for (const name of names)
      expect(paths.get(all.get(name)?.Spec.Labels['com.docker.ucp.collection'] ?? ''), name).toBe(
        collectionOf(name),
      )
  }

  /** When UCP was last asked to change a node, by its own log. */
  const lastChangeOf = (nodeId: string): number =>
    nonprod()
      .ucp.log.calls()
      .filter(({ method, path }) => method === 'POST' && path.startsWith(`/nodes/${nodeId}/update`))
      .at(-1)?.at ?? Number.POSITIVE_INFINITY

  /** Looks at nodes again and again; the states that each was seen in, in order, without repetition. */
  const watchNodes = (names: readonly string[]) => {
    const seen = new Map<string, string[]>(names.map((name) => [name, []]))
    let isOver = false
    const look = async () => {
      const found = await nodes()
      for (const [name, states] of seen) {
        const node = found.get(name)
        const labels = node?.Spec.Labels ?? {}
        const state =
          node === undefined
            ? 'gone'
            : `${node.Spec.Availability} in ${labels['com.docker.ucp.access.label']}`
        if (states.at(-1) !== state) states.push(state)
      }
    }
    const looking = (async () => {
      while (!isOver) {
        await look()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })()
    const end = async () => {
      isOver = true
      await looking
      return seen
    }
    return {
      end,
      stop: async () => {
        await end()
        await expect
          .poll(async () => [...(await nodes()).keys()], { timeout: 60_000 })
          .not.toEqual(expect.arrayContaining([expect.stringMatching(new RegExp(names.join('|')))]))
        await look()
        return seen
      },
    }
  }

  const rulesOf = ({ rules }: Inventory) =>
    Object.fromEntries(rules.map(({ name, machines, enabled }) => [name, enabled ? machines : 'off']))

  beforeAll(async () => {
    session = await openLabSession()
    expect(session.lab.vcenter).toMatchObject({ reality: 'real' })
    hand = new VcenterByHand(session.lab.vcenter)
    planted = await plant()
    ucp = new Ucp({
      endpoint: nonprod().ucp.address,
      caCertificate: nonprod().ucp.caCertificate,
      username: platformUser,
      password: nonprod().platformPassword,
    })
    await resize({ std: 1, edge: 1 })
  })
  afterAll(async () => {
    await Promise.allSettled([ucp?.close(), hand?.close()])
    await session?.close()
  })

  test('stand where the cluster file says, with shares, reservations and limits in MHz and MiB', async () => {
    const found = await hand.inventory()
    expect(found.folders).toEqual([...planted.inventory.folders, folder, `${folder}/pool-probe`].toSorted())
    // 24, 8 and 4 machines at most, each of 16 CPUs at 2,500 MHz and of 64 GiB.
    expect(
      found.pools.filter(({ path }) => !planted.inventory.pools.some((one) => one.path === path)),
    ).toEqual(
      [
        // Half of the one machine that it has at least, as its organization reserves of its containers' limits.
        ['nonprod-build', 'low', 8, 0],
        ['nonprod-pool-probe-edge', 'normal', 4, 0.5],
        ['nonprod-std', 'normal', 24, 0],
      ].map(([name, level, most, reserved]) => ({
        path: `${pools}/${name}`,
        id: expect.any(String),
        cpu: {
          reservation: Number(reserved) * 16 * 2500,
          expandable: true,
          limit: Number(most) * 16 * 2500,
          level,
        },
        memory: {
          reservation: Number(reserved) * 64 * 1024,
          expandable: true,
          limit: Number(most) * 64 * 1024,
          level,
        },
      })),
    )
    expect(
      found.categories.map(({ name, cardinality, types }) => ({ name, cardinality, types })),
    ).toContainEqual({
      name: 'tenantry-nonprod',
      cardinality: 'MULTIPLE',
      types: ['VirtualMachine'],
    })
    expect(
      found.portGroups
        .filter(({ name }) => name.startsWith('nonprod-vlan-'))
        .map(({ name, vlan }) => [name, vlan]),
    ).toEqual([
      ['nonprod-vlan-markets', 1181],
      ['nonprod-vlan-partners', 1180],
      ['nonprod-vlan-public-1189', 1189],
    ])
    // One machine is apart from nobody.
    expect(rulesOf(found)).toEqual(rulesOf(planted.inventory))
  })

  test('grow by clones of the template that become nodes where they belong', async () => {
    const before = ours(await hand.inventory())
    const history = watchNodes(['nonprod-std-02', 'nonprod-std-03', 'nonprod-pool-probe-edge-02'])
    const changes = await resize({ std: 3, edge: 3 })
    // Joined, labelled into their collections, only then active.
    for (const [name, states] of await history.end())
      expect(
        states.filter((state) => state.startsWith('active')),
        name,
      ).toEqual([`active in ${collectionOf(name)}`])
    expect(changes).toEqual(
      [
        ...['create anti-affinity/edge', 'create node/nonprod-pool-probe-edge-02'].map(inTenant),
        ...['create node/nonprod-pool-probe-edge-03', 'create vm/nonprod-pool-probe-edge-02'].map(inTenant),
        ...['create vm/nonprod-pool-probe-edge-03', 'update vm-pool/edge'].map(inTenant),
        ...['create anti-affinity/std', 'create node/nonprod-std-02', 'create node/nonprod-std-03'].map(
          inPlatform,
        ),
        ...['create vm/nonprod-std-02', 'create vm/nonprod-std-03'].map(inPlatform),
      ].toSorted(),
    )
    const found = await hand.inventory()
    const after = ours(found)
    expect([...after.keys()].toSorted()).toEqual(
      ['nonprod-build-01', ...numbered('nonprod-std', 3), ...numbered(edge, 3)].toSorted(),
    )
    for (const [name, id] of idsOf(before)) expect(idsOf(after).get(name), name).toBe(id)
    expectMachines(after)
    expect(rulesOf(found)).toEqual({
      ...rulesOf(planted.inventory),
      'nonprod-std': numbered('nonprod-std', 3),
      [edge]: numbered(edge, 3),
    })
    await expectMembers([...after.keys()])
    // What is left on a machine opens nothing any more, and no two had the same.
    const tickets = [...after.values()].map(ticketOf)
    expect(new Set(tickets).size).toBe(tickets.length)
    for (const ticket of tickets) expect(await opens(ticket), ticket).toBe(false)
  })

  test('shrink by their last machines, in the order that harms nobody', async () => {
    const before = ours(await hand.inventory())
    const nodesBefore = await nodes()
    const history = watchNodes(['nonprod-std-03', 'nonprod-pool-probe-edge-03'])
    const changes = await resize({ std: 2, edge: 2 })
    const seen = await history.stop()
    expect(changes).toEqual(
      [
        ...['delete node/nonprod-pool-probe-edge-03', 'delete vm/nonprod-pool-probe-edge-03'].map(inTenant),
        ...['update anti-affinity/edge', 'update vm-pool/edge'].map(inTenant),
        ...['delete node/nonprod-std-03', 'delete vm/nonprod-std-03', 'update anti-affinity/std'].map(
          inPlatform,
        ),
      ].toSorted(),
    )
    const found = await hand.inventory()
    const left = idsOf(before)
    for (const name of ['nonprod-std-03', 'nonprod-pool-probe-edge-03']) {
      expect(left.delete(name), name).toBe(true)
      expect(seen.get(name), name).toEqual([`active in ${collectionOf(name)}`, 'drain in /Shared', 'gone'])
      const events = await hand.eventsOf(before.get(name)?.id ?? '')
      expect(
        events.map(({ kind }) => kind),
        name,
      ).toEqual(['VmPoweredOnEvent', 'VmPoweredOffEvent', 'VmRemovedEvent'])
      expect(lastChangeOf(nodesBefore.get(name)?.ID ?? ''), name).toBeLessThanOrEqual(events[1]?.at ?? 0)
    }
    expect(idsOf(ours(found))).toEqual(left)
    expect(rulesOf(found)).toEqual({
      ...rulesOf(planted.inventory),
      'nonprod-std': numbered('nonprod-std', 2),
      [edge]: numbered(edge, 2),
    })
    await expectMembers([...left.keys()])
  })

  test('grow again under the names that went, as new machines and new nodes', async () => {
    const [before, nodesBefore] = [ours(await hand.inventory()), await nodes()]
    await resize({ std: 3, edge: 2 })
    const found = await hand.inventory()
    const after = ours(found)
    expect(idsOf(new Map([...after].filter(([name]) => before.has(name))))).toEqual(idsOf(before))
    expectMachines(after)
    expect(rulesOf(found)['nonprod-std']).toEqual(numbered('nonprod-std', 3))
    await expectMembers([...after.keys()])
    const nodesAfter = await nodes()
    for (const name of before.keys()) expect(nodesAfter.get(name)?.ID, name).toBe(nodesBefore.get(name)?.ID)
  })

  test('take another kind of machine in place, and stay the nodes that they were', async () => {
    const [before, nodesBefore] = [ours(await hand.inventory()), await nodes()]
    const standard = numbered('nonprod-std', 3)
    const changes = await resize({ std: 3, edge: 2, machine: 'large' })
    expect(changes).toEqual(
      ['vm-pool/std', ...standard.map((name) => `vm/${name}`)]
        .map((one) => inPlatform(`update ${one}`))
        .toSorted(),
    )
    const found = await hand.inventory()
    const after = ours(found)
    expect(idsOf(after)).toEqual(idsOf(before))
    expectMachines(after, standard)
    // The pool's limits follow: 24 machines of 32 CPUs at 2,500 MHz and of 256 GiB.
    expect(found.pools.find(({ path }) => path === `${pools}/nonprod-std`)).toMatchObject({
      cpu: { limit: 24 * 32 * 2500 },
      memory: { limit: 24 * 256 * 1024 },
    })
    expect(rulesOf(found)['nonprod-std']).toEqual(standard)
    await expectMembers([...after.keys()])
    const nodesAfter = await nodes()
    for (const name of before.keys()) expect(nodesAfter.get(name)?.ID, name).toBe(nodesBefore.get(name)?.ID)
  })

  test('are put right after somebody laid hands on them', async () => {
    const before = await hand.inventory()
    const machine = { type: 'VirtualMachine', id: ours(before).get('nonprod-std-02')?.id ?? '' }
    await hand.task('PowerOffVM_Task', machine)
    const rule = before.rules.find(({ name }) => name === 'nonprod-std') ?? expect.fail('no rule')
    const rest = numbered('nonprod-std', 2).map((name) => ours(before).get(name)?.id ?? '')
    await hand.rule('/DC0/host/DC0_C0', { operation: 'edit', name: rule.name, key: rule.key, machines: rest })
    const [platform] = await stacks()
    const stack = platform?.stack ?? expect.fail('no platform stack')
    const { engine, environment } = session
    const refreshed = await refreshStack({ stack, engine, environment })
    expect(failuresOf([refreshed])).toEqual([])
    expect(changesOf([refreshed])).toEqual(
      expect.arrayContaining([`${stack}: update anti-affinity/std`, `${stack}: update vm/nonprod-std-02`]),
    )
    const { results } = await session.run('up', await stacks())
    expect(failuresOf(results)).toEqual([])
    expect(await hand.inventory()).toEqual(before)
    await expectMembers([...ours(before).keys()])
  })

  test('get back a machine that somebody deleted, which joins with a ticket of its own', async () => {
    const before = ours(await hand.inventory())
    const lost = before.get('nonprod-std-02') ?? expect.fail('no nonprod-std-02')
    const machine = { type: 'VirtualMachine', id: lost.id }
    await hand.task('PowerOffVM_Task', machine)
    await hand.task('Destroy_Task', machine)
    const [platform] = await stacks()
    const { engine, environment } = session
    await refreshStack({ stack: platform?.stack ?? expect.fail('no platform stack'), engine, environment })
    const { results } = await session.run('up', await stacks())
    expect(failuresOf(results)).toEqual([])
    const after = ours(await hand.inventory())
    const back = after.get('nonprod-std-02') ?? expect.fail('no nonprod-std-02 again')
    // The simulator's UUID follows from the name; its own id does not.
    expect(back.id).not.toBe(lost.id)
    expect(ticketOf(back)).not.toBe(ticketOf(lost))
    expect(await opens(ticketOf(back))).toBe(false)
    // Nobody else got another.
    for (const [name, one] of after)
      if (name !== 'nonprod-std-02') expect(one, name).toEqual(before.get(name))
    await expectMembers([...after.keys()])
  })

  test('have no rule where one machine is left', async () => {
    const changes = await resize({ std: 1, edge: 1, machine: 'large' })
    expect(changes.filter((change) => change.includes('anti-affinity'))).toEqual([
      inPlatform('delete anti-affinity/std'),
      inTenant('delete anti-affinity/edge'),
    ])
    const found = await hand.inventory()
    expect([...ours(found).keys()].toSorted()).toEqual(
      ['nonprod-build-01', ...numbered('nonprod-std', 1), ...numbered(edge, 1)].toSorted(),
    )
    expect(rulesOf(found)).toEqual(rulesOf(planted.inventory))
    expect(
      (await session.run('up', await stacks())).results.flatMap((result) => changesOf([result])),
    ).toEqual([])
  })

  test('go without a trace, and what others have stays as it was', async () => {
    for (const { stack } of (await stacks()).toReversed()) {
      const { engine, environment } = session
      expect(failuresOf([await destroyStack({ stack, engine, environment })])).toEqual([])
    }
    expect(await hand.inventory()).toEqual(planted.inventory)
    await expectMembers([])
  })
})
