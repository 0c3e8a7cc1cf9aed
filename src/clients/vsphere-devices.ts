import {
  childAt,
  leaf,
  node,
  numberAt,
  type ObjectReference,
  referenceNode,
  sendBack,
  textAt,
  toReference,
  typed,
  type Xml,
  type XmlElement,
} from './vsphere-xml.ts'

/** What a network card is connected to. */
export type NetworkBacking =
  | { readonly kind: 'network'; readonly network: ObjectReference; readonly name: string }
  | { readonly kind: 'port-group'; readonly switchUuid: string; readonly portGroupKey: string }

export interface Disk {
  readonly key: number
  readonly sizeKib: number
  readonly controllerKey: number
  readonly unitNumber: number
  readonly path: string
  readonly uuid: string
  readonly mode: string
  readonly thin: boolean
  readonly eager: boolean
  readonly writeThrough: boolean
  readonly datastore: ObjectReference | undefined
  readonly element: XmlElement
}

export interface NetworkCard {
  readonly key: number
  readonly adapterType: string
  readonly macAddress: string
  /** Id of the network or of the port group. */
  readonly networkId: string
  readonly element: XmlElement
}

const adapterTypes: Readonly<Record<string, string>> = {
  VirtualVmxnet3: 'vmxnet3',
  VirtualE1000: 'e1000',
  VirtualE1000e: 'e1000e',
  VirtualSriovEthernetCard: 'sriov',
}

const scsiTypes: Readonly<Record<string, string>> = {
  ParaVirtualSCSIController: 'pvscsi',
  VirtualLsiLogicController: 'lsilogic',
  VirtualLsiLogicSASController: 'lsilogic-sas',
  VirtualBusLogicController: 'buslogic',
}

const byUnit = (left: { unitNumber: number }, right: { unitNumber: number }): number =>
  left.unitNumber - right.unitNumber

/** The disks of a VM, by unit number. */
export const disksOf = (devices: readonly XmlElement[]): readonly Disk[] =>
  devices
    .filter((device) => device.kind === 'VirtualDisk')
    .map((device) => ({
      key: numberAt(device, 'key') ?? 0,
      sizeKib: numberAt(device, 'capacityInKB') ?? 0,
      controllerKey: numberAt(device, 'controllerKey') ?? 0,
      unitNumber: numberAt(device, 'unitNumber') ?? 0,
      path: textAt(device, 'backing.fileName') ?? '',
      uuid: textAt(device, 'backing.uuid') ?? '',
      mode: textAt(device, 'backing.diskMode') ?? 'persistent',
      thin: textAt(device, 'backing.thinProvisioned') === 'true',
      eager: textAt(device, 'backing.eagerlyScrub') === 'true',
      writeThrough: textAt(device, 'backing.writeThrough') === 'true',
      datastore: toReference(childAt(device, 'backing.datastore')),
      element: device,
    }))
    .toSorted(byUnit)

/** The network cards of a VM, in the order of their slots. */
export const networkCardsOf = (devices: readonly XmlElement[]): readonly NetworkCard[] =>
  devices
    .filter((device) => device.kind !== undefined && device.kind in adapterTypes)
    .map((device) => ({
      key: numberAt(device, 'key') ?? 0,
      adapterType: adapterTypes[device.kind ?? ''] ?? '',
      macAddress: textAt(device, 'macAddress') ?? '',
      networkId: textAt(device, 'backing.network') ?? textAt(device, 'backing.port.portgroupKey') ?? '',
      unitNumber: numberAt(device, 'unitNumber') ?? 0,
      element: device,
    }))
    .toSorted(byUnit)

/** The kind of a VM's first SCSI controller in the vendor's words; undefined where it has none. */
export const scsiTypeOf = (devices: readonly XmlElement[]): string | undefined =>
  devices.map((device) => scsiTypes[device.kind ?? '']).find((type) => type !== undefined)

/** The key of a VM's first SCSI controller. */
export const scsiControllerKey = (devices: readonly XmlElement[]): number | undefined =>
  numberAt(
    devices.find((device) => (device.kind ?? '') in scsiTypes),
    'key',
  )

const change = (
  operation: 'add' | 'edit' | 'remove',
  device: Xml,
  fileOperation?: 'create' | 'destroy',
): Xml =>
  node('deviceChange', [leaf('operation', operation), leaf('fileOperation', fileOperation), device], {
    'xsi:type': 'VirtualDeviceConfigSpec',
  })

/** Makes a disk larger; vCenter refuses to make one smaller. */
export const growDisk = (disk: Disk, sizeKib: number): Xml =>
  change(
    'edit',
    sendBack('device', disk.element, {
      capacityInKB: leaf('capacityInKB', sizeKib),
      capacityInBytes: leaf('capacityInBytes', sizeKib * 1024),
    }),
  )

/** Adds an empty disk. */
export const addDisk = (disk: {
  readonly sizeKib: number
  readonly controllerKey: number
  readonly unitNumber: number
  readonly thin: boolean
}): Xml =>
  change(
    'add',
    typed('device', 'VirtualDisk', [
      leaf('key', -1 - disk.unitNumber),
      typed('backing', 'VirtualDiskFlatVer2BackingInfo', [
        leaf('fileName', ''),
        leaf('diskMode', 'persistent'),
        leaf('thinProvisioned', disk.thin),
      ]),
      leaf('controllerKey', disk.controllerKey),
      leaf('unitNumber', disk.unitNumber),
      leaf('capacityInKB', disk.sizeKib),
      leaf('capacityInBytes', disk.sizeKib * 1024),
    ]),
    'create',
  )

/** Takes a disk away and deletes its file. */
export const removeDisk = (disk: Disk): Xml => change('remove', sendBack('device', disk.element), 'destroy')

const backingNode = (backing: NetworkBacking): Xml =>
  backing.kind === 'network'
    ? typed('backing', 'VirtualEthernetCardNetworkBackingInfo', [
        leaf('deviceName', backing.name),
        referenceNode('network', backing.network),
      ])
    : typed('backing', 'VirtualEthernetCardDistributedVirtualPortBackingInfo', [
        node('port', [leaf('switchUuid', backing.switchUuid), leaf('portgroupKey', backing.portGroupKey)]),
      ])

/** Connects a card to another network. */
export const connectCard = (card: NetworkCard, backing: NetworkBacking): Xml =>
  change('edit', sendBack('device', card.element, { backing: backingNode(backing) }))

/** Adds a card. */
export const addCard = (backing: NetworkBacking, index: number): Xml =>
  change(
    'add',
    typed('device', 'VirtualVmxnet3', [
      leaf('key', -100 - index),
      backingNode(backing),
      node('connectable', [
        leaf('startConnected', true),
        leaf('allowGuestControl', true),
        leaf('connected', true),
      ]),
      leaf('addressType', 'generated'),
    ]),
  )

/** Takes a card away. */
export const removeCard = (card: NetworkCard): Xml => change('remove', sendBack('device', card.element))
