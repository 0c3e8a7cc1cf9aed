import type { ComposeModel } from '../../compliance/view/compose-model.ts'
import { modelOfNode } from '../../compliance/view/model-of-node.ts'
import { parseEnvText } from '../../compose/env-text.ts'
import { finishModel } from '../../compose/finish.ts'
import { loadModel } from '../../compose/load-model.ts'
import type { Lookup } from '../../compose/substitute.ts'
import { type Checked, type Issue, sortIssues } from '../../core/issue.ts'
import { readText } from './read-bounded.ts'
import { largestEnvBytes, type StackFiles, stackFiles } from './stack-files.ts'

/** A stack's model, and the text of each of its files for frames. */
export interface ReadStack {
  readonly model: ComposeModel
  readonly texts: ReadonlyMap<string, string>
}

export interface ReadStackOptions {
  /** Files with variables; `.env` beside the first compose file, where there is one, if none is named. */
  readonly envFiles: readonly string[]
  readonly environment: NodeJS.ProcessEnv
}

/** Variables by name: those of the environment stand above those of the files, later files above earlier ones. */
export const lookupOf = (files: StackFiles, { envFiles, environment }: ReadStackOptions): Checked<Lookup> => {
  const variables = new Map<string, string>()
  const lookup: Lookup = (name) => environment[name] ?? variables.get(name)
  const issues: Issue[] = []
  const add = (file: string, text: string): void => {
    const parsed = parseEnvText(file, text, lookup)
    issues.push(...parsed.issues)
    for (const [name, value] of parsed.variables) variables.set(name, value)
  }
  const own = envFiles.length === 0 ? (files.text('.env') ?? '') : ''
  if (typeof own === 'string') add(files.shown('.env'), own)
  else issues.push(...own)
  for (const file of envFiles) {
    const text = readText(file, largestEnvBytes)
    if (text.ok) add(file, text.value)
    else issues.push(...text.issues)
  }
  return issues.length === 0 ? { ok: true, value: lookup } : { ok: false, issues }
}

/**
 * Compose files as one model: merged in their order, variables filled in, of every profile, with the variables of env files, as
 * `docker stack deploy` would run it.
 *
 * Issue codes: `input/unreadable`, `reader/not-utf8`, `yaml/*`, `compose/*`; sorted. Never throws.
 */
export const readStack = (paths: readonly string[], options: ReadStackOptions): Checked<ReadStack> => {
  const files = stackFiles(paths)
  const lookup = lookupOf(files, options)
  if (!lookup.ok) return lookup
  const loaded = loadModel(files.paths, files, lookup.value)
  if (!loaded.ok) return { ok: false, issues: sortIssues(loaded.issues) }
  const finished = finishModel(loaded.value.model, { profiles: ['*'], files, lookup: lookup.value })
  if (!finished.ok) return { ok: false, issues: sortIssues(finished.issues) }
  return { ok: true, value: { model: modelOfNode(finished.value, paths), texts: files.texts } }
}
