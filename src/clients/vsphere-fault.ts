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
  HostNotConnected: 'unavailable',
  HostCommunication: 'unavailable',
  SystemError: 'unavailable',
  RuntimeFault: 'unavailable',
  VimFault: 'unavailable',
  Timedout: 'unavailable',
  VAppTaskInProgress: 'conflict',
  RequestCanceled: 'cancelled',
}

const hints: Readonly<Record<string, string>> = {
  InvalidLogin: 'Check the user and the password of this connection’s vCenter.',
  NoPermission: 'Give the connection’s vCenter user a role with this privilege on the object.',
  DuplicateName: 'Rename or remove the object that has this name, or import it.',
  ResourceInUse: 'Remove what uses it first, then run again.',
  ManagedObjectNotFound: 'It is gone from vCenter: refresh, then run again.',
  NotAuthenticated: 'vCenter ends its sessions at once: look at its health, then run again.',
  TaskInProgress: 'Wait for the task that is under way on it in vCenter, then run again.',
  ConcurrentAccess: 'Somebody else changed it at the same moment: run again.',
  InvalidPowerState: 'Look at its power state in vCenter, then run again.',
  InsufficientResourcesFault: 'Give the hosts or the resource pool more room, or make the pool smaller.',
  NoDiskSpace: 'Make room on the datastore, then run again.',
}

/** What to do about a fault that has no hint of its own. */
const hintOf = (vimFault: string, code: FaultCode): string =>
  hints[vimFault] ??
  (code === 'unavailable'
    ? 'Look at the health of vCenter and its hosts, then run again.'
    : 'Look at the object’s tasks and events in vCenter, then run again.')

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
  const code = codes[vimFault] ?? 'invalid-request'
  const about = element === undefined ? '' : specifics(element)
  return new VsphereFault(
    code,
    `${context.what}: ${vimFault}${about}${context.message === '' ? '' : `: ${context.message}`}`,
    { vimFault, object: toReference(childAt(element, 'object') ?? childAt(element, 'obj')) },
    {
      retryable: vimFault === 'TaskInProgress' || vimFault === 'ConcurrentAccess',
      details: { ...context.details, hint: hintOf(vimFault, code) },
    },
  )
}
