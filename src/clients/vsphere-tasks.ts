import { Fault } from '../core/fault.ts'
import type { SoapCall, Vsphere } from './vsphere.ts'
import { faultFrom, isVsphereFault } from './vsphere-fault.ts'
import { readObject } from './vsphere-properties.ts'
import { childAt, type ObjectReference, textAt, toReference, type XmlElement } from './vsphere-xml.ts'

const firstLookMilliseconds = 10
const slowestLookMilliseconds = 1_000
/** What a clone of a large template may take; the vendor's plugin waits as long (`clone.timeout`, 30 minutes). */
const longestTaskMilliseconds = 30 * 60_000

/** How often a call is sent again because another task was under way on its object, and how long that is waited for. */
const busyAttempts = 5
const busyMilliseconds = 1_000

interface TaskLimits {
  readonly timeoutMilliseconds?: number
  readonly signal?: AbortSignal
}

/**
 * Sends a call that starts a task, waits for its end and gives the task's result; again, a few times, where the object was
 * busy with another task.
 *
 * @throws {VsphereFault} what the task failed with
 * @throws {Fault} timeout when it has not ended in time; it goes on in vCenter
 * @throws {Fault} outcome-unknown when its end cannot be seen; it goes on as well
 * @throws {Fault} cancelled when the signal aborts; the task goes on as well
 */
export const runTask = async (
  vsphere: Vsphere,
  call: SoapCall,
  limits: TaskLimits = {},
): Promise<XmlElement | undefined> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(vsphere, call, limits)
    } catch (error) {
      const isBusy = isVsphereFault(error, 'TaskInProgress') && attempt < busyAttempts
      if (!isBusy || limits.signal?.aborted === true) throw error
      await vsphere.sleep(busyMilliseconds * attempt)
    }
  }
}

const runOnce = async (
  vsphere: Vsphere,
  call: SoapCall,
  limits: TaskLimits,
): Promise<XmlElement | undefined> => {
  const task = toReference(childAt(await vsphere.call(call), 'returnval'))
  if (task === undefined)
    throw new Fault('protocol', `vCenter at ${vsphere.endpoint} gave no task for ${call.method}.`, {
      details: { ...detailsOf(vsphere, call), hint: 'Run again: what happened is observed first.' },
    })
  const timeout = limits.timeoutMilliseconds ?? longestTaskMilliseconds
  const deadline = vsphere.now() + timeout
  const about = aboutOf(call)
  const details = detailsOf(vsphere, call)
  for (let wait = firstLookMilliseconds; ; wait = Math.min(wait * 2, slowestLookMilliseconds)) {
    const info = await look(vsphere, call, task)
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

const aboutOf = (call: SoapCall): string => call.resource ?? `${call.on.type} ${call.on.id}`

const detailsOf = (vsphere: Vsphere, call: SoapCall) => ({
  endpoint: vsphere.endpoint,
  call: call.method,
  resource: aboutOf(call),
})

/** How far a task is. A task that cannot be looked at goes on: what it was for may have happened or not. */
const look = async (
  vsphere: Vsphere,
  call: SoapCall,
  task: ObjectReference,
): Promise<XmlElement | undefined> => {
  try {
    return (await readObject(vsphere, task, ['info'])).get('info')
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    throw new Fault(
      'outcome-unknown',
      `vCenter took ${call.method} for ${aboutOf(call)}, but how it ended cannot be seen: ${cause.message}`,
      {
        cause,
        details: {
          ...detailsOf(vsphere, call),
          hint: `Run again: what happened is observed first. It is task ${task.id} in vCenter.`,
        },
      },
    )
  }
}

const taskFault = (vsphere: Vsphere, call: SoapCall, info: XmlElement | undefined): Fault => {
  const error = childAt(info, 'error')
  return faultFrom(childAt(error, 'fault'), {
    what: `vCenter at ${vsphere.endpoint} failed at ${call.method} for ${aboutOf(call)}`,
    message: textAt(error, 'localizedMessage') ?? '',
    details: detailsOf(vsphere, call),
  })
}
