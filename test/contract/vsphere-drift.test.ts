import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Vsphere } from '../../src/clients/vsphere.ts'
import { addDisk, connectCard, networkCardsOf, scsiControllerKey } from '../../src/clients/vsphere-devices.ts'
import { findMachineByUuid } from '../../src/clients/vsphere-inventory.ts'
import { readMachine, reconfigureMachine } from '../../src/clients/vsphere-machines.ts'
import { vspherePlugin } from '../../src/lab/plugins/vsphere-plugin.ts'
import type { LabVcenter } from '../../src/lab/vcenter/lab-vcenter.ts'
import type { Properties } from '../../src/provider/plugin.ts'
import { serviceError } from '../../src/provider/status.ts'
import { VcenterByHand } from './vcenter-by-hand.ts'
import { clientOf, vcenters } from './vcenters.ts'
import { context, type Scenario, setStage, typeOf } from './vsphere-scenarios.ts'

/** A vCenter in which somebody changes things. */
interface Scene {
  readonly hand: VcenterByHand
  readonly vsphere: Vsphere
  readonly scenario: Scenario
  readonly id: string
}

interface HandChange {
  readonly what: string
  readonly type: string
  readonly change: (scene: Scene) => Promise<unknown>
  /** Paths of properties that a diff then names. */
  readonly shows: readonly string[]
  /** What is asked for beyond the scenario's inputs: the simulator takes an empty text for none, so that it cannot be put back. */
  readonly asked?: Properties
  /** Why the simulator cannot put it right; it is found there all the same. */
  readonly notInVcsim?: string
}

const machineOf = async ({ hand }: Scene): Promise<{ type: string; id: string }> =>
  hand.at('/DC0/vm/here/some-vm', 'VirtualMachine')

/** Changes a VM's configuration while it is off, and powers it on again, as a person must. */
const reconfigure =
  (spec: string) =>
  async (scene: Scene): Promise<void> => {
    const machine = await machineOf(scene)
    await scene.hand.task('PowerOffVM_Task', machine)
    await scene.hand.task('ReconfigVM_Task', machine, `<spec>${spec}</spec>`)
    await scene.hand.task('PowerOnVM_Task', machine)
  }

const rename =
  (path: string, type: string, name: string) =>
  async ({ hand }: Scene): Promise<string> =>
    hand.task('Rename_Task', await hand.at(path, type), `<newName>${name}</newName>`)

const move =
  (path: string, type: string) =>
  async ({ hand }: Scene): Promise<string> => {
    const [moved, folder] = [await hand.at(path, type), await hand.at('/DC0/vm/there', 'Folder')]
    return hand.task('MoveIntoFolder_Task', folder, `<list type="${type}">${moved.id}</list>`)
  }

const allocation = (limit: number, reservation: number): string =>
  `<reservation>${reservation}</reservation><expandableReservation>true</expandableReservation><limit>${limit}</limit><shares><shares>0</shares><level>high</level></shares>`

const group = async ({ hand, scenario }: Scene, spec: (version: string) => string): Promise<string> => {
  const { portGroups } = await hand.inventory()
  const found = portGroups.find(({ name }) => name === scenario.name) ?? expect.fail('no port group')
  const on = { type: 'DistributedVirtualPortgroup', id: found.id }
  return hand.task(
    'ReconfigureDVPortgroup_Task',
    on,
    `<spec>${spec(await hand.configVersion(found.id))}</spec>`,
  )
}

const vlan = (id: number): string =>
  `<defaultPortConfig xsi:type="VMwareDVSPortSetting"><vlan xsi:type="VmwareDistributedVirtualSwitchVlanIdSpec"><inherited>false</inherited><vlanId>${id}</vlanId></vlan></defaultPortConfig>`

const tagging = '/rest/com/vmware/cis/tagging'

