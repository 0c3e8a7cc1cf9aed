import { Fault } from '../core/fault.ts'
import type { SoapCall, Vsphere } from './vsphere.ts'
import { faultFrom } from './vsphere-fault.ts'
import { readObject } from './vsphere-properties.ts'
import { childAt, textAt, toReference, type XmlElement } from './vsphere-xml.ts'

const firstLookMilliseconds = 10
const slowestLookMilliseconds = 1_000
/** What a clone of a large template may take; the vendor's plugin waits as long (`clone.timeout`, 30 minutes). */
const longestTaskMilliseconds = 30 * 60_000

/**
 * Sends a call that starts a task, waits for its end and gives the task's result.
 *
 * @throws {VsphereFault} what the task failed with
 * @throws {Fault} timeout when it has not ended in time; it goes on in vCenter
 * @throws {Fault} cancelled when the signal aborts; the task goes on as well
 */
export const runTask = async (
  vsphere: Vsphere,
  call: SoapCall,
  limits: { readonly timeoutMilliseconds?: number; readonly signal?: AbortSignal } = {},
): Promise<XmlElement | undefined> => {
  const task = toReference(childAt(await vsphere.call(call), 'returnval'))
  if (task === undefined)
    throw new Fault('protocol', `vCenter at ${vsphere.endpoint} gave no task for ${call.method}.`)
  const timeout = limits.timeoutMilliseconds ?? longestTaskMilliseconds
  const deadline = vsphere.now() + timeout
  const about = call.resource ?? `${call.on.type} ${call.on.id}`
  const details = { endpoint: vsphere.endpoint, call: call.method, resource: about }
  for (let wait = firstLookMilliseconds; ; wait = Math.min(wait * 2, slowestLookMilliseconds)) {
    const info = (await readObject(vsphere, task, ['info'])).get('info')
    const state = textAt(info, 'state')
    if (state === 'success') return childAt(info, 'result')
    if (state === 'error') throw taskFault(vsphere, call, info)
    if (limits.signal?.aborted === true)
      throw new Fault('cancelled', `Cancelled while vCenter worked on ${call.method} for ${about}.`, {
        details,
      })
    if (vsphere.now() + wait > deadline)
      throw new Fault(
        'timeout',
        `vCenter at ${vsphere.endpoint} did not end ${call.method} for ${about} within ${timeout / 1000} s.`,
        { details: { ...details, hint: `Look at task ${task.id} in vCenter, then run again.` } },
      )
    await vsphere.sleep(wait)
  }
}

const taskFault = (vsphere: Vsphere, call: SoapCall, info: XmlElement | undefined): Fault => {
  const error = childAt(info, 'error')
  const about = call.resource === undefined ? {} : { resource: call.resource }
  return faultFrom(childAt(error, 'fault'), {
    what: `vCenter at ${vsphere.endpoint} failed at ${call.method}${call.resource === undefined ? '' : ` for ${call.resource}`}`,
    message: textAt(error, 'localizedMessage') ?? '',
    details: { endpoint: vsphere.endpoint, call: call.method, ...about },
  })
}
