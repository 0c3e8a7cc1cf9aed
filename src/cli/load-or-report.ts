import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Issue } from '../core/issue.ts'
import type { Fleet } from '../load/fleet.ts'
import { loadFleet } from '../load/load-fleet.ts'
import { largestFileBytes } from '../load/read-typed-file.ts'
import { renderIssues } from '../load/render-issues.ts'
import type { CommandContext } from './command-context.ts'
import { exitCode } from './exit-code.ts'
import { plural } from './terminal.ts'

/** The texts of the files that issues are in, for code frames; files that cannot be shown are left out. */
const textsOf = (root: string, issues: readonly Issue[]): Map<string, string> => {
  const texts = new Map<string, string>()
  for (const file of new Set(issues.flatMap(({ source }) => (source === undefined ? [] : [source.file])))) {
    try {
      const path = join(root, file)
      if (statSync(path).size <= largestFileBytes) texts.set(file, readFileSync(path, 'utf8'))
    } catch {
      // The issue itself says that the file cannot be read.
    }
  }
  return texts
}

/** Prints every issue, with frames or as JSON, and sets the exit code. */
export const reportIssues = (
  { terminal, finish }: CommandContext,
  issues: readonly Issue[],
  texts: ReadonlyMap<string, string>,
  json: boolean,
): void => {
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
