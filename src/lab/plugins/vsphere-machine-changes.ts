import {
  addCard,
  addDisk,
  connectCard,
  type Disk,
  disksOf,
  growDisk,
  type NetworkBacking,
  networkCardsOf,
  removeCard,
  removeDisk,
  scsiControllerKey,
} from '../../clients/vsphere-devices.ts'
import type { Machine, MachineConfig } from '../../clients/vsphere-machines.ts'
import type { Xml } from '../../clients/vsphere-xml.ts'
import { Fault } from '../../core/fault.ts'
import type { Properties } from '../../provider/plugin.ts'
import { flag, textMap } from './vsphere-fields.ts'
import { type AskedDisk, askedDisks, askedNetworks, configOf, isAskedDisk } from './vsphere-machine-fields.ts'

const differs = (wanted: unknown, present: unknown): boolean =>
  JSON.stringify(wanted) !== JSON.stringify(present)

/** Settings that differ and are asked for; an empty value takes a key away that was asked for before. */
const extraConfigChanges = (machine: Machine, olds: Properties, news: Properties) => {
  const wanted = textMap(news, 'extraConfig')
  const gone = Object.keys(textMap(olds, 'extraConfig')).filter(
    (key) => !(key in wanted) && machine.extraConfig[key] !== undefined,
  )
  return Object.fromEntries([
    ...Object.entries(wanted).filter(([key, value]) => (machine.extraConfig[key] ?? '') !== value),
    ...gone.map((key) => [key, '']),
  ]) as Readonly<Record<string, string>>
}

const sameAllocation = (wanted: Machine['cpu'], present: Machine['cpu']): boolean =>
  wanted.limit === present.limit &&
  wanted.reservation === present.reservation &&
  wanted.shareLevel === present.shareLevel &&
  (wanted.shareLevel !== 'custom' || wanted.shares === present.shares)

/** What of a VM's configuration differs from what is asked, devices aside. Empty where nothing does. Pure. */
export const configChanges = (machine: Machine, olds: Properties, news: Properties): MachineConfig => {
  const wanted = configOf(news)
  const extraConfig = extraConfigChanges(machine, olds, news)
  const plain = [
    'name',
    'guestId',
    'annotation',
    'cpus',
    'coresPerSocket',
    'memoryMib',
    'memoryHotAdd',
    'cpuHotAdd',
    'cpuHotRemove',
    'firmware',
  ] as const
  return {
    ...Object.fromEntries(
      plain.filter((key) => differs(wanted[key], machine[key])).map((key) => [key, wanted[key]]),
    ),
    ...(sameAllocation(wanted.cpu, machine.cpu) ? {} : { cpu: wanted.cpu }),
    ...(sameAllocation(wanted.memory, machine.memory) ? {} : { memory: wanted.memory }),
    ...(Object.keys(extraConfig).length === 0 ? {} : { extraConfig }),
  }
}

/**
 * Whether a running VM must be off for a change: what vCenter refuses to change while it runs, and settings that the
 * guest only reads at its start. Pure.
 */
export const needsPowerCycle = (machine: Machine, changes: MachineConfig, news: Properties): boolean => {
  const { cpus, memoryMib } = changes
  const colder = [
    changes.guestId,
    changes.firmware,
    changes.coresPerSocket,
    changes.memoryHotAdd,
    changes.cpuHotAdd,
    changes.cpuHotRemove,
  ].some((value) => value !== undefined)
  const isCpuCold = cpus !== undefined && !(cpus > machine.cpus ? machine.cpuHotAdd : machine.cpuHotRemove)
  const isMemoryCold = memoryMib !== undefined && !(memoryMib > machine.memoryMib && machine.memoryHotAdd)
  const isExtraCold = changes.extraConfig !== undefined && (flag(news, 'extraConfigRebootRequired') ?? true)
  return colder || isCpuCold || isMemoryCold || isExtraCold
}

const smaller = (name: string, disk: Disk, asked: AskedDisk): Fault =>
  new Fault(
    'invalid-request',
    `Disk ${asked.label} of VM ${name} has ${disk.sizeKib} KiB and is asked to have ${asked.sizeKib}: vCenter makes no disk smaller.`,
    { details: { hint: 'Ask for at least the size of the template’s disk, or replace the VM.' } },
  )

const diskChange = (machine: Machine, asked: AskedDisk): Xml[] => {
  const present = disksOf(machine.devices).find(({ unitNumber }) => unitNumber === asked.unitNumber)
  if (present !== undefined) {
    if (asked.sizeKib === undefined || asked.sizeKib === present.sizeKib) return []
    if (asked.sizeKib < present.sizeKib) throw smaller(machine.name, present, asked)
    return [growDisk(present, asked.sizeKib)]
  }
  const controllerKey = scsiControllerKey(machine.devices)
  if (controllerKey === undefined || asked.sizeKib === undefined)
    throw new Fault(
      'invalid-request',
      `Disk ${asked.label} of VM ${machine.name} has no size, or the VM no SCSI controller.`,
    )
  return [addDisk({ ...asked, sizeKib: asked.sizeKib, controllerKey })]
}

/** Disks that were asked for once and no longer are; those of the template and of somebody else are never taken away. */
const removedDisks = (machine: Machine, olds: Properties, wanted: readonly AskedDisk[]): Xml[] => {
  const before = new Set(
    askedDisks(olds)
      .filter(isAskedDisk)
      .map(({ unitNumber }) => unitNumber),
  )
  const now = new Set(wanted.map(({ unitNumber }) => unitNumber))
  return disksOf(machine.devices)
    .filter(({ unitNumber }) => before.has(unitNumber) && !now.has(unitNumber))
    .map(removeDisk)
}

/** The changes of a VM's disks. Pure. `@throws {Fault} invalid-request` for a disk that would get smaller. */
export const diskChanges = (machine: Machine, olds: Properties, news: Properties): readonly Xml[] => {
  const wanted = askedDisks(news)
  return [...wanted.flatMap((disk) => diskChange(machine, disk)), ...removedDisks(machine, olds, wanted)]
}

/** The changes of a VM's network cards; none where the inputs say nothing of them. Pure. */
export const cardChanges = (
  machine: Machine,
  news: Properties,
  backings: ReadonlyMap<string, NetworkBacking>,
): readonly Xml[] => {
  if (news.networkInterfaces === undefined) return []
  const cards = networkCardsOf(machine.devices)
  const wanted = askedNetworks(news)
  const changed = wanted.flatMap((networkId, index) => {
    const backing = backings.get(networkId)
    const card = cards[index]
    if (backing === undefined || card?.networkId === networkId) return []
    return [card === undefined ? addCard(backing, index) : connectCard(card, backing)]
  })
  return [...changed, ...cards.slice(wanted.length).map(removeCard)]
}
