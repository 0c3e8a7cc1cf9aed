import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Refusal } from '../../src/image/refusal.ts'
import { ownerId } from '../../src/image/tar/numbers.ts'
import { type TarEntry, TarReader } from '../../src/image/tar/tar-reader.ts'
import { nameOf } from '../../src/image/tar/text.ts'

/** An entry as both readers can say it, its content read to its end. */
interface Said {
  readonly name: string
  readonly link: string
  readonly type: string
  readonly mode: number
  readonly owner: string
  readonly device: string
  readonly attributes: Readonly<Record<string, string>>
  readonly bytes: number
  readonly digest: string
}

/** What a reader has of a tar when it stops, and why it stopped; no reason at the end. */
export interface Answer {
  readonly entries: readonly Said[]
  readonly error: string | undefined
}

/** The reference's entry: names in base64, numbers of 64 bits as text. */
interface ReferenceEntry {
  readonly name: string
  readonly link: string
  readonly type: string
  readonly mode: string
  readonly uid: string
  readonly gid: string
  readonly device: string
  readonly attributes: Readonly<Record<string, string>>
  readonly bytes: number
  readonly digest: string
}

interface ReferenceAnswer {
  readonly entries: readonly ReferenceEntry[]
  readonly error: string
}

const types: Readonly<Record<string, string>> = {
  '0': 'file',
  S: 'file',
  '1': 'hard-link',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
}

const decoded = (base64: string): string => nameOf(Buffer.from(base64, 'base64'))

const isLink = (type: string): boolean => type === 'hard-link' || type === 'symlink'

const said = (entry: ReferenceEntry): Said => {
  const type = types[entry.type] ?? entry.type
  return {
    name: decoded(entry.name),
    link: isLink(type) ? decoded(entry.link) : '',
    type,
    mode: Number(BigInt.asUintN(12, BigInt(entry.mode))),
    owner: `${ownerId(BigInt(entry.uid))}:${ownerId(BigInt(entry.gid))}`,
    device: type.endsWith('device') ? entry.device : '',
    attributes: entry.attributes,
    bytes: entry.bytes,
    digest: entry.digest,
  }
}

const saidByUs = async (entry: TarEntry): Promise<Said> => {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of entry.body) {
    hash.update(piece)
    bytes += piece.length
  }
  return {
    name: entry.name,
    link: entry.linkName,
    type: entry.type,
    mode: entry.mode,
    owner: `${entry.uid}:${entry.gid}`,
    device: entry.device,
    attributes: Object.fromEntries(
      [...entry.attributes].map(([name, value]) => [name, value.toString('base64')]),
    ),
    bytes,
    digest: hash.digest('hex'),
  }
}

/** What our reader has of a tar. @throws what is no refusal: that is a bug. */
export const ourAnswer = async (tar: Buffer): Promise<Answer> => {
  const reader = new TarReader([tar])
  const entries: Said[] = []
  try {
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next())
      entries.push(await saidByUs(entry))
    return { entries, error: undefined }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { entries, error: error.message }
  }
}

/** Builds the reference into a folder; gives its path. */
export const buildTarReference = (folder: string): string => {
  const tool = join(folder, 'tar-reference')
  const source = join(import.meta.dirname, '../../tools/tar-reference')
  execFileSync('go', ['build', '-o', tool, '.'], { cwd: source })
  return tool
}

/** What Go's reader has of each tar. */
export const referenceAnswers = (tool: string, paths: readonly string[]): Answer[] => {
  const output = execFileSync(tool, { input: JSON.stringify(paths), maxBuffer: 1 << 28 }).toString()
  const answers = JSON.parse(output) as readonly ReferenceAnswer[]
  return answers.map(({ entries, error }) => ({
    entries: entries.map(said),
    error: error === '' ? undefined : error,
  }))
}
