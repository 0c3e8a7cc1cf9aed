import { createHash } from 'node:crypto'
import type { Cluster } from '../cluster/schema.ts'
import { compareText, type Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { listTree, readObjects, type TreeEntry } from '../git/read-tree.ts'
import type { Repository } from '../git/repository.ts'
import { decodeUtf8 } from '../load/decode-utf8.ts'
import { fileKinds } from '../load/file-kind.ts'
import type { Fleet } from '../load/fleet.ts'
import type { TypedText } from '../load/load-fleet.ts'
import { largestFileBytes } from '../load/read-typed-file.ts'
import type { Tenant } from '../tenant/schema.ts'
import { type LenientFleet, lenientFleet } from './lenient-fleet.ts'

/** What states are compiled from, relative to the checkout. */
const compiledFolders: readonly string[] = [fileKinds.tenant, fileKinds.cluster].flatMap(({ folder }) =>
  folder === undefined ? [] : [folder],
)

/** The name that git gives to a file's content; which hash, its length tells. */
const objectName = (text: string, length: number): string => {
  const bytes = Buffer.from(text)
  const hash = createHash(length === 64 ? 'sha256' : 'sha1')
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

type HeadFiles = ReadonlyMap<string, Loaded<Tenant> | Loaded<Cluster>>

const filesOf = ({ tenants, clusters }: Pick<Fleet, 'tenants' | 'clusters'>): HeadFiles =>
  new Map([...tenants, ...clusters].map((loaded) => [loaded.file, loaded]))

/** Directly in one of the folders, as the reader of a checkout has it; the rest it reports there. */
const isTypedPath = (path: string): boolean => {
  const [folder = '', name, ...deeper] = path.split('/')
  if (name === undefined) return compiledFolders.includes(folder)
  return deeper.length === 0 && name.endsWith('.ts')
}

const notRead = (file: string, message: string, hint: string): Issue => ({
  code: 'since/not-read',
  message,
  source: { file, line: 1, column: 1 },
  hint,
})

const noText = ({ path, kind }: TreeEntry): Issue =>
  notRead(
    path,
    `At the commit compared with, ${path} is a ${kind === 'link' ? 'symbolic link' : 'submodule'}, not a file.`,
    'Such entries are not followed; its stacks count as new.',
  )

const tooLarge = ({ path }: TreeEntry): Issue =>
  notRead(
    path,
    `At the commit compared with, ${path} is larger than ${largestFileBytes} bytes.`,
    'No typed file is; its stacks count as new.',
  )

interface Texts {
  readonly texts: readonly TypedText[]
  readonly issues: readonly Issue[]
}

/** The texts of files that are not as in the work tree. */
const readTexts = async (repository: Repository, entries: readonly TreeEntry[]): Promise<Texts> => {
  const objects = entries.map(({ object }) => object)
  const contents = await readObjects(repository, objects, largestFileBytes)
  const texts: TypedText[] = []
  const issues: Issue[] = []
  for (const entry of entries) {
    const bytes = contents.get(entry.object)
    const text = bytes === undefined ? undefined : decodeUtf8(entry.path, bytes)
    if (text === undefined) issues.push(tooLarge(entry))
    else if (text.ok) texts.push({ file: entry.path, text: text.value })
    else issues.push(...text.issues)
  }
  return { texts, issues }
}

/** Values of the work tree that stand at the other side too, by identity, so that they are compiled once. */
const shared = <T>(files: readonly Loaded<T>[], same: ReadonlySet<string>): Loaded<T>[] =>
  files.filter(({ file }) => same.has(file))

const merged = <T>(a: readonly Loaded<T>[], b: readonly Loaded<T>[], nameOf: (value: T) => string) =>
  [...a, ...b].sort((x, y) => compareText(nameOf(x.value), nameOf(y.value)))

/**
 * The fleet as the files of a commit had it, as far as they can be understood. What is the same in the work tree's fleet is
 * taken from there: neither read nor parsed again.
 *
 * Issue codes: `since/not-read`, `reader/*`, `tenant/*`, `cluster/*`; all of the commit, none of the work tree.
 * @throws {Fault} where git fails.
 */
export const baseFleet = async (
  repository: Repository,
  commit: string,
  head: Pick<Fleet, 'tenants' | 'clusters'>,
): Promise<LenientFleet> => {
  const entries = (await listTree(repository, commit, compiledFolders)).filter(({ path }) =>
    isTypedPath(path),
  )
  const files = entries.filter(({ kind }) => kind === 'file')
  const known = filesOf(head)
  const isSame = ({ path, object }: TreeEntry): boolean => {
    const text = known.get(path)?.text
    return text !== undefined && objectName(text, object.length) === object
  }
  const same = new Set(files.filter(isSame).map(({ path }) => path))
  const read = await readTexts(
    repository,
    files.filter(({ path }) => !same.has(path)),
  )
  const others = lenientFleet(read.texts)
  return {
    tenants: merged(shared(head.tenants, same), others.tenants, ({ organization }) => organization),
    clusters: merged(shared(head.clusters, same), others.clusters, ({ cluster }) => cluster),
    issues: [...entries.filter(({ kind }) => kind !== 'file').map(noText), ...read.issues, ...others.issues],
  }
}
