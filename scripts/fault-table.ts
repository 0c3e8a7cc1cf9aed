import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One row of the README's reliability table, as a test has counted it. */
export interface FaultRow {
  /** What goes wrong, in a reader's words, e.g. `429 with Retry-After`. */
  readonly fault: string
  /** Where or at which step, e.g. `every changing call of up`. */
  readonly step: string
  readonly cases: number
  /** Cases after which the world, the state and the next run were those of an undisturbed run. */
  readonly sameState: number
  /** What was sent or done again, and by whom, e.g. `14 calls, by the client`; `nothing` where nothing was. */
  readonly retried: string
  /** Of all cases together. */
  readonly seconds: number
}

/** What a run of the whole matrix came to. */
export interface FaultResults {
  readonly seed: number
  /** From its start to its end, in whole minutes. */
  readonly minutes: number
  /** In the order of the table. */
  readonly rows: readonly FaultRow[]
}

/** Relative to the checkout: one JSON file a row, made by the tests. */
export const faultRowsFolder = join('.tenantry', 'faults')

/** Relative to the checkout: the last whole run, in git, so that the README's table does not depend on who made it. */
export const faultResultsFile = join('test', 'faults', 'results.json')

/** The rows that the tests have written, by the names of their files. */
export const readFaultRows = (root: string): readonly FaultRow[] => {
  const folder = join(root, faultRowsFolder)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as FaultRow)
}

/** The last whole run that is in git. */
export const readFaultResults = (root: string): FaultResults =>
  JSON.parse(readFileSync(join(root, faultResultsFile), 'utf8')) as FaultResults

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** The table in Markdown with a sentence on top. Pure. */
export const faultTable = ({ seed, minutes, rows }: FaultResults): string => {
  const cases = sum(rows.map((row) => row.cases))
  const same = sum(rows.map((row) => row.sameState))
  return [
    `${cases} cases, ${same} of which ended in the same state, in ${minutes} minutes (TENANTRY_SEED=${seed}).`,
    '',
    '| what goes wrong | at | cases | same state after | what was done again |',
    '|---|---|---|---|---|',
    ...rows.map(
      ({ fault, step, cases: all, sameState, retried }) =>
        `| ${fault} | ${step} | ${all} | ${sameState} | ${retried} |`,
    ),
  ].join('\n')
}

const tableBegin = '<!-- The table, made by `npm run test:faults`. -->'
const tableEnd = '<!-- End of the table. -->'

/** A README with the table between its two marks. @throws Error where the marks are missing. */
export const withFaultTable = (readme: string, results: FaultResults): string => {
  const [before, rest] = readme.split(tableBegin)
  const after = rest?.split(tableEnd)[1]
  if (before === undefined || after === undefined) throw new Error(`the README has no ${tableBegin}`)
  return `${before}${tableBegin}\n\n${faultTable(results)}\n\n${tableEnd}${after}`
}
