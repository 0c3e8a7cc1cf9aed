import type { Vsphere } from '../../clients/vsphere.ts'
import { networkCardsOf } from '../../clients/vsphere-devices.ts'
import {
  childrenOfFolder,
  escapeName,
  findByInventoryPath,
  inventoryPathOf,
  onlyDatacenter,
  referenceAt,
  requireAt,
} from '../../clients/vsphere-inventory.ts'
import { type Machine, readMachine } from '../../clients/vsphere-machines.ts'
import { readPortGroup, readSwitch, switchByUuid } from '../../clients/vsphere-networks.ts'
import { findTag, findTagCategory, readTag, readTagCategory } from '../../clients/vsphere-tags.ts'
import { readInventory } from '../../clients/vsphere-views.ts'
import type { ObjectReference } from '../../clients/vsphere-xml.ts'
import { Fault } from '../../core/fault.ts'
import type { Properties } from '../../provider/plugin.ts'
import { requiredText, text } from './vsphere-fields.ts'
import { machineOutputs } from './vsphere-machine-fields.ts'
import { datacenterPath, inventoryPath } from './vsphere-places.ts'

type Lookup = (vsphere: Vsphere, args: Properties) => Promise<Properties>

const missing = (vsphere: Vsphere, what: string, name: string): Fault =>
  new Fault('not-found', `vCenter at ${vsphere.endpoint} has no ${what} ${name}.`, {
    details: { endpoint: vsphere.endpoint, resource: name, hint: `Check the name of the ${what}.` },
  })

/** The object of a name below a datacenter's folder; a name that is an absolute path is taken as one. */
const below = async (
  vsphere: Vsphere,
  args: Properties,
  place: { readonly root: 'vm' | 'host' | 'datastore' | 'network'; readonly what: string },
): Promise<ObjectReference> => {
  const name = requiredText(args, 'name')
  if (name.startsWith('/')) return requireAt(vsphere, name, place.what)
  const path = `${await datacenterPath(vsphere, args)}/${place.root}${inventoryPath(name)}`
  return requireAt(vsphere, path, place.what)
}

const getDatacenter: Lookup = async (vsphere, args) => {
  const name = text(args, 'name')
  const reference =
    name === undefined
      ? (await onlyDatacenter(vsphere)).reference
      : await requireAt(vsphere, name.startsWith('/') ? name : inventoryPath(name), 'datacenter')
  const vmFolder = await referenceAt(vsphere, reference, 'vmFolder')
  const machines = (await childrenOfFolder(vsphere, vmFolder)).filter(
    (child) => child.reference.type === 'VirtualMachine',
  )
  return { ...args, id: reference.id, virtualMachines: machines.map((machine) => machine.name) }
}

const getComputeCluster: Lookup = async (vsphere, args) => {
  const reference = await below(vsphere, args, { root: 'host', what: 'compute cluster' })
  const pool = await referenceAt(vsphere, reference, 'resourcePool')
  return { ...args, id: reference.id, resourcePoolId: pool.id }
}

const getDatastore: Lookup = async (vsphere, args) => {
  const reference = await below(vsphere, args, { root: 'datastore', what: 'datastore' })
  return { ...args, id: reference.id }
}

const getNetwork: Lookup = async (vsphere, args) => {
  const reference = await below(vsphere, args, { root: 'network', what: 'network' })
  const uuid = text(args, 'distributedVirtualSwitchUuid')
  if (uuid !== undefined) await requireOnSwitch(vsphere, reference, uuid)
  return { ...args, id: reference.id, type: reference.type }
}

const requireOnSwitch = async (vsphere: Vsphere, reference: ObjectReference, uuid: string): Promise<void> => {
  const group = await readPortGroup(vsphere, reference)
  const { reference: distributedSwitch } = await switchByUuid(vsphere, uuid)
  if (group?.distributedSwitch.id !== distributedSwitch.id)
    throw missing(vsphere, 'network', `${reference.id} on switch ${uuid}`)
}

