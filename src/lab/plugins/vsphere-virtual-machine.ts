import type { Vsphere } from '../../clients/vsphere.ts'
import type { NetworkBacking } from '../../clients/vsphere-devices.ts'
import {
  destroyObject,
  findByInventoryPath,
  findMachineByUuid,
  lineageOf,
  moveIntoFolder,
  unescapeName,
} from '../../clients/vsphere-inventory.ts'
import {
  type Machine,
  powerOff,
  powerOn,
  readMachine,
  reconfigureMachine,
  relocateMachine,
  shutDownGuest,
} from '../../clients/vsphere-machines.ts'
import { readPortGroup, readSwitch } from '../../clients/vsphere-networks.ts'
import { readObject } from '../../clients/vsphere-properties.ts'
import type { ObjectReference } from '../../clients/vsphere-xml.ts'
import { Fault } from '../../core/fault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import { type Properties, type ResourceType, Unfinished } from '../../provider/plugin.ts'
import { flag, integer, object, observedInputs, pick, requiredText, text, texts } from './vsphere-fields.ts'
import { cardChanges, configChanges, diskChanges, needsPowerCycle } from './vsphere-machine-changes.ts'
import { ensureClone, folderOf, nameOf } from './vsphere-machine-clone.ts'
import {
  askedNetworks,
  checkMachine,
  importableMachineFields,
  machineOutputs,
  usualMachine,
} from './vsphere-machine-fields.ts'
import { gone, observedTags, syncTags } from './vsphere-places.ts'

const minuteMilliseconds = 60_000
const lookMilliseconds = 500

const folderPath = async (vsphere: Vsphere, machine: Machine): Promise<string> => {
  const line = await lineageOf(vsphere, machine.reference)
  const at = line.findIndex(({ reference }) => reference.type === 'Datacenter')
  return line
    .slice(at + 2, -1)
    .map(({ name }) => unescapeName(name))
    .join('/')
}

const observe = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  inputs?: Properties,
): Promise<{ machine: Machine; outputs: Properties } | undefined> => {
  const machine = await readMachine(vsphere, reference)
  if (machine === undefined) return undefined
  const [folder, tags] = await Promise.all([
    folderPath(vsphere, machine),
    observedTags(vsphere, reference, inputs),
  ])
  return { machine, outputs: { ...machineOutputs(machine, inputs), folder, ...tags } }
}

const backingOf = async (vsphere: Vsphere, id: string): Promise<NetworkBacking> => {
  if (!id.startsWith('dvportgroup-')) {
    const network = { type: 'Network', id }
    const properties = await readObject(vsphere, network, ['name'])
    return { kind: 'network', network, name: properties.get('name')?.text ?? '' }
  }
  const group = await readPortGroup(vsphere, { type: 'DistributedVirtualPortgroup', id })
  const distributedSwitch = group && (await readSwitch(vsphere, group.distributedSwitch))
  if (group === undefined || distributedSwitch === undefined)
    throw new Fault('not-found', `vCenter at ${vsphere.endpoint} has no port group ${id}.`)
  return { kind: 'port-group', switchUuid: distributedSwitch.uuid, portGroupKey: group.key }
}

const backingsOf = async (
  vsphere: Vsphere,
  ids: readonly string[],
): Promise<ReadonlyMap<string, NetworkBacking>> => {
  const distinct = [...new Set(ids)]
  return new Map(await Promise.all(distinct.map(async (id) => [id, await backingOf(vsphere, id)] as const)))
}

/** Turns a VM off: by its guest where its tools run, else, and where that takes too long, by cutting its power. */
const turnOff = async (vsphere: Vsphere, machine: Machine, inputs: Properties): Promise<void> => {
  if (machine.powerState === 'poweredOff') return
  if (machine.toolsRunning && (await shutDown(vsphere, machine, inputs))) return
  if (machine.toolsRunning && flag(inputs, 'forcePowerOff') === false)
    throw new Fault('timeout', `VM ${machine.name} did not shut down, and forcePowerOff is false.`)
  await powerOff(vsphere, machine.reference, `VM ${machine.name}`)
}

const shutDown = async (vsphere: Vsphere, machine: Machine, inputs: Properties): Promise<boolean> => {
  const minutes = integer(inputs, 'shutdownWaitTimeout') ?? 3
  const deadline = vsphere.now() + minutes * minuteMilliseconds
  await shutDownGuest(vsphere, machine.reference)
  while (vsphere.now() < deadline) {
    const present = await readMachine(vsphere, machine.reference)
    if (present?.powerState !== 'poweredOn') return true
    await vsphere.sleep(lookMilliseconds)
  }
  return false
}

/** Moves a VM to the folder, pool and datastore that are asked for. */
const syncPlace = async (vsphere: Vsphere, machine: Machine, inputs: Properties): Promise<void> => {
  const folder = await folderOf(vsphere, inputs)
  if (machine.folder?.id !== folder.id)
    await moveIntoFolder(vsphere, folder, [machine.reference], nameOf(inputs))
  const pool = requiredText(inputs, 'resourcePoolId')
  const datastore = text(inputs, 'datastoreId')
  const movesPool = machine.pool?.id !== pool
  const movesData = datastore !== undefined && !machine.datastores.some(({ id }) => id === datastore)
  if (!movesPool && !movesData) return
  const to = {
    pool: movesPool ? { type: 'ResourcePool', id: pool } : undefined,
    datastore: movesData ? { type: 'Datastore', id: datastore } : undefined,
  }
  await relocateMachine(vsphere, machine.reference, to, nameOf(inputs))
}

