import { leaf, type ObjectReference, referenceNode, type Xml } from '../../clients/vsphere-xml.ts'

/** A fault that the vCenter answers with, e.g. `DuplicateName`. */
export class SoapFault extends Error {
  readonly vimFault: string
  readonly fields: readonly (Xml | undefined)[]

  constructor(vimFault: string, message = '', fields: readonly (Xml | undefined)[] = []) {
    super(message)
    this.name = 'SoapFault'
    this.vimFault = vimFault
    this.fields = fields
  }
}

export const duplicateName = (name: string, holder: ObjectReference): SoapFault =>
  new SoapFault('DuplicateName', `The name '${name}' already exists.`, [
    leaf('name', name),
    referenceNode('object', holder),
  ])

export const notFound = (reference: ObjectReference): SoapFault =>
  new SoapFault(
    'ManagedObjectNotFound',
    'The object has already been deleted or has not been completely created',
    [referenceNode('obj', reference)],
  )

export const invalidArgument = (property: string): SoapFault =>
  new SoapFault('InvalidArgument', `A specified parameter was not correct: ${property}`, [
    leaf('invalidProperty', property),
  ])

export const invalidPowerState = (existing: string): SoapFault =>
  new SoapFault(
    'InvalidPowerState',
    `The attempted operation cannot be performed in the current state (${existing}).`,
    [leaf('existingState', existing)],
  )
