import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Vsphere } from '../../src/clients/vsphere.ts'
import { destroyObject, findMachineByUuid } from '../../src/clients/vsphere-inventory.ts'
import { powerOff, readMachine } from '../../src/clients/vsphere-machines.ts'
import { joinTicketKey } from '../../src/core/join-ticket.ts'
import { NodeJoiner } from '../../src/lab/node-joiner.ts'
import { vspherePlugin } from '../../src/lab/plugins/vsphere-plugin.ts'
import type { LabVcenter } from '../../src/lab/vcenter/lab-vcenter.ts'
import type { Properties, ResourceContext, ResourceType } from '../../src/provider/plugin.ts'
import { clientOf, vcenters } from './vcenters.ts'

const context: ResourceContext = {
  urn: 'urn:pulumi:nonprod.platform::tenantry::x::y',
  signal: new AbortController().signal,
  log: () => {},
}

const typeOf = (name: string): ResourceType<Vsphere> => {
  const token = `vsphere:index/${name}:${name.charAt(0).toUpperCase()}${name.slice(1)}`
  return vspherePlugin.resources[token] ?? expect.fail(`no ${token}`)
}

const text = (properties: Properties, name: string): string => String(properties[name])

describe.each(vcenters)('the vSphere stand-in against %s', (_kind, start) => {
  let vcenter: LabVcenter
  let vsphere: Vsphere
  let datacenterId: string
  let machineInputs: Properties

  const look = async (name: string, args: Properties): Promise<Properties> => {
    const lookup = vspherePlugin.functions?.[`vsphere:index/${name}:${name}`]
    return (lookup ?? expect.fail(`no ${name}`))(vsphere, args)
  }

  /** Creates, twice: the second finds what the first made. */
  const createTwice = async (
    name: string,
    inputs: Properties,
  ): Promise<{ id: string; outputs: Properties }> => {
    const type = typeOf(name)
    expect(type.check(inputs, undefined).failures).toEqual([])
    const first = await type.create(vsphere, inputs, context)
    const second = await type.create(vsphere, inputs, context)
    expect(second.id).toBe(first.id)
    return second
  }

  /** A refresh of what was just made finds no drift. */
  const expectNoDrift = async (name: string, id: string, inputs: Properties): Promise<void> => {
    const type = typeOf(name)
    const read = await type.read(vsphere, id, inputs, undefined, context)
    expect(read?.id).toBe(id)
    expect(read?.inputs).toEqual(inputs)
    const diff = type.diff({ inputs: read?.inputs ?? {}, outputs: read?.outputs ?? {} }, inputs)
    expect(diff.changes).toBe(false)
  }

  const deleteTwice = async (name: string, id: string, outputs: Properties = {}): Promise<void> => {
    await typeOf(name).delete(vsphere, id, outputs, context)
    await typeOf(name).delete(vsphere, id, outputs, context)
    expect(await typeOf(name).read(vsphere, id, {}, {}, context)).toBeUndefined()
  }

  beforeAll(async () => {
    vcenter = await start()
    vsphere = clientOf(vcenter)
    datacenterId = text(await look('getDatacenter', { name: 'DC0' }), 'id')
  })
  afterAll(async () => {
    await vsphere.close()
    await vcenter.stop()
  })

  beforeEach(async () => {
    const [cluster, datastore, network, template] = await Promise.all([
      look('getComputeCluster', { name: 'DC0_C0', datacenterId }),
      look('getDatastore', { name: 'LocalDS_0', datacenterId }),
      look('getNetwork', { name: 'VM Network', datacenterId }),
      look('getVirtualMachine', { name: 'swarm-node-template', datacenterId }),
    ])
    machineInputs = {
      name: 'nonprod-std-01',
      resourcePoolId: text(cluster, 'resourcePoolId'),
      datastoreId: text(datastore, 'id'),
      datacenterId,
      folder: '',
      numCpus: 4,
      memory: 8192,
      guestId: text(template, 'guestId'),
      firmware: text(template, 'firmware'),
      scsiType: text(template, 'scsiType'),
      disks: [{ label: 'disk0', size: 20 }],
      networkInterfaces: [{ networkId: text(network, 'id') }],
      clone: { templateUuid: text(template, 'id') },
      extraConfig: {
        'guestinfo.hostname': 'nonprod-std-01',
        'guestinfo.tenantry.cluster': 'nonprod',
      },
      waitForGuestNetTimeout: 0,
    }
  })

  it('looks up what deploy asks for', async () => {
    expect(await look('getComputeCluster', { name: 'DC0_C1', datacenterId })).toMatchObject({
      id: expect.stringMatching(/^domain-c/),
      resourcePoolId: expect.stringMatching(/^resgroup-/),
    })
    expect(await look('getDistributedVirtualSwitch', { name: 'DVS0', datacenterId })).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(await look('getNetwork', { name: 'VM Network', datacenterId })).toMatchObject({ type: 'Network' })
    expect(await look('getFolder', { path: '/DC0/vm' })).toMatchObject({ id: expect.any(String) })
    expect(await look('getResourcePool', { name: 'DC0_C0/Resources', datacenterId })).toMatchObject({
      id: machineInputs.resourcePoolId,
    })
    expect(await look('getVirtualMachine', { name: 'swarm-node-template', datacenterId })).toMatchObject({
      guestId: 'ubuntu64Guest',
      scsiType: 'pvscsi',
      networkInterfaceTypes: ['vmxnet3'],
    })
    await expect(look('getDatastore', { name: 'nope', datacenterId })).rejects.toMatchObject({
      code: 'not-found',
    })
    await expect(look('getTagCategory', { name: 'nope' })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('makes folders below folders, renames and moves them, and keeps those that hold something', async () => {
    const outer = { path: 'tenantry', type: 'vm', datacenterId }
    const inner = { path: 'tenantry/acme', type: 'vm', datacenterId }
    await expect(typeOf('folder').create(vsphere, inner, context)).rejects.toMatchObject({
      code: 'not-found',
    })
    const made = await createTwice('folder', outer)
    const below = await createTwice('folder', inner)
    await expectNoDrift('folder', below.id, inner)
    expect(
      await typeOf('folder').read(vsphere, '/DC0/vm/tenantry/acme', undefined, undefined, context),
    ).toMatchObject({ id: below.id, inputs: inner })
    await expect(typeOf('folder').delete(vsphere, made.id, made.outputs, context)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('acme'),
    })
    const moved = { ...inner, path: 'acme-2' }
    await typeOf('folder').update(vsphere, below.id, inner, moved, context)
    await expectNoDrift('folder', below.id, moved)
    await deleteTwice('folder', below.id)
    await deleteTwice('folder', made.id)
  })

  it('makes resource pools, and refuses one of the same name that is set up differently', async () => {
    const inputs = {
      name: 'edge',
      parentResourcePoolId: machineInputs.resourcePoolId ?? '',
      cpuShareLevel: 'high',
      cpuLimit: 4000,
      memoryShareLevel: 'normal',
      memoryLimit: -1,
    }
    const { id } = await createTwice('resourcePool', inputs)
    await expectNoDrift('resourcePool', id, inputs)
    await expect(
      typeOf('resourcePool').create(vsphere, { ...inputs, cpuLimit: 1 }, context),
    ).rejects.toMatchObject({ code: 'foreign' })
    const changed = { ...inputs, name: 'edge-2', cpuLimit: 8000 }
    await typeOf('resourcePool').update(vsphere, id, inputs, changed, context)
    await expectNoDrift('resourcePool', id, changed)
    await deleteTwice('resourcePool', id)
  })

  it('makes port groups, and refuses one of the same name on another VLAN', async () => {
    const { id: uuid } = await look('getDistributedVirtualSwitch', { name: 'DVS0', datacenterId })
    const inputs = { name: 'partners', distributedVirtualSwitchUuid: uuid ?? '', vlanId: 100 }
    const { id, outputs } = await createTwice('distributedPortGroup', inputs)
    expect(outputs.key).toBe(id)
    await expectNoDrift('distributedPortGroup', id, inputs)
    await expect(
      typeOf('distributedPortGroup').create(vsphere, { ...inputs, vlanId: 101 }, context),
    ).rejects.toMatchObject({ code: 'foreign' })
    const changed = { ...inputs, name: 'partners-2', vlanId: 102 }
    await typeOf('distributedPortGroup').update(vsphere, id, inputs, changed, context)
    await expectNoDrift('distributedPortGroup', id, changed)
    await deleteTwice('distributedPortGroup', id)
  })

  it('makes tags and categories', async () => {
    const category = {
      name: 'pool',
      description: 'Node pools',
      cardinality: 'MULTIPLE',
      associableTypes: ['VirtualMachine'],
    }
    const made = await createTwice('tagCategory', category)
    await expectNoDrift('tagCategory', made.id, category)
    await expect(
      typeOf('tagCategory').create(vsphere, { ...category, cardinality: 'SINGLE' }, context),
    ).rejects.toMatchObject({ code: 'foreign' })
    const inputs = { name: 'edge', categoryId: made.id }
    const tag = await createTwice('tag', inputs)
    await expectNoDrift('tag', tag.id, inputs)
    const imported = '{"category_name":"pool","tag_name":"edge"}'
    expect((await typeOf('tag').read(vsphere, imported, undefined, undefined, context))?.id).toBe(tag.id)
    expect(await look('getTagCategory', { name: 'pool' })).toMatchObject({ id: made.id })
    await deleteTwice('tag', tag.id)
    await deleteTwice('tagCategory', made.id)
  })

  it('clones a VM, tags it, powers it on, and finds no drift', async () => {
    const { id: categoryId } = await createTwice('tagCategory', {
      name: 'kind',
      cardinality: 'SINGLE',
      associableTypes: [],
    })
    const { id: tag } = await createTwice('tag', { name: 'node', categoryId })
    const inputs = { ...machineInputs, tags: [tag] }
    const { id, outputs } = await createTwice('virtualMachine', inputs)
    expect(outputs).toMatchObject({
      uuid: id,
      powerState: 'on',
      moid: expect.stringMatching(/^vm-/),
      disks: [{ label: 'disk0', size: 20 }],
      tags: [tag],
    })
    await expectNoDrift('virtualMachine', id, inputs)
    await deleteTwice('virtualMachine', id, outputs)
    await deleteTwice('tag', tag)
    await deleteTwice('tagCategory', categoryId)
  })

  it('finishes what an interrupted run began: a clone that is neither configured nor on', async () => {
    const { id } = await typeOf('virtualMachine').create(vsphere, machineInputs, context)
    const reference = (await findMachineByUuid(vsphere, id)) ?? expect.fail('no VM')
    await powerOff(vsphere, reference)
    const again = await typeOf('virtualMachine').create(vsphere, machineInputs, context)
    expect(again).toMatchObject({ id, outputs: { powerState: 'on' } })
    await deleteTwice('virtualMachine', id)
  })

  it('knows the clone of an interrupted run by what it is, though each run asks for a join ticket anew', async () => {
    const withTicket = (ticket: string) => ({
      ...machineInputs,
      extraConfig: { 'guestinfo.hostname': 'nonprod-std-01', [joinTicketKey]: ticket },
    })
    const { id } = await typeOf('virtualMachine').create(vsphere, withTicket('hvs.first'), context)
    const again = await typeOf('virtualMachine').create(vsphere, withTicket('hvs.second'), context)
    expect(again.id).toBe(id)
    await expect(
      typeOf('virtualMachine').create(
        vsphere,
        { ...machineInputs, extraConfig: { [joinTicketKey]: 'hvs.first' } },
        context,
      ),
    ).rejects.toMatchObject({ code: 'foreign' })
    await deleteTwice('virtualMachine', id)
  })

  it('refuses a VM of that name that is not ours', async () => {
    const { id } = await typeOf('virtualMachine').create(
      vsphere,
      { ...machineInputs, extraConfig: { 'guestinfo.hostname': 'somebody-else' } },
      context,
    )
    await expect(typeOf('virtualMachine').create(vsphere, machineInputs, context)).rejects.toMatchObject({
      code: 'foreign',
      message: expect.stringContaining('nonprod-std-01'),
    })
    const { extraConfig: _, ...unmarked } = machineInputs
    await expect(typeOf('virtualMachine').create(vsphere, unmarked, context)).rejects.toMatchObject({
      code: 'foreign',
    })
    await deleteTwice('virtualMachine', id)
  })

  it('keeps in the state what a failed create has cloned', async () => {
    const small = { ...machineInputs, disks: [{ label: 'disk0', size: 1 }] }
    const error = await typeOf('virtualMachine')
      .create(vsphere, small, context)
      .then(
        () => undefined,
        (reason: unknown) => reason,
      )
    expect(error).toMatchObject({ name: 'Unfinished', message: expect.stringContaining('smaller') })
    const id = error !== undefined && error instanceof Object && 'id' in error ? String(error.id) : ''
    const outputs = await typeOf('virtualMachine').update(vsphere, id, small, machineInputs, context)
    expect(outputs).toMatchObject({ powerState: 'on', disks: [{ size: 20 }] })
    await deleteTwice('virtualMachine', id)
  })

  it('changes a running VM by a power cycle, moves it and adds a disk', async () => {
    const folder = await createTwice('folder', { path: 'edge', type: 'vm', datacenterId })
    const { id } = await typeOf('virtualMachine').create(vsphere, machineInputs, context)
    const { resourcePoolId } = await look('getComputeCluster', { name: 'DC0_C1', datacenterId })
    const changed = {
      ...machineInputs,
      name: 'nonprod-std-02',
      folder: 'edge',
      resourcePoolId: resourcePoolId ?? '',
      numCpus: 8,
      memory: 4096,
      disks: [
        { label: 'disk0', size: 30 },
        { label: 'data', size: 5, unitNumber: 1 },
      ],
      extraConfig: { 'guestinfo.tenantry.cluster': 'nonprod' },
    }
    await typeOf('virtualMachine').update(vsphere, id, machineInputs, changed, context)
    await expectNoDrift('virtualMachine', id, changed)
    const reference = (await findMachineByUuid(vsphere, id)) ?? expect.fail('no VM')
    const machine = await readMachine(vsphere, reference)
    expect(machine).toMatchObject({ powerState: 'poweredOn', cpus: 8, memoryMib: 4096 })
    expect(machine?.extraConfig).not.toHaveProperty('guestinfo.hostname')
    const imported = await typeOf('virtualMachine').read(
      vsphere,
      '/DC0/vm/edge/nonprod-std-02',
      undefined,
      undefined,
      context,
    )
    expect(imported).toMatchObject({ id, inputs: { name: 'nonprod-std-02', folder: 'edge', numCpus: 8 } })
    await deleteTwice('virtualMachine', id)
    await deleteTwice('folder', folder.id)
  })

  it('makes and deletes many VMs at once, spread over the hosts', async () => {
    const { id: categoryId } = await createTwice('tagCategory', {
      name: 'many',
      cardinality: 'SINGLE',
      associableTypes: [],
    })
    const { id: tag } = await createTwice('tag', { name: 'one', categoryId })
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, index) => {
        const name = `many-${index}`
        const extraConfig = { 'guestinfo.hostname': name }
        const inputs = { ...machineInputs, name, extraConfig, tags: [tag] }
        return typeOf('virtualMachine').create(vsphere, inputs, context)
      }),
    )
    expect(new Set(made.map(({ id }) => id)).size).toBe(12)
    expect(new Set(made.map(({ outputs }) => outputs.hostSystemId)).size).toBe(3)
    expect(made.every(({ outputs }) => outputs.powerState === 'on')).toBe(true)
    await Promise.all(
      made.map(({ id, outputs }) => typeOf('virtualMachine').delete(vsphere, id, outputs, context)),
    )
    await deleteTwice('tag', tag)
    await deleteTwice('tagCategory', categoryId)
  })

  it('keeps VMs apart', async () => {
    const ids: string[] = []
    for (const name of ['apart-1', 'apart-2']) {
      const inputs = { ...machineInputs, name, extraConfig: { 'guestinfo.hostname': name } }
      ids.push((await typeOf('virtualMachine').create(vsphere, inputs, context)).id)
    }
    const { id: computeClusterId } = await look('getComputeCluster', { name: 'DC0_C0', datacenterId })
    const inputs = { name: 'apart', computeClusterId: computeClusterId ?? '', virtualMachineIds: ids }
    const { id } = await createTwice('computeClusterVmAntiAffinityRule', inputs)
    expect(id).toMatch(/^domain-c\d+:\d+$/)
    await expectNoDrift('computeClusterVmAntiAffinityRule', id, inputs)
    const reversed = { ...inputs, virtualMachineIds: ids.toReversed() }
    expect(typeOf('computeClusterVmAntiAffinityRule').diff({ inputs, outputs: {} }, reversed).changes).toBe(
      false,
    )
    await expect(
      typeOf('computeClusterVmAntiAffinityRule').create(
        vsphere,
        { ...inputs, virtualMachineIds: ids.slice(0, 1) },
        context,
      ),
    ).rejects.toMatchObject({ code: 'foreign' })
    await deleteTwice('computeClusterVmAntiAffinityRule', id)
    for (const machine of ids) await deleteTwice('virtualMachine', machine)
  })

  it('sees a VM join its swarm, go down, come back and leave', async () => {
    const told: string[] = []
    let now = 0
    const joiner = new NodeJoiner({
      vsphere,
      now: () => now,
      swarms: {
        nonprod: {
          joinNode: ({ hostname, cpus, memoryBytes }) => told.push(`join ${hostname} ${cpus} ${memoryBytes}`),
          markDown: (hostname) => told.push(`down ${hostname}`),
          markReady: ({ hostname }) => told.push(`return ${hostname}`),
          removeNode: (hostname) => told.push(`remove ${hostname}`),
        },
      },
    })
    const lookAt = async (time: number) => {
      now = time
      await joiner.look()
    }
    const { id } = await typeOf('virtualMachine').create(vsphere, machineInputs, context)
    const reference = (await findMachineByUuid(vsphere, id)) ?? expect.fail('no VM')
    await lookAt(0)
    await lookAt(1000)
    await powerOff(vsphere, reference)
    await lookAt(2000)
    await typeOf('virtualMachine').update(vsphere, id, machineInputs, machineInputs, context)
    await lookAt(3000)
    await lookAt(4000)
    await powerOff(vsphere, reference)
    await destroyObject(vsphere, reference)
    await lookAt(5000)
    expect(told).toEqual([
      `join nonprod-std-01 4 ${8 * 1024 ** 3}`,
      'down nonprod-std-01',
      'return nonprod-std-01',
      'remove nonprod-std-01',
    ])
  })
})
