/** Asked before a call that may change something is sent. */
export interface ChangeGate {
  /** Throws where the call must not be sent. */
  readonly verify: () => Promise<void>
  /** Whether it may go at once: a process can be stopped while it waits for an answer. False where `verify` has to be asked. */
  readonly isOpenNow: () => boolean
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

/** Returns when a call may be sent. @throws what the gate throws. */
export const passChangeGate = async (): Promise<void> => gate?.verify()

/** Whether the gate is open at this very moment, to be asked as a call is written. */
export const isChangeGateOpen = (): boolean => gate?.isOpenNow() ?? true
