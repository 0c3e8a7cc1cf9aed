import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Nothing but the salt that the passphrase provider wrote. */
const onlySalt = /^encryptionsalt: \S+\s*$/

const settingsFile = (project: string, stack: string): string =>
  join(project, 'stacks', `Pulumi.${stack}.yaml`)

/**
 * Names the secrets provider in a stack's settings where they say nothing of one.
 *
 * Git ignores the settings, so that a fresh checkout has none, and the engine would fall back to the passphrase and
 * encrypt the whole state anew with it. The key itself is in the state.
 */
export const nameSecretsProvider = async (
  project: string,
  stack: string,
  provider: string,
): Promise<void> => {
  const file = settingsFile(project, stack)
  const text = await readFile(file, 'utf8').catch(() => '')
  if (text !== '' && !onlySalt.test(text)) return
  await mkdir(join(project, 'stacks'), { recursive: true })
  await writeFile(file, `secretsprovider: ${JSON.stringify(provider)}\n`)
}

/**
 * Removes a stack's settings file where it holds only a salt, which the engine makes again out of the state; whether it did.
 *
 * Such a file outlives the state that it was made for: a lab's is in the way of a real back end, and the other way round.
 */
export const forgetSalt = async (project: string, stack: string): Promise<boolean> => {
  const file = settingsFile(project, stack)
  const text = await readFile(file, 'utf8').catch(() => '')
  if (!onlySalt.test(text)) return false
  await rm(file, { force: true })
  return true
}
