import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type FaultRow, faultRowsFolder } from '../../scripts/fault-table.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'

/**
 * Writes a row to `.tenantry/faults/<name>.json`, in place of an earlier one of that name. Call it also when cases failed:
 * a table that leaves them out would lie.
 */
export const recordRow = async (name: string, row: FaultRow): Promise<void> => {
  const folder = join(checkoutRoot(), faultRowsFolder)
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${name}.json`)
  const whole = `${file}.${process.pid}.new`
  await writeFile(whole, `${JSON.stringify({ ...row, seconds: Math.round(row.seconds * 10) / 10 })}\n`)
  await rename(whole, file)
}

export interface FaultTally {
  /** Runs one case and counts it; a failure is counted and thrown on. What it answers is how often something was sent or done again; undefined where there was no case. */
  readonly count: (run: () => Promise<number | undefined>) => Promise<void>
  /** Writes the row; call it in `afterAll`, so that failed cases are in it. */
  readonly write: () => Promise<void>
}

/**
 * Counts the cases of one row. `again` words what was repeated, e.g. `(times) => \`${times} calls, by the client\``;
 * `by the next run` where absent.
 */
export const tallyFaults = (
  name: string,
  row: Pick<FaultRow, 'fault' | 'step'>,
  again: (times: number) => string = () => 'by the next run',
): FaultTally => {
  let cases = 0
  let sameState = 0
  let times = 0
  let milliseconds = 0
  return {
    count: async (run) => {
      const started = performance.now()
      cases += 1
      try {
        const done = await run()
        if (done === undefined) cases -= 1
        else {
          times += done
          sameState += 1
        }
      } finally {
        milliseconds += performance.now() - started
      }
    },
    write: () =>
      recordRow(name, { ...row, cases, sameState, retried: again(times), seconds: milliseconds / 1000 }),
  }
}
