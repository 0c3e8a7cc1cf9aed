// Prints what the fault tests have counted; with `--write` keeps it for the README. Arguments: seed, minutes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FaultResults, faultResultsFile, faultTable, readFaultRows } from './fault-table.ts'

const root = join(import.meta.dirname, '..')
const [seed, minutes] = process.argv.slice(2).filter((one) => /^\d+$/.test(one))
const results: FaultResults = { seed: Number(seed), minutes: Number(minutes), rows: readFaultRows(root) }
console.log(`\n${faultTable(results)}`)
if (process.argv.includes('--write'))
  writeFileSync(join(root, faultResultsFile), `${JSON.stringify(results, null, 2)}\n`)
process.exitCode = results.rows.every(({ cases, sameState }) => cases > 0 && cases === sameState) ? 0 : 1
