import type { Checked, Issue, Source } from '../core/issue.ts'
import { toLongForms } from './canonical.ts'
import { interpolate } from './interpolate.ts'
import type { MergeLog } from './merge.ts'
import { untag } from './merge-tags.ts'
import type { YamlFile } from './read-yaml.ts'
import type { Lookup } from './substitute.ts'
import { keySourceAt, type YamlMap, type YamlNode, type YamlPath } from './yaml-node.ts'

/** The files that a stack may name, by path from the project's folder. */
export interface ComposeFiles {
  /** A YAML file; issues where it cannot be read. */
  readonly yaml: (path: string) => Checked<YamlFile>
  /** The text of an env file; undefined where there is none; issues where there is one that cannot be read. */
  readonly text: (path: string) => string | readonly Issue[] | undefined
  /** A path as messages show it; as it is where absent. */
  readonly shown?: (path: string) => string
}

/** What one load works with; `folder` is where the relative paths of its files begin, seen from the project's folder. */
export interface Loading extends MergeLog {
  readonly files: ComposeFiles
  readonly lookup: Lookup
  readonly folder: string
  readonly warning: (issue: Issue) => void
  /** Files being included around this one, outermost first. */
  readonly including: readonly string[]
  /** Files merged in order, as a project of their own; undefined where all are empty. */
  readonly load: (paths: readonly NamedFile[], loading: Loading) => YamlMap | undefined
  readonly part: (part: LoadedPart) => void
}

/** What one document of a file of the command line says by itself and by what it includes and extends. */
export interface LoadedPart {
  /** The file of the command line. */
  readonly file: string
  readonly node: YamlMap
  /** What its merge tags take away from the files before, and where each stands. */
  readonly cleared: readonly Cleared[]
}

/** A path at which a merge tag stands. */
export interface Cleared {
  readonly path: YamlPath
  readonly source: Source
}

/** A file to load, and what names it where that is a file too. */
export interface NamedFile {
  readonly path: string
  readonly at?: Source
}

/** One document, ready to be merged. */
export interface Prepared {
  readonly node: YamlMap
  /** What its merge tags take away from the files before. */
  readonly cleared: readonly YamlPath[]
  readonly tags: readonly Cleared[]
}

const notMap = (source: Source): Issue => ({
  code: 'compose/not-a-map',
  message: 'A compose file is a map with `services` and the like at its top.',
  source,
  hint: 'Begin it with `services:`.',
})

/** A document with variables filled in, long forms, and tags taken out; undefined where it holds nothing that can be merged. */
export const prepare = (document: YamlNode, loading: Loading): Prepared | undefined => {
  if (document.kind === 'scalar' && document.value === null) return undefined
  if (document.kind !== 'map') {
    loading.issue(notMap(document.source))
    return undefined
  }
  const filled = interpolate(document, loading.lookup)
  for (const issue of filled.issues) loading.issue(issue)
  for (const warning of filled.warnings) loading.warning(warning)
  const plain = untag(filled.node)
  const long = toLongForms(plain.node)
  for (const issue of long.issues) loading.issue(issue)
  const tags = plain.cleared.map((path) => ({ path, source: keySourceAt(filled.node, path) }))
  return long.node.kind === 'map' ? { node: long.node, cleared: plain.cleared, tags } : undefined
}

/** The documents of a file, or none after telling why. */
export const documentsOf = (path: string, loading: Loading, at?: Source): readonly YamlNode[] => {
  const file = loading.files.yaml(path)
  if (file.ok) return file.value.documents
  for (const issue of file.issues)
    loading.issue(at === undefined || issue.code !== 'compose/no-file' ? issue : { ...issue, source: at })
  return []
}
