import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/cli/exit-code.ts'
import { asMadeSelection, checkSelection, selectStacks } from '../../src/cli/select.ts'
import { acme, bolt, nonprod, prod, soundFleet } from '../load/fleet-of.ts'

/** On one of the two clusters. */
const onNonprod = { clusters: { nonprod: {} }, applications: { shop: { environments: ['dev'] } } }
const fleet = soundFleet([bolt, { ...acme, ...onNonprod }], [prod, nonprod])
const names = (organizations: readonly string[], clusters: readonly string[]) =>
  selectStacks(fleet, { organizations, clusters }).map(({ stack }) => stack)

describe('selectStacks', () => {
  test('takes everything where nothing is named, platform first', () => {
    expect(names([], [])).toEqual([
      'nonprod.platform',
      'nonprod.acme',
      'nonprod.bolt',
      'prod.platform',
      'prod.bolt',
    ])
  })

  test('leaves a cluster out that none of the named organizations is on', () => {
    expect(names(['acme'], [])).toEqual(['nonprod.platform', 'nonprod.acme'])
    expect(names(['acme'], ['prod'])).toEqual([])
  })
})

describe('a renamed organization', () => {
  const after = soundFleet([bolt, { ...acme, ...onNonprod, organization: 'apex', previously: 'acme' }])

  test('is named as its file is, and stands where it stood', () => {
    const selection = { organizations: ['apex'], clusters: [] }
    checkSelection(after, selection)
    expect(selectStacks(after, selection).map(({ stack }) => stack)).toEqual([
      'nonprod.platform',
      'nonprod.acme',
    ])
  })

  test('is known in changes by the name it was made under', () => {
    const selection = { organizations: ['apex', 'bolt', 'gone'], clusters: ['prod'] }
    expect(asMadeSelection(after, selection)).toEqual({
      organizations: ['acme', 'bolt', 'gone'],
      clusters: ['prod'],
    })
  })
})

describe('checkSelection', () => {
  test.each([
    [{ organizations: ['acne'], clusters: [] }, /organization 'acne'/, /'acme'/],
    [{ organizations: [], clusters: ['prd'] }, /cluster 'prd'/, /'prod'/],
  ])('refuses what no file has, and says what was meant', (selection, message, hint) => {
    let thrown: unknown
    try {
      checkSelection(fleet, selection)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(UsageError)
    expect((thrown as UsageError).message).toMatch(message)
    expect((thrown as UsageError).hint).toMatch(hint)
  })
})
