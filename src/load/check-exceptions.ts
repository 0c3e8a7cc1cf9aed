import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { daysLeft, isExpired, longestDays } from '../exception/expiry.ts'
import type { Hold, Override, ValveRule } from '../exception/schema.ts'
import type { Waiver } from '../exception/waiver-schema.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Fleet } from './fleet.ts'

/** What guards data and tenants is lifted for named ones alone: else an emptied folder would pass on an old override. */
const neverFleetWide: ReadonlySet<ValveRule> = new Set([
  'archived',
  'data-deleted',
  'frozen',
  'stack-gone',
  'tenant-gone',
])

/** Of what is gone there is no file any more, so its name is known to nobody. */
const aboutWhatIsGone: ReadonlySet<ValveRule> = new Set(['stack-gone', 'tenant-gone'])

const organizationsOf = ({ tenants }: Fleet): readonly string[] =>
  tenants.flatMap(({ value }) => [...new Set([value.organization, organizationMadeAs(value)])])

const clustersOf = ({ clusters }: Fleet): readonly string[] => clusters.map(({ value }) => value.cluster)

const checkScope = (override: Loaded<Override>): Issue[] => {
  const { organizations, stacks, fleet, rules } = override.value.scope
  const named = [organizations, stacks, fleet].filter((one) => one !== undefined).length
  const source = override.locate(['scope'])
  if (named !== 1)
    return [
      {
        code: 'override/scope',
        message: `The scope names ${named === 0 ? 'nobody' : 'its stacks in more than one way'}.`,
        source,
        hint: 'Give it exactly one of `organizations`, `stacks` and `fleet: true`.',
      },
    ]
  const tooWide = fleet === true ? rules.filter((rule) => neverFleetWide.has(rule)) : []
  return tooWide.map((rule) => ({
    code: 'override/too-wide',
    message: `The rule '${rule}' guards data and tenants, and is not lifted for the whole fleet.`,
    source: override.locate(['scope', 'rules', rules.indexOf(rule)]),
    hint: 'Name the `organizations` or `stacks` it is for.',
  }))
}

interface Naming {
  readonly kind: 'override' | 'hold' | 'waiver' | 'fleet'
  readonly what: 'organization' | 'cluster' | 'stack'
  readonly known: readonly string[]
}

const unknownNames = (
  file: Loaded<unknown>,
  { kind, what, known }: Naming,
  places: readonly (readonly [name: string, path: readonly (string | number)[]])[],
): Issue[] =>
  places
    .filter(([name]) => !known.includes(name))
    .map(([name, path]) => ({
      code: `${kind}/unknown-${what}`,
      message: `There is no ${what} '${name}'.`,
      source: file.locate(path),
      hint: didYouMean(name, known),
    }))

const indexed = (
  names: readonly string[] | undefined,
  path: readonly string[],
): [string, (string | number)[]][] => (names ?? []).map((name, index) => [name, [...path, index]])

const stackNames = (fleet: Fleet): readonly string[] =>
  clustersOf(fleet).flatMap((cluster) =>
    ['platform', ...organizationsOf(fleet)].map((organization) => `${cluster}.${organization}`),
  )

const checkOverride = (fleet: Fleet, override: Loaded<Override>): Issue[] => {
  const { rules, organizations, stacks } = override.value.scope
  if (rules.some((rule) => aboutWhatIsGone.has(rule))) return checkScope(override)
  return [
    ...checkScope(override),
    ...unknownNames(
      override,
      { kind: 'override', what: 'organization', known: organizationsOf(fleet) },
      indexed(organizations, ['scope', 'organizations']),
    ),
    ...unknownNames(
      override,
      { kind: 'override', what: 'stack', known: stacks === undefined ? [] : stackNames(fleet) },
      indexed(stacks, ['scope', 'stacks']),
    ),
  ]
}

const checkNames = (fleet: Fleet, kind: 'hold' | 'waiver', file: Loaded<Hold> | Loaded<Waiver>): Issue[] => [
  ...unknownNames(file, { kind, what: 'organization', known: organizationsOf(fleet) }, [
    [file.value.organization, ['organization']],
  ]),
  ...unknownNames(
    file,
    { kind, what: 'cluster', known: clustersOf(fleet) },
    indexed(file.value.clusters, ['clusters']),
  ),
]

