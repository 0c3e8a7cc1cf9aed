/** Ends something that was started; idempotent. */
export type Stop = () => Promise<void>

/** What was started, ended in reverse order, each once, also when some of it fails to end. */
export class StopList {
  readonly #stops: Stop[] = []

  add(stop: Stop): void {
    this.#stops.push(stop)
  }

  /**
   * Ends everything added so far; called again it ends what came since.
   *
   * @throws {AggregateError} with every failure, after all were tried.
   */
  async run(): Promise<void> {
    const failures: unknown[] = []
    for (let stop = this.#stops.pop(); stop !== undefined; stop = this.#stops.pop())
      await stop().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw new AggregateError(failures, 'parts of the lab did not end')
  }
}
