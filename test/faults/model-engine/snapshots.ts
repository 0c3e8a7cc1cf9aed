import type { Deployment, PendingOperation, ResourceState } from './resource-state.ts'

/** Where states are written to; a process that is dead writes nothing. */
export type Write = (deployment: Deployment) => void

const copy = (state: ResourceState): ResourceState => ({ ...state })

/**
 * The checkpoints of one run: what it began and what it ended, over what was there before.
 * Source: `SnapshotManager` of pkg/v3/backend/snapshot.go, 3.245.0.
 */
export class Snapshots {
  base: readonly ResourceState[]
  readonly #keptPending: readonly PendingOperation[]
  readonly #write: Write
  readonly #news: ResourceState[] = []
  readonly #done = new Set<ResourceState>()
  readonly #open = new Map<ResourceState, PendingOperation['type']>()
  #isBehind = false

  constructor(base: Deployment, write: Write) {
    this.base = base.resources
    // Those of updates and deletes go with the first write; creates stay for a person.
    this.#keptPending = base.pending.filter(({ type }) => type === 'creating')
    this.#write = write
  }

  begin(state: ResourceState, type: PendingOperation['type']): void {
    this.#open.set(state, type)
    this.#save()
  }

  /** Without states nothing came of it. */
  end(
    operated: ResourceState,
    outcome: { readonly done?: ResourceState; readonly made?: ResourceState } = {},
  ): void {
    this.#open.delete(operated)
    this.#take(outcome)
    this.#save()
  }

  /** A step that changes nothing of weight is written with the next one. */
  same(old: ResourceState, now: ResourceState, isChanged: boolean): void {
    this.#take({ done: old, made: now })
    if (isChanged) this.#save()
    else this.#isBehind = true
  }

  done(old: ResourceState): void {
    this.#take({ done: old })
    this.#save()
  }

  /** After a refresh: written with the next write. */
  rebase(resources: readonly ResourceState[]): void {
    this.base = resources
    this.#isBehind = true
  }

  save(): void {
    this.#save()
  }

  /** Writes what was put off. */
  close(): void {
    if (this.#isBehind) this.#save()
  }

  #take({ done, made }: { readonly done?: ResourceState; readonly made?: ResourceState }): void {
    if (done !== undefined) this.#done.add(done)
    if (made !== undefined) this.#news.push(made)
  }

  #save(): void {
    this.#isBehind = false
    const resources = [...this.#news, ...this.base].filter((state) => !this.#done.has(state)).map(copy)
    const open = [...this.#open].map(([resource, type]) => ({ resource: copy(resource), type }))
    this.#write({ resources, pending: [...open, ...this.#keptPending] })
  }
}
