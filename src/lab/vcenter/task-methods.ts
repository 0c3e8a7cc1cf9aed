import {
  leaf,
  node,
  type ObjectReference,
  referenceNode,
  textNode,
  typed,
  type Xml,
} from '../../clients/vsphere-xml.ts'
import type { Call, Method } from './soap-call.ts'
import { returnReference } from './soap-call.ts'
import { SoapFault } from './soap-fault.ts'

/** Work that a task does; what it made where it makes something. */
export type Work = (call: Call) => ObjectReference | undefined

const resultNode = (made: ObjectReference | undefined): Xml | undefined =>
  made && node('result', [textNode(made.id)], { type: made.type, 'xsi:type': 'ManagedObjectReference' })

/** Whether a task that made this is still at it: a VM whose clone is held. */
const isUnderWay = ({ inventory }: Call, made: ObjectReference | undefined): boolean => {
  const object = made && inventory.get(made.id)
  return object?.type === 'VirtualMachine' && object.isBeingMade
}

type Outcome = () => readonly (Xml | undefined)[]

const outcomeOf = (call: Call, work: Work): Outcome => {
  try {
    const made = work(call)
    return () =>
      isUnderWay(call, made) ? [leaf('state', 'running')] : [leaf('state', 'success'), resultNode(made)]
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error
    const fault = typed('fault', error.vimFault, error.fields)
    return () => [leaf('state', 'error'), node('error', [fault, leaf('localizedMessage', error.message)])]
  }
}

/** A method that answers with a task, which ends at once but for clones that are held; what fails, fails in the task. */
export const asTask =
  (work: Work): Method =>
  (call) => {
    const outcome = outcomeOf(call, work)
    const { inventory, on, parameters } = call
    const info = () =>
      typed('val', 'TaskInfo', [
        leaf('name', parameters.name),
        referenceNode('entity', { type: on.type, id: on.id }),
        ...outcome(),
      ])
    const task = inventory.add('Task', null, { name: parameters.name, info })
    return [returnReference({ type: 'Task', id: task.id })]
  }