const syncConfig = async (
  vsphere: Vsphere,
  machine: Machine,
  olds: Properties,
  news: Properties,
): Promise<void> => {
  const changes = configChanges(machine, olds, news)
  const backings = await backingsOf(vsphere, askedNetworks(news))
  const deviceChanges = [...diskChanges(machine, olds, news), ...cardChanges(machine, news, backings)]
  if (Object.keys(changes).length === 0 && deviceChanges.length === 0) return
  if (needsPowerCycle(machine, changes, news)) await turnOff(vsphere, machine, news)
  await reconfigureMachine(vsphere, machine.reference, { ...changes, deviceChanges }, nameOf(news))
}

const isUsable = (address: string, ignored: readonly string[], routable: boolean): boolean =>
  !ignored.includes(address) &&
  !/^(127\.|::1$)/.test(address) &&
  !(routable && /^(169\.254\.|fe80:)/i.test(address))

/** Waits until the guest tells an address, where the inputs want that. The vendor waits 5 minutes unless told. */
const waitForGuest = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  inputs: Properties,
): Promise<void> => {
  const minutes = Math.max(
    integer(inputs, 'waitForGuestNetTimeout') ?? 5,
    integer(inputs, 'waitForGuestIpTimeout') ?? 0,
  )
  if (minutes <= 0) return
  const ignored = texts(inputs, 'ignoredGuestIps') ?? []
  const routable = flag(inputs, 'waitForGuestNetRoutable') ?? true
  const deadline = vsphere.now() + minutes * minuteMilliseconds
  while (vsphere.now() < deadline) {
    const machine = await readMachine(vsphere, reference)
    if (machine?.addresses.some((address) => isUsable(address, ignored, routable)) === true) return
    await vsphere.sleep(lookMilliseconds)
  }
  throw new Fault(
    'timeout',
    `The guest of VM ${requiredText(inputs, 'name')} told no address within ${minutes} minutes.`,
    { details: { hint: 'Check the network of the VM, or set waitForGuestNetTimeout to 0.' } },
  )
}

/** Makes a VM that exists what is asked, step by step; each can be done again. */
const sync = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  olds: Properties,
  news: Properties,
): Promise<void> => {
  const machine = await readMachine(vsphere, reference)
  if (machine === undefined) throw gone(vsphere, nameOf(news))
  await syncPlace(vsphere, machine, news)
  await syncConfig(vsphere, machine, olds, news)
  await syncTags(vsphere, { reference, what: nameOf(news) }, news, olds)
  const present = await readMachine(vsphere, reference)
  if (present?.powerState === 'poweredOn') return
  await powerOn(vsphere, reference, nameOf(news))
  await waitForGuest(vsphere, reference, news)
}

const referenceOf = (vsphere: Vsphere, id: string): Promise<ObjectReference | undefined> =>
  id.startsWith('/') ? findByInventoryPath(vsphere, id) : findMachineByUuid(vsphere, id)

/**
 * `vsphere_virtual_machine`, cloned from a template: identified by BIOS UUID; imported by inventory path.
 *
 * Create adopts a VM of the same name and folder that carries the marks of these inputs.
 */
export const virtualMachine: ResourceType<Vsphere> = {
  check: checkMachine,

  diff(olds, news) {
    const template = (inputs: Properties) => text(object(inputs, 'clone'), 'templateUuid')
    // Only the template tells one clone from another; an import knows none.
    const isSameClone = olds.inputs.clone === undefined || template(olds.inputs) === template(news)
    const diff = diffInputs(olds.inputs, news, {
      replaceOn: ['clone', 'replaceTrigger', 'datacenterId'],
      deleteBeforeReplace: true,
      ignore: isSameClone ? ['clone'] : [],
    })
    const power = text(olds.outputs, 'powerState') ?? 'on'
    // Nobody asks for it: a VM is on. One that was found off is to be powered on.
    if (power === 'on') return diff
    return { ...diff, changes: true, details: { ...diff.details, powerState: 'update' } }
  },

  async create(vsphere, inputs, context) {
    const reference = await ensureClone(vsphere, inputs, context)
    const seen = await observe(vsphere, reference, inputs)
    if (seen === undefined) throw gone(vsphere, nameOf(inputs))
    const id = seen.machine.uuid
    try {
      await sync(vsphere, reference, {}, inputs)
      return { id, outputs: (await observe(vsphere, reference, inputs))?.outputs ?? {} }
    } catch (error) {
      throw new Unfinished(id, seen.outputs, error)
    }
  },

  async read(vsphere, id, inputs) {
    const reference = await referenceOf(vsphere, id)
    const seen = reference && (await observe(vsphere, reference, inputs))
    if (seen === undefined) return undefined
    const { machine, outputs } = seen
    return {
      id: machine.uuid,
      inputs: inputs ? observedInputs(inputs, outputs, usualMachine) : pick(outputs, importableMachineFields),
      outputs,
    }
  },

  async update(vsphere, id, olds, news) {
    const reference = await findMachineByUuid(vsphere, id)
    if (reference === undefined) throw gone(vsphere, nameOf(news))
    await sync(vsphere, reference, olds, news)
    return (await observe(vsphere, reference, news))?.outputs ?? {}
  },

  async delete(vsphere, id, outputs) {
    const reference = await findMachineByUuid(vsphere, id)
    const machine = reference && (await readMachine(vsphere, reference))
    if (machine === undefined) return
    await turnOff(vsphere, machine, outputs)
    await destroyObject(vsphere, machine.reference, `VM ${machine.name}`)
  },
}
