import { Refusal } from '../refusal.ts'

const padding = /^[ \0]+|[ \0]+$/g

const unreadable = (field: string, shown: string): Refusal =>
  new Refusal(
    'image/tar',
    `its header has no number where the ${field} belongs, but ${JSON.stringify(shown)}.`,
  )

const beyond64Bits = (value: bigint): boolean => BigInt.asIntN(64, value) !== value

/** Two's complement, highest byte first; the first bit only says that the form is this one. */
const binary = (bytes: Buffer, field: string): bigint => {
  const first = bytes[0] ?? 0
  const isNegative = (first & 0x40) !== 0
  let value = BigInt(first & 0x7f)
  for (const byte of bytes.subarray(1)) value = (value << 8n) | BigInt(byte)
  const signed = isNegative ? value - (1n << BigInt(bytes.length * 8 - 1)) : value
  if (beyond64Bits(signed)) throw unreadable(field, bytes.toString('hex'))
  return signed
}

const cutAtNul = (text: string): string => {
  const end = text.indexOf('\0')
  return end === -1 ? text : text.slice(0, end)
}

/** Octal text, blanks and NULs around it; nothing at all is 0. @throws {Refusal} `image/tar` for anything else. */
export const octalNumber = (bytes: Buffer, field: string): bigint => {
  const text = cutAtNul(bytes.toString('latin1').replace(padding, ''))
  if (text === '') return 0n
  if (!/^[0-7]+$/.test(text)) throw unreadable(field, text)
  return BigInt(`0o${text}`)
}

/**
 * A number of a tar header: octal text, or binary where its first bit is set.
 *
 * Source: POSIX ustar, GNU's base-256 form; read as Go's `archive/tar` does, which unpacks every image.
 * @throws {Refusal} `image/tar` for anything else, or what 64 bits do not hold.
 */
export const headerNumber = (bytes: Buffer, field: string): bigint =>
  ((bytes[0] ?? 0) & 0x80) === 0 ? octalNumber(bytes, field) : binary(bytes, field)

/** A decimal number of a pax record. @throws {Refusal} `image/tar` for anything else, or what 64 bits do not hold. */
export const paxNumber = (text: string, field: string): bigint => {
  if (!/^[+-]?\d{1,40}$/.test(text)) throw unreadable(field, text)
  const value = BigInt(text.replace(/^\+/, ''))
  if (beyond64Bits(value)) throw unreadable(field, text)
  return value
}

/** A time of a pax record, seconds with a fraction; only its form is looked at. @throws {Refusal} `image/tar`. */
export const checkPaxTime = (text: string, field: string): void => {
  const [seconds = '', ...fraction] = text.split('.')
  paxNumber(seconds, field)
  if (!/^\d*$/.test(fraction.join('.'))) throw unreadable(field, text)
}

/** What chown(2) makes of an id: the lowest 32 bits. */
export const ownerId = (value: bigint): number => Number(BigInt.asUintN(32, value))
