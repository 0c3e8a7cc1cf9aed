import type { Checked, Issue } from '../core/issue.ts'
import type { Repository } from './repository.ts'
import { gitText, runGit } from './run-git.ts'

/**
 * How a commit to compare with is found from a REF.
 *
 * `merge-base`: as forges show a pull request: what the work tree changes since it left REF; what REF gained meanwhile is not
 * counted. `ancestor`: REF itself, which must be in the history of HEAD: what was applied at REF and is applied no more is counted.
 */
export type BaseRule = 'merge-base' | 'ancestor'

/** The commit that the work tree is compared with. */
export interface Base {
  /** As the user named it. */
  readonly ref: string
  /** The commit compared with: 40 or 64 hex digits. */
  readonly commit: string
  /** The commit that the work tree stands on. */
  readonly head: string
  /** What a reader should know of the choice, as sentences. */
  readonly notes: readonly string[]
}

const refused = (issue: Issue): { ok: false; issues: readonly Issue[] } => ({ ok: false, issues: [issue] })

const shortCommit = (commit: string): string => commit.slice(0, 12)

/** Printable as it is, and nothing that git could take for an option. */
const isPlainRef = (ref: string): boolean => /^(?!-)[\p{L}\p{N}\p{P}\p{S} ]{1,1024}$/u.test(ref)

const notARef = (ref: string): Issue => ({
  code: 'git/not-a-ref',
  message: `${JSON.stringify(ref.slice(0, 80))} cannot be the name of a commit.`,
  hint: 'Name a branch, a tag or a commit, e.g. --since origin/main; no name begins with `-`.',
})

const noCommit: Issue = {
  code: 'git/no-commit',
  message: 'The work tree stands on no commit yet, so it has no history to compare with.',
  hint: 'Commit first, or leave --since away.',
}

const deepen =
  'Get the whole history: git fetch --unshallow (in CI: fetch-depth: 0 of actions/checkout, GIT_DEPTH: "0" of GitLab).'

const shallowIssue = (message: string): Issue => ({ code: 'git/shallow', message, hint: deepen })

const unknownHint = (ref: string): string => {
  const [remote, ...branch] = ref.split('/')
  return branch.length > 0 && /^[\w.-]+$/.test(remote ?? '')
    ? `If it is a branch of a remote, fetch it first: git fetch ${remote}. git branch --all lists what is known.`
    : 'git branch --all and git tag list the names that are known; git fetch brings what others pushed.'
}

const unknownRef = (ref: string, { shallow }: Repository): Issue => {
  if (/^0+$/.test(ref))
    return {
      code: 'git/unknown-ref',
      message: 'The zero commit stands for a branch that was not there before: nothing to compare with.',
      hint: 'Name the branch that it left, e.g. --since origin/main, or take --all.',
    }
  return shallow
    ? shallowIssue(`There is no commit '${ref}' here, and this clone holds a part of the history only.`)
    : { code: 'git/unknown-ref', message: `There is no commit '${ref}' here.`, hint: unknownHint(ref) }
}

const noCommonHistory = (ref: string, { shallow }: Repository): Issue =>
  shallow
    ? shallowIssue(`Where HEAD left ${ref} is not in this clone: it holds a part of the history only.`)
    : {
        code: 'git/no-common-history',
        message: `HEAD and ${ref} have no commit in common.`,
        hint: 'Name a branch of this repository that HEAD comes from.',
      }

const notAnAncestor = (ref: string, repository: Repository): Issue =>
  repository.shallow
    ? shallowIssue(`Whether ${ref} is in the history of HEAD cannot be told in a part of the history.`)
    : {
        code: 'git/not-ancestor',
        message: `${ref} is not in the history of HEAD: what it holds besides would be missed.`,
        hint: `Bring it in (git merge ${ref}), name an ancestor, or take --all, which compares with what was applied.`,
      }

