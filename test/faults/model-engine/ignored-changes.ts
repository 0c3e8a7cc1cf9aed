import type { Bag } from './resource-state.ts'

/** `extraConfig["guestinfo.a"]` as `['extraConfig', 'guestinfo.a']`. Source: `resource.ParsePropertyPath`. */
const partsOf = (path: string): readonly string[] =>
  [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, name]) => quoted?.replace(/\\(.)/g, '$1') ?? index ?? name ?? '',
  )

const isBag = (value: unknown): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One path set back; where the old inputs have nothing there, the new ones have nothing either. */
const setBack = (news: Bag, olds: Bag, [key = '', ...rest]: readonly string[]): Bag => {
  const [old, now] = [olds[key], news[key]]
  if (rest.length > 0 && isBag(old) && isBag(now)) return { ...news, [key]: setBack(now, old, rest) }
  if (rest.length > 0) return news
  const { [key]: _, ...others } = news
  return old === undefined ? others : { ...news, [key]: old }
}

/** New inputs with the old ones' values at the paths that are ignored. Source: `processIgnoreChanges`, `PropertyPath.Reset`. */
export const ignoring = (paths: readonly string[], news: Bag, olds: Bag): Bag =>
  paths.reduce((inputs, path) => setBack(inputs, olds, partsOf(path)), news)
