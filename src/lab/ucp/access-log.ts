/** One call, as the front door saw it. Holds no header and no body. */
export interface LoggedCall {
  /** Milliseconds of the emulator's clock when it was over. */
  readonly at: number
  readonly method: string
  /** With its query. */
  readonly path: string
  /** The account; empty where nobody was found out. */
  readonly user: string
  /** 0 where no answer was sent. */
  readonly status: number
}

/** The last calls, oldest first. */
export class AccessLog {
  readonly #cap: number
  #calls: LoggedCall[] = []

  constructor(cap = 20_000) {
    this.#cap = cap
  }

  add(call: LoggedCall): void {
    this.#calls.push(call)
    if (this.#calls.length > this.#cap * 2) this.#calls = this.#calls.slice(-this.#cap)
  }

  calls(): readonly LoggedCall[] {
    return this.#calls.slice(-this.#cap)
  }

  clear(): void {
    this.#calls = []
  }
}
