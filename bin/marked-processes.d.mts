/** A process, as `ProcessIdentity` tells it apart. */
interface Identity {
  readonly pid: number
  readonly started: string
}

export interface MarkedProcess extends Identity {
  /** By SIGSTOP or a terminal. */
  readonly isStopped: boolean
}

/** Every process of this machine whose environment has exactly this `NAME=value`, but this one. Linux only. Never throws. */
export declare const markedProcesses: (variable: string) => readonly MarkedProcess[]

/** Every process below one. Linux only. Never throws. */
export declare const processesBelow: (root: number) => readonly Identity[]

/** Ends processes at once, but none that only got the number of one of them; how many those were. Never throws. */
export declare const endAll: (processes: readonly Identity[]) => number

/** Ends all that `markedProcesses` finds; how many those were. Never throws. */
export declare const endMarked: (variable: string) => number
