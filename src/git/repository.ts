import { existsSync } from 'node:fs'
import { isFault } from '../core/fault.ts'
import type { Checked, Issue } from '../core/issue.ts'
import { type GitExit, runGit } from './run-git.ts'

/** A work tree of a git repository, seen from one of its folders. */
export interface Repository {
  /** The folder that was asked about, absolute. */
  readonly folder: string
  /** The work tree's top folder, absolute, links resolved. */
  readonly top: string
  /** Path of the folder below the top: empty at the top, else with a slash at its end, e.g. `platform/`. */
  readonly prefix: string
  /** Whether history is cut: a clone of the last commits only. */
  readonly shallow: boolean
}

const refused = (issue: Issue): { ok: false; issues: readonly Issue[] } => ({ ok: false, issues: [issue] })

const notTrusted = (folder: string): Issue => ({
  code: 'git/not-trusted',
  message: `git refuses ${folder}: it belongs to another user.`,
  hint: `If that is intended, as in a CI container: git config --global --add safe.directory ${folder}`,
})

const noRepository = (folder: string): Issue => ({
  code: 'git/no-repository',
  message: `${folder} is in no git work tree, so there is nothing to compare with.`,
  hint: 'Run the command in a clone of the platform, name one with --root, or leave --since away.',
})

const noGit: Issue = {
  code: 'git/missing',
  message: 'There is no git on the PATH, and --since compares with a commit.',
  hint: 'Install git 2.24 or later, or leave --since away.',
}

const explain = (folder: string, { errors }: GitExit): Issue =>
  errors.includes('dubious ownership') ? notTrusted(folder) : noRepository(folder)

/** `--show-prefix` comes last: it prints an empty line at the top. */
const questions = ['--is-inside-work-tree', '--is-shallow-repository', '--show-toplevel', '--show-prefix']

const ask = async (folder: string): Promise<Checked<Repository>> => {
  const exit = await runGit({ folder, arguments: ['rev-parse', ...questions], expected: [0, 128] })
  const [inside, shallow, top, prefix] = exit.output.toString('utf8').split('\n')
  if (exit.exitCode !== 0 || inside !== 'true' || top === undefined) return refused(explain(folder, exit))
  return { ok: true, value: { folder, top, prefix: prefix ?? '', shallow: shallow === 'true' } }
}

/**
 * The git work tree that a folder is in.
 *
 * Issue codes: `git/missing`, `git/no-repository` (also of a bare one), `git/not-trusted`.
 * @throws {Fault} `unavailable` where git fails otherwise.
 */
export const openRepository = async (folder: string): Promise<Checked<Repository>> => {
  if (!existsSync(folder)) return refused(noRepository(folder))
  try {
    return await ask(folder)
  } catch (error) {
    if (isFault(error, 'missing-tool')) return refused(noGit)
    throw error
  }
}
