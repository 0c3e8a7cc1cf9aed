import { type Rehearsed, rehearse } from './rehearse.ts'
import { type RunSettings, resolveSettings } from './resolve-settings.ts'
import type { Scenario, Settings } from './scenario.ts'
import type { Workload } from './workload.ts'

/** One way of running a scenario. */
export interface Variant {
  readonly name: string
  readonly settings: Settings
}

/** A variant that was run. */
export interface ComparedRun extends Rehearsed {
  readonly name: string
  readonly settings: RunSettings
}

/** A scenario's own settings and its variants, in order; the first one is named after what it is compared by. Never throws. */
export const variantsOf = ({ settings, variants }: Scenario): Variant[] => [
  { name: variants.length === 0 ? 'as it is' : firstName(settings, variants), settings },
  ...variants.map(({ name, settings: other }) => ({ name, settings: { ...settings, ...other } as Settings })),
]

/** Where policies are compared, the policy says more than "as it is". */
const firstName = ({ policy }: Settings, variants: Scenario['variants']): string =>
  variants.every(({ settings }) => settings.policy !== undefined) ? policy : 'as it is'

/** Runs the same load under each setting. `load` is asked anew for each run, since a workload may go forward in time only. */
export const compare = (
  scenario: Scenario,
  variants: readonly Variant[],
  load: () => Workload,
): ComparedRun[] =>
  variants.map(({ name, settings }) => ({
    name,
    settings: resolveSettings(settings, scenario),
    ...rehearse(scenario, settings, load()),
  }))
