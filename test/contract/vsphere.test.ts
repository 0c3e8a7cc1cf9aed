import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Vsphere } from '../../src/clients/vsphere.ts'
import {
  addDisk,
  connectCard,
  disksOf,
  growDisk,
  networkCardsOf,
  scsiControllerKey,
} from '../../src/clients/vsphere-devices.ts'
import {
  createFolder,
  destroyObject,
  findByInventoryPath,
  findMachineByUuid,
  inventoryPathOf,
  moveIntoFolder,
  onlyDatacenter,
  renameObject,
  requireAt,
} from '../../src/clients/vsphere-inventory.ts'
import {
  cloneMachine,
  powerOff,
  powerOn,
  readMachine,
  reconfigureMachine,
  relocateMachine,
} from '../../src/clients/vsphere-machines.ts'
import {
  addPortGroup,
  readPortGroup,
  readSwitch,
  reconfigurePortGroup,
  switchByUuid,
} from '../../src/clients/vsphere-networks.ts'
import { createResourcePool, readResourcePool, updateResourcePool } from '../../src/clients/vsphere-pools.ts'
import {
  addAntiAffinityRule,
  editAntiAffinityRule,
  readAntiAffinityRules,
  removeAntiAffinityRule,
} from '../../src/clients/vsphere-rules.ts'
import {
  attachedTags,
  changeTags,
  createTag,
  createTagCategory,
  deleteTagging,
  findTag,
  findTagCategory,
  readTag,
  updateTag,
} from '../../src/clients/vsphere-tags.ts'
import { readInventory } from '../../src/clients/vsphere-views.ts'
import type { ObjectReference } from '../../src/clients/vsphere-xml.ts'
import { Secret } from '../../src/core/secret.ts'
import type { LabVcenter } from '../../src/lab/vcenter/lab-vcenter.ts'
import { clientOf, vcenters } from './vcenters.ts'

const allocation = {
  reservation: 0,
  expandable: true,
  limit: 4000,
  shareLevel: 'high',
  shares: 0,
} as const

