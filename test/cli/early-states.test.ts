import { describe, expect, test } from 'vitest'
import { earlyStates } from '../../src/cli/early-states.ts'
import { selectStacks } from '../../src/cli/select.ts'
import { repositoryAt, temporaryFolder } from '../git/temporary-repository.ts'
import { acme, bolt, clusterText, nonprod, prod, soundFleet, tenantText } from '../load/fleet-of.ts'

const everything = { organizations: [], clusters: [] }

/** A checkout with two clusters and these tenants; nothing is committed. */
const checkout = (...tenants: readonly unknown[]): string => {
  const folder = temporaryFolder()
  const texts = [clusterText(nonprod), clusterText(prod), ...tenants.map((tenant) => tenantText(tenant))]
  repositoryAt(folder).write(Object.fromEntries(texts.map(({ file, text }) => [file, text])))
  return folder
}

const stacksOf = (...given: Parameters<typeof earlyStates>): readonly string[] =>
  earlyStates(...given)
    .map(({ stack }) => stack)
    .sort()

describe('the early states of a change', () => {
  test('are what the whole fleet comes to', () => {
    const root = checkout(acme, bolt)
    const all = selectStacks(soundFleet([acme, bolt], [nonprod, prod]), everything)
    const early = earlyStates(root, ['tenants/acme.ts'], everything)
    expect([...early].sort((a, b) => (a.stack < b.stack ? -1 : 1))).toEqual(
      all.filter(({ organization }) => organization === 'acme'),
    )
    expect(early).toHaveLength(2)
  })

  test('are of the selection only', () => {
    const root = checkout(acme, bolt)
    const files = ['tenants/acme.ts', 'tenants/bolt.ts']
    expect(stacksOf(root, files, { organizations: ['bolt'], clusters: ['prod'] })).toEqual(['prod.bolt'])
    expect(stacksOf(root, files, everything)).toHaveLength(4)
  })

  test.each([
    ['a cluster file changed too', ['tenants/acme.ts', 'stacks/prod.ts']],
    ['an override changed too', ['tenants/acme.ts', 'overrides/a.ts']],
    ['nothing changed', []],
    ['more changed than comes early', ['a', 'b', 'c', 'd', 'e'].map((name) => `tenants/${name}.ts`)],
  ])('are none where %s', (_, files) => {
    expect(stacksOf(checkout(acme), files, everything)).toEqual([])
  })

  test.each([
    ['says what it may not', { ...acme, size: 'huge' }],
    ['breaks a rule of its own', { ...acme, technicalLead: acme.owner }],
  ])('are none of a tenant whose file %s', (_, tenant) => {
    const root = checkout(tenant, bolt)
    expect(stacksOf(root, ['tenants/acme.ts', 'tenants/bolt.ts'], everything)).toEqual([
      'nonprod.bolt',
      'prod.bolt',
    ])
  })

  test('are none of a file that is gone', () => {
    expect(stacksOf(checkout(bolt), ['tenants/acme.ts'], everything)).toEqual([])
  })
})
