import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { Checked, Issue } from '../../core/issue.ts'
import { decodeUtf8 } from '../../load/decode-utf8.ts'

const refused = (file: string, message: string, hint: string): Checked<never> => {
  const issue: Issue = { code: 'input/unreadable', message, source: { file, line: 1, column: 1 }, hint }
  return { ok: false, issues: [issue] }
}

const unreadable = (file: string, error: unknown): Checked<never> => {
  const { code } = error as NodeJS.ErrnoException
  return refused(
    file,
    `${file} cannot be read (${code ?? 'unknown'}).`,
    'Check the path; it is relative to the folder that the command is run in.',
  )
}

const bytesOf = (descriptor: number, most: number): Buffer => {
  const bytes = Buffer.alloc(most + 1)
  let length = 0
  for (;;) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null)
    if (read === 0 || length + read > most) return bytes.subarray(0, length + read)
    length += read
  }
}

/** Without waiting: else opening a pipe takes until somebody writes to it. */
const plainFlags = constants.O_RDONLY | constants.O_NONBLOCK

const opened = (file: string, most: number, isPlain: boolean): Checked<Buffer> => {
  const descriptor = openSync(file, isPlain ? plainFlags : 'r')
  try {
    const stat = fstatSync(descriptor)
    if (isPlain && !stat.isFile() && !stat.isDirectory())
      return refused(file, `${file} is a pipe or a device.`, 'Name a plain file.')
    if (stat.isDirectory()) return refused(file, `${file} is a folder.`, 'Name the file in it.')
    const bytes = stat.size > most ? undefined : bytesOf(descriptor, stat.isFile() ? stat.size : most)
    return bytes === undefined || bytes.length > most
      ? refused(file, `${file} is larger than ${most} bytes.`, 'Check that this is the right file.')
      : { ok: true, value: bytes }
  } finally {
    closeSync(descriptor)
  }
}

/** A file's bytes, at most so many: a pipe that never ends is cut there. Issue code: `input/unreadable`. Never throws. */
const readBytes = (file: string, most: number, isPlain: boolean): Checked<Buffer> => {
  try {
    return opened(file, most, isPlain)
  } catch (error) {
    return unreadable(file, error)
  }
}

/** A file's text. Issue codes: `input/unreadable`, `reader/not-utf8`. Never throws. */
export const readText = (file: string, most: number, isPlain = false): Checked<string> => {
  const bytes = readBytes(file, most, isPlain)
  return bytes.ok ? decodeUtf8(file, bytes.value) : bytes
}

/** Likewise of a file that another file names: neither a pipe nor a device, which one could wait for without end. */
export const readPlainText = (file: string, most: number): Checked<string> => readText(file, most, true)

/** A file's JSON. Issue codes: those of `readText`, `input/no-json`. Never throws. */
export const readJson = (file: string, most: number): Checked<unknown> => {
  const text = readText(file, most)
  if (!text.ok) return text
  try {
    return { ok: true, value: JSON.parse(text.value.replace(/^\uFEFF/, '')) }
  } catch (error) {
    const issue: Issue = {
      code: 'input/no-json',
      message: `${file} is no JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}`,
      source: { file, line: 1, column: 1 },
    }
    return { ok: false, issues: [issue] }
  }
}