const rule = async ({ hand, scenario }: Scene, changed: { enabled?: boolean; count?: number }) => {
  const { rules, machines } = await hand.inventory()
  const present = rules.find(({ name }) => name === scenario.name) ?? expect.fail('no rule')
  const members = present.machines.slice(0, changed.count ?? present.machines.length)
  const ids = members.map(
    (name) => machines.find(({ path }) => path.endsWith(`/${name}`))?.id ?? expect.fail(`no ${name}`),
  )
  const { name, key } = present
  const enabled = changed.enabled ?? true
  await hand.rule('/DC0/host/DC0_C0', { operation: 'edit', name, key, enabled, machines: ids })
}

const tagNamed = async (hand: VcenterByHand, wanted: string): Promise<string> => {
  const found = [...(await hand.tagNames())].find(([, name]) => name === wanted)
  return found?.[0] ?? expect.fail(`no tag ${wanted}`)
}

const handChanges: readonly HandChange[] = [
  {
    what: 'a VM renamed',
    type: 'virtualMachine',
    change: rename('/DC0/vm/here/some-vm', 'VirtualMachine', 'other-vm'),
    shows: ['name'],
  },
  {
    what: 'a VM with more CPUs',
    type: 'virtualMachine',
    change: reconfigure('<numCPUs>6</numCPUs>'),
    shows: ['numCpus'],
  },
  {
    what: 'a VM with less memory',
    type: 'virtualMachine',
    change: reconfigure('<memoryMB>2048</memoryMB>'),
    shows: ['memory'],
  },
  {
    what: 'a VM powered off',
    type: 'virtualMachine',
    change: async (scene) => scene.hand.task('PowerOffVM_Task', await machineOf(scene)),
    shows: ['powerState'],
  },
  {
    what: 'a VM moved to another folder',
    type: 'virtualMachine',
    change: move('/DC0/vm/here/some-vm', 'VirtualMachine'),
    shows: ['folder'],
  },
  {
    what: 'a VM moved to another pool',
    type: 'virtualMachine',
    change: async (scene) => {
      const pool = await scene.hand.at('/DC0/host/DC0_C0/Resources/other', 'ResourcePool')
      const spec = `<spec><pool type="ResourcePool">${pool.id}</pool></spec>`
      return scene.hand.task('RelocateVM_Task', await machineOf(scene), spec)
    },
    shows: ['resourcePoolId'],
  },
  {
    what: 'a tag taken from a VM',
    type: 'virtualMachine',
    change: async (scene) =>
      scene.hand.changeTag('detach', await tagNamed(scene.hand, 'stage/one'), await machineOf(scene)),
    shows: ['tags[0]'],
  },
  {
    what: 'another tag of our category on a VM',
    type: 'virtualMachine',
    change: async (scene) =>
      scene.hand.changeTag('attach', await tagNamed(scene.hand, 'stage/two'), await machineOf(scene)),
    shows: ['tags[1]'],
  },
  {
    what: 'a setting of the guest changed',
    type: 'virtualMachine',
    change: reconfigure(
      '<extraConfig><key>guestinfo.hostname</key><value xsi:type="xsd:string">other</value></extraConfig>',
    ),
    shows: ['extraConfig["guestinfo.hostname"]'],
  },
  {
    what: 'a setting of the guest removed',
    type: 'virtualMachine',
    change: reconfigure(
      '<extraConfig><key>guestinfo.hostname</key><value xsi:type="xsd:string"></value></extraConfig>',
    ),
    shows: ['extraConfig["guestinfo.hostname"]'],
  },
  {
    what: 'a note on a VM',
    type: 'virtualMachine',
    change: reconfigure('<annotation>do not touch</annotation>'),
    shows: ['annotation'],
    notInVcsim: 'it takes an empty note for none',
  },
  {
    what: 'another note on a VM',
    type: 'virtualMachine',
    change: reconfigure('<annotation>do not touch</annotation>'),
    shows: ['annotation'],
    asked: { annotation: 'ours' },
  },
  {
    what: 'a reservation of a VM',
    type: 'virtualMachine',
    change: reconfigure(
      '<memoryAllocation><reservation>512</reservation><limit>-1</limit><shares><shares>0</shares><level>normal</level></shares></memoryAllocation>',
    ),
    shows: ['memoryReservation'],
  },
  {
    what: 'a VM on another network',
    type: 'virtualMachine',
    change: async ({ vsphere, hand, id }) => {
      const machine = (await findMachineByUuid(vsphere, id)) ?? expect.fail('no VM')
      const [card] = networkCardsOf((await readMachine(vsphere, machine))?.devices ?? [])
      const { portGroups } = await hand.inventory()
      const other = portGroups.find(({ name }) => name === 'elsewhere') ?? expect.fail('no port group')
      const backing = { kind: 'port-group', switchUuid: other.switchUuid, portGroupKey: other.id } as const
      await reconfigureMachine(vsphere, machine, {
        deviceChanges: [connectCard(card ?? expect.fail('no card'), backing)],
      })
    },
    shows: ['networkInterfaces[0].networkId'],
  },
  {
    what: 'a folder renamed',
    type: 'folder',
    change: rename('/DC0/vm/here/some-folder', 'Folder', 'other-folder'),
    shows: ['path'],
  },
  {
    what: 'a folder moved',
    type: 'folder',
    change: move('/DC0/vm/here/some-folder', 'Folder'),
    shows: ['path'],
  },
  {
    what: 'a resource pool with other limits',
    type: 'resourcePool',
    change: async ({ hand }) =>
      hand.soap(
        'UpdateConfig',
        await hand.at('/DC0/host/DC0_C0/Resources/some-pool', 'ResourcePool'),
        `<config><cpuAllocation>${allocation(2000, 0)}</cpuAllocation><memoryAllocation>${allocation(4096, 128)}</memoryAllocation></config>`,
      ),
    shows: ['cpuLimit', 'memoryLimit', 'memoryReservation', 'memoryShareLevel'],
  },
  {
    what: 'a resource pool renamed',
    type: 'resourcePool',
    change: async ({ hand }) =>
      hand.soap(
        'UpdateConfig',
        await hand.at('/DC0/host/DC0_C0/Resources/some-pool', 'ResourcePool'),
        '<name>other-pool</name>',
      ),
    shows: ['name'],
  },
  {
    what: 'a tag renamed',
    type: 'tag',
    change: ({ hand, id }) =>
      hand.rest('PATCH', `${tagging}/tag/id:${encodeURIComponent(id)}`, {
        update_spec: { name: 'other-tag' },
      }),
    shows: ['name'],
  },
  {
    what: 'a tag described',
    type: 'tag',
    change: ({ hand, id }) =>
      hand.rest('PATCH', `${tagging}/tag/id:${encodeURIComponent(id)}`, {
        update_spec: { description: 'x' },
      }),
    shows: ['description'],
    asked: { description: 'ours' },
  },
  {
    what: 'a tag category described',
    type: 'tagCategory',
    change: ({ hand, id }) =>
      hand.rest('PATCH', `${tagging}/category/id:${encodeURIComponent(id)}`, {
        update_spec: { description: 'x' },
      }),
    shows: ['description'],
    asked: { description: 'ours' },
  },
  {
    what: 'a VM taken out of a rule',
    type: 'computeClusterVmAntiAffinityRule',
    change: (scene) => rule(scene, { count: 1 }),
    shows: ['virtualMachineIds[1]'],
  },
  {
    what: 'a rule disabled',
    type: 'computeClusterVmAntiAffinityRule',
    change: (scene) => rule(scene, { enabled: false }),
    shows: ['enabled'],
  },
  {
    what: 'a port group on another VLAN',
    type: 'distributedPortGroup',
    change: (scene) => group(scene, (version) => `<configVersion>${version}</configVersion>${vlan(999)}`),
    shows: ['vlanId'],
  },
  {
    what: 'a port group renamed',
    type: 'distributedPortGroup',
    change: rename('/DC0/network/some-group', 'DistributedVirtualPortgroup', 'other-group'),
    shows: ['name'],
    notInVcsim: 'a name that was renamed away stays taken in it',
  },
  {
    what: 'a port group described',
    type: 'distributedPortGroup',
    change: (scene) =>
      group(
        scene,
        (version) => `<configVersion>${version}</configVersion><description>by hand</description>`,
      ),
    shows: ['description'],
  },
]

