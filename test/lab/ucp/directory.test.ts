import { describe, expect, it } from 'vitest'
import { groupMembers, type LdapDirectory, searchUsers } from '../../../src/lab/ucp/directory.ts'

const directory: LdapDirectory = {
  users: [
    { name: 'ada', fullName: 'Ada L.', mail: 'ada@bank.example' },
    { name: 'bob', fullName: 'Bob K.', mail: 'bob@bank.example' },
  ],
  groups: [{ dn: 'CN=Dev,OU=Groups,DC=bank,DC=example', members: ['ada'] }],
}

describe('the directory', () => {
  it('finds a group whatever its case and blanks', () => {
    expect(groupMembers(directory, 'cn=dev, ou=groups,dc=bank,dc=example')).toEqual(['ada'])
    expect(groupMembers(directory, 'CN=Ops')).toEqual([])
  })

  it.each([
    ['', ['ada', 'bob']],
    ['(objectClass=person)', ['ada', 'bob']],
    ['(uid=bob)', ['bob']],
    ['(mail=*@bank.example)', ['ada', 'bob']],
    ['(cn=Ada*)', ['ada']],
    ['(cn=Ada L)', []],
    ['(memberOf=CN=Dev,OU=Groups,DC=bank,DC=example)', ['ada']],
    ['(&(uid=a)(uid=b))', undefined],
    ['(constructor=x)', undefined],
  ])('searches with %j', (filter, found) => {
    expect(searchUsers(directory, filter)).toEqual(found)
  })
})
