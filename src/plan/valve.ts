import type { Issue, Source } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { isExpired } from '../exception/expiry.ts'
import type { Override, ValveRule } from '../exception/schema.ts'
import type { ValveSettings } from '../fleet/settings.ts'
import type { FleetChange } from './fleet-change.ts'
import type { Members } from './report/membership.ts'
import { archived, draining, frozen } from './valve/lifecycles.ts'
import type { Finding, Place, ValveLook } from './valve/look.ts'
import { dataDeleted, kindsDeleted } from './valve/resources.ts'
import { grantsRemoved, membersRemoved, ownersFew } from './valve/teams.ts'
import { stacksGone, tenantsGone, tenantsTouched } from './valve/tenants.ts'

/** What the valve goes by, beside the change. */
export interface ValveInput {
  readonly settings: ValveSettings
  /** Those of the fleet, expired ones too. */
  readonly overrides: readonly Loaded<Override>[]
  readonly now: Date
  /** People in teams that follow an LDAP group, as far as UCP was asked; those of others count as enough. */
  readonly members?: Members
  /** Names that files give to organizations, by those they were made under, where the two differ. */
  readonly renamed?: ReadonlyMap<string, string>
  /** Where an organization's file says what it is called; none where absent. */
  readonly placeOf?: (organization: string) => Source | undefined
}

/** The rules, the gravest first: in this order a person reads them. */
const rules: readonly ((look: ValveLook) => readonly Finding[])[] = [
  tenantsGone,
  stacksGone,
  dataDeleted,
  archived,
  ownersFew,
  membersRemoved,
  grantsRemoved,
  frozen,
  draining,
  kindsDeleted,
  tenantsTouched,
]

/** Whether an override's scope has a stack, by whichever name of its organization. */
const covers = ({ scope }: Override, { stack, organization }: Place, input: ValveInput): boolean => {
  if (scope.fleet === true) return true
  const renamed = organization === null ? undefined : input.renamed?.get(organization)
  const names = [organization, renamed].filter((name) => name !== null && name !== undefined)
  const cluster = stack.slice(0, stack.indexOf('.'))
  const stacks = [stack, ...(renamed === undefined ? [] : [`${cluster}.${renamed}`])]
  return (
    (scope.organizations ?? []).some((name) => names.includes(name)) ||
    (scope.stacks ?? []).some((name) => stacks.includes(name))
  )
}

const lifts = (override: Override, rule: ValveRule, place: Place, input: ValveInput): boolean =>
  override.scope.rules.includes(rule) && covers(override, place, input)

/** Whether an override in force lifts a rule for a stack. Never throws. */
export const liftedBy = (input: ValveInput): ValveLook['isLifted'] => {
  const inForce = input.overrides.filter(({ value }) => !isExpired(value, input.now))
  return (rule, place) => inForce.some(({ value }) => lifts(value, rule, place, input))
}

const findingsOf = (
  change: FleetChange,
  input: ValveInput,
  isLifted: ValveLook['isLifted'],
): readonly Finding[] => {
  const look: ValveLook = {
    change,
    settings: input.settings,
    isLifted,
    nameOf: (organization) => input.renamed?.get(organization) ?? organization,
    peopleOf: (cluster, team) => input.members?.get(cluster)?.get(team),
  }
  return rules.flatMap((rule) => rule(look))
}

/** The same sentence on several clusters is one finding. */
const merged = (findings: readonly Finding[]): readonly Finding[] => {
  const bySentence = new Map<string, Finding>()
  for (const finding of findings) {
    const key = `${finding.rule} ${finding.message}`
    const same = bySentence.get(key)
    bySentence.set(
      key,
      same === undefined ? finding : { ...same, places: [...same.places, ...finding.places] },
    )
  }
  return [...bySentence.values()]
}

const onlyOrganization = (places: readonly Place[]): string | undefined => {
  const [first, ...others] = new Set(places.map(({ organization }) => organization))
  return others.length === 0 ? (first ?? undefined) : undefined
}

const scopeHint = ({ rule, places }: Finding, input: ValveInput): string => {
  const organization = onlyOrganization(places)
  const name = organization === undefined ? undefined : (input.renamed?.get(organization) ?? organization)
  const scope = name === undefined ? '' : ` for '${name}'`
  return `If it is meant, an override in overrides/ lifts '${rule}'${scope} for a while.`
}

/** An override that would have lifted it, had it not ended. */
const lapsed = ({ rule, places }: Finding, input: ValveInput): string => {
  const over = input.overrides.find(
    ({ value }) => isExpired(value, input.now) && places.some((place) => lifts(value, rule, place, input)),
  )
  return over === undefined ? '' : ` ${over.file} lifted it until ${over.value.expires}.`
}

const issueOf = (finding: Finding, input: ValveInput): Issue => {
  const organization = onlyOrganization(finding.places)
  const source = organization === undefined ? undefined : input.placeOf?.(organization)
  const hint = [finding.hint, scopeHint(finding, input)].filter((text) => text !== undefined).join(' ')
  return {
    code: `valve/${finding.rule}`,
    message: `${finding.message}.`,
    ...(source === undefined ? {} : { source }),
    hint: `${hint}${lapsed(finding, input)}`,
  }
}

/** So many of one rule a person reads one by one. */
const toldAtMost = 10

/** The rest of a rule's findings in one sentence. */
const restOf = (rule: ValveRule, rest: readonly Finding[]): Issue => {
  const stacks = new Set(rest.flatMap(({ places }) => places.map(({ stack }) => stack)))
  return {
    code: `valve/${rule}`,
    message: `${rest.length} more of this kind, in ${stacks.size} ${stacks.size === 1 ? 'stack' : 'stacks'}.`,
  }
}

const told = (findings: readonly Finding[], input: ValveInput): readonly Issue[] =>
  [...new Set(findings.map(({ rule }) => rule))].flatMap((rule) => {
    const own = findings.filter((finding) => finding.rule === rule)
    const most = own.length === toldAtMost + 1 ? own.length : toldAtMost
    const rest = own.slice(most)
    return [
      ...own.slice(0, most).map((finding) => issueOf(finding, input)),
      ...(rest.length === 0 ? [] : [restOf(rule, rest)]),
    ]
  })

/**
 * Why a change of the fleet may not be applied as it is: it does too much at once, or what no change does by itself. Asked
 * before the first call; every number comes from the desired states. Empty where nothing is wrong.
 *
 * Issue codes: `valve/<rule>`, the gravest rule first; of many findings of one rule the first ten, and how many there are
 * besides. Overrides that are over lift nothing. Never throws.
 */
export const checkValve = (change: FleetChange, input: ValveInput): readonly Issue[] => {
  return told(merged(findingsOf(change, input, liftedBy(input))), input)
}

/** An override that let something through, for the report. */
export interface UsedOverride {
  readonly file: string
  readonly override: Override
  /** What would have been refused without it, sorted. */
  readonly rules: readonly ValveRule[]
}

/** The overrides without which the valve would refuse more. Never throws. */
export const usedOverrides = (change: FleetChange, input: ValveInput): readonly UsedOverride[] => {
  const bare = findingsOf(change, input, () => false)
  return input.overrides
    .filter(({ value }) => !isExpired(value, input.now))
    .map(({ file, value }) => {
      const lifted = bare.filter(({ rule, places }) =>
        places.some((place) => lifts(value, rule, place, input)),
      )
      return { file, override: value, rules: [...new Set(lifted.map(({ rule }) => rule))].sort() }
    })
    .filter((used) => used.rules.length > 0)
}
