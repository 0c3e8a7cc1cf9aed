import { disksOf, networkCardsOf, scsiTypeOf } from '../../clients/vsphere-devices.ts'
import type { Machine, MachineConfig } from '../../clients/vsphere-machines.ts'
import type { Allocation } from '../../clients/vsphere-pools.ts'
import type { CheckFailure, Properties } from '../../provider/plugin.ts'
import {
  checkFields,
  type Fields,
  flag,
  integer,
  object,
  objects,
  requiredText,
  text,
  textMap,
} from './vsphere-fields.ts'
import { checkShareLevel, shareLevel } from './vsphere-resource-pool.ts'

const kibPerGib = 1024 * 1024

const fields: Fields = {
  served: {
    name: 'string',
    resourcePoolId: 'string',
    datastoreId: 'string',
    datacenterId: 'string',
    hostSystemId: 'string',
    folder: 'string',
    numCpus: 'integer',
    numCoresPerSocket: 'integer',
    memory: 'integer',
    guestId: 'string',
    alternateGuestName: 'string',
    annotation: 'string',
    firmware: 'string',
    scsiType: 'string',
    disks: 'objects',
    networkInterfaces: 'objects',
    clone: 'object',
    extraConfig: 'map',
    extraConfigRebootRequired: 'boolean',
    tags: 'strings',
    cpuHotAddEnabled: 'boolean',
    cpuHotRemoveEnabled: 'boolean',
    memoryHotAddEnabled: 'boolean',
    cpuLimit: 'integer',
    cpuReservation: 'integer',
    cpuShareLevel: 'string',
    cpuShareCount: 'integer',
    memoryLimit: 'integer',
    memoryReservation: 'integer',
    memoryShareLevel: 'string',
    memoryShareCount: 'integer',
    replaceTrigger: 'string',
    forcePowerOff: 'boolean',
    poweronTimeout: 'integer',
    shutdownWaitTimeout: 'integer',
    waitForGuestNetTimeout: 'integer',
    waitForGuestNetRoutable: 'boolean',
    waitForGuestIpTimeout: 'integer',
    ignoredGuestIps: 'strings',
  },
  required: ['name', 'resourcePoolId', 'clone'],
  unserved: [
    'bootDelay',
    'bootRetryDelay',
    'bootRetryEnabled',
    'cdroms',
    'cpuPerformanceCountersEnabled',
    'customAttributes',
    'datastoreClusterId',
    'efiSecureBootEnabled',
    'enableDiskUuid',
    'enableLogging',
    'eptRviMode',
    'evcMode',
    'hardwareVersion',
    'hvMode',
    'ideControllerCount',
    'latencySensitivity',
    'memoryReservationLockedToMax',
    'migrateWaitTimeout',
    'nestedHvEnabled',
    'numCoresPerNumaNode',
    'nvmeControllerCount',
    'ovfDeploy',
    'pciDeviceIds',
    'runToolsScriptsAfterPowerOn',
    'runToolsScriptsAfterResume',
    'runToolsScriptsBeforeGuestReboot',
    'runToolsScriptsBeforeGuestShutdown',
    'runToolsScriptsBeforeGuestStandby',
    'sataControllerCount',
    'scsiBusSharing',
    'scsiControllerCount',
    'storagePolicyId',
    'swapPlacementPolicy',
    'syncTimeWithHost',
    'syncTimeWithHostPeriodically',
    'toolsUpgradePolicy',
    'vapp',
    'vbsEnabled',
    'videoCard',
    'vtpm',
    'vvtdEnabled',
  ],
}

/** What an import writes into a program: what a person would have asked for. */
export const importableMachineFields = [
  'name',
  'resourcePoolId',
  'datastoreId',
  'folder',
  'numCpus',
  'memory',
  'guestId',
  'annotation',
  'firmware',
  'scsiType',
  'disks',
  'networkInterfaces',
  'tags',
]

const diskFields = new Set(['label', 'size', 'unitNumber', 'thinProvisioned'])
const cardFields = new Set(['networkId'])

const nestedFailures = (inputs: Properties, list: string, served: ReadonlySet<string>): CheckFailure[] =>
  objects(inputs, list).flatMap((one, index) =>
    Object.keys(one)
      .filter((name) => !served.has(name) && name !== '__defaults')
      .map((name) => ({
        property: `${list}[${index}].${name}`,
        reason:
          'is not served by the stand-in for the vendor’s plugin; install the vendor’s plugin to use it',
      })),
  )

