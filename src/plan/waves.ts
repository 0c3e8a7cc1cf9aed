import { compareText } from '../core/issue.ts'
import type { WaveSettings } from '../fleet/settings.ts'
import type { StackState } from '../model/desired-state.ts'
import type { ClusterStages } from './fleet-change.ts'

type Placed = Pick<StackState, 'stack' | 'cluster' | 'organization'>

/** Stacks that are applied together, before the next wave begins. */
export interface Wave<S extends Placed> {
  /** For people, e.g. `nonprod platform`, `prod canary`, `prod 25 %`, `prod all others`. */
  readonly name: string
  /** By name. */
  readonly stacks: readonly S[]
}

/** In this order: a change reaches production when everything before it stands. */
const stageOrder = ['nonprod', 'prod'] as const
type Stage = (typeof stageOrder)[number]

/** A step of a cluster's tenants; clusters of a stage take each step together. */
interface Step<S> {
  readonly name: string
  readonly stacks: readonly S[]
}

/** The named canaries of the change; the first tenant by name where none of them is touched. */
const canariesOf = <S extends Placed>(tenants: readonly S[], { canary }: WaveSettings): readonly S[] => {
  const named = tenants.filter(
    ({ organization }) => organization !== null && canary?.includes(organization) === true,
  )
  return named.length > 0 ? named : tenants.slice(0, 1)
}

/** Canary, each share of all the tenants less those before it, then all others. */
const stepsOf = <S extends Placed>(tenants: readonly S[], settings: WaveSettings): readonly Step<S>[] => {
  if (tenants.length < settings.from) return [{ name: 'all', stacks: tenants }]
  const canaries = canariesOf(tenants, settings)
  const others = tenants.filter((one) => !canaries.includes(one))
  const shares = settings.percents.map((percent) => {
    const until = Math.ceil((tenants.length * percent) / 100) - canaries.length
    return { name: `${percent} %`, until: Math.min(Math.max(until, 0), others.length) }
  })
  let from = 0
  const steps = [...shares, { name: 'all', until: others.length }].map(({ name, until }) => {
    const stacks = others.slice(from, until)
    from = Math.max(from, until)
    return { name, stacks }
  })
  return [{ name: 'canary', stacks: canaries }, ...steps]
}

const groupBy = <T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> => {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

const stepNames = (settings: WaveSettings): readonly string[] => [
  'canary',
  ...settings.percents.map((percent) => `${percent} %`),
  'all',
]

const tenantWaves = <S extends Placed>(
  stage: Stage,
  tenants: readonly S[],
  settings: WaveSettings,
): readonly Wave<S>[] => {
  const clusters = [...groupBy(tenants, ({ cluster }) => cluster).values()]
  const steps = clusters.flatMap((one) => stepsOf(one, settings))
  const byName = groupBy(steps, ({ name }) => name)
  const isStaged = steps.some(({ name }) => name === 'canary')
  return stepNames(settings).map((name) => ({
    name: `${stage} ${name !== 'all' ? name : isStaged ? 'all others' : 'tenants'}`,
    stacks: (byName.get(name) ?? []).flatMap(({ stacks }) => stacks),
  }))
}

const wavesOfStage = <S extends Placed>(
  stage: Stage,
  stacks: readonly S[],
  settings: WaveSettings,
): readonly Wave<S>[] => {
  const isPlatform = ({ organization }: Placed): boolean => organization === null
  return [
    { name: `${stage} platform`, stacks: stacks.filter(isPlatform) },
    ...tenantWaves(
      stage,
      stacks.filter((one) => !isPlatform(one)),
      settings,
    ),
  ]
}

/**
 * The order in which stacks are applied: nonprod clusters before prod ones; on each stage the platforms, then the tenants. Where
 * a change touches many tenants of a cluster, these go in waves: canary, growing shares, all others.
 *
 * Every stack is in exactly one wave; no wave is empty; does not depend on the order of the stacks. A cluster whose stage is not
 * known counts as prod. Pure; never throws.
 */
export const wavesOf = <S extends Placed>(
  stacks: readonly S[],
  stages: ClusterStages,
  settings: WaveSettings,
): readonly Wave<S>[] => {
  const sorted = [...stacks].sort((a, b) => compareText(a.stack, b.stack))
  const byStage = groupBy(sorted, ({ cluster }): Stage => stages.get(cluster) ?? 'prod')
  return stageOrder
    .flatMap((stage) => wavesOfStage(stage, byStage.get(stage) ?? [], settings))
    .filter((wave) => wave.stacks.length > 0)
}
