import type { Place } from './alike.ts'
import type { Phrase } from './phrase.ts'

/** What some people, a team or an account gains or loses on one cluster. */
export interface AccessItem extends Place {
  /** `keep`: what a team of theirs gains or loses they hold otherwise. */
  readonly verb: 'gain' | 'lose' | 'keep'
  /** How the people stand to `holders`; `itself`: an account, or a team whose members are not known. */
  readonly relation: 'of' | 'who joins' | 'who leaves' | 'itself'
  readonly holders: Phrase
  readonly isAccount: boolean
  /** Accounts; undefined where they are not known. */
  readonly people: readonly string[] | undefined
  /** Everyone of `holders`, where that is one team that is known. */
  readonly among: readonly string[]
  readonly what: Phrase
  /** Whether it reaches the host. */
  readonly dangerous: boolean
}