const atLeastOne = (inputs: Properties, property: string): CheckFailure[] => {
  const value = inputs[property]
  return typeof value === 'number' && value < 1 ? [{ property, reason: 'must be at least 1' }] : []
}

const diskFailures = (inputs: Properties): CheckFailure[] =>
  objects(inputs, 'disks').flatMap(({ label, size }, index) => [
    ...(label === undefined ? [{ property: `disks[${index}].label`, reason: 'is required' }] : []),
    ...(typeof size === 'number' && size < 1
      ? [{ property: `disks[${index}].size`, reason: 'must be at least 1 GiB' }]
      : []),
  ])

/** Checks the inputs of a VM. Pure. */
export const checkMachine = (
  given: Properties,
): { inputs: Properties; failures: readonly CheckFailure[] } => {
  const { inputs, failures } = checkFields(fields, given)
  const isClone = inputs.clone === undefined || 'templateUuid' in object(inputs, 'clone')
  return {
    inputs,
    failures: [
      ...failures,
      ...(isClone ? [] : [{ property: 'clone.templateUuid', reason: 'is required' }]),
      ...nestedFailures(inputs, 'disks', diskFields),
      ...nestedFailures(inputs, 'networkInterfaces', cardFields),
      ...diskFailures(inputs),
      ...['numCpus', 'memory', 'numCoresPerSocket'].flatMap((name) => atLeastOne(inputs, name)),
      ...['cpuShareLevel', 'memoryShareLevel'].flatMap((name) => checkShareLevel(inputs, name)),
    ],
  }
}

const allocationOf = (inputs: Properties, resource: 'cpu' | 'memory'): Allocation => ({
  reservation: integer(inputs, `${resource}Reservation`) ?? 0,
  expandable: false,
  limit: integer(inputs, `${resource}Limit`) ?? -1,
  shareLevel: shareLevel(text(inputs, `${resource}ShareLevel`)),
  shares: integer(inputs, `${resource}ShareCount`) ?? 0,
})

/** What the inputs ask of a VM, devices aside; the vendor's defaults where they say nothing. */
export const configOf = (
  inputs: Properties,
): Required<Omit<MachineConfig, 'deviceChanges' | 'alternateGuestName'>> => ({
  name: requiredText(inputs, 'name'),
  guestId: text(inputs, 'guestId') ?? 'otherGuest64',
  annotation: text(inputs, 'annotation') ?? '',
  cpus: integer(inputs, 'numCpus') ?? 1,
  coresPerSocket: integer(inputs, 'numCoresPerSocket') ?? 1,
  memoryMib: integer(inputs, 'memory') ?? 1024,
  memoryHotAdd: flag(inputs, 'memoryHotAddEnabled') ?? false,
  cpuHotAdd: flag(inputs, 'cpuHotAddEnabled') ?? false,
  cpuHotRemove: flag(inputs, 'cpuHotRemoveEnabled') ?? false,
  cpu: allocationOf(inputs, 'cpu'),
  memory: allocationOf(inputs, 'memory'),
  firmware: text(inputs, 'firmware') ?? 'bios',
  extraConfig: textMap(inputs, 'extraConfig'),
})

/** A disk as it is asked for. */
export interface AskedDisk {
  readonly label: string
  /** Undefined for that of the template. */
  readonly sizeKib: number | undefined
  readonly unitNumber: number
  readonly thin: boolean
}

/** The disks that are asked for; the first has unit 0 where it says nothing else, the next 1, and so on. */
export const askedDisks = (inputs: Properties): readonly AskedDisk[] =>
  objects(inputs, 'disks').map((disk, index) => {
    const size = integer(disk, 'size')
    return {
      label: requiredText(disk, 'label'),
      sizeKib: size === undefined ? undefined : size * kibPerGib,
      unitNumber: integer(disk, 'unitNumber') ?? index,
      thin: flag(disk, 'thinProvisioned') ?? true,
    }
  })

/** Ids of the networks that the cards are asked to be on, in order. */
export const askedNetworks = (inputs: Properties): readonly string[] =>
  objects(inputs, 'networkInterfaces').map((card) => requiredText(card, 'networkId'))

