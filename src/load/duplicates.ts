/** A later entry of a list that is the same as an earlier one. */
export interface Duplicate<T> {
  readonly item: T
  readonly index: number
  readonly first: T
}

/** Entries whose key an earlier entry has, in the order of the list. Never throws. */
export const duplicates = <T>(items: readonly T[], keyOf: (item: T) => string): Duplicate<T>[] => {
  const seen = new Map<string, T>()
  const found: Duplicate<T>[] = []
  items.forEach((item, index) => {
    const key = keyOf(item)
    const first = seen.get(key)
    if (first === undefined) seen.set(key, item)
    else found.push({ item, index, first })
  })
  return found
}
