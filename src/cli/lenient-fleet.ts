import type { Cluster } from '../cluster/schema.ts'
import { isOnCluster } from '../compile/on-cluster.ts'
import { type Checked, compareText, type Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { sameValue } from '../core/same-value.ts'
import { kindOfFile } from '../load/file-kind.ts'
import type { TypedText } from '../load/load-fleet.ts'
import { parseTypedFile } from '../load/read-typed-file.ts'
import { validateCluster, validateTenant } from '../load/validate-file.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Tenant } from '../tenant/schema.ts'
import { compiledPlatform, compiledTenant } from './compile-once.ts'

/** Tenants and clusters as far as their files can be understood, and why the others cannot. */
export interface LenientFleet {
  /** Sorted by organization. */
  readonly tenants: readonly Loaded<Tenant>[]
  /** Sorted by name. */
  readonly clusters: readonly Loaded<Cluster>[]
  readonly issues: readonly Issue[]
}

/** Desired states as far as they can be compiled, and why the others cannot. */
export interface LenientStates {
  readonly states: readonly StackState[]
  readonly issues: readonly Issue[]
}

const valuesOf = <T>(all: readonly Checked<T>[]): T[] => all.flatMap((one) => (one.ok ? [one.value] : []))

const issuesOf = (all: readonly Checked<unknown>[]): Issue[] =>
  all.flatMap((one) => (one.ok ? [] : one.issues))

const understand = <T>(
  texts: readonly TypedText[],
  kind: 'tenant' | 'cluster',
  validate: (loaded: Loaded<unknown>) => Checked<Loaded<T>>,
): Checked<Loaded<T>>[] =>
  texts
    .filter(({ file }) => kindOfFile(file) === kind)
    .map(({ file, text }) => {
      const parsed = parseTypedFile(file, text, kind)
      return parsed.ok ? validate(parsed.value) : parsed
    })

/**
 * A fleet that was found rather than asked for, e.g. the one of an earlier commit: a file that cannot be understood leaves
 * its stacks out and no more, and nothing is checked across files. Never throws.
 */
export const lenientFleet = (texts: readonly TypedText[]): LenientFleet => {
  const tenants = understand(texts, 'tenant', validateTenant)
  const clusters = understand(texts, 'cluster', validateCluster)
  return {
    tenants: valuesOf(tenants).sort((a, b) => compareText(a.value.organization, b.value.organization)),
    clusters: valuesOf(clusters).sort((a, b) => compareText(a.value.cluster, b.value.cluster)),
    issues: [...issuesOf(tenants), ...issuesOf(clusters)],
  }
}

const compiled = (
  make: () => StackState,
  { file, locate }: Loaded<unknown>,
  { cluster }: Cluster,
): Checked<StackState> => {
  try {
    return { ok: true, value: make() }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const issue = {
      code: 'since/cannot-compile',
      message: `${file} cannot be compiled for ${cluster}: ${reason}.`,
    }
    return { ok: false, issues: [{ ...issue, source: locate([]) }] }
  }
}

type Known = ReadonlyMap<string, StackState>

/** A state that is known already as that very value, so that thousands of copies need not be kept. */
const asKnown = (state: StackState, known: Known): StackState => {
  const same = known.get(state.stack)
  return same !== undefined && sameValue(same, state) ? same : state
}

const statesOn = (
  tenants: readonly Loaded<Tenant>[],
  cluster: Loaded<Cluster>,
  known: Known,
): Checked<StackState>[] => [
  compiled(() => asKnown(compiledPlatform(cluster.value), known), cluster, cluster.value),
  ...tenants
    .filter(({ value }) => isOnCluster(value, cluster.value))
    .map((tenant) =>
      compiled(() => asKnown(compiledTenant(tenant.value, cluster.value), known), tenant, cluster.value),
    ),
]

/**
 * Every stack of a fleet that was found; one that cannot be compiled is left out and no more. What comes to the same as one of
 * `known` is that very value. Never throws.
 */
export const lenientStates = (
  { tenants, clusters, issues }: LenientFleet,
  known: readonly StackState[] = [],
): LenientStates => {
  const byStack = new Map(known.map((state) => [state.stack, state]))
  const all = clusters.flatMap((cluster) => statesOn(tenants, cluster, byStack))
  return { states: valuesOf(all), issues: [...issues, ...issuesOf(all)] }
}
