import { type DiffResult, type Properties, type PropertyValue, SecretValue, Unknown } from './plugin.ts'
import { isPropertyList, isPropertyObject } from './properties.ts'

/** How to compare a resource's inputs. */
export interface DiffOptions {
  /** Top-level properties whose change needs another resource. */
  readonly replaceOn?: readonly string[]
  /** Top-level properties that never count. */
  readonly ignore?: readonly string[]
  readonly deleteBeforeReplace?: boolean
}

type Kind = 'add' | 'update' | 'delete'
type Change = readonly [path: string, kind: Kind]

const plainName = /^[A-Za-z_$][\w$]*$/

/** The path of a property below another, as Pulumi writes it: `a.b`, `a["x y"]`, `a[0]`. Never throws. */
export const propertyPath = (parent: string, name: string | number): string => {
  if (typeof name === 'number') return `${parent}[${name}]`
  if (!plainName.test(name)) return `${parent}[${JSON.stringify(name)}]`
  return parent === '' ? name : `${parent}.${name}`
}

const changesInObject = (parent: string, old: Properties, now: Properties): Change[] =>
  [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .sort()
    .flatMap((name) => changesAt(propertyPath(parent, name), old[name], now[name]))

const changesInList = (
  parent: string,
  old: readonly PropertyValue[],
  now: readonly PropertyValue[],
): Change[] =>
  Array.from({ length: Math.max(old.length, now.length) }, (_, index) =>
    changesAt(propertyPath(parent, index), old[index], now[index]),
  ).flat()

const changesAt = (
  path: string,
  old: PropertyValue | undefined,
  now: PropertyValue | undefined,
): Change[] => {
  if (old instanceof SecretValue) return changesAt(path, old.value, now)
  if (now instanceof SecretValue) return changesAt(path, old, now.value)
  if (old === undefined) return now === undefined ? [] : [[path, 'add']]
  if (now === undefined) return [[path, 'delete']]
  if (old instanceof Unknown || now instanceof Unknown) return [[path, 'update']]
  if (isPropertyList(old) && isPropertyList(now)) return changesInList(path, old, now)
  if (isPropertyObject(old) && isPropertyObject(now)) return changesInObject(path, old, now)
  return old === now || Object.is(old, now) ? [] : [[path, 'update']]
}

/**
 * What differs between two sets of inputs, by property path.
 *
 * Secret marks do not count; an unknown differs from everything. Pure, never throws.
 */
export const diffInputs = (olds: Properties, news: Properties, options: DiffOptions = {}): DiffResult => {
  const ignored = new Set(options.ignore)
  const replacing = new Set(options.replaceOn)
  const replaces: string[] = []
  const details: [string, DiffResult['details'][string]][] = []
  for (const name of [...new Set([...Object.keys(olds), ...Object.keys(news)])].sort()) {
    if (ignored.has(name)) continue
    const changes = changesAt(propertyPath('', name), olds[name], news[name])
    if (changes.length > 0 && replacing.has(name)) replaces.push(name)
    for (const [path, kind] of changes) details.push([path, replacing.has(name) ? `${kind}-replace` : kind])
  }
  return {
    changes: details.length > 0,
    replaces,
    details: Object.fromEntries(details),
    ...(options.deleteBeforeReplace === undefined
      ? {}
      : { deleteBeforeReplace: options.deleteBeforeReplace }),
  }
}
