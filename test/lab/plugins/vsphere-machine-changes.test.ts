import { describe, expect, it } from 'vitest'
import type { Machine } from '../../../src/clients/vsphere-machines.ts'
import {
  cardChanges,
  configChanges,
  diskChanges,
  needsPowerCycle,
} from '../../../src/lab/plugins/vsphere-machine-changes.ts'
import { templateDevices } from '../../../src/lab/vcenter/devices.ts'
import type { Properties } from '../../../src/provider/plugin.ts'

const allocation = { reservation: 0, expandable: false, limit: -1, shareLevel: 'normal', shares: 0 } as const

const machine = (changes: Partial<Machine> = {}): Machine => ({
  reference: { type: 'VirtualMachine', id: 'vm-1' },
  name: 'node-01',
  uuid: 'u',
  folder: undefined,
  pool: undefined,
  host: undefined,
  datastores: [],
  template: false,
  powerState: 'poweredOn',
  annotation: '',
  guestId: 'ubuntu64Guest',
  alternateGuestName: '',
  firmware: 'bios',
  cpus: 4,
  coresPerSocket: 1,
  memoryMib: 8192,
  cpuHotAdd: false,
  cpuHotRemove: false,
  memoryHotAdd: false,
  cpu: allocation,
  memory: allocation,
  extraConfig: { 'guestinfo.hostname': 'node-01', 'other.key': 'kept' },
  devices: templateDevices('network-6'),
  changeVersion: '1',
  vmxPath: '',
  hardwareVersion: 19,
  toolsStatus: '',
  toolsRunning: false,
  addresses: [],
  ...changes,
})

const inputs: Properties = {
  name: 'node-01',
  guestId: 'ubuntu64Guest',
  numCpus: 4,
  memory: 8192,
  extraConfig: { 'guestinfo.hostname': 'node-01' },
  disks: [{ label: 'disk0', size: 10 }],
  networkInterfaces: [{ networkId: 'network-6' }],
}

describe('what of a VM changes', () => {
  it('is nothing where it is as asked, whatever else is set on it', () => {
    expect(configChanges(machine(), {}, inputs)).toEqual({})
    expect(diskChanges(machine(), {}, inputs)).toEqual([])
    expect(cardChanges(machine(), inputs, new Map())).toEqual([])
  })

  it('is what differs, and settings that were asked for before', () => {
    const news = { ...inputs, numCpus: 8, cpuLimit: 4000, extraConfig: { 'guestinfo.more': 'x' } }
    expect(configChanges(machine(), inputs, news)).toEqual({
      cpus: 8,
      cpu: { ...allocation, limit: 4000 },
      extraConfig: { 'guestinfo.more': 'x', 'guestinfo.hostname': '' },
    })
  })

  it('makes no disk smaller', () => {
    expect(() => diskChanges(machine(), {}, { ...inputs, disks: [{ label: 'disk0', size: 9 }] })).toThrow(
      /no disk smaller/,
    )
  })

  it('takes away no disk that was found rather than asked for', () => {
    const found = { ...inputs, disks: [{ label: 'orphaned_disk_0', size: 10, unitNumber: 0 }] }
    expect(diskChanges(machine(), found, { ...inputs, disks: [] })).toEqual([])
  })

  it('takes away disks that were asked for, never the template’s', () => {
    const none = { ...inputs, disks: [] }
    expect(diskChanges(machine(), none, none)).toEqual([])
    expect(diskChanges(machine(), inputs, none).map(({ text }) => text)).toEqual([
      expect.stringContaining('<operation>remove</operation><fileOperation>destroy</fileOperation>'),
    ])
  })

  it('connects the cards in order, and leaves them alone where nothing is said of them', () => {
    const backing = { kind: 'port-group', switchUuid: 's', portGroupKey: 'dvportgroup-1' } as const
    const news = {
      ...inputs,
      networkInterfaces: [{ networkId: 'dvportgroup-1' }, { networkId: 'dvportgroup-1' }],
    }
    const changes = cardChanges(machine(), news, new Map([['dvportgroup-1', backing]]))
    expect(changes.map(({ text }) => /<operation>(\w+)/.exec(text)?.[1])).toEqual(['edit', 'add'])
    const { networkInterfaces: _, ...silent } = inputs
    expect(cardChanges(machine(), silent, new Map())).toEqual([])
  })
})

describe('a running VM', () => {
  it.each([
    [{ cpus: 8 }, {}, true],
    [{ cpus: 8 }, { cpuHotAdd: true }, false],
    [{ cpus: 2 }, { cpuHotAdd: true }, true],
    [{ cpus: 2 }, { cpuHotRemove: true }, false],
    [{ memoryMib: 16384 }, {}, true],
    [{ memoryMib: 16384 }, { memoryHotAdd: true }, false],
    [{ memoryMib: 4096 }, { memoryHotAdd: true }, true],
    [{ guestId: 'x' }, {}, true],
    [{ name: 'x', annotation: 'y' }, {}, false],
    [{ cpu: allocation }, {}, false],
    [{}, {}, false],
  ])('changed by %j with %j needs a power cycle: %s', (changes, present, expected) => {
    expect(needsPowerCycle(machine(present), changes, inputs)).toBe(expected)
  })

  it('reads its settings at its start, unless told otherwise', () => {
    const changes = { extraConfig: { a: 'b' } }
    expect(needsPowerCycle(machine(), changes, inputs)).toBe(true)
    expect(needsPowerCycle(machine(), changes, { ...inputs, extraConfigRebootRequired: false })).toBe(false)
  })
})
