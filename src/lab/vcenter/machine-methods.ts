import { randomUUID } from 'node:crypto'
import type { PowerState } from '../../clients/vsphere-machines.ts'
import { toExtraConfig } from '../../clients/vsphere-machines.ts'
import { toAllocation } from '../../clients/vsphere-pools.ts'
import {
  childAt,
  childrenOf,
  flagAt,
  numberAt,
  textAt,
  toReference,
  type XmlElement,
} from '../../clients/vsphere-xml.ts'
import { changeDevices } from './devices.ts'
import { type Host, type Inventory, type Machine, type Pool, referenceTo } from './inventory.ts'
import { type Call, given, type Method } from './soap-call.ts'
import { invalidPowerState, SoapFault } from './soap-fault.ts'
import { asTask } from './task-methods.ts'

const machineOf = ({ inventory, on }: Call): Machine => {
  const machine = inventory.require('VirtualMachine', on.id)
  if (machine.isBeingMade) throw new SoapFault('TaskInProgress', `${machine.name} is being cloned.`)
  return machine
}

/** The host of a pool's cluster with the fewest VMs: what DRS would choose. */
const idlestHost = (inventory: Inventory, pool: Pool): Host => {
  const cluster = inventory.above(pool, 'ClusterComputeResource')
  const hosts = cluster === undefined ? [] : inventory.childrenOf(cluster, 'HostSystem')
  const load = ({ id }: Host) => inventory.all('VirtualMachine').filter(({ host }) => host === id).length
  const [idlest] = hosts.toSorted((left, right) => load(left) - load(right))
  return given(idlest, 'pool')
}

/** What of a running VM can only change while it is off. */
const requireChangeable = (machine: Machine, config: XmlElement): void => {
  if (machine.powerState === 'poweredOff') return
  const cpus = numberAt(config, 'numCPUs') ?? machine.cpus
  const memory = numberAt(config, 'memoryMB') ?? machine.memoryMib
  const isCpuRefused = cpus > machine.cpus ? !machine.cpuHotAdd : cpus < machine.cpus && !machine.cpuHotRemove
  const isMemoryRefused = memory > machine.memoryMib ? !machine.memoryHotAdd : memory < machine.memoryMib
  const cold = ['guestId', 'firmware', 'memoryHotAddEnabled', 'cpuHotAddEnabled', 'cpuHotRemoveEnabled']
  if (isCpuRefused || isMemoryRefused || cold.some((name) => childAt(config, name) !== undefined))
    throw invalidPowerState(machine.powerState)
}

const mergedExtraConfig = (machine: Machine, config: XmlElement): Machine['extraConfig'] => {
  const changes = toExtraConfig(childrenOf(config, 'extraConfig'))
  return Object.fromEntries(
    Object.entries({ ...machine.extraConfig, ...changes }).filter(([, value]) => value !== ''),
  )
}

const configured = (machine: Machine, config: XmlElement): Partial<Machine> => {
  const cpu = childAt(config, 'cpuAllocation')
  const memory = childAt(config, 'memoryAllocation')
  return {
    guestId: textAt(config, 'guestId') ?? machine.guestId,
    alternateGuestName: textAt(config, 'alternateGuestName') ?? machine.alternateGuestName,
    annotation: textAt(config, 'annotation') ?? machine.annotation,
    firmware: textAt(config, 'firmware') ?? machine.firmware,
    cpus: numberAt(config, 'numCPUs') ?? machine.cpus,
    coresPerSocket: numberAt(config, 'numCoresPerSocket') ?? machine.coresPerSocket,
    memoryMib: numberAt(config, 'memoryMB') ?? machine.memoryMib,
    memoryHotAdd: flagAt(config, 'memoryHotAddEnabled') ?? machine.memoryHotAdd,
    cpuHotAdd: flagAt(config, 'cpuHotAddEnabled') ?? machine.cpuHotAdd,
    cpuHotRemove: flagAt(config, 'cpuHotRemoveEnabled') ?? machine.cpuHotRemove,
    cpu: cpu === undefined ? machine.cpu : toAllocation(cpu),
    memory: memory === undefined ? machine.memory : toAllocation(memory),
    extraConfig: mergedExtraConfig(machine, config),
    devices: changeDevices(machine.devices, childrenOf(config, 'deviceChange')),
    changeVersion: machine.changeVersion + 1,
  }
}

/** All or nothing: what cannot be changed leaves the VM as it was. */
const configure = (inventory: Inventory, machine: Machine, config: XmlElement | undefined): void => {
  if (config === undefined) return
  requireChangeable(machine, config)
  const changes = configured(machine, config)
  const name = textAt(config, 'name')
  if (name !== undefined) inventory.rename(machine, name)
  Object.assign(machine, changes)
}

const poolAt = (inventory: Inventory, location: XmlElement | undefined): Pool | undefined => {
  const reference = toReference(childAt(location, 'pool'))
  return reference && inventory.require('ResourcePool', reference.id)
}

const clone = asTask((call) => {
  const { inventory, parameters } = call
  const source = machineOf(call)
  const location = childAt(parameters, 'spec.location')
  const pool = given(poolAt(inventory, location), 'spec.location.pool')
  const folder = inventory.require('Folder', textAt(parameters, 'folder'))
  const name = given(textAt(parameters, 'name'), 'name')
  inventory.requireFree(folder, name)
  const { id: _id, type: _type, parent: _parent, ...copied } = source
  const config = childAt(parameters, 'spec.config')
  const made = {
    ...copied,
    name,
    uuid: randomUUID(),
    isBeingMade: inventory.holdsClones,
    template: false,
    pool: pool.id,
    host: textAt(location, 'host') ?? idlestHost(inventory, pool).id,
    datastore: textAt(location, 'datastore') ?? source.datastore,
    powerState: 'poweredOff' as const,
    changeVersion: 1,
  }
  // Made as it shall be from its first moment, so that nobody ever sees it without its marks.
  const changes = config === undefined ? {} : configured({ ...source, ...made }, config)
  return referenceTo(inventory.add('VirtualMachine', folder, { ...made, ...changes }))
})

const reconfigure = asTask((call) => {
  configure(call.inventory, machineOf(call), childAt(call.parameters, 'spec'))
  return undefined
})

const relocate = asTask((call) => {
  const machine = machineOf(call)
  const spec = childAt(call.parameters, 'spec')
  const pool = poolAt(call.inventory, spec)
  const datastore = textAt(spec, 'datastore')
  if (pool !== undefined) {
    machine.pool = pool.id
    machine.host = idlestHost(call.inventory, pool).id
  }
  if (datastore !== undefined) machine.datastore = call.inventory.require('Datastore', datastore).id
  return undefined
})

const toPower = (state: PowerState): Method =>
  asTask((call) => {
    const machine = machineOf(call)
    if (machine.template) throw new SoapFault('NotSupported', 'A template has no power.')
    if (machine.powerState === state) throw invalidPowerState(state)
    machine.powerState = state
    return undefined
  })

const shutdownGuest: Method = () => {
  throw new SoapFault('ToolsUnavailable', 'VMware Tools is not running in this virtual machine.')
}

/** Methods on VMs. */
export const machineMethods: Readonly<Record<string, Method>> = {
  CloneVM_Task: clone,
  ReconfigVM_Task: reconfigure,
  RelocateVM_Task: relocate,
  PowerOnVM_Task: toPower('poweredOn'),
  PowerOffVM_Task: toPower('poweredOff'),
  ShutdownGuest: shutdownGuest,
}
