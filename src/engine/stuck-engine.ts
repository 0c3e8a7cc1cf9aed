import { type EngineEvent, isLastEvent, type StepMetadata } from './engine-event.ts'

/** How long an engine that waits for ever must have had nothing under way before it is told to end. */
const quietMilliseconds = 2_000
/** And how long it must have said nothing at all where something seems to be: longer than the client repeats one call. */
const silentMilliseconds = 180_000

const keyOf = ({ op, urn }: StepMetadata): string => `${op} ${urn}`

/** Components and the stack itself begin with the program and end with it, which waits. */
const isCall = (step: StepMetadata | undefined): step is StepMetadata =>
  (step?.new ?? step?.old)?.custom === true

/** Looks at one run of the engine for the moment from which it would wait for ever. */
export interface StuckWatch {
  /** Aborts once the engine is stuck and all else that it could do is done. */
  readonly signal: AbortSignal
  readonly saw: (event: EngineEvent) => void
  /** The engine has ended. */
  readonly end: () => void
}

/**
 * Watches for an engine that waits for ever. It is left alone while a call is under way: told to end at once, it would break
 * those off, and the calls of other resources would fail for no reason of theirs. Never throws.
 */
export const watchForStuck = (): StuckWatch => {
  const stuck = new AbortController()
  const underWay = new Set<string>()
  let isStuck = false
  let quiet: NodeJS.Timeout | undefined
  return {
    signal: stuck.signal,
    saw: (event) => {
      const begun = event.resourcePreEvent?.metadata
      const ended = (event.resOpFailedEvent ?? event.resOutputsEvent)?.metadata
      if (isCall(begun)) underWay.add(keyOf(begun))
      if (isCall(ended)) underWay.delete(keyOf(ended))
      isStuck ||= isLastEvent(event)
      clearTimeout(quiet)
      if (isStuck)
        quiet = setTimeout(() => stuck.abort(), underWay.size === 0 ? quietMilliseconds : silentMilliseconds)
    },
    end: () => clearTimeout(quiet),
  }
}
