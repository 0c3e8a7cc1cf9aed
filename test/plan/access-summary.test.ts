import { describe, expect, test } from 'vitest'
import type { Operations } from '../../src/core/ucp-operations.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { Subject } from '../../src/model/grant.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { Role } from '../../src/model/role.ts'
import { accessSentences } from '../../src/plan/access-summary.ts'

const base = { concern: 'access', dependsOn: [] } as const
const developers: Subject = { kind: 'team', organization: 'acme', team: 'developers' }

const role = (name: string, operations: Operations): Role => ({
  ...base,
  kind: 'Role',
  key: name,
  name,
  operations,
})

const grant = (subject: Subject, roleName: string, collection: string): Resource => ({
  ...base,
  kind: 'Grant',
  key: `${JSON.stringify(subject)}${roleName}${collection}`,
  subject,
  role: roleName,
  collection,
})

const stateOf = (...resources: Resource[]): StackState => ({
  stack: 'nonprod.acme',
  cluster: 'nonprod',
  organization: 'acme',
  resources,
})

const service = (verbs: readonly string[], variants: readonly string[] = []): Operations => ({
  Service: Object.fromEntries(verbs.map((verb) => [`Service ${verb}`, verb === 'Create' ? variants : []])),
})

const many = role(
  'developer-nonprod-0123abcd',
  service(['Create', 'Delete', 'Logs', 'Update', 'View', 'View Tasks']),
)
const texts = (before: StackState | undefined, after: StackState) =>
  accessSentences(before, after).map(({ text }) => text)

describe('accessSentences', () => {
  test('names a role that is wholly new to a subject once, with its places', () => {
    const after = stateOf(
      many,
      grant(developers, many.name, '/Run/acme'),
      grant(developers, many.name, '/Shared/acme'),
    )
    expect(texts(undefined, after)).toEqual([
      'acme/developers gain developer-nonprod (6 operations: Service Create, Service Logs, Service View, Service Delete, …) on /Run/acme, /Shared/acme',
    ])
  })

  test('names a role that is wholly gone', () => {
    const before = stateOf(many, grant(developers, many.name, '/Run/acme'))
    expect(texts(before, stateOf())).toEqual([
      expect.stringMatching(/^acme\/developers lose developer-nonprod \(6 operations: .*\) on \/Run\/acme$/),
    ])
  })

  test('tells a difference to what the subject holds operation by operation', () => {
    const fewer = role('developer-nonprod-89abcdef', service(['Create', 'Logs', 'View']))
    const before = stateOf(many, grant(developers, many.name, '/Run/acme'))
    const after = stateOf(fewer, grant(developers, fewer.name, '/Run/acme'))
    expect(texts(before, after)).toEqual([
      'acme/developers lose Service Delete, Service Update, Service View Tasks on /Run/acme',
    ])
    expect(texts(after, before)).toEqual([
      'acme/developers gain Service Delete, Service Update, Service View Tasks on /Run/acme',
    ])
  })

  test('does not overstate a grant below one that stays', () => {
    const viewer = role('viewer-nonprod-00000000', service(['View']))
    const above = grant(developers, viewer.name, '/Run')
    const after = stateOf(viewer, many, above, grant(developers, many.name, '/Run/acme'))
    expect(texts(stateOf(viewer, above), after)).toEqual([
      'acme/developers gain Service Create, Service Delete, Service Logs, Service Update, Service View Tasks on /Run/acme',
    ])
  })

  test('always names and marks what reaches the host', () => {
    const risky = role(
      'odd-nonprod-12345678',
      service(['Create', 'Delete', 'Logs', 'Update', 'View'], ['Host Bind Mounts']),
    )
    const [sentence] = accessSentences(undefined, stateOf(risky, grant(developers, risky.name, '/Run/acme')))
    expect(sentence?.dangerous).toBe(true)
    expect(sentence?.text).toContain('Service Create [Host Bind Mounts]')
    const lost = accessSentences(stateOf(risky, grant(developers, risky.name, '/Run/acme')), stateOf())
    expect(lost.map(({ dangerous }) => dangerous)).toEqual([false])
  })

  test('names all of a small role, built-in ones too, and uses the singular for an account', () => {
    const account: Subject = { kind: 'user', user: 'svc-acme-ci' }
    expect(texts(undefined, stateOf(grant(account, 'scheduler', '/Run')))).toEqual([
      'account svc-acme-ci gains scheduler (2 operations: Node Schedule, Node View) on /Run',
    ])
  })

  test('says nothing where nothing changes', () => {
    const state = stateOf(many, grant(developers, many.name, '/Run/acme'))
    expect(accessSentences(state, state)).toEqual([])
  })
})
