import { type MadeEntry, metaEntry, padded, paxContent, tarEntry, withSum } from './make-tar.ts'

/** A part of a sparse file: where it stands, and what stands there. */
export interface MadePart {
  readonly from: number
  readonly content: string
}

export interface MadeSparse {
  readonly name: string
  readonly sizeBytes: number
  readonly parts: readonly MadePart[]
}

const contentOf = (parts: readonly MadePart[]): Buffer =>
  Buffer.from(parts.map(({ content }) => content).join(''))

const numbersOf = (parts: readonly MadePart[]): number[] =>
  parts.flatMap(({ from, content }) => [from, Buffer.byteLength(content)])

const octal = (value: number): string => `${value.toString(8).padStart(11, '0')}\0`

const writePairs = (
  block: Buffer,
  at: number,
  { pairs, more }: { readonly pairs: readonly MadePart[]; readonly more: boolean },
): void => {
  for (const [index, value] of numbersOf(pairs).entries())
    block.write(octal(value), at + index * 12, 'latin1')
  block[at + (at === 0 ? 504 : 96)] = more ? 1 : 0
}

/** GNU's oldest form: the map in the header, 4 parts of it, and in blocks of 21 parts behind it. */
export const oldSparse = ({ name, sizeBytes, parts }: MadeSparse): Buffer => {
  const content = contentOf(parts)
  const header = Buffer.from(tarEntry({ name, type: 'S', magic: 'ustar  \0', size: content.length }))
  writePairs(header, 386, { pairs: parts.slice(0, 4), more: parts.length > 4 })
  header.write(octal(sizeBytes), 483, 'latin1')
  const blocks: Buffer[] = []
  for (let at = 4; at < parts.length; at += 21) {
    const block = Buffer.alloc(512)
    writePairs(block, 0, { pairs: parts.slice(at, at + 21), more: parts.length > at + 21 })
    blocks.push(block)
  }
  return Buffer.concat([withSum(header), ...blocks, padded(content)])
}

/** Form 0.0: the parts one by one in the pax header, the name in the header. */
export const sparse00 = ({ name, sizeBytes, parts }: MadeSparse): Buffer =>
  Buffer.concat([
    metaEntry(
      'x',
      Buffer.concat([
        paxContent({ 'GNU.sparse.size': String(sizeBytes), 'GNU.sparse.numblocks': String(parts.length) }),
        ...parts.map(({ from, content }) =>
          paxContent({ 'GNU.sparse.offset': String(from), 'GNU.sparse.numbytes': String(content.length) }),
        ),
      ]),
    ),
    tarEntry({ name, content: contentOf(parts) }),
  ])

const underOtherName = (
  entry: MadeEntry,
  { name, sizeBytes }: MadeSparse,
  records: MadeEntry['pax'],
): Buffer =>
  tarEntry({
    ...entry,
    name: `GNUSparseFile.0/${entry.name}`.slice(0, 99),
    pax: { 'GNU.sparse.name': name, 'GNU.sparse.realsize': String(sizeBytes), ...records },
  })

/** Form 0.1: the map in the pax header, the name there too. */
export const sparse01 = (file: MadeSparse): Buffer =>
  underOtherName({ name: 'x', content: contentOf(file.parts) }, file, {
    'GNU.sparse.major': '0',
    'GNU.sparse.minor': '1',
    'GNU.sparse.numblocks': String(file.parts.length),
    'GNU.sparse.map': numbersOf(file.parts).join(','),
  })

/** Form 1.0: the map in lines before the content. */
export const sparse10 = (file: MadeSparse): Buffer => {
  const map = [file.parts.length, ...numbersOf(file.parts)].map((one) => `${one}\n`).join('')
  const content = Buffer.concat([padded(Buffer.from(map)), contentOf(file.parts)])
  return underOtherName({ name: 'x', content }, file, { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' })
}

/** Every form of a sparse file. */
export const sparseForms = { old: oldSparse, '0.0': sparse00, '0.1': sparse01, '1.0': sparse10 } as const

/** What the file holds once its holes are zeros. */
export const denseContent = ({ sizeBytes, parts }: MadeSparse): Buffer => {
  const whole = Buffer.alloc(sizeBytes)
  for (const { from, content } of parts) whole.write(content, from)
  return whole
}
