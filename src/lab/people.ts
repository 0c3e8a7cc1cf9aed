import { Secret } from '../core/secret.ts'
import { randomPassword } from './layout.ts'
import type { LdapDirectory } from './ucp/directory.ts'
import type { LoginDirectory } from './vault/ldap-backend.ts'

/** The directory's people with the passwords that this lab gave them. */
export interface People {
  readonly directory: LdapDirectory
  readonly passwords: ReadonlyMap<string, Secret>
}

/** New random passwords for everyone in a directory. */
export const peopleOf = (directory: LdapDirectory): People => ({
  directory,
  passwords: new Map(directory.users.map(({ name }) => [name, randomPassword()])),
})

const commonName = (dn: string): string => /^\s*CN\s*=\s*([^,]+?)\s*(?:,|$)/i.exec(dn)?.[1] ?? dn

/** The same people as a log-in asks for them: passwords, and groups by common name. */
export const loginDirectory = ({ directory, passwords }: People): LoginDirectory => ({
  isPassword: (user, password) => passwords.get(user)?.reveal() === password,
  groupsOf: (user) =>
    directory.groups.filter(({ members }) => members.includes(user)).map(({ dn }) => commonName(dn)),
})

/** Name → password, for `secrets/users.json`. */
export const passwordsJson = ({ passwords }: People): string =>
  `${JSON.stringify(Object.fromEntries([...passwords].map(([name, password]) => [name, password.reveal()])), null, 2)}\n`

/** Passwords out of `secrets/users.json`. @throws {SyntaxError} where it is not JSON. */
export const parsePasswords = (text: string): ReadonlyMap<string, Secret> =>
  new Map(
    Object.entries(JSON.parse(text) as Record<string, string>).map(([name, value]) => [
      name,
      new Secret(value),
    ]),
  )
