import type { Clock } from '../../clients/clock.ts'
import type { Registry } from '../../clients/registry.ts'
import type { Ucp } from '../../clients/ucp.ts'
import type { UcpGrant } from '../../clients/ucp-grants.ts'
import type { ResourceContext } from '../plugin.ts'

/** What every resource of the ucp plugin works with; one a process. */
export interface UcpClient {
  readonly ucp: Ucp
  readonly registry: Registry
  /** The stack that owns what this run makes, e.g. `nonprod.retail-banking`. */
  readonly owner: string
  /** Whether things that exist and carry no mark of ours are taken over. */
  readonly adopt: boolean
  readonly clock: Clock
  /**
   * Grants that this process put, by their ids. A renamed team's grant is replaced by one with the same ids, and the old
   * one's delete, which comes after, must not take the new one away.
   */
  readonly grantsPut: Set<string>
  /** Runs one at a time: the configuration file is replaced whole (reference §9.1). */
  readonly oneAtATime: <T>(task: () => Promise<T>) => Promise<T>
}

/** A grant's ids as one text. */
export const grantKey = ({ subjectId, collectionId, roleId }: UcpGrant): string =>
  `${subjectId}/${collectionId}/${roleId}`

/** UCP, for calls about one resource. */
export const ucpFor = (client: UcpClient, context: ResourceContext, resource: string): Ucp =>
  client.ucp.within({ signal: context.signal, resource })

/** The registry, for calls about one resource. */
export const registryFor = (client: UcpClient, context: ResourceContext, resource: string): Registry =>
  client.registry.within({ signal: context.signal, resource })

/** A queue of one. */
export const oneAtATime = (): UcpClient['oneAtATime'] => {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const next = last.then(task, task)
    last = next.catch(() => {})
    return next
  }
}
