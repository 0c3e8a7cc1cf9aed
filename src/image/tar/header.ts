import { Refusal } from '../refusal.ts'
import { headerNumber, octalNumber } from './numbers.ts'
import { nameOf } from './text.ts'

export const blockBytes = 512

/** One header block, before what pax and GNU headers say of the entry. */
export interface Header {
  readonly name: string
  readonly linkName: string
  /** One character; NUL of the oldest form too. */
  readonly typeFlag: string
  readonly mode: bigint
  readonly uid: bigint
  readonly gid: bigint
  readonly size: bigint
  readonly deviceMajor: bigint
  readonly deviceMinor: bigint
  /** The block itself where it is GNU's form: a sparse file's holes stand in it. */
  readonly gnuBlock?: Buffer
}

/** Offsets and lengths. Source: POSIX ustar; the prefix of star's form is shorter, GNU's form has times in its place. */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  modified: [136, 12],
  checksum: [148, 8],
  linkName: [157, 100],
  magic: [257, 6],
  version: [263, 2],
  deviceMajor: [329, 8],
  deviceMinor: [337, 8],
  prefix: [345, 155],
  starPrefix: [345, 131],
  starAccessed: [476, 12],
  starChanged: [488, 12],
  gnuAccessed: [345, 12],
  gnuChanged: [357, 12],
  starTrailer: [508, 4],
} as const

const typeFlagAt = 156

const part = (block: Buffer, [from, length]: readonly [number, number]): Buffer =>
  block.subarray(from, from + length)

/** The checksum counts its own field as spaces; old writers summed signed bytes. */
const sums = (block: Buffer): readonly [bigint, bigint] => {
  let [unsigned, signed] = [0, 0]
  for (let at = 0; at < blockBytes; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0)
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  return [BigInt(unsigned), BigInt(signed)]
}

const readable = (bytes: Buffer): boolean => {
  try {
    headerNumber(bytes, 'time')
    return true
  } catch {
    return false
  }
}

const isAscii = (bytes: Buffer): boolean => bytes.every((byte) => byte < 0x80)

/** GNU's form has no prefix, but an old writer put one where the times stand: Go reads it so, and so does this. */
const gnuPrefix = (block: Buffer): string => {
  const times = [part(block, fields.gnuAccessed), part(block, fields.gnuChanged)]
  if (times.every((time) => time[0] === 0 || readable(time))) return ''
  const prefix = part(block, fields.prefix)
  const end = prefix.indexOf(0)
  const used = end === -1 ? prefix : prefix.subarray(0, end)
  return isAscii(used) ? nameOf(used) : ''
}

const textIn = (block: Buffer, field: keyof typeof fields): string =>
  part(block, fields[field]).toString('latin1')

const isGnu = (block: Buffer): boolean =>
  textIn(block, 'magic') === 'ustar ' && textIn(block, 'version') === ' \0'

const starPrefix = (block: Buffer): string => {
  numberIn(block, 'starAccessed')
  numberIn(block, 'starChanged')
  return nameOf(part(block, fields.starPrefix))
}

/** The folders before the name; undefined for the oldest form, which has neither prefix nor devices. */
const prefixOf = (block: Buffer): string | undefined => {
  if (isGnu(block)) return gnuPrefix(block)
  if (textIn(block, 'magic') !== 'ustar\0') return undefined
  return textIn(block, 'starTrailer') === 'tar\0' ? starPrefix(block) : nameOf(part(block, fields.prefix))
}

/** Whether every byte is zero: two such blocks end an archive. */
export const isZeroBlock = (block: Buffer): boolean => block.every((byte) => byte === 0)

const hasRightSum = (block: Buffer): boolean => {
  const [unsigned, signed] = sums(block)
  const told = octalNumber(part(block, fields.checksum), 'checksum')
  return told === unsigned || told === signed
}

/** Whether the block is a header at all. Never throws. */
export const isHeader = (block: Buffer): boolean => {
  try {
    return block.length === blockBytes && !isZeroBlock(block) && hasRightSum(block)
  } catch {
    return false
  }
}

const numberIn = (block: Buffer, field: keyof typeof fields): bigint =>
  headerNumber(part(block, fields[field]), field)

/** @throws {Refusal} `image/tar` where the block is no header. */
export const parseHeader = (block: Buffer): Header => {
  if (!hasRightSum(block))
    throw new Refusal('image/tar', 'the checksum of a header is wrong: this is no tar, or a damaged one.')
  const prefix = prefixOf(block)
  const name = nameOf(part(block, fields.name))
  numberIn(block, 'modified')
  return {
    name: prefix === undefined || prefix === '' ? name : `${prefix}/${name}`,
    linkName: nameOf(part(block, fields.linkName)),
    typeFlag: String.fromCharCode(block[typeFlagAt] ?? 0),
    mode: numberIn(block, 'mode'),
    uid: numberIn(block, 'uid'),
    gid: numberIn(block, 'gid'),
    size: numberIn(block, 'size'),
    deviceMajor: prefix === undefined ? 0n : numberIn(block, 'deviceMajor'),
    deviceMinor: prefix === undefined ? 0n : numberIn(block, 'deviceMinor'),
    ...(isGnu(block) ? { gnuBlock: block } : {}),
  }
}
