/** An answer of the engine that is an error: its status and the sentence in `{message}`. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'Refusal'
    this.status = status
  }
}

export const badRequest = (message: string): Refusal => new Refusal(400, message)
export const notFound = (message: string): Refusal => new Refusal(404, message)
export const conflict = (message: string): Refusal => new Refusal(409, message)
/** What swarmkit answers to a stale version; dockerd passes it on as 500 (reference §7). */
export const outOfSequence = (): Refusal =>
  new Refusal(500, 'rpc error: code = Unknown desc = update out of sequence')
