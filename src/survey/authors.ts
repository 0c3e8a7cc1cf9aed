import type { Vsphere } from '../clients/vsphere.ts'
import { eventsOf } from '../clients/vsphere-events.ts'
import { findMachineByUuid } from '../clients/vsphere-inventory.ts'
import type { ObjectReference } from '../clients/vsphere-xml.ts'
import type { Connected } from '../deploy/connected.ts'
import { withSystems } from './systems.ts'

/** Who changed something by hand. */
export interface Author {
  readonly user: string
  /** ISO 8601. */
  readonly at: string
}

/** A resource that was found otherwise than it was applied. */
export interface ChangedResource {
  readonly stack: string
  /** The key of the desired state. */
  readonly key: string
  /** Type token. */
  readonly type: string
  /** In its system. */
  readonly id: string | undefined
}

export interface AuthorsRequest {
  readonly connected: Connected
  readonly changes: readonly ChangedResource[]
}

type Find = (vsphere: Vsphere, id: string) => Promise<ObjectReference | undefined>

const managed =
  (type: string): Find =>
  async (_, id) => ({ type, id })

/** How a resource's id leads to its object in vCenter, by type token. UCP, Docker, Vault and the registry tell nobody's name. */
const objects: Readonly<Record<string, Find>> = {
  'vsphere:index/virtualMachine:VirtualMachine': findMachineByUuid,
  'vsphere:index/folder:Folder': managed('Folder'),
  'vsphere:index/resourcePool:ResourcePool': managed('ResourcePool'),
  'vsphere:index/distributedPortGroup:DistributedPortGroup': managed('DistributedVirtualPortgroup'),
}

/** `DOMAIN\name`, `name@domain` and `name` are one. */
const plainUser = (user: string): string =>
  user
    .slice(user.indexOf('\\') + 1)
    .split('@', 1)[0]
    ?.toLowerCase() ?? ''

/** The last one that changed an object and is not us; undefined where nobody is known. */
export const lastAuthor = async (
  vsphere: Vsphere,
  object: ObjectReference,
  own: string,
): Promise<Author | undefined> => {
  const others = (await eventsOf(vsphere, object)).filter(({ user }) => plainUser(user) !== plainUser(own))
  const [last] = others
  return last === undefined ? undefined : { user: last.user, at: last.at }
}

/**
 * Who changed resources of one cluster by hand, by `stack key`, as far as their systems tell: vCenter does.
 *
 * @throws {Fault} as the clients do.
 */
export const authorsOf = ({ connected, changes }: AuthorsRequest): Promise<ReadonlyMap<string, Author>> =>
  withSystems(connected, async ({ vsphere }) => {
    const authors = new Map<string, Author>()
    for (const { stack, key, type, id } of changes) {
      const find = objects[type]
      if (find === undefined || id === undefined) continue
      const object = await find(vsphere(), id)
      const author =
        object === undefined ? undefined : await lastAuthor(vsphere(), object, connected.vcenter().user)
      if (author !== undefined) authors.set(`${stack} ${key}`, author)
    }
    return authors
  })
