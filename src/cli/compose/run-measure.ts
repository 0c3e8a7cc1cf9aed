import { systemClock } from '../../clients/clock.ts'
import { formatBytes, formatCpuMillis } from '../../core/units.ts'
import { measureStack, type StackNeed } from '../../survey/stack-need.ts'
import { withSystems } from '../../survey/systems.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCode } from '../exit-code.ts'
import { abortOnInterrupt } from '../interrupt.ts'
import { loadOrReport } from '../load-or-report.ts'
import { connectedTo } from '../offboard.ts'
import { type StackNames, stackParties } from '../stack-parties.ts'
import { plural } from '../terminal.ts'
import { writeWhole } from './write-whole.ts'

/** What `tenantry compose measure` is asked for beside the stack. Times in seconds. */
export interface MeasureOptions extends StackNames {
  readonly wait: number
  readonly settle: number
  readonly for: number
  readonly output?: string
}

const second = 1000

const asFile = ({ needs }: StackNeed): string => {
  const entries = [...needs].map(([service, { cpuMillis, memoryBytes }]) => [
    service,
    { cpu: formatCpuMillis(cpuMillis), memory: formatBytes(memoryBytes) },
  ])
  return JSON.stringify(Object.fromEntries(entries), null, 2)
}

/**
 * Measures what the services of a stack need and prints or writes it for `compose merge --measured`. Sets the exit code: 1 where
 * a service could not be measured. @throws {UsageError} for names that nobody has. @throws {Fault} where the cluster does not
 * answer, the stack does not run whole, or the file cannot be written.
 */
export const runMeasure = async (
  context: CommandContext,
  stack: string,
  options: MeasureOptions,
): Promise<void> => {
  const { terminal } = context
  const fleet = await loadOrReport(context, false)
  if (fleet === undefined) return
  const { cluster } = stackParties(fleet, options)
  const signal = abortOnInterrupt(terminal)
  const measured = await withSystems(connectedTo(cluster.value, process.env), ({ docker }) =>
    measureStack({ docker: docker(), clock: systemClock, signal }, stack, {
      startMilliseconds: options.wait * second,
      settleMilliseconds: options.settle * second,
      windowMilliseconds: options.for * second,
    }),
  )
  for (const { service, why } of measured.unknown) terminal.note(`${service} was not measured: ${why}.`)
  if (options.output === undefined) terminal.print(asFile(measured))
  else {
    await writeWhole(options.output, `${asFile(measured)}\n`, 'The file of measures')
    terminal.note(`Wrote what ${plural(measured.needs.size, 'service')} needed to ${options.output}.`)
  }
  context.finish(measured.unknown.length === 0 ? exitCode.clean : exitCode.issues)
}
