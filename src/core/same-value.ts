type Fields = Readonly<Record<string, unknown>>

const sameList = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => sameValue(item, b[index]))

const countDefined = (fields: Fields): number => {
  let count = 0
  for (const name in fields) if (fields[name] !== undefined) count += 1
  return count
}

const sameFields = (a: Fields, b: Fields): boolean => {
  for (const name in a) if (!sameValue(a[name], Object.hasOwn(b, name) ? b[name] : undefined)) return false
  return countDefined(a) === countDefined(b)
}

/**
 * Whether two values of plain data have the same canonical JSON, told without writing it: the order of fields and fields that
 * are undefined do not count. Parts that are one object on both sides are not looked into, which most of two desired states are.
 * Throws RangeError on a cycle.
 */
export const sameValue = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a)) return Array.isArray(b) && sameList(a, b)
  return !Array.isArray(b) && sameFields(a as Fields, b as Fields)
}
