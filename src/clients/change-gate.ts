/** Asked before a call that may change something is sent. Both throw where it must not be. */
export interface ChangeGate {
  readonly verify: () => Promise<void>
  /** The same in one breath, just before the bytes go: a process can be stopped while it waits for an answer. */
  readonly verifyNow: () => void
}

let gate: ChangeGate | undefined

/**
 * Puts a gate before every call of this process that may change something, of all its clients; undefined takes it away.
 *
 * Of the process, since what it guards against is the process's: it was stopped, and woke up after its run had lost the stack,
 * perhaps between two calls of one resource.
 */
export const setChangeGate = (next: ChangeGate | undefined): void => {
  gate = next
}

/** Returns when the call may be sent. @throws what the gate throws. */
export const passChangeGate = async (): Promise<void> => {
  await gate?.verify()
}

/** Returns when the bytes may go at once. @throws what the gate throws. */
export const passChangeGateNow = (): void => gate?.verifyNow()
