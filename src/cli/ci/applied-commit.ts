import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Issue } from '../../core/issue.ts'
import { fileFault } from '../../engine/state-fault.ts'
import { stateFolder } from '../../engine/state-folder.ts'
import { isCommit } from '../../forge/ci-place.ts'
import { findBase } from '../../git/find-base.ts'
import { openRepository } from '../../git/repository.ts'

/** Where the newest commit that a job applied is kept: beside the state of a file back end; undefined for others. */
const fileOf = (environment: NodeJS.ProcessEnv): string | undefined => {
  const folder = stateFolder(environment)
  return folder === undefined ? undefined : join(folder, '.tenantry', 'applied-commit')
}

const recorded = async (file: string): Promise<string | undefined> => {
  const text = await readFile(file, 'utf8').then(
    (found) => found.trim(),
    () => undefined,
  )
  return isCommit(text) ? text : undefined
}

interface Heads {
  readonly head: string
  /** Whether what was applied holds HEAD and more. Not so where the history does not tell. */
  readonly isOlder: boolean
}

const compare = async (root: string, applied: string | undefined): Promise<Heads | undefined> => {
  const repository = await openRepository(root)
  if (!repository.ok) return undefined
  const found = await findBase(repository.value, applied ?? 'HEAD', 'merge-base')
  if (found.ok) {
    const { head, commit } = found.value
    return { head, isOlder: applied !== undefined && applied !== head && commit === head }
  }
  // A commit that this clone has not: the branch was made anew.
  return applied === undefined ? undefined : compare(root, undefined)
}

const olderIssue = (head: string, applied: string): Issue => ({
  code: 'ci/older-commit',
  message: `${head.slice(0, 12)} is older than ${applied.slice(0, 12)}, which a job applied: to plan it would take back what came in between.`,
  hint: 'Leave it to the job of the newest commit, which holds this one too. To go back, revert in a commit of its own.',
})

/**
 * That the work tree stands on a commit which another job's, a newer one's, was applied after: a job that waited long, or was run
 * again. Undefined where it does not, and where nobody can tell. Issue code `ci/older-commit`.
 *
 * @throws {Fault} where git fails.
 */
export const olderThanApplied = async (
  root: string,
  environment: NodeJS.ProcessEnv,
): Promise<Issue | undefined> => {
  const file = fileOf(environment)
  const applied = file === undefined ? undefined : await recorded(file)
  if (applied === undefined) return undefined
  const found = await compare(root, applied)
  return found?.isOlder === true ? olderIssue(found.head, applied) : undefined
}

/** Keeps the commit that is about to be applied, but where a newer one was. @throws {Fault} where it cannot be written. */
export const rememberApplied = async (root: string, environment: NodeJS.ProcessEnv): Promise<void> => {
  const file = fileOf(environment)
  if (file === undefined) return
  const found = await compare(root, await recorded(file))
  if (found === undefined || found.isOlder) return
  try {
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(`${file}.${process.pid}`, `${found.head}\n`)
    await rename(`${file}.${process.pid}`, file)
  } catch (error) {
    throw fileFault(error, 'Which commit was applied', file)
  }
}
