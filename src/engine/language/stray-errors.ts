import { type Store, sdk } from './sdk.ts'

/** What a run does about errors that nobody handled. */
export interface StrayErrors {
  readonly fail: (error: unknown) => void
  /** After an exception: what it broke off may never come to an end. */
  readonly end: () => void
}

/** Of the runs under way. */
const runs = new WeakMap<Store, StrayErrors>()

/** An error belongs to the run in whose context it arose, or to none: that is a bug, and ends the process. */
const runOf = (error: unknown): StrayErrors | undefined => {
  const store = sdk().state.getLocalStore()
  if (store === undefined) throw error
  return runs.get(store)
}

const onException = (error: unknown): void => {
  const run = runOf(error)
  run?.fail(error)
  run?.end()
}

const onRejection = (error: unknown): void => runOf(error)?.fail(error)

let isListening = false

/** For good: what a run left behind may fail after its end. */
const listen = (): void => {
  if (isListening) return
  isListening = true
  process.on('uncaughtException', onException)
  process.on('unhandledRejection', onRejection)
}

/** Hands the errors of one run that nobody handles to that run, and to no other; until what it gives back is called. */
export const catchStrayErrors = (store: Store, errors: StrayErrors): (() => void) => {
  listen()
  runs.set(store, errors)
  return () => {
    runs.delete(store)
  }
}
