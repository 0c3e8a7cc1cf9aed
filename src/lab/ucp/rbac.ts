import type { Operations } from '../../core/ucp-operations.ts'
import type { Access, Caller, CollectionNode, NodePolicy } from './access.ts'
import type { Collections } from './collections.ts'
import type { Grant, Grants } from './grants.ts'
import { type Allowed, addAllowed, unionOf, variantKey } from './operations.ts'
import type { Revision } from './revision.ts'

/** What the access checks look things up in. */
export interface RbacSources {
  readonly revision: Revision
  readonly collections: Pick<Collections, 'find' | 'byPath'>
  readonly grants: Pick<Grants, 'ofSubject'>
  readonly operationsOf: (roleId: string) => Operations | undefined
  /** The user, their teams and their organizations, by id. */
  readonly subjectsOf: (userId: string) => readonly string[]
  readonly defaultCollectionOf: (userId: string) => CollectionNode
  readonly contentTrust: () => { readonly required: boolean; readonly signers: readonly string[] }
  readonly nodePolicy: () => NodePolicy
}

/** One caller's rights at one revision: what their grants say per collection, and unions as they were asked for. */
interface Rights {
  readonly revision: number
  readonly grants: ReadonlyMap<string, readonly Operations[]>
  readonly allowed: Map<string, Allowed>
}

const nothing: Allowed = new Set()

/**
 * UCP's rules (reference §6.2): an admin may everything; others the union of the roles that any of their subjects has on
 * the collection or one of its ancestors. There is no deny. Answers are kept until anything that they rest on changes.
 */
export class Rbac implements Access {
  readonly #sources: RbacSources
  readonly #rights = new Map<string, Rights>()

  constructor(sources: RbacSources) {
    this.#sources = sources
  }

  collectionByPath(path: string): CollectionNode | undefined {
    return this.#sources.collections.byPath(path.startsWith('/') ? path : `/Shared/Legacy/${path}`)
  }

  collectionById(id: string): CollectionNode | undefined {
    return this.#sources.collections.find(id)
  }

  defaultCollection(caller: Caller): CollectionNode {
    return this.#sources.defaultCollectionOf(caller.id)
  }

  may(caller: Caller, operation: string, collectionId: string, subPermission?: string): boolean {
    if (caller.isAdmin) return true
    const allowed = this.#allowedOn(caller.id, collectionId)
    return (
      allowed.has(operation) &&
      (subPermission === undefined || allowed.has(variantKey(operation, subPermission)))
    )
  }

  schedulingCollection(caller: Caller, collectionId: string): CollectionNode | undefined {
    const collection = this.#sources.collections.find(collectionId)
    if (collection === undefined) return undefined
    return [...collection.ancestorIds, collection.id]
      .filter((id) => this.may(caller, 'Node Schedule', id))
      .map((id) => this.#sources.collections.find(id))
      .at(0)
  }

  contentTrust(): { readonly required: boolean; readonly signers: readonly string[] } {
    return this.#sources.contentTrust()
  }

  nodePolicy(): NodePolicy {
    return this.#sources.nodePolicy()
  }

  /** Whether the caller may anything at all on the collection. */
  mayAnything(caller: Caller, collectionId: string): boolean {
    return caller.isAdmin || this.#allowedOn(caller.id, collectionId).size > 0
  }

  /** Whether the caller may anything on the collection beyond seeing and using the nodes in it. */
  mayBeyondNodes(caller: Caller, collectionId: string): boolean {
    if (caller.isAdmin) return true
    return [...this.#allowedOn(caller.id, collectionId)].some((operation) => !operation.startsWith('Node '))
  }

  /** The ids of collections on which the caller has a grant that allows something. */
  grantedCollections(caller: Caller): readonly string[] {
    return [...this.#rightsOf(caller.id).grants.keys()].filter((id) => this.mayAnything(caller, id))
  }

  /** The effective role on one collection; on all of them together where none is named. Grants only: admins bypass them. */
  effectiveOperations(caller: Caller, collectionId?: string): Operations {
    const { grants } = this.#rightsOf(caller.id)
    const collection = collectionId === undefined ? undefined : this.#sources.collections.find(collectionId)
    const ids =
      collectionId === undefined ? [...grants.keys()] : [...(collection?.ancestorIds ?? []), collectionId]
    return unionOf(ids.flatMap((id) => grants.get(id) ?? []))
  }

  #allowedOn(userId: string, collectionId: string): Allowed {
    const rights = this.#rightsOf(userId)
    const kept = rights.allowed.get(collectionId)
    if (kept !== undefined) return kept
    const collection = this.#sources.collections.find(collectionId)
    const allowed =
      collection === undefined
        ? nothing
        : allowedBy(rights.grants, [...collection.ancestorIds, collection.id])
    rights.allowed.set(collectionId, allowed)
    return allowed
  }

  #rightsOf(userId: string): Rights {
    const kept = this.#rights.get(userId)
    const revision = this.#sources.revision.value
    if (kept?.revision === revision) return kept
    const rights: Rights = { revision, grants: this.#grantsOf(userId), allowed: new Map() }
    this.#rights.set(userId, rights)
    return rights
  }

  #grantsOf(userId: string): ReadonlyMap<string, readonly Operations[]> {
    const byCollection = new Map<string, Operations[]>()
    for (const subject of this.#sources.subjectsOf(userId))
      for (const grant of this.#sources.grants.ofSubject(subject)) this.#collect(byCollection, grant)
    return byCollection
  }

  #collect(byCollection: Map<string, Operations[]>, grant: Grant): void {
    const operations = this.#sources.operationsOf(grant.roleID)
    if (operations === undefined) return
    const there = byCollection.get(grant.objectID) ?? []
    there.push(operations)
    byCollection.set(grant.objectID, there)
  }
}

const allowedBy = (
  grants: ReadonlyMap<string, readonly Operations[]>,
  collectionIds: readonly string[],
): Allowed => {
  const allowed = new Set<string>()
  for (const id of collectionIds)
    for (const operations of grants.get(id) ?? []) addAllowed(allowed, operations)
  return allowed
}