const checkWaived = (waiver: Loaded<Waiver>): Issue[] => {
  const { rules, vulnerabilities } = waiver.value
  const others = vulnerabilities === undefined ? [] : rules.filter((rule) => rule !== 'scan/over-ceiling')
  return [
    ...others.map((rule) => ({
      code: 'waiver/vulnerabilities',
      message: `The waiver names vulnerabilities, which the rule '${rule}' knows nothing of.`,
      source: waiver.locate(['rules', rules.indexOf(rule)]),
      hint: "Give them a waiver of their own, with `rules: ['scan/over-ceiling']`.",
    })),
  ]
}

const checkSettings = (fleet: Fleet): Issue[] => {
  const { settings } = fleet
  const waves = settings?.value.waves
  if (settings === undefined || waves === undefined) return []
  const percents = waves.percents ?? []
  const shrinking = percents.findIndex((percent, index) => percent <= (percents[index - 1] ?? 0))
  return [
    ...unknownNames(
      settings,
      {
        kind: 'fleet',
        what: 'organization',
        known: fleet.tenants.map(({ value }) => organizationMadeAs(value)),
      },
      indexed(waves.canary, ['waves', 'canary']),
    ),
    ...(shrinking < 0
      ? []
      : [
          {
            code: 'fleet/shrinking-waves',
            message: `A wave of ${percents[shrinking]} percent follows one of ${percents[shrinking - 1]}.`,
            source: settings.locate(['waves', 'percents', shrinking]),
            hint: 'Each share counts from the first tenant on: let them grow, e.g. [5, 25].',
          },
        ]),
  ]
}

/**
 * What overrides, holds and the fleet's settings say that cannot hold.
 *
 * Issue codes: `override/scope`, `override/too-wide`, `override/unknown-*`, `hold/unknown-*`, `waiver/unknown-*`, `waiver/vulnerabilities`, `fleet/unknown-organization`,
 * `fleet/shrinking-waves`; unsorted. Never throws.
 */
export const checkExceptions = (fleet: Fleet): Issue[] => [
  ...fleet.overrides.flatMap((override) => checkOverride(fleet, override)),
  ...fleet.holds.flatMap((hold) => checkNames(fleet, 'hold', hold)),
  ...fleet.waivers.flatMap((waiver) => [...checkNames(fleet, 'waiver', waiver), ...checkWaived(waiver)]),
  ...checkSettings(fleet),
]

const expiryIssues = (
  file: Loaded<Override> | Loaded<Hold> | Loaded<Waiver>,
  kind: 'override' | 'hold' | 'waiver',
  now: Date,
): Issue[] => {
  const { expires, owner } = file.value
  const source = file.locate(['expires'])
  if (isExpired(file.value, now))
    return [
      {
        code: `${kind}/expired`,
        message: `The ${kind} ended on ${expires}; today is ${now.toISOString().slice(0, 10)}.`,
        source,
        hint: `Delete ${file.file}, or let ${owner} give it a later day in a reviewed change.`,
      },
    ]
  if (daysLeft(file.value, now) <= longestDays[kind] + 1) return []
  return [
    {
      code: `${kind}/too-long`,
      message: `The ${kind} lasts until ${expires}; ${longestDays[kind]} days ahead is the most.`,
      source,
      hint: 'Choose an earlier day; what holds for longer is no exception.',
    },
  ]
}

/**
 * Exceptions that are over, or last too long. A waiver that is over stops nothing but the check that it was for, which says so: at
 * midnight one tenant's waiver must not refuse everybody's changes.
 *
 * Issue codes: `override/expired`, `override/too-long`, `hold/*`, `waiver/too-long`. Never throws.
 */
export const checkExpiry = ({ overrides, holds, waivers }: Fleet, now: Date): Issue[] => [
  ...overrides.flatMap((override) => expiryIssues(override, 'override', now)),
  ...holds.flatMap((hold) => expiryIssues(hold, 'hold', now)),
  ...waivers
    .filter(({ value }) => !isExpired(value, now))
    .flatMap((waiver) => expiryIssues(waiver, 'waiver', now)),
]
