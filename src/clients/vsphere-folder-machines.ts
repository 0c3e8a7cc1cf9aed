import type { Vsphere } from './vsphere.ts'
import { destroyObject, findByInventoryPath, type NamedObject } from './vsphere-inventory.ts'
import { powerOff, readMachine } from './vsphere-machines.ts'
import { retrieve, type Traversal } from './vsphere-properties.ts'

/** Folders below folders, each with what stands in it. */
const below: Traversal = { name: 'below', type: 'Folder', path: 'childEntity', next: ['below'] }

/**
 * The VMs in a folder and in the folders below it, templates aside; undefined where there is no such folder. One call, read page by page.
 *
 * @throws {Fault} as `Vsphere` does.
 */
export const machinesBelow = async (
  vsphere: Vsphere,
  path: string,
): Promise<readonly NamedObject[] | undefined> => {
  const folder = await findByInventoryPath(vsphere, path)
  if (folder === undefined) return undefined
  const contents = await retrieve(vsphere, {
    roots: [folder],
    skipRoots: true,
    traversals: [below],
    properties: { VirtualMachine: ['name', 'config.template'] },
    resource: `VMs in ${path}`,
  })
  return contents
    .filter(
      ({ reference, properties }) =>
        reference.type === 'VirtualMachine' && properties.get('config.template')?.text !== 'true',
    )
    .map(({ reference, properties }) => ({ reference, name: properties.get('name')?.text ?? '' }))
}

/** What a VM says of itself since its clone; undefined where it is gone. */
export const readGuestInfo = async (
  vsphere: Vsphere,
  { reference }: NamedObject,
): Promise<Readonly<Record<string, string>> | undefined> =>
  (await readMachine(vsphere, reference))?.extraConfig

/** Cuts a VM's power and deletes it with its disks; succeeds where it is gone. */
export const destroyMachine = async (vsphere: Vsphere, { reference, name }: NamedObject): Promise<void> => {
  if ((await readMachine(vsphere, reference)) === undefined) return
  await powerOff(vsphere, reference, `VM ${name}`)
  await destroyObject(vsphere, reference, `VM ${name}`)
}
