/** A process, as `ProcessIdentity` tells it apart. */
export interface MarkedProcess {
  readonly pid: number
  readonly started: string
  /** By SIGSTOP or a terminal. */
  readonly isStopped: boolean
}

/** Every process of this machine whose environment has exactly this `NAME=value`, but this one. Linux only. Never throws. */
export declare const markedProcesses: (variable: string) => readonly MarkedProcess[]

/** Ends them at once; how many those were. Never throws. */
export declare const endMarked: (variable: string) => number