describe.each(vcenters)('the vCenter client against %s', (_kind, start) => {
  let vcenter: LabVcenter
  let vsphere: Vsphere
  let vmFolder: ObjectReference

  beforeAll(async () => {
    vcenter = await start()
    vsphere = clientOf(vcenter)
    vmFolder = await requireAt(vsphere, '/DC0/vm', 'folder')
  })
  afterAll(async () => {
    await vsphere.close()
    await vcenter.stop()
  })

  const cloneInto = async (folder: ObjectReference, name: string): Promise<ObjectReference> =>
    cloneMachine(vsphere, await requireAt(vsphere, '/DC0/vm/swarm-node-template', 'template'), {
      name,
      folder,
      pool: await requireAt(vsphere, '/DC0/host/DC0_C1/Resources', 'pool'),
      datastore: undefined,
      host: undefined,
      config: {
        cpus: 4,
        memoryMib: 8192,
        annotation: 'made <by> "us" & co',
        extraConfig: { 'guestinfo.hostname': name },
      },
    })

  it('knows what it is talking to and its only datacenter', async () => {
    expect((await vsphere.content()).version).not.toBe('')
    expect((await onlyDatacenter(vsphere)).name).toBe('DC0')
  })

  it('finds what the sample clusters name', async () => {
    const paths = [
      '/DC0/host/DC0_C0/Resources',
      '/DC0/host/DC0_C1',
      '/DC0/datastore/LocalDS_0',
      '/DC0/network/VM Network',
      '/DC0/network/DVS0',
      '/DC0/vm/swarm-node-template',
    ]
    for (const path of paths) expect(await findByInventoryPath(vsphere, path), path).toBeDefined()
    expect(await findByInventoryPath(vsphere, '/DC0/vm/nobody')).toBeUndefined()
  })

  it('names what is missing', async () => {
    await expect(requireAt(vsphere, '/DC9', 'datacenter')).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('/DC9'),
    })
  })

  it('creates, nests, moves, renames and deletes folders with any name', async () => {
    const outer = await createFolder(vsphere, vmFolder, 'a&<b> "q" \'s\'')
    expect(await inventoryPathOf(vsphere, outer)).toBe('/DC0/vm/a&<b> "q" \'s\'')
    const inner = await createFolder(vsphere, outer, 'inner')
    await expect(createFolder(vsphere, outer, 'inner')).rejects.toMatchObject({
      code: 'conflict',
      vimFault: 'DuplicateName',
      object: inner,
    })
    await renameObject(vsphere, inner, 'renamed')
    await moveIntoFolder(vsphere, vmFolder, [inner])
    expect(await inventoryPathOf(vsphere, inner)).toBe('/DC0/vm/renamed')
    await destroyObject(vsphere, inner)
    await destroyObject(vsphere, outer)
    await destroyObject(vsphere, outer)
    expect(await findByInventoryPath(vsphere, '/DC0/vm/renamed')).toBeUndefined()
  })

  it('escapes slashes in names as vCenter does', async () => {
    const folder = await createFolder(vsphere, vmFolder, 'a/b')
    expect(await inventoryPathOf(vsphere, folder)).toBe('/DC0/vm/a%2fb')
    await destroyObject(vsphere, folder)
  })

  it('creates and changes resource pools', async () => {
    const root = await requireAt(vsphere, '/DC0/host/DC0_C0/Resources', 'pool')
    const spec = { name: 'edge', cpu: allocation, memory: { ...allocation, limit: -1 } }
    const pool = await createResourcePool(vsphere, root, spec)
    await expect(createResourcePool(vsphere, root, spec)).rejects.toMatchObject({ vimFault: 'DuplicateName' })
    expect(await readResourcePool(vsphere, pool)).toMatchObject({ ...spec, parent: root })
    await updateResourcePool(
      vsphere,
      pool,
      { ...spec, name: 'edge-2', cpu: { ...allocation, limit: 6000 } },
      true,
    )
    expect(await readResourcePool(vsphere, pool)).toMatchObject({ name: 'edge-2', cpu: { limit: 6000 } })
    await destroyObject(vsphere, pool)
    expect(await readResourcePool(vsphere, pool)).toBeUndefined()
  })

  it('clones a VM whose marks are there from the first moment, on a host of its cluster', async () => {
    const folder = await createFolder(vsphere, vmFolder, 'clones')
    const reference = await cloneInto(folder, 'node-1')
    const machine = await readMachine(vsphere, reference)
    expect(machine).toMatchObject({
      name: 'node-1',
      folder,
      template: false,
      powerState: 'poweredOff',
      cpus: 4,
      memoryMib: 8192,
      annotation: 'made <by> "us" & co',
      guestId: 'ubuntu64Guest',
    })
    expect(machine?.extraConfig['guestinfo.hostname']).toBe('node-1')
    expect(await inventoryPathOf(vsphere, machine?.host ?? vmFolder)).toContain('/DC0_C1/')
    expect(await findMachineByUuid(vsphere, machine?.uuid ?? '')).toEqual(reference)
    await expect(cloneInto(folder, 'node-1')).rejects.toMatchObject({
      vimFault: 'DuplicateName',
      object: reference,
    })
    await destroyObject(vsphere, reference)
    await destroyObject(vsphere, folder)
  })

  it('turns VMs on and off, again without harm, and refuses to delete a running one', async () => {
    const reference = await cloneInto(vmFolder, 'node-power')
    await powerOn(vsphere, reference)
    await powerOn(vsphere, reference)
    expect((await readMachine(vsphere, reference))?.powerState).toBe('poweredOn')
    await expect(destroyObject(vsphere, reference)).rejects.toMatchObject({ vimFault: 'InvalidPowerState' })
    await powerOff(vsphere, reference)
    await powerOff(vsphere, reference)
    await destroyObject(vsphere, reference)
    await destroyObject(vsphere, reference)
    expect(await readMachine(vsphere, reference)).toBeUndefined()
  })

  it('grows disks, adds disks and moves cards to a port group', async () => {
    const reference = await cloneInto(vmFolder, 'node-devices')
    const distributedSwitch = await readSwitch(
      vsphere,
      await requireAt(vsphere, '/DC0/network/DVS0', 'switch'),
    )
    const dvs = distributedSwitch ?? expect.fail('no switch')
    expect((await switchByUuid(vsphere, dvs.uuid)).reference).toEqual(dvs.reference)
    const spec = { name: 'vlan-100', description: '', binding: 'earlyBinding', autoExpand: true } as const
    const group = await addPortGroup(vsphere, dvs.reference, { ...spec, ports: 8, vlanId: 100 })
    const devices = (await readMachine(vsphere, reference))?.devices ?? []
    const [disk] = disksOf(devices)
    const [card] = networkCardsOf(devices)
    await reconfigureMachine(vsphere, reference, {
      deviceChanges: [
        growDisk(disk ?? expect.fail('no disk'), 20 * 1024 * 1024),
        addDisk({
          sizeKib: 1024 * 1024,
          controllerKey: scsiControllerKey(devices) ?? 0,
          unitNumber: 1,
          thin: true,
        }),
        connectCard(card ?? expect.fail('no card'), {
          kind: 'port-group',
          switchUuid: dvs.uuid,
          portGroupKey: group.key,
        }),
      ],
    })
    const after = (await readMachine(vsphere, reference))?.devices ?? []
    expect(disksOf(after).map(({ sizeKib }) => sizeKib)).toEqual([20 * 1024 * 1024, 1024 * 1024])
    expect(networkCardsOf(after).map(({ networkId }) => networkId)).toEqual([group.reference.id])
    await destroyObject(vsphere, reference)
    await destroyObject(vsphere, group.reference)
  })

  it('makes no disk smaller', async () => {
    const reference = await cloneInto(vmFolder, 'node-shrink')
    const [disk] = disksOf((await readMachine(vsphere, reference))?.devices ?? [])
    const shrink = growDisk(disk ?? expect.fail('no disk'), 1024)
    await expect(reconfigureMachine(vsphere, reference, { deviceChanges: [shrink] })).rejects.toMatchObject({
      vimFault: 'InvalidDeviceOperation',
    })
    await destroyObject(vsphere, reference)
  })

  it('moves VMs between pools and takes settings away', async () => {
    const reference = await cloneInto(vmFolder, 'node-move')
    const pool = await requireAt(vsphere, '/DC0/host/DC0_C0/Resources', 'pool')
    await relocateMachine(vsphere, reference, { pool })
    await reconfigureMachine(vsphere, reference, {
      name: 'node-moved',
      cpus: 8,
      extraConfig: { 'guestinfo.hostname': '', 'guestinfo.more': 'é & <x>' },
    })
    const machine = await readMachine(vsphere, reference)
    expect(machine).toMatchObject({ name: 'node-moved', pool, cpus: 8, memoryMib: 8192 })
    expect(machine?.extraConfig).toMatchObject({ 'guestinfo.more': 'é & <x>' })
    expect(machine?.extraConfig).not.toHaveProperty('guestinfo.hostname')
    await destroyObject(vsphere, reference)
  })

  it('adds, changes and refuses port groups', async () => {
    const dvs = await requireAt(vsphere, '/DC0/network/DVS0', 'switch')
    const spec = {
      name: 'vlan-200',
      description: 'd & e',
      binding: 'earlyBinding',
      autoExpand: true,
      ports: 8,
      vlanId: 200,
    } as const
    const group = await addPortGroup(vsphere, dvs, spec)
    expect(group).toMatchObject({ ...spec, distributedSwitch: { id: dvs.id } })
    await expect(addPortGroup(vsphere, dvs, spec)).rejects.toMatchObject({ vimFault: 'DuplicateName' })
    await reconfigurePortGroup(vsphere, { ...group, vlanId: 201 })
    expect(await readPortGroup(vsphere, group.reference)).toMatchObject({ vlanId: 201, name: 'vlan-200' })
    await destroyObject(vsphere, group.reference)
    expect(await readPortGroup(vsphere, group.reference)).toBeUndefined()
  })

  it('keeps anti-affinity rules', async () => {
    const cluster = await requireAt(vsphere, '/DC0/host/DC0_C1', 'cluster')
    const machines = [await cloneInto(vmFolder, 'rule-1'), await cloneInto(vmFolder, 'rule-2')]
    const spec = { name: 'apart', enabled: true, mandatory: false, machines }
    const rule = await addAntiAffinityRule(vsphere, cluster, spec)
    await expect(addAntiAffinityRule(vsphere, cluster, spec)).rejects.toMatchObject({
      vimFault: 'InvalidArgument',
    })
    await editAntiAffinityRule(vsphere, cluster, { ...rule, mandatory: true, machines: machines.slice(0, 1) })
    expect(await readAntiAffinityRules(vsphere, cluster)).toEqual([
      { ...rule, mandatory: true, machines: machines.slice(0, 1) },
    ])
    await removeAntiAffinityRule(vsphere, cluster, rule)
    expect(await readAntiAffinityRules(vsphere, cluster)).toEqual([])
    for (const machine of machines) await destroyObject(vsphere, machine)
  })

  it('keeps tags and puts them on objects', async () => {
    const category = await createTagCategory(vsphere, {
      name: 'pool',
      description: 'd',
      cardinality: 'MULTIPLE',
      associableTypes: ['VirtualMachine'],
    })
    await expect(
      createTagCategory(vsphere, {
        name: 'pool',
        description: '',
        cardinality: 'SINGLE',
        associableTypes: [],
      }),
    ).rejects.toMatchObject({ code: 'invalid-request' })
    expect(await findTagCategory(vsphere, 'pool')).toMatchObject({
      id: category,
      cardinality: 'MULTIPLE',
      associableTypes: ['VirtualMachine'],
    })
    const tag = await createTag(vsphere, { name: 'edge', description: '', categoryId: category })
    await updateTag(vsphere, { id: tag, name: 'edge-2', description: 'x' })
    expect(await findTag(vsphere, category, 'edge-2')).toMatchObject({ id: tag, description: 'x' })
    expect(await findTag(vsphere, category, 'edge')).toBeUndefined()
    const machine = await cloneInto(vmFolder, 'tagged')
    const tagged = { reference: machine, what: 'VM tagged' }
    await changeTags(vsphere, tagged, { attach: [tag], detach: [] })
    await changeTags(vsphere, tagged, { attach: [tag], detach: [] })
    expect(await attachedTags(vsphere, machine)).toEqual([tag])
    await changeTags(vsphere, tagged, { attach: [], detach: [tag] })
    await changeTags(vsphere, tagged, { attach: [], detach: [tag] })
    expect(await attachedTags(vsphere, machine)).toEqual([])
    await deleteTagging(vsphere, 'tag', tag)
    await deleteTagging(vsphere, 'category', category)
    await deleteTagging(vsphere, 'category', category)
    expect(await readTag(vsphere, tag)).toBeUndefined()
    await destroyObject(vsphere, machine)
  })

  it('reads the whole inventory of a type', async () => {
    const all = await readInventory(vsphere, { type: 'VirtualMachine', paths: ['name', 'config.template'] })
    expect(all.map(({ properties }) => properties.get('name')?.text)).toEqual(['swarm-node-template'])
    expect(all[0]?.properties.get('config.template')?.text).toBe('true')
  })

  it('refuses wrong credentials with a sentence that holds no password', async () => {
    const { address, user, caCertificate } = vcenter
    const stranger = new Vsphere({
      server: address,
      user,
      password: new Secret('not-the-password'),
      tls: { ca: caCertificate },
    })
    const attempts = [() => findByInventoryPath(stranger, '/DC0'), () => findTagCategory(stranger, 'x')]
    for (const attempt of attempts) {
      const error = await attempt().then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error).toMatchObject({ code: 'unauthenticated' })
      expect(String(error)).toContain(address)
      expect(String(error)).not.toContain('not-the-password')
    }
    await stranger.close()
  })

  it('trusts no certificate that it was not told to trust, unless asked to', async () => {
    const { address, user, password } = vcenter
    const wary = new Vsphere({ server: address, user, password })
    await expect(wary.content()).rejects.toMatchObject({ code: 'certificate' })
    const trusting = new Vsphere({ server: address, user, password, tls: { allowUnverified: true } })
    expect((await trusting.content()).rootFolder.id).toBe('group-d1')
    await wary.close()
    await trusting.close()
  })
})
