import type { Issue } from '../core/issue.ts'
import { renderIssues } from '../load/render-issues.ts'
import type { UnownedThing } from '../plan/unowned.ts'
import type { BlindSpot } from '../survey/survey-cluster.ts'
import type { DriftReport } from './drift-all.ts'
import { exitCode } from './exit-code.ts'
import { closingLine, plainText, printHandChanges } from './hand-changes.ts'
import { heldLine } from './held-stacks.ts'
import { printFailures } from './run-report.ts'
import { stoppedLines } from './run-waves.ts'
import { plural, type Terminal } from './terminal.ts'

const reasons: Readonly<Record<UnownedThing['why'], (thing: UnownedThing) => string>> = {
  'left over': ({ owner }) => `marked as ${owner ?? 'ours'}'s, which does not hold it`,
  'beside the files': () => 'made beside the files',
  'of no tenant': ({ collection }) => `in ${collection ?? 'no collection'}, which is no organization's`,
}

const unownedLine = (thing: UnownedThing): string => {
  const maker = thing.madeBy === undefined ? '' : `, made by ${thing.madeBy}`
  return plainText(`  ${thing.kind} ${thing.name}: ${reasons[thing.why](thing)}${maker}`)
}

/** Cluster by cluster. */
const printUnowned = ({ print, color }: Terminal, unowned: readonly UnownedThing[]): void => {
  for (const cluster of [...new Set(unowned.map((one) => one.cluster))].sort()) {
    const things = unowned.filter((one) => one.cluster === cluster)
    print(
      `${color.bold(cluster)}: ${plural(things.length, 'thing')} that ${things.length === 1 ? 'belongs' : 'belong'} to nobody`,
    )
    for (const thing of things) print(unownedLine(thing))
    print('')
  }
}

const printBlindSpots = ({ print, color }: Terminal, blindSpots: readonly BlindSpot[]): void => {
  for (const { cluster, system, reason, hint } of blindSpots) {
    print(color.red(`${cluster}: ${system} could not be looked at: ${plainText(reason)}`))
    if (hint !== undefined) print(color.cyan(`  ${hint}`))
  }
}

const repairLines = ({ repair }: DriftReport): readonly string[] => {
  if (repair === undefined) return []
  const right = repair.report?.results.filter(({ outcome }) => outcome === 'succeeded') ?? []
  return [
    ...(right.length === 0 ? [] : [`Put right: ${right.map(({ stack }) => stack).join(', ')}.`]),
    ...repair.withheld.map(heldLine),
    ...stoppedLines(repair.report?.waves ?? []),
  ]
}

const printVanished = ({ print, color }: Terminal, vanished: readonly Issue[]): void => {
  if (vanished.length === 0) return
  print(renderIssues(vanished, new Map(), { color: color.isColorSupported }))
  print('')
}

/** What was found and what was done, for people. */
export const printDrift = (terminal: Terminal, report: DriftReport): void => {
  const byStack = new Map(report.drifted.map(({ stack, changes }) => [stack, changes]))
  printHandChanges(terminal, report.results, ({ stack }) => byStack.get(stack) ?? [])
  printUnowned(terminal, report.unowned)
  printBlindSpots(terminal, report.blindSpots)
  printVanished(terminal, report.vanished)
  for (const line of repairLines(report)) terminal.print(line)
  terminal.print(
    closingLine(report.results, report.seconds, {
      changed: report.drifted.length,
      isPutRight: report.repair !== undefined,
    }),
  )
  printFailures(terminal, [...report.results, ...(report.repair?.report?.results ?? [])])
}

/** As a machine reads it: what is as applied is counted, not listed. */
export const driftAsJson = (report: DriftReport): object => ({
  stacks: report.results.map(({ stack, outcome, counts, diagnostics, seconds }) => ({
    stack,
    outcome,
    asApplied: counts.same,
    changes: report.drifted.find((one) => one.stack === stack)?.changes ?? [],
    diagnostics,
    seconds,
  })),
  unowned: report.unowned,
  blindSpots: report.blindSpots,
  vanished: report.vanished,
  ...(report.repair === undefined
    ? {}
    : {
        putRight: (report.repair.report?.results ?? []).map(({ stack, outcome, diagnostics }) => ({
          stack,
          outcome,
          diagnostics,
        })),
        leftAsIs: report.repair.withheld,
      }),
  seconds: report.seconds,
})

/** Whether what was found is still so: not where all of it was put right. */
const isLeft = ({ drifted, unowned, vanished, repair }: DriftReport): boolean =>
  unowned.length > 0 ||
  vanished.length > 0 ||
  (repair === undefined ? drifted.length > 0 : repair.withheld.length > 0)

/** Clean where all is as applied, or was put right; issues where something is left; a fault where something could not be read. */
export const driftExitCode = (report: DriftReport): number => {
  const runs = [...report.results, ...(report.repair?.report?.results ?? [])]
  const isStopped = report.repair?.report?.waves.some(({ outcome }) => outcome !== 'succeeded') === true
  if (isStopped || report.blindSpots.length > 0 || runs.some(({ outcome }) => outcome !== 'succeeded'))
    return exitCode.fault
  return isLeft(report) ? exitCode.issues : exitCode.clean
}
