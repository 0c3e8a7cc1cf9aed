import { describe, expect, it } from 'vitest'
import { Tenant } from '../../src/tenant/schema.ts'
import { acme } from '../load/fleet-of.ts'

const accepts = (change: object): boolean => Tenant.safeParse({ ...acme, ...change }).success

const team = (ldapGroup: string) => ({ teams: { developers: { role: 'developer', ldapGroup } } })

describe('names', () => {
  it.each(['ab', 'a1', 'retail-banking', 'a'.repeat(40)])('accepts %s', (organization) => {
    expect(accepts({ organization })).toBe(true)
  })

  it.each(['', 'a', '1a', 'A', 'a_b', 'a--b', '-a', 'a-', 'a/b', 'a'.repeat(41), 'ä'])(
    'refuses %j',
    (organization) => {
      expect(accepts({ organization })).toBe(false)
    },
  )
})

describe('LDAP groups', () => {
  it.each(['CN=A,DC=b', 'cn=A B,ou=c,dc=d', 'CN=Équipe,DC=b'])('accepts %s', (dn) => {
    expect(accepts(team(dn))).toBe(true)
  })

  it.each([
    'A',
    'CN=A',
    'OU=a,DC=b',
    'CN=a+b,DC=c',
    'CN=a,DC=b)(uid=*',
    'CN=,DC=b',
    'CN=a\n,DC=b',
    `CN=${'a'.repeat(260)},DC=b`,
  ])('refuses %j', (dn) => {
    expect(accepts(team(dn))).toBe(false)
  })
})

describe('quantities', () => {
  it.each(['1', '0.5', '500m', '128'])('takes %s CPUs', (cpu) =>
    expect(accepts({ quota: { cpu } })).toBe(true),
  )
  it.each(['0', '0.0', '0m', '-1', '1.5m', '01', '1e3', ' 1'])('does not take %j CPUs', (cpu) =>
    expect(accepts({ quota: { cpu } })).toBe(false),
  )
  it.each(['1Ki', '512Mi', '2Ti'])('takes %s', (memory) => expect(accepts({ quota: { memory } })).toBe(true))
  it.each(['0Gi', '1G', '1.5Gi', '1', 'Gi', '1gi'])('does not take %j', (memory) =>
    expect(accepts({ quota: { memory } })).toBe(false),
  )
})

describe('free text', () => {
  it.each(['Retail Banking', 'Équipe «Crédit»', '銀行', 'it’s'])('accepts %s', (displayName) =>
    expect(accepts({ displayName })).toBe(true),
  )
  it.each(['', ' x', 'x ', 'a\nb', 'a\tb', 'a\u202Eb', 'a\u200Bb', '\ud800', 'x'.repeat(81)])(
    'refuses %j',
    (displayName) => expect(accepts({ displayName })).toBe(false),
  )
})
