/** A longer computation that can be left between two of its parts. */
export type Work<T> = Generator<undefined, T, undefined>

/** How long others may have to wait for their turn. */
const turnMilliseconds = 5

/** `items.map(act)`, which can be left after each. */
export function* eachOf<Item, T>(items: readonly Item[], act: (item: Item) => T): Work<T[]> {
  const results: T[] = []
  for (const item of items) {
    results.push(act(item))
    yield
  }
  return results
}

/** Its result, without leaving it. */
export const atOnce = <T>(work: Work<T>): T => {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Its result; what waits in the event loop gets its turn all the while. */
export const inTurns = async <T>(work: Work<T>): Promise<T> => {
  for (let begun = performance.now(); ; ) {
    const step = work.next()
    if (step.done === true) return step.value
    if (performance.now() - begun < turnMilliseconds) continue
    await new Promise((resolve) => setImmediate(resolve))
    begun = performance.now()
  }
}
