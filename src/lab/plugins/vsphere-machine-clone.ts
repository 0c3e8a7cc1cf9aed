import type { Vsphere } from '../../clients/vsphere.ts'
import { scsiTypeOf } from '../../clients/vsphere-devices.ts'
import { isVsphereFault } from '../../clients/vsphere-fault.ts'
import { findMachineByUuid, requireAt } from '../../clients/vsphere-inventory.ts'
import { cloneMachine, type Machine, readMachine } from '../../clients/vsphere-machines.ts'
import type { ObjectReference } from '../../clients/vsphere-xml.ts'
import { Fault } from '../../core/fault.ts'
import { joinTicketKey } from '../../core/join-ticket.ts'
import type { Properties, ResourceContext } from '../../provider/plugin.ts'
import { integer, object, requiredText, text, textMap } from './vsphere-fields.ts'
import { configOf } from './vsphere-machine-fields.ts'
import { datacenterPath, foreign, inventoryPath } from './vsphere-places.ts'

const minuteMilliseconds = 60_000
const lookMilliseconds = 500

/** What messages call a VM of these inputs or outputs. */
export const nameOf = (properties: Properties): string => `VM ${requiredText(properties, 'name')}`

/** The folder that a VM of these inputs stands in. `@throws {Fault} not-found` where there is none. */
export const folderOf = async (vsphere: Vsphere, inputs: Properties): Promise<ObjectReference> => {
  const path = `${await datacenterPath(vsphere, inputs)}/vm${inventoryPath(text(inputs, 'folder') ?? '')}`
  return requireAt(vsphere, path.replace(/\/$/, ''), 'VM folder')
}

/**
 * Whether a VM is what an interrupted run of these inputs made. Its mark is set with the clone: the annotation where one is
 * asked for, else the `guestinfo.` settings; but for the join ticket, which each run asks for anew.
 */
const isOurs = (machine: Machine, inputs: Properties): boolean => {
  const annotation = text(inputs, 'annotation')
  if (annotation !== undefined && annotation !== '') return machine.annotation === annotation
  const marks = Object.entries(textMap(inputs, 'extraConfig')).filter(
    ([key]) => key.startsWith('guestinfo.') && key !== joinTicketKey,
  )
  return marks.length > 0 && marks.every(([key, value]) => machine.extraConfig[key] === value)
}

/** Source: the vendor's default for `clone.timeout`. */
const usualCloneMinutes = 30

const cloneMinutes = (inputs: Properties): number =>
  integer(object(inputs, 'clone'), 'timeout') ?? usualCloneMinutes

const templateOf = async (vsphere: Vsphere, inputs: Properties): Promise<Machine> => {
  const uuid = requiredText(object(inputs, 'clone'), 'templateUuid')
  const reference = await findMachineByUuid(vsphere, uuid)
  const template = reference && (await readMachine(vsphere, reference))
  if (template === undefined)
    throw new Fault('not-found', `vCenter at ${vsphere.endpoint} has no template with the UUID ${uuid}.`)
  const wanted = text(inputs, 'scsiType')
  const present = scsiTypeOf(template.devices)
  if (wanted !== undefined && wanted !== present)
    throw new Fault(
      'invalid-request',
      `VM ${requiredText(inputs, 'name')} is to have a ${wanted} controller, its template ${template.name} has ${present ?? 'none'}; the stand-in for the vendor’s plugin keeps the template’s.`,
    )
  return template
}

const clone = async (
  vsphere: Vsphere,
  inputs: Properties,
  context: ResourceContext,
): Promise<ObjectReference> => {
  const template = await templateOf(vsphere, inputs)
  const { firmware: _, ...config } = configOf(inputs)
  const datastore = text(inputs, 'datastoreId')
  const host = text(inputs, 'hostSystemId')
  return cloneMachine(vsphere, template.reference, {
    name: config.name,
    folder: await folderOf(vsphere, inputs),
    pool: { type: 'ResourcePool', id: requiredText(inputs, 'resourcePoolId') },
    datastore: datastore === undefined ? undefined : { type: 'Datastore', id: datastore },
    host: host === undefined ? undefined : { type: 'HostSystem', id: host },
    config,
    timeoutMilliseconds: cloneMinutes(inputs) * minuteMilliseconds,
    signal: context.signal,
  })
}

/** A VM whose name is taken; one that an earlier call is still cloning, once it shows what it is. */
const readCloned = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  inputs: Properties,
  context: ResourceContext,
): Promise<Machine | undefined> => {
  const deadline = vsphere.now() + cloneMinutes(inputs) * minuteMilliseconds
  for (;;) {
    const machine = await readMachine(vsphere, reference)
    if (machine === undefined || machine.uuid !== '') return machine
    if (vsphere.now() >= deadline || context.signal.aborted)
      throw new Fault(
        'timeout',
        `${nameOf(inputs)} is still being cloned in vCenter at ${vsphere.endpoint}.`,
        {
          details: {
            endpoint: vsphere.endpoint,
            resource: nameOf(inputs),
            hint: 'Look at its clone task in vCenter, then run again.',
          },
        },
      )
    await vsphere.sleep(lookMilliseconds)
  }
}

/** Clones the template, or finds the clone that an interrupted run of these inputs made. `@throws {Fault} foreign` where the name is another's. */
export const ensureClone = async (
  vsphere: Vsphere,
  inputs: Properties,
  context: ResourceContext,
): Promise<ObjectReference> => {
  try {
    return await clone(vsphere, inputs, context)
  } catch (error) {
    if (!isVsphereFault(error, 'DuplicateName') || error.object === undefined) throw error
    const present =
      error.object.type === 'VirtualMachine'
        ? await readCloned(vsphere, error.object, inputs, context)
        : undefined
    if (present !== undefined && isOurs(present, inputs)) return present.reference
    throw foreign(vsphere, nameOf(inputs), 'its annotation or guestinfo settings are others')
  }
}
