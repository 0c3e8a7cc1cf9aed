import { randomUUID } from 'node:crypto'
import type { CollectionNode, LabelConstraint } from './access.ts'
import { invalid, notFound, Refusal } from './refusal.ts'
import type { Revision } from './revision.ts'

/** A collection; paths follow from names and parents, both immutable (reference §3). */
export interface Collection extends CollectionNode {
  readonly name: string
  readonly builtIn: boolean
  readonly legacyLabelKey: string
  readonly legacyLabelValue: string
  readonly createdAt: string
  readonly updatedAt: string
}

export interface NewCollection {
  readonly name: string
  readonly parentId: string
  readonly labelConstraints?: readonly LabelConstraint[]
  readonly legacyLabelKey?: string
  readonly legacyLabelValue?: string
}

export const rootId = 'swarm'
export const privateParentId = 'private'
/** The id of `/Shared/Legacy` is a guess of the reference (§3.2). */
const builtIns = [
  { id: 'system', name: 'System', parentId: rootId },
  { id: 'shared', name: 'Shared', parentId: rootId },
  { id: privateParentId, name: 'Private', parentId: 'shared' },
  { id: 'legacy', name: 'Legacy', parentId: 'shared' },
] as const
const longestName = 100

export const noSuchCollection = (what: string, status = 404): Refusal =>
  status === 404
    ? notFound('NO_SUCH_COLLECTION', `No collection ${JSON.stringify(what)} exists.`)
    : new Refusal(status, 'NOT_AUTHORIZED', 'access denied')

/** The tree of collections. */
export class Collections {
  readonly #byId = new Map<string, Collection>()
  readonly #children = new Map<string, Map<string, string>>()
  readonly #revision: Revision
  readonly #now: () => number
  readonly #duplicateStatus: number

  constructor(options: { revision: Revision; now: () => number; duplicateStatus: number }) {
    this.#revision = options.revision
    this.#now = options.now
    this.#duplicateStatus = options.duplicateStatus
    this.#put(
      this.#make({ name: '', parentId: '' }, { id: rootId, path: '/', ancestorIds: [], builtIn: true }),
    )
    for (const { id, name, parentId } of builtIns) this.#attach({ name, parentId }, { id, builtIn: true })
  }

  all(): Collection[] {
    return [...this.#byId.values()]
  }

  find(id: string): Collection | undefined {
    return this.#byId.get(id)
  }

  /** @throws {Refusal} 404. */
  get(id: string): Collection {
    const collection = this.#byId.get(id)
    if (collection === undefined) throw noSuchCollection(id)
    return collection
  }

  /** By absolute path, case-sensitive; undefined where a part is missing. */
  byPath(path: string): Collection | undefined {
    if (path === '/') return this.#byId.get(rootId)
    if (!path.startsWith('/')) return undefined
    let id: string | undefined = rootId
    for (const name of path.slice(1).split('/')) id = this.#children.get(id ?? '')?.get(name)
    return id === undefined ? undefined : this.#byId.get(id)
  }

  children(id: string): Collection[] {
    return [...(this.#children.get(id)?.values() ?? [])].flatMap((child) => this.#byId.get(child) ?? [])
  }

  /** @throws {Refusal} 404 for the parent, 400 for the name, COLLECTION_EXISTS where it is taken there. */
  create(given: NewCollection): Collection {
    if (this.#byId.get(given.parentId) === undefined) throw noSuchCollection(given.parentId)
    if (given.name.trim() === '' || given.name.length > longestName || given.name.includes('/'))
      throw invalid(`The collection name ${JSON.stringify(given.name)} is not allowed.`)
    if (this.#children.get(given.parentId)?.has(given.name))
      throw new Refusal(
        this.#duplicateStatus,
        'COLLECTION_EXISTS',
        `A collection ${given.name} exists already under its parent.`,
      )
    return this.#attach(given, { id: randomUUID(), builtIn: false })
  }

  constrain(id: string, labelConstraints: readonly LabelConstraint[]): void {
    this.#put({ ...this.get(id), labelConstraints, updatedAt: this.#time() })
  }

  /** Whether anything lies in it is asked before. */
  remove(id: string): void {
    const collection = this.get(id)
    this.#byId.delete(id)
    this.#children.get(collection.ancestorIds.at(-1) ?? '')?.delete(collection.name)
    this.#revision.bump()
  }

  #attach(given: NewCollection, own: { id: string; builtIn: boolean }): Collection {
    const parent = this.get(given.parentId)
    const collection = this.#make(given, {
      ...own,
      path: parent.path === '/' ? `/${given.name}` : `${parent.path}/${given.name}`,
      ancestorIds: [...parent.ancestorIds, parent.id],
    })
    const siblings = this.#children.get(parent.id) ?? new Map<string, string>()
    this.#children.set(parent.id, siblings.set(collection.name, collection.id))
    this.#put(collection)
    return collection
  }

  #make(given: NewCollection, own: Pick<Collection, 'id' | 'path' | 'ancestorIds' | 'builtIn'>): Collection {
    const at = this.#time()
    return {
      ...own,
      name: given.name === '' ? 'Swarm' : given.name,
      labelConstraints: given.labelConstraints ?? [],
      legacyLabelKey: given.legacyLabelKey ?? '',
      legacyLabelValue: given.legacyLabelValue ?? '',
      createdAt: at,
      updatedAt: at,
    }
  }

  #put(collection: Collection): void {
    this.#byId.set(collection.id, collection)
    this.#revision.bump()
  }

  #time(): string {
    return new Date(this.#now()).toISOString()
  }
}
