import { expect } from 'vitest'
import type { Vsphere } from '../../src/clients/vsphere.ts'
import { vspherePlugin } from '../../src/lab/plugins/vsphere-plugin.ts'
import type { Properties, ResourceContext, ResourceType } from '../../src/provider/plugin.ts'

/** A resource of each type, and what it is changed to. */
export interface Scenario {
  /** E.g. `virtualMachine`. */
  readonly type: string
  /** What messages about it must hold. */
  readonly name: string
  readonly inputs: Properties
  /** Changes as many properties as an update can. */
  readonly changed: Properties
}

export const context: ResourceContext = {
  urn: 'urn:pulumi:nonprod.platform::tenantry::x::y',
  signal: new AbortController().signal,
  log: () => {},
}

/** The plugin's functions for a type, e.g. `virtualMachine`. */
export const typeOf = (name: string): ResourceType<Vsphere> => {
  const token = `vsphere:index/${name}:${name.charAt(0).toUpperCase()}${name.slice(1)}`
  return vspherePlugin.resources[token] ?? expect.fail(`no ${token}`)
}

/** Creates a resource; its id. */
export const make = async (vsphere: Vsphere, type: string, inputs: Properties): Promise<string> =>
  (await typeOf(type).create(vsphere, inputs, context)).id

const look = async (vsphere: Vsphere, name: string, args: Properties): Promise<Properties> => {
  const lookup = vspherePlugin.functions?.[`vsphere:index/${name}:${name}`]
  return (lookup ?? expect.fail(`no ${name}`))(vsphere, args)
}

const text = (properties: Properties, name: string): string => String(properties[name])

/** What resources stand on, made once in a vCenter; gives a scenario of every type. */
export const setStage = async (vsphere: Vsphere): Promise<readonly Scenario[]> => {
  const datacenterId = text(await look(vsphere, 'getDatacenter', { name: 'DC0' }), 'id')
  const [cluster, datastore, network, template, dvs] = await Promise.all([
    look(vsphere, 'getComputeCluster', { name: 'DC0_C0', datacenterId }),
    look(vsphere, 'getDatastore', { name: 'LocalDS_0', datacenterId }),
    look(vsphere, 'getNetwork', { name: 'VM Network', datacenterId }),
    look(vsphere, 'getVirtualMachine', { name: 'swarm-node-template', datacenterId }),
    look(vsphere, 'getDistributedVirtualSwitch', { name: 'DVS0', datacenterId }),
  ])
  const root = text(cluster, 'resourcePoolId')
  const categoryId = await make(vsphere, 'tagCategory', {
    name: 'stage',
    cardinality: 'MULTIPLE',
    associableTypes: [],
  })
  const [one, two] = [
    await make(vsphere, 'tag', { name: 'one', categoryId }),
    await make(vsphere, 'tag', { name: 'two', categoryId }),
  ]
  for (const path of ['here', 'there']) await make(vsphere, 'folder', { path, type: 'vm', datacenterId })
  const otherPool = await make(vsphere, 'resourcePool', { name: 'other', parentResourcePoolId: root })
  const machine = (name: string): Properties => ({
    name,
    resourcePoolId: root,
    datastoreId: text(datastore, 'id'),
    datacenterId,
    folder: 'here',
    numCpus: 4,
    memory: 8192,
    guestId: text(template, 'guestId'),
    firmware: text(template, 'firmware'),
    scsiType: text(template, 'scsiType'),
    disks: [{ label: 'disk0', size: 20 }],
    networkInterfaces: [{ networkId: text(network, 'id') }],
    clone: { templateUuid: text(template, 'id') },
    extraConfig: { 'guestinfo.hostname': name, 'guestinfo.tenantry.cluster': 'nonprod' },
    tags: [one],
    waitForGuestNetTimeout: 0,
  })
  const members: string[] = []
  for (const name of ['member-1', 'member-2', 'member-3'])
    members.push(await make(vsphere, 'virtualMachine', machine(name)))
  const pool = {
    name: 'some-pool',
    parentResourcePoolId: root,
    cpuShareLevel: 'high',
    cpuLimit: 4000,
    memoryShareLevel: 'normal',
    memoryLimit: 8192,
    tags: [one],
  }
  const rule = {
    name: 'some-rule',
    computeClusterId: text(cluster, 'id'),
    virtualMachineIds: members.slice(0, 2),
  }
  const group = { name: 'some-group', distributedVirtualSwitchUuid: text(dvs, 'id'), vlanId: 100 }
  const category = { name: 'some-category', cardinality: 'MULTIPLE', associableTypes: ['VirtualMachine'] }
  return [
    {
      type: 'virtualMachine',
      name: 'some-vm',
      inputs: machine('some-vm'),
      changed: {
        ...machine('some-vm'),
        folder: 'there',
        resourcePoolId: otherPool,
        numCpus: 8,
        disks: [{ label: 'disk0', size: 30 }],
        tags: [two],
      },
    },
    {
      type: 'folder',
      name: 'some-folder',
      inputs: { path: 'here/some-folder', type: 'vm', datacenterId },
      changed: { path: 'there/some-folder-2', type: 'vm', datacenterId },
    },
    {
      type: 'resourcePool',
      name: 'some-pool',
      inputs: pool,
      changed: { ...pool, name: 'some-pool-2', cpuLimit: 6000, memoryReservation: 256, tags: [two] },
    },
    {
      type: 'tag',
      name: 'some-tag',
      inputs: { name: 'some-tag', categoryId },
      changed: { name: 'some-tag-2', description: 'changed', categoryId },
    },
    {
      type: 'tagCategory',
      name: 'some-category',
      inputs: category,
      changed: { ...category, description: 'changed', associableTypes: ['VirtualMachine', 'Folder'] },
    },
    {
      type: 'computeClusterVmAntiAffinityRule',
      name: 'some-rule',
      inputs: rule,
      changed: { ...rule, mandatory: true, virtualMachineIds: members },
    },
    {
      type: 'distributedPortGroup',
      name: 'some-group',
      inputs: group,
      changed: { ...group, name: 'some-group-2', vlanId: 101, tags: [one] },
    },
  ]
}
