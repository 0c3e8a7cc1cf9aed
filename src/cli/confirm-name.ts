import { createInterface } from 'node:readline/promises'
import { UsageError } from './exit-code.ts'

interface Confirmation {
  readonly organization: string
  /** The name as an option said it. */
  readonly yes: string | undefined
  readonly act: 'destroy' | 'offboard'
}

/** Asks for an organization's name before something that cannot be taken back. @throws {UsageError} where it is not given. */
export const confirmName = async ({ organization, yes, act }: Confirmation): Promise<void> => {
  const nothing = 'Nothing was removed.'
  if (yes !== undefined) {
    if (yes === organization) return
    throw new UsageError(`--yes names '${yes}', not '${organization}'. ${nothing}`)
  }
  if (process.stdin.isTTY !== true)
    throw new UsageError(
      `To ${act} ${organization} has to be confirmed. ${nothing}`,
      `Add --yes ${organization}.`,
    )
  const ask = createInterface({ input: process.stdin, output: process.stderr })
  const typed = await ask.question(`Type the organization's name to ${act} it: `).finally(() => ask.close())
  if (typed.trim() !== organization)
    throw new UsageError(`'${typed.trim()}' is not '${organization}'. ${nothing}`)
}