/** A disk that nobody asked for here has the label that the vendor's plugin gives it. */
const orphan = 'orphaned_disk_'

/** Whether a disk of the state was asked for once, rather than found. */
export const isAskedDisk = ({ label }: AskedDisk): boolean => !label.startsWith(orphan)

const diskOutputs = (machine: Machine, asked: readonly AskedDisk[]): readonly Properties[] =>
  disksOf(machine.devices).map((disk, index) => ({
    label:
      asked.find(({ unitNumber }) => unitNumber === disk.unitNumber)?.label ??
      (asked.length === 0 ? `disk${index}` : `${orphan}${index}`),
    size: Math.ceil(disk.sizeKib / kibPerGib),
    unitNumber: disk.unitNumber,
    thinProvisioned: disk.thin,
    eagerlyScrub: disk.eager,
    writeThrough: disk.writeThrough,
    diskMode: disk.mode,
    path: disk.path,
    uuid: disk.uuid,
    key: disk.key,
    datastoreId: disk.datastore?.id ?? '',
  }))

const cardOutputs = (machine: Machine): readonly Properties[] =>
  networkCardsOf(machine.devices).map((card) => ({
    networkId: card.networkId,
    adapterType: card.adapterType,
    macAddress: card.macAddress,
    key: card.key,
  }))

/** What vCenter holds of what is not asked for; the clone of a template has it so. */
export const usualMachine: Properties = {
  numCoresPerSocket: 1,
  annotation: '',
  cpuHotAddEnabled: false,
  cpuHotRemoveEnabled: false,
  memoryHotAddEnabled: false,
  cpuLimit: -1,
  cpuReservation: 0,
  cpuShareLevel: 'normal',
  memoryLimit: -1,
  memoryReservation: 0,
  memoryShareLevel: 'normal',
}

/** The settings that were asked for, as they are. The others are not ours, and may be secret: a template's cloud-init data. */
const extraConfigOutputs = (machine: Machine, inputs: Properties): Properties => {
  const asked = Object.keys(textMap(inputs, 'extraConfig'))
  return Object.fromEntries(
    asked.flatMap((key) => {
      const value = machine.extraConfig[key]
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

/** What of an observed VM the state holds, folder and tags aside. */
export const machineOutputs = (machine: Machine, inputs: Properties = {}): Properties => {
  const scsiType = scsiTypeOf(machine.devices)
  return {
    name: machine.name,
    uuid: machine.uuid,
    moid: machine.reference.id,
    resourcePoolId: machine.pool?.id ?? '',
    hostSystemId: machine.host?.id ?? '',
    datastoreId: machine.datastores[0]?.id ?? '',
    numCpus: machine.cpus,
    numCoresPerSocket: machine.coresPerSocket,
    memory: machine.memoryMib,
    guestId: machine.guestId,
    alternateGuestName: machine.alternateGuestName,
    annotation: machine.annotation,
    firmware: machine.firmware,
    ...(scsiType === undefined ? {} : { scsiType }),
    disks: diskOutputs(machine, askedDisks(inputs)),
    networkInterfaces: cardOutputs(machine),
    extraConfig: extraConfigOutputs(machine, inputs),
    cpuHotAddEnabled: machine.cpuHotAdd,
    cpuHotRemoveEnabled: machine.cpuHotRemove,
    memoryHotAddEnabled: machine.memoryHotAdd,
    cpuLimit: machine.cpu.limit,
    cpuReservation: machine.cpu.reservation,
    cpuShareLevel: machine.cpu.shareLevel,
    cpuShareCount: machine.cpu.shares,
    memoryLimit: machine.memory.limit,
    memoryReservation: machine.memory.reservation,
    memoryShareLevel: machine.memory.shareLevel,
    memoryShareCount: machine.memory.shares,
    changeVersion: machine.changeVersion,
    vmxPath: machine.vmxPath.replace(/^\[[^\]]*\] /, ''),
    hardwareVersion: machine.hardwareVersion,
    vmwareToolsStatus: machine.toolsStatus,
    powerState:
      machine.powerState === 'poweredOn' ? 'on' : machine.powerState === 'suspended' ? 'suspended' : 'off',
    guestIpAddresses: machine.addresses,
    defaultIpAddress: machine.addresses[0] ?? '',
    imported: false,
    rebootRequired: false,
  }
}
