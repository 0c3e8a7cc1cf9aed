import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Issue } from '../core/issue.ts'
import type { Fleet } from '../load/fleet.ts'
import { loadFleet } from '../load/load-fleet.ts'
import { readTypedText } from '../load/read-typed-file.ts'
import { renderIssues } from '../load/render-issues.ts'
import type { CommandContext } from './command-context.ts'
import { exitCode } from './exit-code.ts'
import { plural } from './terminal.ts'

/**
 * What a frame may show of a file: nothing of one that leads out of the checkout, is too large or is no plain file. Bytes
 * that are not UTF-8 are shown as marks: the issue is about them.
 */
const shownText = (root: string, file: string): string | undefined => {
  const text = readTypedText(root, file)
  if (text.ok) return text.value
  return text.issues.every(({ code }) => code === 'reader/not-utf8')
    ? readFileSync(join(root, file), 'utf8')
    : undefined
}

/** The texts of the files that issues are in, for code frames; files that cannot be shown are left out. */
const textsOf = (root: string, issues: readonly Issue[]): Map<string, string> => {
  const texts = new Map<string, string>()
  for (const file of new Set(issues.flatMap(({ source }) => (source === undefined ? [] : [source.file])))) {
    const text = shownText(root, file)
    if (text !== undefined) texts.set(file, text)
  }
  return texts
}

/** Prints every issue, with frames or as JSON, and sets the exit code. */
export const reportIssues = (
  { terminal, finish, tellIssues }: CommandContext,
  issues: readonly Issue[],
  texts: ReadonlyMap<string, string>,
  json: boolean,
): void => {
  tellIssues?.(issues)
  if (json) terminal.print(JSON.stringify({ ok: false, issues }, null, 2))
  else {
    terminal.print(renderIssues(issues, texts, { color: terminal.color.isColorSupported }))
    terminal.print(`\n${plural(issues.length, 'issue')}. Nothing was touched on any cluster.`)
  }
  finish(exitCode.issues)
}

/** Every file of the checkout, read and checked; undefined after printing the issues and setting the exit code. */
export const loadOrReport = async (context: CommandContext, json = false): Promise<Fleet | undefined> => {
  const checked = await loadFleet(context.root)
  if (checked.ok) return checked.value
  reportIssues(context, checked.issues, textsOf(context.root, checked.issues), json)
  return undefined
}
