import { canonicalJson, sha256 } from '../core/canonical.ts'
import type { EngineEvent, Step, StepMetadata } from './engine-event.ts'
import { withoutSecrets } from './property-values.ts'
import { isOurs, isProvider, nameOfUrn } from './stack-result.ts'

/** What a run read of the world and would do there: a digest a resource, 16 hex digits, by logical name. */
export type LiveDigests = Readonly<Record<string, string>>

/** Outputs are left out: they hold counters and times that move by themselves. */
const toldBy = ({ op, old, new: now, detailedDiff, diffs }: StepMetadata): string =>
  canonicalJson({
    op,
    id: old?.id ?? null,
    from: withoutSecrets(old?.inputs ?? null),
    to: withoutSecrets(now?.inputs ?? null),
    differs: [...new Set([...Object.keys(detailedDiff ?? {}), ...(diffs ?? [])])].sort(),
  })

/**
 * Where a provider works, and whether it takes over what is foreign: with another of these the same would be done to other things.
 * Who logs in is left out, since a preview may have an account that only reads.
 */
const bearings = ['address', 'adopt', 'endpoint', 'host', 'owner', 'registryEndpoint', 'vsphereServer']

/** Of these a provider is as the program says, not as the state has it. */
const registering: ReadonlySet<Step> = new Set(['same', 'create', 'update', 'replace', 'create-replacement'])

const bearingsOf = (step: StepMetadata): string | undefined => {
  if (!registering.has(step.op) || step.new === null) return undefined
  const { inputs = {} } = step.new
  return canonicalJson(Object.fromEntries(bearings.map((name) => [name, inputs[name] ?? null])))
}

/** What a step tells of the world, and of what; undefined where it tells nothing. */
const told = (step: StepMetadata): readonly [name: string, text: string] | undefined => {
  const name = nameOfUrn(step.urn)
  if (isOurs(step)) return [name, toldBy(step)]
  const text = isProvider(step) ? bearingsOf(step) : undefined
  return text === undefined ? undefined : [`provider/${name}`, text]
}

/**
 * What a preview that read the world first saw of each resource, and where each provider (`provider/ucp`) looked: equal digests
 * mean that the same would be done to the same things. Does not depend on the order in which the engine worked. Pure; never throws.
 */
export const liveDigests = (events: readonly EngineEvent[]): LiveDigests => {
  const seen = new Map<string, Set<string>>()
  for (const event of events) {
    const step = (event.resOutputsEvent ?? event.resourcePreEvent)?.metadata
    const [name, text] = (step === undefined ? undefined : told(step)) ?? []
    if (name !== undefined && text !== undefined) seen.set(name, (seen.get(name) ?? new Set()).add(text))
  }
  return Object.fromEntries(
    [...seen]
      .map(([name, steps]) => [name, sha256([...steps].sort().join('\n')).slice(0, 16)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}
