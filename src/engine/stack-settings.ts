import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Nothing but the salt that the passphrase provider wrote. */
const onlySalt = /^encryptionsalt: \S+\s*$/

/**
 * Removes a stack's settings file where it holds only a salt, which the engine makes again out of the state; whether it did.
 *
 * Such a file outlives the state that it was made for: a lab's is in the way of a real back end, and the other way round.
 */
export const forgetSalt = async (project: string, stack: string): Promise<boolean> => {
  const file = join(project, 'stacks', `Pulumi.${stack}.yaml`)
  const text = await readFile(file, 'utf8').catch(() => '')
  if (!onlySalt.test(text)) return false
  await rm(file, { force: true })
  return true
}