const unmerged = (files: readonly string[]): Issue => ({
  code: 'git/unmerged',
  message: `A merge is under way: ${files.slice(0, 3).join(', ')}${files.length > 3 ? ` and ${files.length - 3} more files` : ''} ${files.length === 1 ? 'has' : 'have'} conflicts.`,
  hint: 'Resolve them and git add the files, or git merge --abort.',
})

const unmergedFiles = async ({ top }: Repository): Promise<readonly string[]> => {
  const text = await gitText({ folder: top, arguments: ['diff', '--name-only', '--diff-filter=U', '-z'] })
  return text.split('\0').filter((file) => file !== '')
}

const commitOf = async ({ top }: Repository, ref: string): Promise<string | undefined> => {
  const { exitCode, output } = await runGit({
    folder: top,
    arguments: ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`],
    expected: [0, 1, 128],
  })
  return exitCode === 0 ? output.toString('utf8').trim() : undefined
}

/** Best common ancestors, the one that git prefers first; several where branches were merged crosswise. */
const mergeBases = async ({ top }: Repository, a: string, b: string): Promise<readonly string[]> => {
  const { output } = await runGit({ folder: top, arguments: ['merge-base', '--all', a, b], expected: [0, 1] })
  return output.toString('utf8').split('\n').filter(Boolean)
}

const movedNote = async ({ top }: Repository, ref: string, commits: Commits): Promise<string> => {
  const range = `${commits.base}..${commits.ref}`
  const count = Number(await gitText({ folder: top, arguments: ['rev-list', '--count', range] }))
  return `${ref} has ${count} ${count === 1 ? 'commit' : 'commits'} that HEAD has not; compared with ${shortCommit(commits.base)}, where HEAD left it.`
}

interface Commits {
  readonly ref: string
  readonly head: string
  readonly base: string
}

const notesOn = async (
  repository: Repository,
  ref: string,
  commits: Commits,
  bases: number,
): Promise<readonly string[]> => [
  ...(commits.base === commits.ref ? [] : [await movedNote(repository, ref, commits)]),
  ...(bases > 1 ? [`HEAD and ${ref} have ${bases} best common ancestors; git's first choice is taken.`] : []),
  ...(repository.shallow && commits.base !== commits.ref
    ? ['This clone holds a part of the history only; with all of it a later common commit may be found.']
    : []),
]

const between = async (
  repository: Repository,
  ref: string,
  rule: BaseRule,
  commits: Omit<Commits, 'base'>,
): Promise<Checked<Base>> => {
  const bases = await mergeBases(repository, commits.head, commits.ref)
  const [base] = bases
  if (base === undefined) return refused(noCommonHistory(ref, repository))
  if (rule === 'ancestor' && base !== commits.ref) return refused(notAnAncestor(ref, repository))
  const notes = await notesOn(repository, ref, { ...commits, base }, bases.length)
  return { ok: true, value: { ref, commit: base, head: commits.head, notes } }
}

/** The commit that the work tree stands on; undefined before the first one. @throws {Fault} where git fails. */
export const headCommit = (repository: Repository): Promise<string | undefined> =>
  commitOf(repository, 'HEAD')

/**
 * The commit to compare a work tree with.
 *
 * Issue codes: `git/not-a-ref`, `git/no-commit`, `git/unknown-ref`, `git/shallow`, `git/no-common-history`,
 * `git/not-ancestor` (rule `ancestor` only), `git/unmerged`. @throws {Fault} where git fails otherwise.
 */
export const findBase = async (
  repository: Repository,
  ref: string,
  rule: BaseRule,
): Promise<Checked<Base>> => {
  if (!isPlainRef(ref)) return refused(notARef(ref))
  const [head, commit, conflicts] = await Promise.all([
    headCommit(repository),
    commitOf(repository, ref),
    unmergedFiles(repository),
  ])
  if (head === undefined) return refused(noCommit)
  if (conflicts.length > 0) return refused(unmerged(conflicts))
  if (commit === undefined) return refused(unknownRef(ref, repository))
  return between(repository, ref, rule, { head, ref: commit })
}