/** How each type's resource goes behind our back. */
const removals: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  virtualMachine: async (scene) => {
    const machine = await machineOf(scene)
    await scene.hand.task('PowerOffVM_Task', machine)
    await scene.hand.task('Destroy_Task', machine)
  },
  folder: async ({ hand }) => hand.task('Destroy_Task', await hand.at('/DC0/vm/here/some-folder', 'Folder')),
  resourcePool: async ({ hand }) =>
    hand.task('Destroy_Task', await hand.at('/DC0/host/DC0_C0/Resources/some-pool', 'ResourcePool')),
  tag: ({ hand, id }) => hand.rest('DELETE', `${tagging}/tag/id:${encodeURIComponent(id)}`),
  tagCategory: ({ hand, id }) => hand.rest('DELETE', `${tagging}/category/id:${encodeURIComponent(id)}`),
  computeClusterVmAntiAffinityRule: ({ hand, id }) =>
    hand.removeRule('/DC0/host/DC0_C0', Number(id.split(':')[1])),
  distributedPortGroup: async ({ hand }) =>
    hand.task('Destroy_Task', await hand.at('/DC0/network/some-group', 'DistributedVirtualPortgroup')),
}

describe.each(vcenters)('what somebody changed by hand at %s', (kind, start) => {
  let vcenter: LabVcenter
  let hand: VcenterByHand
  let vsphere: Vsphere
  let scenarios: ReadonlyMap<string, Scenario>
  let foreignTag: string
  let made: { scenario: Scenario; id: string } | undefined

  beforeAll(async () => {
    vcenter = await start()
    hand = new VcenterByHand(vcenter)
    vsphere = clientOf(vcenter)
    scenarios = new Map((await setStage(vsphere)).map((scenario) => [scenario.type, scenario]))
    foreignTag = await hand.makeTag('backup', 'nightly')
    const { inputs } = scenarios.get('distributedPortGroup') ?? expect.fail('no port group')
    await typeOf('distributedPortGroup').create(vsphere, { ...inputs, name: 'elsewhere' }, context)
  })
  afterAll(async () => {
    await Promise.allSettled([vsphere?.close(), hand?.close()])
    await vcenter?.stop()
  })
  beforeEach(async () => {
    if (made !== undefined) {
      const { scenario, id } = made
      await typeOf(scenario.type).delete(vsphere, id, scenario.inputs, context)
    }
    made = undefined
  })

  const begin = async (type: string, asked: Properties = {}): Promise<Scene & { outputs: Properties }> => {
    const given = scenarios.get(type) ?? expect.fail(`no ${type}`)
    const scenario = { ...given, inputs: { ...given.inputs, ...asked } }
    const { id, outputs } = await typeOf(type).create(vsphere, scenario.inputs, context)
    made = { scenario, id }
    return { hand, vsphere, scenario, id, outputs }
  }

  /** What a refresh finds and the next preview shows. */
  const drift = async ({ scenario, id }: Scene) => {
    const { type, inputs } = scenario
    const read = await typeOf(type).read(vsphere, id, inputs, inputs, context)
    const found = read ?? expect.fail(`${type} ${id} is gone`)
    return { found, diff: typeOf(type).diff({ inputs: found.inputs, outputs: found.outputs }, inputs) }
  }

  it.each(handChanges)('$what is found and put right', async ({ type, change, shows, asked, notInVcsim }) => {
    const scene = await begin(type, asked)
    const before = await hand.inventory()
    expect((await drift(scene)).diff).toMatchObject({ changes: false, details: {} })
    await change(scene)
    const { found, diff } = await drift(scene)
    expect(diff.changes).toBe(true)
    expect(Object.keys(diff.details).sort()).toEqual(expect.arrayContaining([...shows]))
    expect(diff.replaces).toEqual([])
    if (kind === 'vcsim' && notInVcsim !== undefined) return
    await typeOf(type).update(vsphere, scene.id, found.outputs, scene.scenario.inputs, context)
    expect((await drift(scene)).diff).toMatchObject({ changes: false, details: {} })
    expect(await hand.inventory()).toEqual(before)
  })

  it.each(Object.keys(removals))(
    'a %s that is gone is told as gone, and its delete succeeds',
    async (type) => {
      const scene = await begin(type)
      const { inputs } = scene.scenario
      await removals[type]?.(scene)
      expect(await typeOf(type).read(vsphere, scene.id, inputs, scene.outputs, context)).toBeUndefined()
      const refused = await typeOf(type)
        .update(vsphere, scene.id, scene.outputs, scene.scenario.changed, context)
        .catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'not-found', details: { hint: expect.any(String) } })
      expect(serviceError(refused, []).details).toContain(scene.scenario.name)
      await typeOf(type).delete(vsphere, scene.id, scene.outputs, context)
      const again = await typeOf(type).create(vsphere, inputs, context)
      made = { scenario: scene.scenario, id: again.id }
      expect((await drift({ ...scene, id: again.id })).diff.changes).toBe(false)
    },
  )

  it('leaves what others put on a VM: a tag of theirs, a setting, a disk', async () => {
    const scene = await begin('virtualMachine')
    const machine = await machineOf(scene)
    await hand.changeTag('attach', foreignTag, machine)
    await reconfigure(
      '<extraConfig><key>guestinfo.theirs</key><value xsi:type="xsd:string">kept</value></extraConfig>',
    )(scene)
    const undisturbed = await drift(scene)
    expect(undisturbed.diff).toMatchObject({ changes: false, details: {} })
    // What was not asked for may be secret, e.g. a join token that a template hands to cloud-init: no state holds it.
    expect(JSON.stringify(undisturbed.found)).not.toContain('kept')
    const lookup = vspherePlugin.functions?.['vsphere:index/getVirtualMachine:getVirtualMachine']
    const looked = await lookup?.(vsphere, { name: 'some-vm' })
    expect(looked).toMatchObject({ id: scene.id })
    expect(JSON.stringify(looked)).not.toContain('kept')
    const devices = (await readMachine(vsphere, machine))?.devices ?? []
    const disk = { sizeKib: 1024 * 1024, controllerKey: scsiControllerKey(devices) ?? 0, unitNumber: 3 }
    await reconfigureMachine(vsphere, machine, { deviceChanges: [addDisk({ ...disk, thin: true })] })
    // It is shown, since it costs room; it is not deleted, since it holds data.
    const { found, diff } = await drift(scene)
    expect(Object.keys(diff.details)).toEqual(['disks[1]'])
    const { changed } = scene.scenario
    await typeOf('virtualMachine').update(vsphere, scene.id, found.outputs, changed, context)
    const after = (await hand.inventory()).machines.find(({ uuid }) => uuid === scene.id)
    expect([...(after?.disksKib ?? [])].sort()).toEqual([1024 * 1024, 30 * 1024 * 1024])
    expect(after).toMatchObject({
      guestInfo: { 'guestinfo.theirs': 'kept' },
      tags: ['backup/nightly', 'stage/two'],
    })
  })

  it('leaves a tag of others in a category of ours, and the category with it', async () => {
    const scene = await begin('tagCategory')
    const tag = await hand.makeTag(scene.scenario.name, 'theirs')
    await expect(
      typeOf('tagCategory').delete(vsphere, scene.id, scene.outputs, context),
    ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('theirs') })
    expect((await hand.tagNames()).get(tag)).toBe(`${scene.scenario.name}/theirs`)
    await hand.rest('DELETE', `${tagging}/tag/id:${encodeURIComponent(tag)}`)
  })
})
