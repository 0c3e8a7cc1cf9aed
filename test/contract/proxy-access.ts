import type { Access, Caller, CollectionNode, LabelConstraint, NodePolicy } from '../../src/lab/ucp/access.ts'

interface FakeOptions {
  /** `user: { path: operations }`; an operation may be `Service Create [Host Bind Mounts]`. */
  readonly grants: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  readonly paths: readonly string[]
  readonly labelConstraints?: Readonly<Record<string, readonly LabelConstraint[]>>
  readonly policy?: Partial<NodePolicy>
}

const idOf = (path: string): string =>
  path === '/' ? 'swarm' : path.slice(1).toLowerCase().replaceAll('/', '-')

const ancestorsOf = (path: string): string[] => {
  const parts = path.split('/').filter((part) => part !== '')
  return ['/', ...parts.slice(0, -1).map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)].slice(
    0,
    path === '/' ? 0 : undefined,
  )
}

/** A few collections and grants, judged by the reference's rules in the plainest way. */
export class FakeAccess implements Access {
  trust: { required: boolean; signers: readonly string[] } = { required: false, signers: [] }
  policy: NodePolicy
  readonly #options: FakeOptions
  readonly #paths: readonly string[]

  constructor(options: FakeOptions) {
    this.#options = options
    this.#paths = ['/', '/System', '/Shared', '/Shared/Private', ...options.paths]
    this.policy = {
      adminsScheduleOnManagers: false,
      advancedLicense: true,
      defaultNodeOrchestrator: 'swarm',
      ...options.policy,
    }
  }

  collectionByPath(path: string): CollectionNode | undefined {
    if (!this.#paths.includes(path)) return undefined
    return {
      id: idOf(path),
      path,
      ancestorIds: ancestorsOf(path).map(idOf),
      labelConstraints: this.#options.labelConstraints?.[path] ?? [],
    }
  }

  collectionById(id: string): CollectionNode | undefined {
    const path = this.#paths.find((one) => idOf(one) === id)
    return path === undefined ? undefined : this.collectionByPath(path)
  }

  defaultCollection(caller: Caller): CollectionNode {
    const collection = this.collectionByPath(`/Shared/Private/${caller.name}`) ?? this.collectionByPath('/')
    if (collection === undefined) throw new Error('no root')
    return collection
  }

  may(caller: Caller, operation: string, collectionId: string, subPermission?: string): boolean {
    if (caller.isAdmin) return true
    const collection = this.collectionById(collectionId)
    if (collection === undefined) return false
    const wanted = subPermission === undefined ? operation : `${operation} [${subPermission}]`
    return Object.entries(this.#options.grants[caller.name] ?? {}).some(
      ([path, operations]) =>
        [...collection.ancestorIds, collection.id].includes(idOf(path)) && operations.includes(wanted),
    )
  }

  schedulingCollection(caller: Caller, collectionId: string): CollectionNode | undefined {
    const collection = this.collectionById(collectionId)
    return [...(collection?.ancestorIds ?? []), collectionId]
      .filter((id) => this.may(caller, 'Node Schedule', id))
      .map((id) => this.collectionById(id))
      .at(0)
  }

  contentTrust() {
    return this.trust
  }

  nodePolicy() {
    return this.policy
  }
}
