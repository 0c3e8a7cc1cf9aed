import { describe, expect, it } from 'vitest'
import { acme, bolt, codesOf, fleetOf, issuesOf } from './fleet-of.ts'

const teams = (names: Readonly<Record<string, string | undefined>>) => ({
  ...acme,
  teams: Object.fromEntries(
    Object.entries(names).map(([name, previously], index) => [
      name,
      {
        role: 'developer',
        ldapGroup: `CN=Acme${index},DC=bank`,
        ...(previously === undefined ? {} : { previously }),
      },
    ]),
  ),
})

describe('former names', () => {
  it('may be any name that nothing else has', () => {
    expect(codesOf(fleetOf([{ ...acme, previously: 'apex' }, bolt]))).toEqual([])
    expect(codesOf(fleetOf([teams({ developers: 'coders', operators: undefined })]))).toEqual([])
  })

  it('may be swapped', () => {
    expect(codesOf(fleetOf([teams({ one: 'two', two: 'one' })]))).toEqual([])
  })

  it('are not the name that something has now', () => {
    expect(codesOf(fleetOf([{ ...acme, previously: 'acme' }]))).toEqual([
      'tenants/acme.ts tenant/previously-itself',
    ])
    expect(codesOf(fleetOf([teams({ developers: 'developers' })]))).toEqual([
      'tenants/acme.ts tenant/previously-itself',
    ])
  })

  it('are not taken by something new', () => {
    const [issue] = issuesOf(fleetOf([teams({ coders: undefined, developers: 'coders' })]))
    expect(issue).toMatchObject({
      code: 'tenant/previously-taken',
      message: expect.stringContaining("'developers' and 'coders' in `teams` would both be 'coders'"),
    })
  })

  it('are not shared by two organizations', () => {
    expect(codesOf(fleetOf([{ ...acme, previously: 'bolt' }, bolt]))).toEqual([
      'tenants/acme.ts fleet/previously-taken',
      'tenants/bolt.ts fleet/previously-taken',
    ])
  })

  it('are no name that the platform has', () => {
    expect(codesOf(fleetOf([{ ...acme, previously: 'platform' }]))).toEqual([
      'tenants/acme.ts tenant/reserved-name',
    ])
  })

  it('are names as all others', () => {
    expect(codesOf(fleetOf([{ ...acme, previously: '../etc' }]))).toEqual([
      'tenants/acme.ts tenant/wrong-value',
    ])
  })
})

describe('an archived tenant', () => {
  it('takes no address and no capacity any more', () => {
    const subnet = '10.0.16.0/24'
    const wide = { ...acme, networks: { one: { kind: 'overlay', subnet } } }
    const other = { ...bolt, networks: { two: { kind: 'overlay', subnet } } }
    expect(codesOf(fleetOf([wide, other]))).toContain('tenants/acme.ts fleet/overlapping-subnets')
    expect(codesOf(fleetOf([{ ...wide, lifecycle: 'archived' }, other]))).toEqual([])
  })
})
