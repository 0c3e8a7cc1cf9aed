import type { Event } from '../../clients/docker-objects.ts'

/** How many events the engine remembers for `since` (moby keeps 256). */
const remembered = 256

/** The engine's events: the last ones remembered, new ones told to whoever listens. */
export class EventLog {
  readonly #clock: () => number
  readonly #past: Event[] = []
  readonly #listeners = new Set<(event: Event) => void>()

  constructor(clock: () => number) {
    this.#clock = clock
  }

  emit(
    type: string,
    action: string,
    id: string,
    attributes: Readonly<Record<string, string>>,
    scope: 'swarm' | 'local' = 'swarm',
  ): void {
    const now = this.#clock()
    const event: Event = {
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: { ...attributes } },
      scope,
      time: Math.floor(now / 1000),
      timeNano: now * 1_000_000,
    }
    this.#past.push(event)
    if (this.#past.length > remembered) this.#past.shift()
    for (const listener of this.#listeners) listener(event)
  }

  /** Remembered events of a second or later, oldest first. */
  since(seconds: number): Event[] {
    return this.#past.filter((event) => event.timeNano >= seconds * 1_000_000_000)
  }

  /** Tells every new event until the returned function is called. */
  listen(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
}
