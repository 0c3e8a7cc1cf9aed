import type { FleetChange, StackChange } from '../fleet-change.ts'

/** One resource as the engine saw it in a preview or a run. The engine's own result has this shape. */
export interface EngineResource {
  /** Key of the desired state. */
  readonly name: string
  /** Type token, e.g. `docker:index/network:Network`. */
  readonly type: string
  readonly change: 'same' | 'create' | 'update' | 'replace' | 'delete'
  readonly failed: boolean
}

/** The end of the engine's run on one stack. */
export interface EngineRun {
  readonly stack: string
  readonly outcome: 'succeeded' | 'failed' | 'cancelled'
  readonly resources: readonly EngineResource[]
  readonly diagnostics: readonly {
    readonly severity: 'warning' | 'error'
    readonly message: string
    readonly resource?: string
    readonly hint?: string
  }[]
}

/** What the engine would do that the change of files does not explain. */
export interface Beyond {
  readonly stack: string
  readonly change: Exclude<EngineResource['change'], 'same'>
  /** Key of the resource. */
  readonly name: string
  /**
   * `unexplained`: the files say the same on both sides, so that something was not applied before or was changed by hand;
   * `replaces`: the files change it and the engine can do so only by making it anew.
   */
  readonly why: 'unexplained' | 'replaces'
}

const beyondStack = (run: EngineRun, stack: StackChange | undefined): readonly Beyond[] => {
  const said = new Map(stack?.changes.map(({ key, kind }) => [key, kind]))
  return run.resources.flatMap(({ name, change }): readonly Beyond[] => {
    if (change === 'same') return []
    const kind = said.get(name)
    if (kind === undefined) return [{ stack: run.stack, change, name, why: 'unexplained' }]
    return change === 'replace' && kind === 'update'
      ? [{ stack: run.stack, change, name, why: 'replaces' }]
      : []
  })
}

/** What the engine found beyond the change of files, in the order of the runs. Never throws. */
export const beyondFiles = (change: FleetChange, runs: readonly EngineRun[]): readonly Beyond[] => {
  const byStack = new Map(change.stacks.map((stack) => [stack.stack, stack]))
  return runs.flatMap((run) => beyondStack(run, byStack.get(run.stack)))
}