const getDistributedVirtualSwitch: Lookup = async (vsphere, args) => {
  const reference = await below(vsphere, args, { root: 'network', what: 'distributed switch' })
  const found = await readSwitch(vsphere, reference)
  if (found === undefined) throw missing(vsphere, 'distributed switch', requiredText(args, 'name'))
  return { ...args, id: found.uuid, uplinks: found.uplinks }
}

const getResourcePool: Lookup = async (vsphere, args) => {
  const parent = text(args, 'parentResourcePoolId')
  if (parent === undefined) {
    const reference = await below(vsphere, args, { root: 'host', what: 'resource pool' })
    return { ...args, id: reference.id }
  }
  const path = await inventoryPathOf(vsphere, { type: 'ResourcePool', id: parent })
  const name = requiredText(args, 'name')
  const reference = await requireAt(vsphere, `${path}/${escapeName(name)}`, 'resource pool')
  return { ...args, id: reference.id }
}

const getFolder: Lookup = async (vsphere, args) => {
  const path = requiredText(args, 'path')
  const reference = await requireAt(vsphere, path.startsWith('/') ? path : `/${path}`, 'folder')
  return { ...args, id: reference.id }
}

/** The VM of a name: at its path below the vm folder, else the only one of that name in the inventory. */
const machineNamed = async (vsphere: Vsphere, args: Properties): Promise<ObjectReference | undefined> => {
  const name = requiredText(args, 'name')
  const folder = text(args, 'folder') ?? ''
  const path = `${await datacenterPath(vsphere, args)}/vm${inventoryPath(folder, name)}`
  const placed = await findByInventoryPath(vsphere, name.startsWith('/') ? name : path)
  if (placed !== undefined || name.includes('/')) return placed
  const all = await readInventory(vsphere, { type: 'VirtualMachine', paths: ['name'] })
  const named = all.filter(({ properties }) => properties.get('name')?.text === escapeName(name))
  return named.length === 1 ? named[0]?.reference : undefined
}

const getVirtualMachine: Lookup = async (vsphere, args) => {
  const moid = text(args, 'moid')
  const reference =
    moid === undefined ? await machineNamed(vsphere, args) : { type: 'VirtualMachine', id: moid }
  const machine = reference && (await readMachine(vsphere, reference))
  if (machine === undefined) throw missing(vsphere, 'VM or template', text(args, 'name') ?? moid ?? '')
  return { ...machineOutputs(machine), ...args, id: machine.uuid, ...interfacesOf(machine) }
}

const interfacesOf = (machine: Machine): Properties => ({
  networkInterfaceTypes: networkCardsOf(machine.devices).map(({ adapterType }) => adapterType),
})

const getTagCategory: Lookup = async (vsphere, args) => {
  const id = text(args, 'id')
  const name = requiredText(args, 'name')
  const found = await (id === undefined ? findTagCategory(vsphere, name) : readTagCategory(vsphere, id))
  if (found === undefined) throw missing(vsphere, 'tag category', id ?? name)
  return { ...found }
}

const getTag: Lookup = async (vsphere, args) => {
  const id = text(args, 'id')
  const name = requiredText(args, 'name')
  const found = await (id === undefined
    ? findTag(vsphere, requiredText(args, 'categoryId'), name)
    : readTag(vsphere, id))
  if (found === undefined) throw missing(vsphere, 'tag', id ?? name)
  return { ...found }
}

/** The lookups that the stand-in serves, by function token. */
export const functions: Readonly<Record<string, Lookup>> = Object.fromEntries(
  Object.entries({
    getComputeCluster,
    getDatacenter,
    getDatastore,
    getDistributedVirtualSwitch,
    getFolder,
    getNetwork,
    getResourcePool,
    getTag,
    getTagCategory,
    getVirtualMachine,
  }).map(([name, lookup]) => [`vsphere:index/${name}:${name}`, lookup]),
)
