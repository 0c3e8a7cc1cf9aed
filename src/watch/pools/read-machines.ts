import type { Vsphere } from '../../clients/vsphere.ts'
import { machinesBelow, readGuestInfo } from '../../clients/vsphere-folder-machines.ts'
import type { NamedObject } from '../../clients/vsphere-inventory.ts'
import { Fault } from '../../core/fault.ts'
import type { FolderMachine } from '../cluster/swarm.ts'

/** Where a cluster's VMs stand. */
export interface MachinePlace {
  readonly cluster: string
  /** Inventory path, e.g. `/DC0/vm/tenantry-nonprod`. */
  readonly folder: string
}

/** VMs that no stack holds are rare; of more than these nothing is said, and so nothing is done to them. */
const mostCandidates = 50

/**
 * Whether we made a VM under the name that it has: its clone says which cluster it is for and how its host is called. Somebody's copy of a VM of
 * ours says another name than it has.
 */
export const isMarkedAs = (
  info: Readonly<Record<string, string>> | undefined,
  name: string,
  cluster: string,
): boolean => info?.['guestinfo.tenantry.cluster'] === cluster && info['guestinfo.hostname'] === name

/** A VM of the folder by name; undefined where there is none. @throws {Fault} of vCenter. */
export const findMachine = async (
  vsphere: Vsphere,
  { folder }: MachinePlace,
  name: string,
): Promise<NamedObject | undefined> =>
  (await machinesBelow(vsphere, folder))?.find((machine) => machine.name === name)

/** Whether a VM carries our marks now. @throws {Fault} of vCenter. */
export const isOurs = async (
  vsphere: Vsphere,
  { cluster }: MachinePlace,
  machine: NamedObject,
): Promise<boolean> => isMarkedAs(await readGuestInfo(vsphere, machine), machine.name, cluster)

/**
 * The VMs of a cluster: all in its folder and below. Those that a stack holds need no second look.
 *
 * @throws {Fault} of vCenter; `not-found` where the folder is not there and stacks hold VMs in it.
 */
export const readMachines = async (
  vsphere: Vsphere,
  place: MachinePlace,
  owned: ReadonlySet<string>,
): Promise<readonly FolderMachine[]> => {
  const machines = await machinesBelow(vsphere, place.folder)
  if (machines === undefined) {
    if (owned.size === 0) return []
    throw new Fault('not-found', `vCenter at ${vsphere.endpoint} has no folder ${place.folder}.`, {
      details: {
        endpoint: vsphere.endpoint,
        hint: 'See whether somebody renamed it, or the account may not see it any more.',
      },
    })
  }
  const candidates = machines.filter(({ name }) => !owned.has(name)).slice(0, mostCandidates)
  const marked = new Set<string>()
  for (const machine of candidates) if (await isOurs(vsphere, place, machine)) marked.add(machine.name)
  return machines.map(({ name }) => ({ name, isMarked: owned.has(name) || marked.has(name) }))
}
