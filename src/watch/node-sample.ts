/** What a node's kernel said at one moment. */
export interface NodeSample {
  /** Milliseconds of the monotonic clock of whoever took it. */
  readonly at: number
  /** Share of the CPUs that is in use or waited for, in percent; above 100 where more is waiting than there are CPUs. */
  readonly loadPercent: number
  /** Share of the memory that is not available to new work, in percent. */
  readonly memoryPercent: number
}
