/** One event in a watcher's log. Values are plain data; none holds a secret. */
export interface LogEvent {
  readonly level: 'info' | 'warning' | 'error'
  /** What it is about, for whoever searches, e.g. `decision`, `paused`. */
  readonly event: string
  /** A sentence for whoever reads. */
  readonly message: string
  readonly [fact: string]: unknown
}

export type Log = (event: LogEvent) => void

/** A log of one JSON object a line, each with the time of day in UTC. */
export const jsonLog =
  (write: (line: string) => void, wallTime: () => Date): Log =>
  (event) =>
    write(JSON.stringify({ time: wallTime().toISOString(), ...event }))
