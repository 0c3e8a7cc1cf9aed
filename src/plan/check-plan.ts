import type { Issue } from '../core/issue.ts'
import { compareText } from '../core/issue.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Plan, PlannedStack, Versions } from './plan-file.ts'
import { stateDigest } from './state-digest.ts'

/** What would be applied here and now. */
export interface PlanToday {
  readonly commit: string | null
  readonly versions: Versions
  /** The desired states that the files make now; of the plan's stacks at least. */
  readonly states: readonly StackState[]
}

/** `1a2b3c4d…`, as git shortens it. */
const short = (commit: string | null): string => commit?.slice(0, 8) ?? 'no commit'

const commits = (plan: Plan, { commit }: PlanToday): string =>
  plan.commit === commit
    ? `The plan was made of ${short(commit)}, and this is ${short(commit)}: look for what is not committed.`
    : `The plan was made of ${short(plan.commit)}, and this is ${short(commit)}.`

const versionIssues = (file: string, plan: Plan, today: PlanToday): readonly Issue[] => {
  const [then, now] = [plan.versions, today.versions]
  const source = { file, line: 1, column: 1 }
  const hint = `${commits(plan, today)} Make the plan again with what is to apply it, and have it approved again.`
  const moved = (code: string, message: string): Issue => ({ code: `plan/${code}`, message, source, hint })
  return [
    ...(then.program === now.program
      ? []
      : [moved('program-moved', 'The program moved since the plan was made: its sources or its packages.')]),
    ...(then.policies === now.policies
      ? []
      : [
          moved(
            'policies-moved',
            'The policies moved since the plan was made: the rules, their thresholds, or what lifts them.',
          ),
        ]),
    ...(then.engine === now.engine
      ? []
      : [
          moved(
            'engine-moved',
            `The engine moved since the plan was made: ${then.engine}, now ${now.engine}.`,
          ),
        ]),
  ]
}

const fileIssue = (
  file: string,
  { stack, desired }: PlannedStack,
  now: StackState | undefined,
): Omit<Issue, 'hint'> | undefined => {
  const source = { file, line: 1, column: 1 }
  if (now === undefined)
    return {
      code: 'plan/stack-gone',
      message: `The files moved since the plan was made: none asks for ${stack} any more.`,
      source,
    }
  if (stateDigest(now) === desired) return undefined
  const message = `The files moved since the plan was made: they ask for something else of ${stack} than what was approved.`
  return { code: 'plan/desired-moved', message, source }
}

/**
 * Which part of a plan moved since it was made, as far as it can be told without the engine: program, policies, engine, files.
 * The commit is no part by itself, since a merge makes another one of the same files: it is told with what moved.
 *
 * Issue codes: `plan/program-moved`, `plan/policies-moved`, `plan/engine-moved`, `plan/desired-moved`, `plan/stack-gone`. Pure.
 */
export const checkPlan = (file: string, plan: Plan, today: PlanToday): readonly Issue[] => {
  const states = new Map(today.states.map((state) => [state.stack, state]))
  const hint = `${commits(plan, today)} Run \`tenantry preview --plan FILE\` on these files, and have it approved.`
  return [
    ...versionIssues(file, plan, today),
    ...plan.stacks.flatMap((stack) => {
      const issue = fileIssue(file, stack, states.get(stack.stack))
      return issue === undefined ? [] : [{ ...issue, hint }]
    }),
  ]
}

/** Why a stack's state is another than the one of the plan; undefined where it is the same. Pure. */
export const stateMoved = (planned: PlannedStack, now: PlannedStack['state']): string | undefined => {
  const then = planned.state
  if (then.digest !== now.digest)
    return `its state moved: ${now.serial} runs have written it, ${then.serial} had when the plan was made, and what is in it is another`
  if (now.serial < then.serial)
    return `its state was put back from an older copy: ${now.serial} runs have written it, ${then.serial} had when the plan was made`
  return undefined
}

/** What a preview against the world found, as a plan keeps it. */
export type Look = Pick<PlannedStack, 'live' | 'changes' | 'providers'>

type Kind = PlannedStack['changes'][number]['change']

const words: Readonly<Record<Kind, string>> = {
  create: 'to be created',
  update: 'to be updated',
  replace: 'to be replaced',
  delete: 'to be deleted',
}

const kindsOf = ({ changes }: Pick<Look, 'changes'>): ReadonlyMap<string, Kind> =>
  new Map(changes.map(({ key, change }) => [key, change]))

const inWords = (kind: Kind | undefined): string => (kind === undefined ? 'to stay as it is' : words[kind])

/** What is left of an approved change that was cut off. */
const rests: Readonly<Record<Kind, readonly Kind[]>> = {
  create: ['create', 'update'],
  update: ['update'],
  replace: ['replace', 'create', 'update', 'delete'],
  delete: ['delete'],
}

const isRest = (approved: Kind | undefined, left: Kind | undefined): boolean =>
  approved !== undefined && (left === undefined || rests[approved].includes(left))

const providerText = ({ providers }: Look): string =>
  providers.map(({ name, version }) => `${name} ${version ?? ''}`.trim()).join(', ')

/** What is left of a plan that was cut off may need fewer plugins than all of it. */
const providersMoved = (planned: PlannedStack, now: Look, resumed: boolean): readonly string[] => {
  const then = new Map(planned.providers.map(({ name, version }) => [name, version]))
  const isOther = now.providers.some(({ name, version }) => !then.has(name) || then.get(name) !== version)
  const moved = isOther || (!resumed && now.providers.length < planned.providers.length)
  return moved ? [`its providers moved: ${providerText(planned)} then, ${providerText(now)} now`] : []
}

/** As `liveDigests` names where a provider looked. */
const isProviderKey = (key: string): boolean => key.startsWith('provider/')

/** So many resources are named. */
const mostNamed = 10

const resourcesMoved = (planned: PlannedStack, now: Look, resumed: boolean): readonly string[] => {
  const [approved, found] = [kindsOf(planned), kindsOf(now)]
  const keys = [...new Set([...Object.keys(planned.live), ...Object.keys(now.live)])].sort(compareText)
  return keys.flatMap((key) => {
    if (Object.hasOwn(planned.live, key) && planned.live[key] === now.live[key]) return []
    const [then, today] = [approved.get(key), found.get(key)]
    if (resumed && isRest(then, today)) return []
    if (isProviderKey(key)) return [`${key} (it looks elsewhere, or takes over what is foreign)`]
    return then === today
      ? [`${key} (what was read of it is another)`]
      : [`${key} (was ${inWords(then)}, is ${inWords(today)} now)`]
  })
}

/**
 * Why the world of a stack, or what works on it, is another than the one of the plan, in sentences; none where it is the same.
 * `resumed`: this very plan was begun on the stack and cut off, so that what is left of its changes is approved too. Pure.
 */
export const worldMoved = (planned: PlannedStack, now: Look, resumed = false): readonly string[] => {
  const moved = resourcesMoved(planned, now, resumed)
  const rest = moved.length > mostNamed ? ` and ${moved.length - mostNamed} more` : ''
  return [
    ...providersMoved(planned, now, resumed),
    ...(moved.length === 0 ? [] : [`what is live moved: ${moved.slice(0, mostNamed).join(', ')}${rest}`]),
  ]
}
