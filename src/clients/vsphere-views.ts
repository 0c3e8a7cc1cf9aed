import { Fault } from '../core/fault.ts'
import type { Vsphere } from './vsphere.ts'
import { isVsphereFault } from './vsphere-fault.ts'
import { type ObjectContent, retrieve } from './vsphere-properties.ts'
import { childAt, leaf, type ObjectReference, referenceNode, toReference } from './vsphere-xml.ts'

/** Which objects of the whole inventory, and what of them. */
export interface InventoryQuery {
  readonly type: string
  readonly paths: readonly string[]
}

/** A view of all objects of a type, kept by vCenter up to date for as long as the session lives. */
export const openView = async (vsphere: Vsphere, type: string): Promise<ObjectReference> => {
  const { viewManager, rootFolder } = await vsphere.content()
  const answer = await vsphere.call({
    method: 'CreateContainerView',
    on: viewManager,
    parameters: [referenceNode('container', rootFolder), leaf('type', type), leaf('recursive', true)],
    resource: `all ${type}s`,
    readOnly: true,
  })
  const view = toReference(childAt(answer, 'returnval'))
  if (view === undefined) throw new Fault('protocol', 'vCenter did not say which view it made.')
  return view
}

/** What a view shows now. `@throws {VsphereFault} ManagedObjectNotFound` where its session is over. */
export const readView = (
  vsphere: Vsphere,
  view: ObjectReference,
  query: InventoryQuery,
): Promise<readonly ObjectContent[]> =>
  retrieve(vsphere, {
    roots: [view],
    skipRoots: true,
    traversals: [{ name: 'view', type: 'ContainerView', path: 'view' }],
    properties: { [query.type]: query.paths },
    resource: `all ${query.type}s`,
  })

/** Ends a view; succeeds where it is gone already. */
const closeView = async (vsphere: Vsphere, view: ObjectReference): Promise<void> => {
  try {
    await vsphere.call({ method: 'DestroyView', on: view })
  } catch (error) {
    if (!isVsphereFault(error, 'ManagedObjectNotFound')) throw error
  }
}

/** All objects of a type in the inventory. */
export const readInventory = async (
  vsphere: Vsphere,
  query: InventoryQuery,
): Promise<readonly ObjectContent[]> => {
  const view = await openView(vsphere, query.type)
  try {
    return await readView(vsphere, view, query)
  } finally {
    await closeView(vsphere, view)
  }
}
