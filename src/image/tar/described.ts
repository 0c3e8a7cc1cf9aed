import { Refusal } from '../refusal.ts'
import { blockBytes, type Header } from './header.ts'
import { checkPaxTime, paxNumber } from './numbers.ts'
import type { PaxRecords } from './pax.ts'
import { nameOf } from './text.ts'

export type EntryType =
  | 'file'
  | 'hard-link'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo'

const types: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hard-link',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  S: 'file',
}

/** What headers before the entry's own say of it. */
export interface Pending {
  readonly pax?: PaxRecords
  readonly name?: string
  readonly linkName?: string
}

/** An entry as all its headers say it. */
export interface Described {
  readonly header: Header
  readonly pax: PaxRecords | undefined
  readonly offsetBytes: number
}

const filled = (pax: PaxRecords | undefined, key: string): Buffer | undefined => {
  const value = pax?.get(key)
  return value === undefined || value.length === 0 ? undefined : value
}

const numberOr = (pax: PaxRecords | undefined, key: string, otherwise: bigint): bigint => {
  const value = filled(pax, key)
  return value === undefined ? otherwise : paxNumber(value.toString('latin1'), key)
}

const nameOr = (pax: PaxRecords | undefined, key: string, otherwise: string): string => {
  const value = filled(pax, key)
  return value === undefined ? otherwise : nameOf(value)
}

const paxTimes = ['atime', 'mtime', 'ctime']

const checkTimes = (pax: PaxRecords | undefined): void => {
  for (const key of paxTimes) {
    const value = filled(pax, key)
    if (value !== undefined) checkPaxTime(value.toString('latin1'), key)
  }
}

/** A pax header speaks over the entry's own, GNU's long names over both. */
const merged = (header: Header, { pax, name, linkName }: Pending): Header => ({
  ...header,
  name: name || nameOr(pax, 'path', header.name),
  linkName: linkName || nameOr(pax, 'linkpath', header.linkName),
  uid: numberOr(pax, 'uid', header.uid),
  gid: numberOr(pax, 'gid', header.gid),
  size: numberOr(pax, 'size', header.size),
})

/** @throws {Refusal} `image/tar` for a type that no engine unpacks. */
export const typeOf = ({ typeFlag, name }: Header): EntryType => {
  const type = types[typeFlag]
  if (type === undefined)
    throw new Refusal(
      'image/tar',
      `an entry is of the type ${JSON.stringify(typeFlag)}, which no engine unpacks.`,
      { entry: name },
    )
  return typeFlag === '\0' && name.endsWith('/') ? 'directory' : type
}

/** What follows the header, were it a file's. @throws {Refusal} `image/tar` where it is negative or beyond all sense. */
export const sizeOf = ({ size, name }: Header): number => {
  if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER - 2 * blockBytes))
    throw new Refusal('image/tar', `an entry says that it holds ${size} bytes.`, { entry: name })
  return Number(size)
}

/** What fills the last block. */
export const paddingOf = (sizeBytes: number): number => (blockBytes - (sizeBytes % blockBytes)) % blockBytes

/** The entry of a header and of what stands before it. @throws {Refusal} `image/tar`. */
export const described = (header: Header, pending: Pending, offsetBytes: number): Described => {
  // Go looks at both sizes: that of the header may not be negative, whatever pax says.
  if (typeOf(header) === 'file' && header.size < 0n) sizeOf(header)
  checkTimes(pending.pax)
  return { header: merged(header, pending), pax: pending.pax, offsetBytes }
}
