import { Fault } from '../core/fault.ts'
import type { Repository } from './repository.ts'
import { runGit } from './run-git.ts'

/** One entry of a commit's tree. */
export interface TreeEntry {
  /** Path relative to the repository's folder that was opened, with slashes. */
  readonly path: string
  /** A `link` and a `submodule` hold no text of their own. */
  readonly kind: 'file' | 'link' | 'submodule'
  readonly executable: boolean
  /** Name of its content: 40 or 64 hex digits. */
  readonly object: string
}

const kinds: Readonly<Record<string, TreeEntry['kind']>> = {
  '100644': 'file',
  '100664': 'file',
  '100755': 'file',
  '120000': 'link',
  '160000': 'submodule',
}

/** A crafted tree may hold what no checkout would write. */
const isPlainPath = (path: string): boolean =>
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part !== '.git')

const entryOf = (line: string, prefix: string): TreeEntry[] => {
  const match = /^(\d{6}) \w+ ([0-9a-f]+)\t(.+)$/s.exec(line)
  const [, mode = '', object = '', path = ''] = match ?? []
  const kind = kinds[mode]
  if (kind === undefined || !path.startsWith(prefix) || !isPlainPath(path)) return []
  return [{ path: path.slice(prefix.length), kind, executable: mode === '100755', object }]
}

/**
 * What a commit's tree holds at and below some paths, relative to the repository's folder, by path; a path it does not hold
 * adds nothing. No names: everything below the folder.
 *
 * @throws {Fault} `unavailable` where the tree cannot be read.
 */
export const listTree = async (
  { top, prefix }: Repository,
  commit: string,
  names: readonly string[],
): Promise<readonly TreeEntry[]> => {
  const paths = names.map((name) => `${prefix}${name}`)
  const all = prefix === '' ? [] : [prefix]
  const { output } = await runGit({
    folder: top,
    arguments: ['ls-tree', '-r', '-z', '--full-tree', commit, '--', ...(paths.length === 0 ? all : paths)],
  })
  return output
    .toString('utf8')
    .split('\0')
    .flatMap((line) => entryOf(line, prefix))
}

const missingObject = (header: string): Fault =>
  new Fault('unavailable', `git does not find an object that a commit names: ${header}.`, {
    details: {
      hint: 'The clone is damaged or a partial one that cannot reach its remote: git fsck, or clone again.',
    },
  })

/** `<object> blob <bytes>` of every object, in their order. */
const sizesOf = async ({ top }: Repository, objects: readonly string[]): Promise<readonly number[]> => {
  const { output } = await runGit({
    folder: top,
    arguments: ['cat-file', '--batch-check'],
    input: `${objects.join('\n')}\n`,
  })
  return output
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((header) => {
      const size = /^[0-9a-f]+ blob (\d+)$/.exec(header)?.[1]
      if (size === undefined) throw missingObject(header)
      return Number(size)
    })
}

/** Cuts what `cat-file --batch` printed: a header, the content and a line's end, again and again. */
const cut = (output: Buffer): ReadonlyMap<string, Buffer> => {
  const contents = new Map<string, Buffer>()
  let offset = 0
  while (offset < output.length) {
    const end = output.indexOf(0x0a, offset)
    const header = output.toString('utf8', offset, end === -1 ? output.length : end)
    const [, object, size] = /^([0-9a-f]+) blob (\d+)$/.exec(header) ?? []
    if (object === undefined) throw missingObject(header)
    contents.set(object, output.subarray(end + 1, end + 1 + Number(size)))
    offset = end + 1 + Number(size) + 1
  }
  return contents
}

/**
 * The contents of files by the name of their object, as they were committed: no filter is applied. One larger than
 * `largestBytes` is left out.
 *
 * @throws {Fault} `unavailable` where an object is missing.
 */
export const readObjects = async (
  repository: Repository,
  objects: readonly string[],
  largestBytes = Number.POSITIVE_INFINITY,
): Promise<ReadonlyMap<string, Buffer>> => {
  const wanted = [...new Set(objects)]
  if (wanted.length === 0) return new Map()
  const sizes = await sizesOf(repository, wanted)
  const read = wanted.filter((_, index) => (sizes[index] ?? 0) <= largestBytes)
  if (read.length === 0) return new Map()
  const { output } = await runGit({
    folder: repository.top,
    arguments: ['cat-file', '--batch'],
    input: `${read.join('\n')}\n`,
  })
  return cut(output)
}
