import { isUtf8 } from 'node:buffer'

const high = /[\x80-\xff]/g

/**
 * A name of a tar as text: UTF-8 where it is, else each byte beyond ASCII as `\xHH`, so that two names are never one.
 * Ends before the first NUL. Never throws.
 */
export const nameOf = (bytes: Buffer): string => {
  const end = bytes.indexOf(0)
  const name = end === -1 ? bytes : bytes.subarray(0, end)
  if (isUtf8(name)) return name.toString('utf8')
  return name.toString('latin1').replace(high, (one) => `\\x${one.charCodeAt(0).toString(16)}`)
}
