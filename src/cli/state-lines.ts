import type { Issue } from '../core/issue.ts'
import type { StackState } from '../model/desired-state.ts'

/**
 * Desired states as one version of Tenantry tells them to another: lines of a word, tabs and JSON.
 *
 * `state <stack> <StackState>` for each stack, `issue <Issue>` for what could not be understood, last `end <states> <issues>`,
 * by which a cut output is known. JSON holds no tab and no line's end of its own.
 */
export const stateLine = (state: StackState): string => `state\t${state.stack}\t${JSON.stringify(state)}`

export const issueLine = (issue: Issue): string => `issue\t${JSON.stringify(issue)}`

export const endLine = (states: number, issues: number): string => `end\t${states}\t${issues}`

/** What another version said. */
export interface ToldStates {
  readonly states: readonly StackState[]
  readonly issues: readonly Issue[]
}

/** States that are known already, by their JSON: most of what is told is the same, and need not be parsed. */
const knownTexts = (known: readonly StackState[]): ReadonlyMap<string, readonly [StackState, string]> =>
  new Map(known.map((state) => [state.stack, [state, JSON.stringify(state)] as const]))

const isState = (value: unknown, stack: string): value is StackState =>
  value !== null &&
  typeof value === 'object' &&
  'stack' in value &&
  value.stack === stack &&
  'cluster' in value &&
  'resources' in value &&
  Array.isArray(value.resources)

const parseState = (stack: string, json: string): StackState => {
  const value: unknown = JSON.parse(json)
  if (!isState(value, stack)) throw new Error(`no desired state of ${stack}`)
  return value
}

/**
 * What lines say; a state that is told as one of `known` is that very value.
 *
 * @throws {Error} where the lines are cut or are of another form.
 */
export const readStateLines = (lines: readonly string[], known: readonly StackState[]): ToldStates => {
  const texts = knownTexts(known)
  const states: StackState[] = []
  const issues: Issue[] = []
  for (const line of lines.slice(0, -1)) {
    const [word, first = '', json = ''] = line.split('\t')
    const same = texts.get(first)
    if (word === 'issue') issues.push(JSON.parse(first) as Issue)
    else if (word !== 'state')
      throw new Error(`a line that begins with ${JSON.stringify(word?.slice(0, 20))}`)
    else states.push(same?.[1] === json ? same[0] : parseState(first, json))
  }
  if (lines.at(-1) !== endLine(states.length, issues.length)) throw new Error('the output is cut')
  return { states, issues }
}
