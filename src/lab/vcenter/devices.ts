import { numberAt, parseXml, textAt, type XmlElement } from '../../clients/vsphere-xml.ts'
import { invalidArgument, SoapFault } from './soap-fault.ts'

/** The template's devices: a controller, a disk of 10 GiB, a card on `VM Network`, as the simulator's template has. */
export const templateDevices = (networkId: string): readonly XmlElement[] =>
  parseXml(`
<devices xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <device xsi:type="ParaVirtualSCSIController"><key>1000</key><busNumber>0</busNumber><sharedBus>noSharing</sharedBus></device>
  <device xsi:type="VirtualDisk"><key>2000</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[LocalDS_0] swarm-node-template/swarm-node-template.vmdk</fileName><diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned></backing><controllerKey>1000</controllerKey><unitNumber>0</unitNumber><capacityInKB>10485760</capacityInKB><capacityInBytes>10737418240</capacityInBytes></device>
  <device xsi:type="VirtualVmxnet3"><key>4000</key><backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>VM Network</deviceName><network type="Network">${networkId}</network></backing><unitNumber>7</unitNumber></device>
</devices>`).children

const keyOf = (device: XmlElement): number | undefined => numberAt(device, 'key')

const withKey = (device: XmlElement, key: number): XmlElement => ({
  ...device,
  children: device.children.map((child) => (child.name === 'key' ? { ...child, text: String(key) } : child)),
})

const freeKey = (devices: readonly XmlElement[], device: XmlElement): number => {
  const first = device.kind === 'VirtualDisk' ? 2000 : 4000
  const taken = new Set(devices.map(keyOf))
  let key = first
  while (taken.has(key)) key += 1
  return key
}

const requireNotSmaller = (present: XmlElement, wanted: XmlElement): void => {
  const [old, now] = [numberAt(present, 'capacityInKB'), numberAt(wanted, 'capacityInKB')]
  if (old !== undefined && now !== undefined && now < old)
    throw new SoapFault('InvalidDeviceOperation', 'A disk cannot be made smaller.')
}

const changeOne = (devices: readonly XmlElement[], change: XmlElement): readonly XmlElement[] => {
  const device = change.children.find(({ name }) => name === 'device')
  if (device === undefined) throw invalidArgument('spec.deviceChange.device')
  if (textAt(change, 'operation') === 'add') return [...devices, withKey(device, freeKey(devices, device))]
  const present = devices.find((one) => keyOf(one) === keyOf(device))
  if (present === undefined) throw invalidArgument('spec.deviceChange.device.key')
  if (textAt(change, 'operation') === 'remove') return devices.filter((one) => one !== present)
  requireNotSmaller(present, device)
  return devices.map((one) => (one === present ? device : one))
}

/** The devices after changes, in order. `@throws {SoapFault}` where one cannot be done; then none is. */
export const changeDevices = (
  devices: readonly XmlElement[],
  changes: readonly XmlElement[],
): readonly XmlElement[] => changes.reduce(changeOne, devices)
