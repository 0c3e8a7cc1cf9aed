import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import type { Issue } from '../../core/issue.ts'
import { fileKinds } from '../../load/file-kind.ts'
import type { TypedText } from '../../load/load-fleet.ts'
import { readTypedText } from '../../load/read-typed-file.ts'
import type { CommandContext } from '../command-context.ts'
import { lenientFleet, lenientStates } from '../lenient-fleet.ts'
import { endLine, issueLine, stateLine } from '../state-lines.ts'

const namesIn = (root: string, folder: string): string[] => {
  try {
    return readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`)
      .sort()
  } catch {
    return []
  }
}

const readLeniently = (root: string): { texts: TypedText[]; issues: Issue[] } => {
  const texts: TypedText[] = []
  const issues: Issue[] = []
  for (const { folder } of [fileKinds.tenant, fileKinds.cluster])
    for (const file of folder === undefined ? [] : namesIn(root, folder)) {
      const text = readTypedText(root, file)
      if (text.ok) texts.push({ file, text: text.value })
      else issues.push(...text.issues)
    }
  return { texts, issues }
}

const tellStates = ({ root, terminal }: CommandContext): void => {
  const read = readLeniently(root)
  const { states, issues: found } = lenientStates(lenientFleet(read.texts))
  const issues = [...read.issues, ...found]
  for (const state of states) terminal.print(stateLine(state))
  for (const issue of issues) terminal.print(issueLine(issue))
  terminal.print(endLine(states.length, issues.length))
}

/**
 * What a later version of Tenantry asks of an earlier one, to compare what both make of the files. Not for people: hidden from the help.
 * The form is that of `state-lines.ts`.
 */
export const statesCommand = (context: CommandContext): Command =>
  new Command('states')
    .description(
      'Print the desired state of every stack, a line each, as far as the files can be understood.',
    )
    .action(() => tellStates(context))
