import type { Command } from 'commander'
import { fenced } from '../../forge/fenced.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCode } from '../exit-code.ts'
import { reportError } from '../report-error.ts'
import type { CiSession } from './ci-session.ts'
import { deliver } from './deliver.ts'

/** One of our own commands, as a person would call it. */
export interface CalledCommand {
  readonly make: (context: CommandContext) => Command
  readonly arguments: readonly string[]
}

/** What a job that calls a command tells its readers, by how it ended. */
export interface Told {
  readonly clean: string
  readonly issues: string
  readonly fault: string
}

const titleOf = (code: number, told: Told): string => {
  if (code === exitCode.clean) return told.clean
  return code === exitCode.issues ? told.issues : told.fault
}

/**
 * Calls one of our commands in this job: what it prints goes to the log, and as it is to the summary and `report.txt`; its exit
 * code is the job's. Resolves to that code; never rejects for what the command does.
 */
export const runCommandForJob = async (
  session: CiSession,
  command: CalledCommand,
  told: Told,
): Promise<number> => {
  const { context } = session
  const { terminal } = context
  let code: number = exitCode.clean
  const finish = (said: number) => {
    code = Math.max(code, said)
    context.finish(said)
  }
  const called = command.make({ ...context, finish })
  try {
    await called.exitOverride().parseAsync([...command.arguments], { from: 'user' })
  } catch (error) {
    finish(reportError(terminal, error))
  }
  const text = terminal.printed.join('\n')
  const markdown = [`## ${titleOf(code, told)}`, '', fenced(text === '' ? 'Nothing was printed.' : text), '']
  await deliver(session, { markdown: markdown.join('\n'), files: { 'report.txt': `${text}\n` } })
  return code
}
