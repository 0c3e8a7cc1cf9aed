import { isFault } from '../core/fault.ts'
import type { Vsphere } from './vsphere.ts'
import { leaf, node, type ObjectReference, referenceNode, textAt, type XmlElement } from './vsphere-xml.ts'

/** Something that vCenter noted of an object. */
export interface VsphereEvent {
  /** ISO 8601. */
  readonly at: string
  /** `DOMAIN\name`. */
  readonly user: string
  readonly message: string
}

/** A singleton of every vCenter (API: ServiceContent.eventManager, whose id has not changed since 2.0). */
const eventManager: ObjectReference = { type: 'EventManager', id: 'EventManager' }

const toEvent = (element: XmlElement): VsphereEvent => ({
  at: textAt(element, 'createdTime') ?? '',
  user: textAt(element, 'userName') ?? '',
  message: textAt(element, 'fullFormattedMessage') ?? '',
})

/**
 * The events of an object that a user is named for, the newest first; none where this vCenter tells of none.
 *
 * @throws {Fault} as `Vsphere` does, but for a server that knows no events. Source: `EventManager.QueryEvents`.
 */
export const eventsOf = async (
  vsphere: Vsphere,
  entity: ObjectReference,
): Promise<readonly VsphereEvent[]> => {
  const by = node('entity', [referenceNode('entity', entity), leaf('recursion', 'self')])
  try {
    const answer = await vsphere.call({
      method: 'QueryEvents',
      on: eventManager,
      parameters: [node('filter', [by])],
      resource: `events of ${entity.id}`,
      readOnly: true,
    })
    return answer.children
      .filter(({ name }) => name === 'returnval')
      .map(toEvent)
      .filter(({ user }) => user !== '')
      .sort((a, b) => (a.at < b.at ? 1 : -1))
  } catch (error) {
    if (isFault(error, 'invalid-request') || isFault(error, 'not-found')) return []
    throw error
  }
}
