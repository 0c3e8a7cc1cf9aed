import type { Answer } from './tar-comparable.ts'

/** A difference between our reader and Go's that is meant. */
export interface MeantDifference {
  readonly id: string
  /** What our refusal says. */
  readonly sentence: RegExp
  readonly reason: string
}

/** All of them: where we stop, and Go's reader goes on. There is none the other way round. */
export const meantDifferences: readonly MeantDifference[] = [
  {
    id: 'unknown-type',
    sentence: /is of the type ".*", which no engine unpacks/s,
    reason:
      'The reader hands on entries of types it does not know as files; the engines that use it refuse to unpack them.',
  },
  {
    id: 'many-holes',
    sentence: /holes of more than \d+ bytes/,
    reason: 'Holes cost whoever writes the tar nothing, and whoever scans the file hours.',
  },
  {
    id: 'sparse-name-with-nul',
    sentence: /name has a NUL in it/,
    reason: 'No file system takes such a name, so that every engine fails one step later.',
  },
]

/**
 * How the answers differ: not at all (undefined), by a meant difference (its id), or otherwise (what our reader says).
 * Where both stop they have to have the same entries before.
 */
export const differenceOf = (ours: Answer, reference: Answer): string | undefined => {
  const same = JSON.stringify(ours.entries) === JSON.stringify(reference.entries)
  if (same && (ours.error === undefined) === (reference.error === undefined)) return undefined
  const shared = reference.entries.slice(0, ours.entries.length)
  const meant = meantDifferences.find(({ sentence }) => sentence.test(ours.error ?? ''))
  if (meant !== undefined && JSON.stringify(shared) === JSON.stringify(ours.entries)) return meant.id
  return `we say ${JSON.stringify(ours)}, the reference ${JSON.stringify(reference)}`
}
