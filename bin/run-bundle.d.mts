/** A script that was run. */
export interface RunBundle {
  readonly exports: Readonly<Record<string, unknown>>
  /** Keeps its compiled form for the next time, where none is kept and the run was worth it. Never throws. */
  readonly keep: () => void
}

/** Runs a script of `ensureBundle`, in the form that an earlier run has compiled it to where that is kept, whole and V8's own. */
export declare const runBundle: (path: string) => RunBundle
