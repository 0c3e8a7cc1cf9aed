import { headCommit } from '../git/find-base.ts'
import { openRepository } from '../git/repository.ts'

/** The commit that a folder's work tree stands on; null outside of a repository, before its first commit, and without git. */
export const commitOf = async (folder: string): Promise<string | null> => {
  const repository = await openRepository(folder)
  return repository.ok ? ((await headCommit(repository.value)) ?? null) : null
}
