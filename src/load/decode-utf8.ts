import { isUtf8 } from 'node:buffer'
import type { Checked, Source } from '../core/issue.ts'

/** Offset of the first byte that is not part of a UTF-8 character: where decoding and encoding again differs. */
const firstWrongByte = (bytes: Buffer): number => {
  const again = Buffer.from(bytes.toString('utf8'))
  const offset = bytes.findIndex((byte, index) => byte !== again[index])
  return offset === -1 ? bytes.length : offset
}

const placeOf = (file: string, before: string): Source => {
  const lines = before.split(/\r\n?|\n/)
  return { file, line: lines.length, column: (lines[lines.length - 1] ?? '').length + 1 }
}

/** The text of UTF-8 bytes. Issue code: `reader/not-utf8`, at the first wrong byte. Never throws. */
export const decodeUtf8 = (file: string, bytes: Buffer): Checked<string> => {
  if (isUtf8(bytes)) return { ok: true, value: bytes.toString('utf8') }
  const offset = firstWrongByte(bytes)
  const wrong = (bytes[offset] ?? 0).toString(16).padStart(2, '0')
  return {
    ok: false,
    issues: [
      {
        code: 'reader/not-utf8',
        message: `The file is not UTF-8: byte 0x${wrong} at offset ${offset} begins no character.`,
        source: placeOf(file, bytes.subarray(0, offset).toString('utf8')),
        hint: 'Save the file as UTF-8 in the editor.',
      },
    ],
  }
}
