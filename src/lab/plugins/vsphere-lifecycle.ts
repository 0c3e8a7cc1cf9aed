import type { Vsphere } from '../../clients/vsphere.ts'
import { findByInventoryPath } from '../../clients/vsphere-inventory.ts'
import type { ObjectReference } from '../../clients/vsphere-xml.ts'
import type { Properties, ResourceType } from '../../provider/plugin.ts'
import { observedInputs, pick } from './vsphere-fields.ts'
import { syncTags } from './vsphere-places.ts'

/** A managed object that carries tags, as its resource type knows it. */
interface TaggedResource {
  /** What messages call one of these inputs. */
  readonly nameOf: (inputs: Properties) => string
  readonly byId: (id: string) => ObjectReference
  /** Makes it, or finds what an interrupted run made. */
  readonly ensure: (vsphere: Vsphere, inputs: Properties) => Promise<ObjectReference>
  /** Undefined where it is gone. */
  readonly observe: (
    vsphere: Vsphere,
    reference: ObjectReference,
    inputs?: Properties,
  ) => Promise<Properties | undefined>
  /** What vCenter holds of what is not asked for. */
  readonly usual: Properties
  /** Names of outputs that become inputs when it is imported. */
  readonly importable: readonly string[]
}

/** Create and read of an object that is identified by managed object id and imported by inventory path. */
export const taggedLifecycle = ({
  nameOf,
  byId,
  ensure,
  observe,
  usual,
  importable,
}: TaggedResource): Pick<ResourceType<Vsphere>, 'create' | 'read'> => ({
  async create(vsphere, inputs) {
    const reference = await ensure(vsphere, inputs)
    await syncTags(vsphere, { reference, what: nameOf(inputs) }, inputs)
    return { id: reference.id, outputs: (await observe(vsphere, reference, inputs)) ?? {} }
  },

  async read(vsphere, id, inputs) {
    const reference = id.startsWith('/') ? await findByInventoryPath(vsphere, id) : byId(id)
    const outputs = reference && (await observe(vsphere, reference, inputs))
    if (reference === undefined || outputs === undefined) return undefined
    return {
      id: reference.id,
      inputs: inputs ? observedInputs(inputs, outputs, usual) : pick(outputs, importable),
      outputs,
    }
  },
})
