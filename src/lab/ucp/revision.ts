/** Counts the changes of what access depends on, so that whoever cached an answer knows that it is stale. */
export class Revision {
  #value = 0

  get value(): number {
    return this.#value
  }

  bump(): void {
    this.#value += 1
  }
}
