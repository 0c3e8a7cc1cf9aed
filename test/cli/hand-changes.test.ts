import { describe, expect, test } from 'vitest'
import { closingLine, handChanges, printHandChanges, readLine } from '../../src/cli/hand-changes.ts'
import type { PropertyChange } from '../../src/engine/stack-result.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { resource, result } from './stack-results.ts'

const changed = (path: string, from: unknown, to: unknown): PropertyChange => ({
  path,
  change: 'update',
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
})

const drifted = result(
  [
    resource('Access', 'team/b', 'update', { properties: [changed('name', 'b', 'c')] }),
    resource('Access', 'organization', 'update', { properties: [changed('fullName', undefined, 'x')] }),
    resource('Access', 'grant/a', 'delete'),
    resource('Access', 'revoked-grant/a', 'delete', { type: 'ucp:index:RevokedGrant' }),
    resource('Secrets', 'vault-policy/ci', 'update', {
      properties: [changed('policy', 'p'.repeat(200), '[secret]')],
    }),
    resource('Access', 'team/kept', 'same'),
  ],
  { operation: 'refresh' },
)

describe('a refresh', () => {
  test('names what was removed, renamed, changed and granted again', () => {
    expect(handChanges(drifted).map(({ resource: name, what }) => [name, what])).toEqual([
      ['grant/a', 'removed'],
      ['organization', 'changed'],
      ['revoked-grant/a', 'granted again'],
      ['team/b', 'renamed'],
      ['vault-policy/ci', 'changed'],
    ])
  })

  test('tells each property from what to what, cut and without secrets', () => {
    const terminal = fakeTerminal()
    printHandChanges(terminal, [drifted, result([resource('Access', 'x', 'same')])])
    expect(terminal.out).toEqual([
      'nonprod.acme: 5 changes by hand; 1 as applied',
      '  grant/a was removed by hand',
      '  organization was changed by hand',
      '    fullName: nothing → "x"',
      '  revoked-grant/a was granted again by hand',
      '  team/b was renamed by hand',
      '    name: "b" → "c"',
      '  vault-policy/ci was changed by hand',
      `    policy: "${'p'.repeat(58)}… → [secret]`,
      '',
    ])
  })

  test('lets no control character of a value reach the terminal', () => {
    const terminal = fakeTerminal()
    const evil = [
      resource('Access', 'organization', 'update', {
        properties: [changed('fullName', 'a', '\u001b[2Jgone\nnext\u009b\u202e')],
      }),
    ]
    printHandChanges(terminal, [result(evil, { operation: 'refresh' })])
    expect(terminal.out.join('|')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  test('says how many stacks differ, and what comes next', () => {
    const clean = result([], { operation: 'refresh' })
    const failed = result([], { operation: 'refresh', outcome: 'failed' })
    expect(closingLine([clean], 1)).toBe('1 stack read, 0 changed by hand (1.0 s).')
    expect(closingLine([drifted, failed], 1)).toBe(
      '2 stacks read, 1 changed by hand; 1 not read whole (1.0 s). The next `tenantry up` puts back what the files say.',
    )
    expect(readLine(fakeTerminal(), clean)).toBe('ok nonprod.acme: as applied (1.3 s)')
    expect(readLine(fakeTerminal(), failed)).toBe('failed nonprod.acme: not read (1.3 s)')
  })
})
