import { describe, expect, it } from 'vitest'
import { entriesOf, normalDn } from '../../../src/lab/ldap/ldap-entries.ts'
import { type LdapFilter, matchesFilter } from '../../../src/lab/ldap/ldap-filter.ts'

const entries = entriesOf({
  directory: {
    users: [
      { name: 'ada', fullName: 'Ada Lovelace', mail: 'ada@bank.example' },
      { name: 'bob', fullName: '', mail: '' },
    ],
    groups: [{ dn: 'CN=RB-Release,OU=Groups,DC=bank,DC=example', members: ['ada'] }],
  },
  passwords: new Map(),
})

const found = (filter: LdapFilter): readonly string[] =>
  entries.filter((entry) => matchesFilter(entry, filter)).map(({ dn }) => dn)

const [ada, bob, release] = entries.map(({ dn }) => dn)

describe('an LDAP filter', () => {
  it.each<[string, LdapFilter, readonly (string | undefined)[]]>([
    ['equality without regard to case', { kind: 'equal', attribute: 'SAMAccountName', value: 'ADA' }, [ada]],
    [
      'a group by a member’s name, however it is written',
      { kind: 'equal', attribute: 'member', value: 'uid=ADA, ou=people,dc=bank,dc=example' },
      [release],
    ],
    [
      'a person by a group',
      { kind: 'equal', attribute: 'memberOf', value: 'cn=rb-release,ou=groups,dc=bank,dc=example' },
      [ada],
    ],
    ['presence', { kind: 'present', attribute: 'mail' }, [ada]],
    ['a part of a text', { kind: 'substrings', attribute: 'cn', pattern: /^ada.*/is }, [ada]],
    ['all of nothing', { kind: 'and', parts: [] }, [ada, bob, release]],
    ['one of nothing', { kind: 'or', parts: [] }, []],
    ['negation', { kind: 'not', part: { kind: 'present', attribute: 'uid' } }, [release]],
    ['a kind that is not served', { kind: 'unknown' }, []],
  ])('of %s', (_, filter, wanted) => {
    expect(found(filter)).toEqual(wanted)
  })

  it('takes no star in a value for a pattern', () => {
    expect(found({ kind: 'equal', attribute: 'uid', value: '*' })).toEqual([])
  })
})

describe('entries of the lab’s people', () => {
  it('name people beside the groups, each side knowing the other', () => {
    expect(ada).toBe('UID=ada,OU=People,DC=bank,DC=example')
    expect(entries[1]?.attributes.get('cn')).toEqual(['bob'])
    expect(entries[2]?.attributes.get('member')).toEqual([ada])
    expect(normalDn(' CN = A , dc=X ')).toBe('cn=a,dc=x')
  })
})
