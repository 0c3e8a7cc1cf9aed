import { type LdapEntry, normalDn } from './ldap-entries.ts'

/** What a search asks of an entry. Source: RFC 4511 §4.5.1.7; `unknown` is a kind that the lab does not serve. */
export type LdapFilter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly LdapFilter[] }
  | { readonly kind: 'not'; readonly part: LdapFilter }
  | { readonly kind: 'equal'; readonly attribute: string; readonly value: string }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: 'substrings'; readonly attribute: string; readonly pattern: RegExp }
  | { readonly kind: 'unknown' }

/** Attributes that hold distinguished names. */
const names = new Set(['member', 'memberof'])

const valuesOf = ({ attributes }: LdapEntry, attribute: string): readonly string[] =>
  attributes.get(attribute.toLowerCase()) ?? []

const isSame = (attribute: string, left: string, right: string): boolean =>
  names.has(attribute.toLowerCase())
    ? normalDn(left) === normalDn(right)
    : left.toLowerCase() === right.toLowerCase()

/** Whether an entry is asked for; an unknown filter asks for none. Pure. */
export const matchesFilter = (entry: LdapEntry, filter: LdapFilter): boolean => {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => matchesFilter(entry, part))
    case 'or':
      return filter.parts.some((part) => matchesFilter(entry, part))
    case 'not':
      return !matchesFilter(entry, filter.part)
    case 'equal':
      return valuesOf(entry, filter.attribute).some((value) => isSame(filter.attribute, value, filter.value))
    case 'present':
      return valuesOf(entry, filter.attribute).length > 0
    case 'substrings':
      return valuesOf(entry, filter.attribute).some((value) => filter.pattern.test(value))
    case 'unknown':
      return false
  }
}
