import { Fault, type FaultCode, type FaultDetails } from '../core/fault.ts'
import { childAt, type ObjectReference, textAt, toReference, type XmlElement } from './vsphere-xml.ts'

/** A fault that vCenter named itself, e.g. `DuplicateName`. Source: vSphere Web Services API, fault types. */
export class VsphereFault extends Fault {
  /** The name of the fault's type. */
  readonly vimFault: string
  /** The object that a `DuplicateName` or `ManagedObjectNotFound` is about. */
  readonly object: ObjectReference | undefined

  constructor(
    code: FaultCode,
    message: string,
    named: { vimFault: string; object: ObjectReference | undefined },
    options: { retryable?: boolean; details?: FaultDetails } = {},
  ) {
    super(code, message, options)
    this.name = 'VsphereFault'
    this.vimFault = named.vimFault
    this.object = named.object
  }
}

/** Whether `error` is the vCenter fault of that name. Never throws. */
export const isVsphereFault = (error: unknown, vimFault: string): error is VsphereFault =>
  error instanceof VsphereFault && error.vimFault === vimFault

const codes: Readonly<Record<string, FaultCode>> = {
  NotAuthenticated: 'unauthenticated',
  InvalidLogin: 'unauthenticated',
  NoPermission: 'forbidden',
  ManagedObjectNotFound: 'not-found',
  NotFound: 'not-found',
  DuplicateName: 'conflict',
  AlreadyExists: 'conflict',
  ResourceInUse: 'conflict',
  InvalidPowerState: 'conflict',
  InvalidState: 'conflict',
  TaskInProgress: 'conflict',
  ConcurrentAccess: 'out-of-sequence',
  HostNotReachable: 'unavailable',
  HostCommunication: 'unavailable',
  RequestCanceled: 'cancelled',
}

const hints: Readonly<Record<string, string>> = {
  InvalidLogin: 'Check the user and the password of this connection’s vCenter.',
  NoPermission: 'Give the connection’s vCenter user a role with this privilege on the object.',
  DuplicateName: 'Rename or remove the object that has this name, or import it.',
  ResourceInUse: 'Remove what uses it first.',
}

/** What the details of a fault say beyond its name: the name, property or state it is about. */
const specifics = (fault: XmlElement): string => {
  const told = ['name', 'invalidProperty', 'property', 'existingState', 'privilegeId', 'reason']
    .map((field) => [field, textAt(fault, field)] as const)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([field, value]) => `${field} ${value}`)
  return told.length === 0 ? '' : ` (${told.join(', ')})`
}

/**
 * The typed fault in a `LocalizedMethodFault` or in the detail of a SOAP fault.
 *
 * @param element what carries the fault's fields and its `xsi:type`
 */
export const faultFrom = (
  element: XmlElement | undefined,
  context: { readonly what: string; readonly message: string; readonly details: FaultDetails },
): VsphereFault => {
  const vimFault = element?.kind ?? element?.name.replace(/Fault$/, '') ?? 'RuntimeFault'
  const hint = hints[vimFault]
  const about = element === undefined ? '' : specifics(element)
  return new VsphereFault(
    codes[vimFault] ?? 'invalid-request',
    `${context.what}: ${vimFault}${about}${context.message === '' ? '' : `: ${context.message}`}`,
    { vimFault, object: toReference(childAt(element, 'object') ?? childAt(element, 'obj')) },
    {
      retryable: vimFault === 'TaskInProgress' || vimFault === 'ConcurrentAccess',
      details: { ...context.details, ...(hint === undefined ? {} : { hint }) },
    },
  )
}
