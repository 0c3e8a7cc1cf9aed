import type { People } from '../people.ts'

/** One entry of a directory; attribute names in lower case. */
export interface LdapEntry {
  readonly dn: string
  readonly attributes: ReadonlyMap<string, readonly string[]>
}

/** Where the lab's people and groups hang. */
export interface LdapPlaces {
  /** E.g. `DC=bank,DC=example`. */
  readonly base: string
  readonly people: string
  readonly groups: string
}

/** A distinguished name as two are compared: without regard to case and to blanks around commas and equals signs. */
export const normalDn = (dn: string): string =>
  dn
    .split(',')
    .map((part) =>
      part
        .split('=')
        .map((one) => one.trim().toLowerCase())
        .join('='),
    )
    .join(',')

const afterFirst = (dn: string): string => dn.slice(dn.indexOf(',') + 1)

/** Groups hang where the directory's first one does; people beside them. */
export const placesOf = ({ directory }: People): LdapPlaces => {
  const groups = afterFirst(directory.groups[0]?.dn ?? 'CN=none,OU=Groups,DC=bank,DC=example')
  const base = afterFirst(groups)
  return { base, groups, people: `OU=People,${base}` }
}

/** The name a person is bound by. */
export const personDn = ({ people }: LdapPlaces, name: string): string => `UID=${name},${people}`

const entry = (dn: string, attributes: Readonly<Record<string, readonly string[]>>): LdapEntry => ({
  dn,
  attributes: new Map(Object.entries(attributes).map(([name, values]) => [name.toLowerCase(), values])),
})

/** People and groups as Active Directory shows them: a group has `member`, a person `memberOf`. */
export const entriesOf = (people: People): readonly LdapEntry[] => {
  const { directory } = people
  const places = placesOf(people)
  const persons = directory.users.map(({ name, fullName, mail }) =>
    entry(personDn(places, name), {
      objectClass: ['top', 'person', 'organizationalPerson', 'user'],
      uid: [name],
      sAMAccountName: [name],
      cn: [fullName === '' ? name : fullName],
      ...(mail === '' ? {} : { mail: [mail] }),
      memberOf: directory.groups.filter(({ members }) => members.includes(name)).map(({ dn }) => dn),
    }),
  )
  const groups = directory.groups.map(({ dn, members }) =>
    entry(dn, {
      objectClass: ['top', 'group'],
      cn: [/^\s*CN\s*=\s*([^,]+)/i.exec(dn)?.[1]?.trim() ?? dn],
      member: members.map((name) => personDn(places, name)),
    }),
  )
  return [...persons, ...groups]
}
