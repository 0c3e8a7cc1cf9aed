import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { capabilitiesOn, PolicyError, parsePolicy } from '../../../src/lab/vault/policy.ts'

const can = (hcl: string, path: string): string[] => [...capabilitiesOn(parsePolicy(hcl), path)].sort()

describe('parsePolicy', () => {
  it('reads blocks between comments of all three kinds', () => {
    expect(
      parsePolicy(`# one
        path "orgs/acme/data/*" { // two
          capabilities = ["read", "list",] /* three
          */
        }`),
    ).toEqual([{ path: 'orgs/acme/data/*', capabilities: ['read', 'list'] }])
  })

  it('drops a leading slash, as Vault does', () => {
    expect(parsePolicy('path "/sys/mounts" { capabilities = ["read"] }')[0]?.path).toBe('sys/mounts')
  })

  it.each([
    ['an unknown capability', 'path "a" { capabilities = ["write"] }', /invalid capability "write"/],
    ['an unknown block', 'rule "a" { }', /invalid key "rule"/],
    ['an open block', 'path "a" { capabilities = ["read"]', /found the end/],
    ['a bad wildcard', 'path "a/+*" { capabilities = ["read"] }', /'\+\*' is forbidden/],
    [
      'what is not enforced here',
      'path "a" { allowed_parameters = {} }',
      /does not enforce 'allowed_parameters'/,
    ],
    ['other characters', 'path "a" ; ', /unexpected character/],
  ])('refuses %s', (_what, hcl, message) => {
    expect(() => parsePolicy(hcl)).toThrow(PolicyError)
    expect(() => parsePolicy(hcl)).toThrow(message)
  })
})

describe('capabilitiesOn', () => {
  it('knows nothing of a path no rule covers', () => {
    expect(can('path "a/*" { capabilities = ["read"] }', 'b/c')).toEqual([])
  })

  it('takes + for exactly one segment', () => {
    const hcl = 'path "orgs/+/data" { capabilities = ["read"] }'
    expect(can(hcl, 'orgs/acme/data')).toEqual(['read'])
    expect(can(hcl, 'orgs/acme/x/data')).toEqual([])
    expect(can(hcl, 'orgs/data')).toEqual([])
  })

  it('takes * for the rest, also within a segment, also nothing', () => {
    const hcl = 'path "orgs/ac*" { capabilities = ["read"] }'
    expect(can(hcl, 'orgs/ac')).toEqual(['read'])
    expect(can(hcl, 'orgs/acme/data/x')).toEqual(['read'])
    expect(can(hcl, 'orgs/bank')).toEqual([])
  })

  it('lets the exact path win over the wildcard', () => {
    const hcl = `path "s/*" { capabilities = ["read"] }
      path "s/a" { capabilities = ["deny"] }`
    expect(can(hcl, 's/a')).toEqual([])
    expect(can(hcl, 's/b')).toEqual(['read'])
  })

  it('lets the later wildcard win, then the one without *, then fewer +', () => {
    expect(
      can('path "s/+/c" { capabilities = ["read"] } path "s/b/*" { capabilities = ["list"] }', 's/b/c'),
    ).toEqual(['list'])
    expect(
      can('path "s/+/c/*" { capabilities = ["read"] } path "s/+/c/d" { capabilities = ["list"] }', 's/b/c/d'),
    ).toEqual(['list'])
    expect(
      can('path "s/+/+" { capabilities = ["read"] } path "s/+/c" { capabilities = ["list"] }', 's/b/c'),
    ).toEqual(['list'])
  })

  it('unites rules of the same path and lets deny win', () => {
    const two = 'path "s" { capabilities = ["read"] } path "s" { capabilities = ["list"] }'
    expect(can(two, 's')).toEqual(['list', 'read'])
    expect(can(`${two} path "s" { capabilities = ["deny"] }`, 's')).toEqual([])
  })

  it('grants nothing that no rule of the token names', () => {
    const segment = fc.constantFrom('a', 'b', '+', 'c')
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))
    const rule = fc.record({ path, capabilities: fc.subarray(['read', 'list', 'update'] as const) })
    fc.assert(
      fc.property(fc.array(rule), path, (rules, asked) => {
        const named = new Set(rules.flatMap((one) => one.capabilities))
        for (const capability of capabilitiesOn(rules, asked))
          expect(named.has(capability as 'read')).toBe(true)
        expect([...capabilitiesOn([...rules].reverse(), asked)].sort()).toEqual(
          [...capabilitiesOn(rules, asked)].sort(),
        )
      }),
    )
  })
})
