import { Fault } from '../core/fault.ts'

interface Trouble {
  readonly what: string
  readonly hint: string
}

const full: Trouble = {
  what: 'the disk is full',
  hint: 'Free some space there, then run this again: it goes on with what is there, and makes nothing twice.',
}
const denied: Trouble = {
  what: 'this user may not read or write it',
  hint: 'Let the user that runs Tenantry read and write this folder with all below, or run as the one who may.',
}
const misplaced: Trouble = {
  what: 'a folder stands where a file belongs, or the other way round',
  hint: 'Look at what stands there, move it away, then run this again.',
}
const unreadable: Trouble = {
  what: 'the disk or the shared folder has an error',
  hint: 'Check the file system (`dmesg`, the file server), then run this again.',
}

const troubles: Readonly<Record<string, Trouble>> = {
  ENOSPC: full,
  EDQUOT: { ...full, what: 'the quota of the disk is used up' },
  EFBIG: { ...full, what: 'a file would be larger than this process may write' },
  EROFS: { what: 'the file system is read-only', hint: 'Mount it writable, then run this again.' },
  EACCES: denied,
  EPERM: denied,
  EISDIR: misplaced,
  ENOTDIR: misplaced,
  EIO: unreadable,
  ESTALE: unreadable,
}

/**
 * What a file system said about something of ours, as a fault that names it, the place and the way out; anything else as it
 * is. `what`: in the reader's words, e.g. `The state of nonprod.acme`.
 */
export const fileFault = (error: unknown, what: string, folder: string): unknown => {
  const { code, path } = error as NodeJS.ErrnoException
  const trouble = code === undefined ? undefined : troubles[code]
  if (trouble === undefined) return error
  return new Fault('unavailable', `${what} cannot be used: ${trouble.what} (${path ?? folder}, ${code}).`, {
    details: { hint: trouble.hint },
    cause: error,
  })
}

/** The same of a stack's state. */
export const stateFault = (error: unknown, stack: string, folder: string): unknown =>
  fileFault(error, `The state of ${stack}`, folder)
