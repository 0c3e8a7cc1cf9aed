import { canonicalJson, sha256 } from '../core/canonical.ts'
import type { EngineEvent, StepMetadata } from './engine-event.ts'
import { secretSignatureKey } from './property-values.ts'
import { isOurs, nameOfUrn } from './stack-result.ts'

/** What a run read of the world and would do there: a digest a resource, 16 hex digits, by logical name. */
export type LiveDigests = Readonly<Record<string, string>>

/** A secret is encrypted anew each time, and its digest is nobody's to know. */
const withoutSecrets = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (value === null || typeof value !== 'object') return value
  if (secretSignatureKey in value) return '[secret]'
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, withoutSecrets(child)]))
}

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
 * What a preview that read the world first saw of each resource: equal digests mean that the same would be done to the same
 * things. Does not depend on the order in which the engine worked. Pure; never throws.
 */
export const liveDigests = (events: readonly EngineEvent[]): LiveDigests => {
  const told = new Map<string, Set<string>>()
  for (const event of events) {
    const step = (event.resOutputsEvent ?? event.resourcePreEvent)?.metadata
    if (step === undefined || !isOurs(step)) continue
    const name = nameOfUrn(step.urn)
    told.set(name, (told.get(name) ?? new Set()).add(toldBy(step)))
  }
  return Object.fromEntries(
    [...told]
      .map(([name, steps]) => [name, sha256([...steps].sort().join('\n')).slice(0, 16)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}
