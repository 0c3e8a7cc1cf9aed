import type { Checked, Issue } from '../core/issue.ts'
import { checkConflicts } from './check-conflicts.ts'
import { checkInput } from './check-schema.ts'
import { withDefaults } from './defaults.ts'
import { applyExtends } from './extends.ts'
import { applyIncludes } from './include.ts'
import { mergeNodes, type Replaced } from './merge.ts'
import { clearPaths } from './merge-tags.ts'
import {
  type ComposeFiles,
  documentsOf,
  type LoadedPart,
  type Loading,
  type NamedFile,
  prepare,
} from './prepare.ts'
import type { Lookup } from './substitute.ts'
import { uniqueLists } from './unique-items.ts'
import type { YamlMap, YamlNode } from './yaml-node.ts'

const addDocument = (model: YamlMap | undefined, path: string, document: YamlNode, loading: Loading) => {
  const prepared = prepare(document, loading)
  if (prepared === undefined) return model
  const included = applyIncludes(prepared, { ...loading, including: [...loading.including, path] })
  const before = model === undefined ? undefined : clearPaths(model, prepared.cleared, loading)
  const extended = applyExtends({ ...prepared, node: included }, path, loading)
  if (loading.including.length === 0) loading.part({ file: path, node: extended, cleared: prepared.tags })
  const merged = before === undefined ? extended : mergeNodes(before, extended, [], loading)
  for (const issue of checkInput(merged)) loading.issue(issue)
  const unique = uniqueLists(merged)
  return unique.kind === 'map' ? unique : model
}

/** The files merged in order, includes and extends carried out; undefined where all are empty. Never throws. */
const loadFiles = (paths: readonly NamedFile[], loading: Loading): YamlMap | undefined => {
  let model: YamlMap | undefined
  for (const { path, at } of paths)
    for (const document of documentsOf(path, loading, at)) model = addDocument(model, path, document, loading)
  return model
}

/** What `loadModel` gives beside the model. */
export interface LoadedModel {
  readonly model: YamlMap
  /** What each document of the files said, in their order. */
  readonly parts: readonly LoadedPart[]
  readonly replaced: readonly Replaced[]
  readonly warnings: readonly Issue[]
}

/**
 * The model of compose files in their order, in long forms, before profiles, defaults and names. Files after the first are
 * merged over it as the specification says; relative paths begin at the project's folder. Never throws.
 *
 * Issue codes: `yaml/*`, `compose/*`.
 */
export const loadModel = (
  paths: readonly string[],
  files: ComposeFiles,
  lookup: Lookup,
): Checked<LoadedModel> => {
  const issues: Issue[] = []
  const parts: LoadedPart[] = []
  const replaced: Replaced[] = []
  const warnings: Issue[] = []
  const model = loadFiles(
    paths.map((path) => ({ path })),
    {
      files,
      lookup,
      folder: '.',
      including: [],
      load: loadFiles,
      issue: (issue) => issues.push(issue),
      warning: (issue) => warnings.push(issue),
      replaced: (one) => replaced.push(one),
      part: (part) => parts.push(part),
    },
  )
  if (issues.length > 0) return { ok: false, issues }
  if (model !== undefined) {
    const full = withDefaults(model)
    const conflicts = checkConflicts(full)
    if (conflicts.length > 0) return { ok: false, issues: conflicts }
    return { ok: true, value: { model: full, parts, replaced, warnings } }
  }
  const source = { file: paths[0] ?? 'compose.yml', line: 1, column: 1 }
  return {
    ok: false,
    issues: [
      {
        code: 'compose/empty',
        message: 'There is nothing in the files.',
        source,
        hint: 'Write `services:` first.',
      },
    ],
  }
}
