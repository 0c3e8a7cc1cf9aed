import { readFile } from 'node:fs/promises'
import * as z from 'zod'

const DirectoryUser = z.strictObject({
  name: z.string().min(1),
  fullName: z.string().default(''),
  mail: z.string().default(''),
})

const DirectoryGroup = z.strictObject({
  dn: z.string().min(1).describe('Compared without regard to case and to blanks around commas.'),
  members: z.array(z.string()),
})

/** The people and groups of the lab: what an LDAP server holds in reality. */
export const LdapDirectory = z.strictObject({
  users: z.array(DirectoryUser),
  groups: z.array(DirectoryGroup),
})
export type LdapDirectory = z.infer<typeof LdapDirectory>

/** Reads a directory file, e.g. `lab/directory.json`. Throws where it is missing or not of this shape. */
export const readDirectory = async (file: string): Promise<LdapDirectory> =>
  LdapDirectory.parse(JSON.parse(await readFile(file, 'utf8')))

const normal = (dn: string): string =>
  dn
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .join(',')

/** Names of a group's members; none where the directory has no such group. Never throws. */
export const groupMembers = (directory: LdapDirectory, dn: string): readonly string[] =>
  directory.groups.find((group) => normal(group.dn) === normal(dn))?.members ?? []

const searchable = new Map<string, (user: LdapDirectory['users'][number]) => string>([
  ['uid', (user) => user.name],
  ['samaccountname', (user) => user.name],
  ['cn', (user) => user.fullName],
  ['mail', (user) => user.mail],
])

const like = (text: string, wanted: string): boolean => {
  const pattern = wanted.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  return new RegExp(`^${pattern}$`, 'i').test(text)
}

/**
 * Names of the users that a search filter finds: everyone for an empty filter or one on `objectClass`, else one
 * comparison with `uid`, `sAMAccountName`, `cn`, `mail` (`*` matches any text) or `memberOf`. Undefined for a filter
 * that the lab's directory does not understand.
 */
export const searchUsers = (directory: LdapDirectory, filter: string): readonly string[] | undefined => {
  const everyone = directory.users.map((user) => user.name)
  if (filter.trim() === '') return everyone
  const [, attribute = '', wanted = ''] = /^\(([\w-]+)=([^()]*)\)$/.exec(filter.trim()) ?? []
  const name = attribute.toLowerCase()
  if (name === 'objectclass') return everyone
  if (name === 'memberof') return groupMembers(directory, wanted)
  const read = searchable.get(name)
  if (read === undefined) return undefined
  return directory.users.filter((user) => like(read(user), wanted)).map((user) => user.name)
}
