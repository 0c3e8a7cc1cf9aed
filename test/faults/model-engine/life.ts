/** A promise that nothing settles: what a dead process would have gone on with. */
const never = new Promise<never>(() => undefined)

/** Whether the process that a run stands for still lives, and whether it has been told to stop. */
export class Life {
  #isDead = false
  #isCancelled = false
  #die: () => void = () => undefined
  #cancel: () => void = () => undefined
  readonly died: Promise<void>
  readonly cancelled: Promise<void>

  constructor() {
    this.died = new Promise((resolve) => {
      this.#die = resolve
    })
    this.cancelled = new Promise((resolve) => {
      this.#cancel = resolve
    })
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get isCancelled(): boolean {
    return this.#isCancelled
  }

  kill(): void {
    this.#isDead = true
    this.#die()
  }

  /** No new step begins; those under way end. */
  cancel(): void {
    this.#isCancelled = true
    this.#cancel()
  }

  /** What was waited for, never to come back to a process that died meanwhile. */
  async during<T>(waiting: Promise<T>): Promise<T> {
    try {
      const value = await waiting
      return this.#isDead ? never : value
    } catch (error) {
      if (this.#isDead) return never
      throw error
    }
  }
}
