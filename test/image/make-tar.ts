/** One entry of a tar made by hand; whatever is absent is what an honest builder would write. */
export interface MadeEntry {
  readonly name: string
  readonly type?: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly content?: string | Buffer
  readonly linkName?: string
  readonly device?: readonly [number, number]
  readonly pax?: Readonly<Record<string, string | Buffer>>
  /** The size field, where it is to lie. */
  readonly size?: number
  readonly magic?: string
}

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`

const header = (entry: MadeEntry, sizeBytes: number, type: string): Buffer => {
  const block = Buffer.alloc(512)
  block.write(entry.name, 0, 100, 'utf8')
  block.write(octal(entry.mode ?? (type === '5' ? 0o755 : 0o644), 8), 100, 'latin1')
  block.write(octal(entry.uid ?? 0, 8), 108, 'latin1')
  block.write(octal(entry.gid ?? 0, 8), 116, 'latin1')
  block.write(octal(entry.size ?? sizeBytes, 12), 124, 'latin1')
  block.write(octal(0, 12), 136, 'latin1')
  block.write(type, 156, 1, 'latin1')
  block.write(entry.linkName ?? '', 157, 100, 'utf8')
  block.write(entry.magic ?? 'ustar\u000000', 257, 8, 'latin1')
  block.write(octal(entry.device?.[0] ?? 0, 8), 329, 'latin1')
  block.write(octal(entry.device?.[1] ?? 0, 8), 337, 'latin1')
  return withSum(block)
}

/** The block with its checksum put right. */
export const withSum = (block: Buffer): Buffer => {
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

export const padded = (content: Buffer): Buffer =>
  Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)])

const paxRecord = (key: string, value: string | Buffer): Buffer => {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
  let length = rest.length
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

/** A header of another type before an entry, with content: `x`, `g`, `L`, `K`. */
export const metaEntry = (type: string, content: Buffer): Buffer =>
  Buffer.concat([header({ name: 'meta' }, content.length, type), padded(content)])

export const paxContent = (records: Readonly<Record<string, string | Buffer>>): Buffer =>
  Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)))

export const tarEntry = (entry: MadeEntry): Buffer => {
  const type = entry.type ?? '0'
  const content = Buffer.from(entry.content ?? '')
  return Buffer.concat([
    ...(entry.pax === undefined ? [] : [metaEntry('x', paxContent(entry.pax))]),
    header(entry, content.length, type),
    padded(content),
  ])
}

export const endOfTar: Buffer = Buffer.alloc(1024)

export const makeTar = (entries: readonly MadeEntry[]): Buffer =>
  Buffer.concat([...entries.map(tarEntry), endOfTar])
