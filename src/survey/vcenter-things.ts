import type { Vsphere } from '../clients/vsphere.ts'
import { childrenOfFolder, findByInventoryPath } from '../clients/vsphere-inventory.ts'
import type { StackState } from '../model/desired-state.ts'
import type { LiveThing } from '../plan/unowned.ts'

/** Inventory paths of the folders that stacks hold, each once. Pure. */
export const machineFolders = (states: readonly StackState[]): readonly string[] => [
  ...new Set(
    states.flatMap(({ resources }) =>
      resources.flatMap((one) => (one.kind === 'VmFolder' ? [`/${one.datacenter}/vm/${one.path}`] : [])),
    ),
  ),
]

/** The VMs in some folders; those that are not there are left out. @throws {Fault} as `Vsphere` does. */
export const vcenterThings = async (
  vsphere: Vsphere,
  folders: readonly string[],
): Promise<readonly LiveThing[]> => {
  const things: LiveThing[] = []
  for (const path of folders) {
    const folder = await findByInventoryPath(vsphere, path)
    if (folder === undefined) continue
    for (const { reference, name } of await childrenOfFolder(vsphere, folder))
      if (reference.type === 'VirtualMachine') things.push({ kind: 'machine', name })
  }
  return things
}
