import type { Revision } from './revision.ts'

/** The triple is its identity (reference §5). */
export interface Grant {
  readonly subjectID: string
  readonly objectID: string
  readonly roleID: string
}

export const grantKey = (grant: Grant): string => `${grant.subjectID}/${grant.objectID}/${grant.roleID}`

/** All grants, found by subject in no time. Checks nothing about the three ids. */
export class Grants {
  readonly #bySubject = new Map<string, Map<string, Grant>>()
  readonly #revision: Revision

  constructor(revision: Revision) {
    this.#revision = revision
  }

  all(): Grant[] {
    return [...this.#bySubject.values()].flatMap((grants) => [...grants.values()])
  }

  ofSubject(subjectId: string): readonly Grant[] {
    return [...(this.#bySubject.get(subjectId)?.values() ?? [])]
  }

  has(grant: Grant): boolean {
    return this.#bySubject.get(grant.subjectID)?.has(grantKey(grant)) ?? false
  }

  /** Idempotent. */
  put({ subjectID, objectID, roleID }: Grant): void {
    const grant: Grant = { subjectID, objectID, roleID }
    const grants = this.#bySubject.get(subjectID) ?? new Map<string, Grant>()
    this.#bySubject.set(subjectID, grants.set(grantKey(grant), grant))
    this.#revision.bump()
  }

  /** Whether there was one. */
  remove(grant: Grant): boolean {
    const removed = this.#bySubject.get(grant.subjectID)?.delete(grantKey(grant)) ?? false
    if (removed) this.#revision.bump()
    return removed
  }

  removeSubject(subjectId: string): void {
    this.#bySubject.delete(subjectId)
    this.#revision.bump()
  }

  removeObject(objectId: string): void {
    for (const grant of this.all()) if (grant.objectID === objectId) this.remove(grant)
  }
}
