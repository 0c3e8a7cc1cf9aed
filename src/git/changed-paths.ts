import type { Repository } from './repository.ts'
import { gitText } from './run-git.ts'

const paths = (text: string, prefix: string): string[] =>
  text
    .split('\0')
    .filter((path) => path !== '')
    .map((path) => path.slice(prefix.length))

/**
 * Which files differ between a commit and the work tree at and below some paths, both relative to the repository's folder:
 * changed, gone and new ones, also those that were not added yet; not those that git ignores. Sorted.
 *
 * @throws {Fault} `unavailable` where git fails.
 */
export const changedPaths = async (
  { top, prefix }: Repository,
  commit: string,
  names: readonly string[],
): Promise<readonly string[]> => {
  const within = ['--', ...names.map((name) => `${prefix}${name}`)]
  const compare = ['diff', '--name-only', '-z', '--no-renames', '--no-ext-diff', '--no-textconv', commit]
  const untracked = ['ls-files', '--others', '--exclude-standard', '-z']
  const [changed, added] = await Promise.all([
    gitText({ folder: top, arguments: [...compare, ...within] }),
    gitText({ folder: top, arguments: [...untracked, ...within] }),
  ])
  return [...new Set([...paths(changed, prefix), ...paths(added, prefix)])].sort()
}
