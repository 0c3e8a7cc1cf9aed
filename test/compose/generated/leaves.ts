import type { Plain } from '../../contract/compose-comparable.ts'

/** Values of a model by their paths, keys joined by dots; an empty part is a value. */
export const leavesOf = (value: Plain | undefined): ReadonlyMap<string, Plain> => {
  const leaves = new Map<string, Plain>()
  const walk = (one: Plain, path: readonly string[]): void => {
    if (one !== null && typeof one === 'object' && Object.keys(one).length > 0)
      for (const [key, child] of Object.entries(one)) walk(child, [...path, key])
    else leaves.set(path.join('.'), one)
  }
  if (value !== undefined) walk(value, [])
  return leaves
}

/** A value that two models have otherwise; undefined where one has none. */
export interface Differing {
  readonly path: string
  readonly mine: Plain | undefined
  readonly theirs: Plain | undefined
}

/** What two models have otherwise, by path. */
export const differing = (mine: Plain | undefined, theirs: Plain | undefined): readonly Differing[] => {
  const [own, other] = [leavesOf(mine), leavesOf(theirs)]
  const paths = [...new Set([...own.keys(), ...other.keys()])].sort()
  return paths
    .map((path) => ({ path, mine: own.get(path), theirs: other.get(path) }))
    .filter((one) => JSON.stringify(one.mine) !== JSON.stringify(one.theirs))
}
