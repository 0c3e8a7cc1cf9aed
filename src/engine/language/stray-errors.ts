import { type Store, sdk } from './sdk.ts'

/** Of the runs under way. */
const handlers = new WeakMap<Store, (error: unknown) => void>()

/** An error that nobody handled belongs to the run in whose context it arose, or to none: that is a bug, and ends the process. */
const onStray = (error: unknown): void => {
  const store = sdk().state.getLocalStore()
  if (store === undefined) throw error
  handlers.get(store)?.(error)
}

let isListening = false

/** For good: what a run left behind may fail after its end. */
const listen = (): void => {
  if (isListening) return
  isListening = true
  process.on('uncaughtException', onStray)
  process.on('unhandledRejection', onStray)
}

/** Hands the errors of one run that nobody handles to that run, and to no other; until what it gives back is called. */
export const catchStrayErrors = (store: Store, handler: (error: unknown) => void): (() => void) => {
  listen()
  handlers.set(store, handler)
  return () => {
    handlers.delete(store)
  }
}
