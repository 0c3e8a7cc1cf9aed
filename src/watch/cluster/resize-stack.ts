import { compareText } from '../../core/issue.ts'
import type { StackState } from '../../model/desired-state.ts'
import type { Resource } from '../../model/resource.ts'

/** A stack's pool as it is to be. */
export interface ResizedPool {
  /** The key of its resource pool in vSphere, which its VMs name. */
  readonly resourcePool: string
  /** Its resources as the files compile them with just the wanted VMs. */
  readonly compiled: readonly Resource[]
  /** Host names of VMs whose nodes have joined: the others get no place yet, since a run would wait for them. */
  readonly joined: ReadonlySet<string>
}

/** A stack's desired state with other VMs, and the keys of what differs from before. */
export interface ResizedStack {
  readonly state: StackState
  /** Sorted: what a run is to be limited to. */
  readonly touched: readonly string[]
}

/** Host names of a pool's VMs in a stack's desired state. Never throws. */
export const machinesIn = ({ resources }: StackState, resourcePool: string): readonly string[] =>
  resources.flatMap((one) =>
    one.kind === 'VirtualMachine' && one.resourcePool === resourcePool ? [one.name] : [],
  )

/** Host names of nodes that have a place in a stack's desired state. Never throws. */
export const placedIn = ({ resources }: StackState): ReadonlySet<string> =>
  new Set(resources.flatMap((one) => (one.kind === 'NodePlacement' ? [one.hostname] : [])))

/** The VM that a resource is of one and no other; undefined of what is the whole pool's. */
const machineOf = (resource: Resource): string | undefined => {
  if (resource.kind === 'VirtualMachine') return resource.name
  return resource.kind === 'NodePlacement' ? resource.hostname : undefined
}

const isSame = (a: Resource | undefined, b: Resource): boolean => JSON.stringify(a) === JSON.stringify(b)

const isRule = ({ kind }: Resource): boolean => kind === 'AntiAffinityRule'

/** Of the compiled pool what the stack has not, and may have by now. */
const additions = (known: ReadonlyMap<string, Resource>, { compiled, joined }: ResizedPool): Resource[] =>
  compiled.filter((one) => {
    const machine = machineOf(one)
    if (machine === undefined || known.has(one.key)) return false
    return one.kind === 'VirtualMachine' || joined.has(machine)
  })

/**
 * A stack as it was applied, with the VMs of one pool as they are wanted: VMs that stay are as they were applied, whatever the files say by now, and nothing
 * else of the stack differs. What the files changed since goes the way of every change: through a review and `up`. Never throws.
 */
export const resizeStack = (applied: StackState, pool: ResizedPool): ResizedStack => {
  const wanted = new Set(pool.compiled.flatMap((one) => machineOf(one) ?? []))
  const ours = new Set(machinesIn(applied, pool.resourcePool))
  const goes = (one: Resource): boolean => {
    const machine = machineOf(one)
    return machine !== undefined && ours.has(machine) && !wanted.has(machine)
  }
  const rules = new Map(pool.compiled.filter(isRule).map((one) => [one.key, one]))
  const isOldRule = (one: Resource): boolean =>
    one.kind === 'AntiAffinityRule' &&
    one.machines.some((key) => [...ours].some((name) => key === `vm/${name}`))
  const known = new Map(applied.resources.map((one) => [one.key, one]))
  const kept = applied.resources.filter((one) => !goes(one) && !isOldRule(one))
  const resources = [...kept, ...additions(known, pool), ...rules.values()].sort((a, b) =>
    compareText(a.key, b.key),
  )
  const now = new Map(resources.map((one) => [one.key, one]))
  const touched = [
    ...resources.filter((one) => !isSame(known.get(one.key), one)),
    ...applied.resources.filter(({ key }) => !now.has(key)),
  ].map(({ key }) => key)
  return { state: { ...applied, resources }, touched: touched.sort(compareText) }
}
