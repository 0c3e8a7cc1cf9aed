import { node, type ObjectReference, type Xml, type XmlElement } from '../../clients/vsphere-xml.ts'
import type { Inventory, ManagedObject } from './inventory.ts'
import { invalidArgument } from './soap-fault.ts'

/** A call that came in, by a session that is open. */
export interface Call {
  readonly inventory: Inventory
  readonly on: ManagedObject
  /** The element of the method with its parameters. */
  readonly parameters: XmlElement
}

/** What a method answers: the `returnval` elements. `@throws {SoapFault}` */
export type Method = (call: Call) => readonly (Xml | undefined)[]

/** A method on objects of one type. */
export const on =
  <Type extends ManagedObject['type']>(
    type: Type,
    run: (object: Extract<ManagedObject, { type: Type }>, call: Call) => readonly (Xml | undefined)[],
  ): Method =>
  (call) =>
    run(call.inventory.require(type, call.on.type === type ? call.on.id : undefined), call)

/** A `returnval` that names a managed object. */
export const returnReference = (reference: ObjectReference): Xml =>
  node('returnval', [{ text: reference.id }], { type: reference.type })

/** The parameter that must be there. `@throws {SoapFault} InvalidArgument` */
export const given = <Value>(value: Value | undefined, property: string): Value => {
  if (value === undefined) throw invalidArgument(property)
  return value
}
