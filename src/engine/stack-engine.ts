import type { StackOperation, StackResult } from './stack-result.ts'

export interface EngineOptions {
  /** Reads what is there into the state first, so that the run is against the world. */
  readonly refresh?: boolean
}

/** What the recovery of one stack asks of an engine: the CLI in production, a model of it in `test/faults`. */
export interface StackEngine {
  readonly stack: string
  /** One run to its end. `up` makes the stack's empty state where it is new. */
  readonly run: (operation: StackOperation, options?: EngineOptions) => Promise<StackResult>
  /**
   * The state as the engine exports it, JSON text; secrets stay encrypted.
   *
   * @throws {Fault} `unavailable` when it cannot be read.
   */
  readonly exportState: () => Promise<string>
  /**
   * Replaces the state; what is pending in it is dropped.
   *
   * @throws {Fault} `unavailable` when it cannot be written.
   */
  readonly importState: (state: string) => Promise<void>
  /**
   * URNs of creates that failed in runs before and were not settled since. The engine knows them no more, and each may have
   * taken effect.
   */
  readonly doubtful: () => Promise<readonly string[]>
  /** Whether a run before was cut off or failed, and none has settled since what it left. */
  readonly isUnsettled: () => Promise<boolean>
  /** Those of some resources that the files want no longer; none where nobody says what they want. */
  readonly unwanted: (urns: readonly string[]) => Promise<readonly string[]>
  /**
   * Sends creates again as the run wanted them that began them, so that what is there is adopted, and what is foreign
   * refused. One result a run that was remembered; none where nobody knows what was wanted.
   */
  readonly adopt: (urns: readonly string[]) => Promise<readonly StackResult[]>
  /** Forgets what is doubtful: everything that was begun stands in the state, or is gone. */
  readonly settled: () => Promise<void>
  /** Takes the protection off everything in the state; undefined, or why it could not. */
  readonly unprotect: () => Promise<StackResult | undefined>
}
