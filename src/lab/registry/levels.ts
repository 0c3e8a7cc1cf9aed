/** What a team may do in a repository, least first (reference §8.3). */
export const accessLevels = ['read-only', 'read-write', 'admin'] as const
export type AccessLevel = (typeof accessLevels)[number]

const rank = (level: AccessLevel | undefined): number =>
  level === undefined ? -1 : accessLevels.indexOf(level)

/** Rights add up: the highest wins; undefined where there is none. */
export const highest = (levels: readonly (AccessLevel | undefined)[]): AccessLevel | undefined =>
  accessLevels[Math.max(-1, ...levels.map(rank))]

export const reaches = (level: AccessLevel | undefined, wanted: AccessLevel): boolean =>
  rank(level) >= rank(wanted)
