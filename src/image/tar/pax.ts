import { Refusal } from '../refusal.ts'

/** Records of a pax header by key; the last of a key counts. Values are bytes: attributes are not text. */
export type PaxRecords = ReadonlyMap<string, Buffer>

const wrong = (offsetBytes: number): Refusal =>
  new Refusal('image/tar', `a record of its pax header is damaged (byte ${offsetBytes} of the header).`)

const names = new Set(['path', 'linkpath', 'uname', 'gname'])

/** `length key=value\n`, the length counting itself. */
const recordAt = (
  bytes: Buffer,
  from: number,
): { readonly key: string; readonly value: Buffer; readonly end: number } => {
  const space = bytes.indexOf(0x20, from)
  if (space === -1) throw wrong(from)
  const digits = bytes.subarray(from, Math.min(space, from + 12)).toString('latin1')
  const length = /^\+?\d{1,10}$/.test(digits) ? Number(digits) : 0
  const end = from + length
  if (length < 5 || end > bytes.length || end <= space + 1 || bytes[end - 1] !== 0x0a) throw wrong(from)
  const record = bytes.subarray(space + 1, end - 1)
  const equals = record.indexOf(0x3d)
  if (equals < 1) throw wrong(from)
  const key = record.subarray(0, equals).toString('latin1')
  const value = record.subarray(equals + 1)
  if ((names.has(key) ? value : record.subarray(0, equals)).includes(0)) throw wrong(from)
  return { key, value, end }
}

/** GNU's first sparse form repeats these two keys, once for each part of a file. */
const sparsePair = ['GNU.sparse.offset', 'GNU.sparse.numbytes'] as const

/** Where the parts of a sparse file stand: `offset,length,offset,length…`. */
export const sparseMapKey = 'GNU.sparse.map'

/**
 * Records of a pax header; parts of a sparse file that are told one by one become the map that later forms write.
 *
 * Source: POSIX pax, as Go's `archive/tar` takes it. @throws {Refusal} `image/tar` for a record that is not of that form.
 */
export const parsePax = (bytes: Buffer): PaxRecords => {
  const records = new Map<string, Buffer>()
  const told: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const { key, value, end } = recordAt(bytes, at)
    if (key !== sparsePair[0] && key !== sparsePair[1]) records.set(key, value)
    else if (key !== sparsePair[told.length % 2] || value.includes(0x2c)) throw wrong(at)
    else told.push(value.toString('latin1'))
    at = end
  }
  return told.length === 0 ? records : records.set(sparseMapKey, Buffer.from(told.join(','), 'latin1'))
}

const schily = 'SCHILY.xattr.'
const libarchive = 'LIBARCHIVE.xattr.'

const decoded = (name: string): string => {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/**
 * Extended attributes by name, e.g. `security.capability`.
 *
 * Source: star's `SCHILY.xattr.` (raw bytes; what image builders write), libarchive's `LIBARCHIVE.xattr.` (base64). Never throws.
 */
export const attributesOf = (records: PaxRecords): ReadonlyMap<string, Buffer> => {
  const found = new Map<string, Buffer>()
  for (const [key, value] of records) {
    if (value.length === 0) continue
    if (key.startsWith(schily)) found.set(key.slice(schily.length), Buffer.from(value))
    else if (key.startsWith(libarchive))
      found.set(decoded(key.slice(libarchive.length)), Buffer.from(value.toString('latin1'), 'base64'))
  }
  return found
}
