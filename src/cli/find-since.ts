import type { Checked } from '../core/issue.ts'
import { changedPaths } from '../git/changed-paths.ts'
import { type Base, type BaseRule, findBase } from '../git/find-base.ts'
import { openRepository, type Repository } from '../git/repository.ts'
import { type BaseProgram, findProgram } from './base-program.ts'
import type { CommandContext } from './command-context.ts'
import { typedNames } from './typed-names.ts'

/** A commit to compare with, where it is, and the program that was committed beside it. */
export interface FoundBase {
  /** At the folder that holds `tenants/`. */
  readonly files: Repository
  /** At the folder of the Pulumi project; that of the files where the program stands in another repository. */
  readonly code: Repository
  readonly base: Base
  /** Undefined: the program that is running compiles the commit's files too. */
  readonly program: BaseProgram | undefined
  /** Typed files that differ between the commit and the work tree, sorted. */
  readonly changedFiles: readonly string[]
  /** What a reader should know of the choice, as sentences. */
  readonly notes: readonly string[]
}

export const shortCommit = (commit: string): string => commit.slice(0, 12)

/** The repository that the running program is committed in; undefined where that is another one than the files'. */
const codeRepository = async (files: Repository, project: string): Promise<Repository | undefined> => {
  if (files.folder === project) return files
  const opened = await openRepository(project)
  return opened.ok && opened.value.top === files.top ? opened.value : undefined
}

const uncommittedNotes = async (files: Repository, head: string): Promise<readonly string[]> => {
  const { length } = await changedPaths(files, head, typedNames)
  if (length === 0) return []
  const count = length === 1 ? '1 typed file is' : `${length} typed files are`
  return [`${count} not committed; what is compared is the work tree as it stands.`]
}

const programAt = async (
  code: Repository | undefined,
  commit: string,
): Promise<Pick<FoundBase, 'program' | 'notes'>> => {
  const found = code === undefined ? 'same' : await findProgram(code, commit)
  if (typeof found === 'object') return { program: found, notes: [] }
  const note = `${shortCommit(commit)} holds no program; the one that is running compiles its files.`
  return { program: undefined, notes: found === 'none' ? [note] : [] }
}

/**
 * Finds the commit that a work tree is compared with, and what compiles its files.
 *
 * Issue codes: those of `openRepository` and `findBase`. @throws {Fault} where git fails otherwise.
 */
export const findSince = async (
  { root, project }: Pick<CommandContext, 'root' | 'project'>,
  ref: string,
  rule: BaseRule,
): Promise<Checked<FoundBase>> => {
  const opened = await openRepository(root)
  if (!opened.ok) return opened
  const files = opened.value
  const base = await findBase(files, ref, rule)
  if (!base.ok) return base
  const code = await codeRepository(files, project)
  const { commit, head } = base.value
  const [{ program, notes }, changedFiles, uncommitted] = await Promise.all([
    programAt(code, commit),
    changedPaths(files, commit, typedNames),
    uncommittedNotes(files, head),
  ])
  const said = [...base.value.notes, ...notes, ...uncommitted]
  const found = { files, code: code ?? files, base: base.value, program, changedFiles, notes: said }
  return { ok: true, value: found }
}
