import { compareText } from '../../core/issue.ts'
import type { EngineRun } from './engine-run.ts'
import { groupBy } from './group-by.ts'
import { joined, type Phrase, say } from './phrase.ts'
import { withoutSecrets } from './visible.ts'

/** Why some stacks were not previewed, told once. */
export interface Failure {
  /** Sorted. */
  readonly stacks: readonly string[]
  readonly outcome: 'failed' | 'cancelled'
  readonly reasons: readonly Phrase[]
}

const mostLines = 6
const mostReasons = 8

/** Lines of a message, each a name of its own: no line break of a server gets into the report. */
const linesOf = (message: string): Phrase => {
  const lines = withoutSecrets(message)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return joined(
    lines.slice(0, mostLines).map((line) => say`${line}`),
    ' ',
  )
}

const reasonsOf = ({ diagnostics }: EngineRun): readonly Phrase[] =>
  diagnostics
    .filter(({ severity }) => severity === 'error')
    .slice(0, mostReasons)
    .map(({ message, resource, hint }) => {
      const what = resource === undefined ? linesOf(message) : say`${resource}: ${linesOf(message)}`
      return hint === undefined ? what : say`${what} Way out: ${linesOf(hint)}`
    })

/** Runs that did not succeed, those of one reason together. Never throws. */
export const failuresOf = (runs: readonly EngineRun[]): readonly Failure[] => {
  const ended = runs.flatMap(({ outcome, ...run }) =>
    outcome === 'succeeded' ? [] : [{ stack: run.stack, outcome, reasons: reasonsOf({ ...run, outcome }) }],
  )
  return [...groupBy(ended, ({ outcome, reasons }) => JSON.stringify([outcome, reasons])).values()].flatMap(
    (same) => {
      const [first] = same
      return first === undefined
        ? []
        : [
            {
              stacks: same.map(({ stack }) => stack).sort(compareText),
              outcome: first.outcome,
              reasons: first.reasons,
            },
          ]
    },
  )
}
