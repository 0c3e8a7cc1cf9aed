import type { Access, Caller } from './access.ts'

/** An answer of the proxy that is an error, in the engine's form. */
export class Denial extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'Denial'
    this.status = status
  }
}

/** One thing a call needs: an operation on a collection, perhaps in a dangerous variant. */
export interface Need {
  readonly operation: string
  readonly collectionId: string
  readonly variant?: string
}

const nameOf = ({ operation, variant }: Need): string =>
  variant === undefined ? operation : `${operation} [${variant}]`

/** The refusal's text: one line per collection, by id, as the CLI was seen to show it (reference §7). Pure. */
export const refusalText = (refused: readonly Need[]): string => {
  const byCollection = new Map<string, Set<string>>()
  for (const need of refused) {
    const names = byCollection.get(need.collectionId) ?? new Set()
    byCollection.set(need.collectionId, names.add(nameOf(need)))
  }
  const lines = [...byCollection].map(
    ([id, names]) => `no access to ${[...names].join(', ')}, on collection ${id}`,
  )
  return ['access denied:', ...lines].join('\n')
}

/** Errors: `@throws {Denial}` 403 naming everything that is missing. */
export const demand = (access: Access, caller: Caller, needs: readonly Need[]): void => {
  if (caller.isAdmin) return
  const refused = needs.filter(
    ({ operation, collectionId, variant }) => !access.may(caller, operation, collectionId, variant),
  )
  if (refused.length > 0) throw new Denial(403, refusalText(refused))
}
