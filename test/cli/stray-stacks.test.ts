import { describe, expect, test } from 'vitest'
import { strayStacks, wayOut } from '../../src/cli/stray-stacks.ts'
import { acme, bolt, nonprod, prod, soundFleet } from '../load/fleet-of.ts'

const everything = { organizations: [], clusters: [] }
/** On one of the two clusters. */
const onNonprod = { clusters: { nonprod: {} }, applications: { shop: { environments: ['dev'] } } }
const fleet = soundFleet([acme, { ...bolt, ...onNonprod }], [nonprod, prod])

describe('strayStacks', () => {
  test('finds organizations without a file, off a cluster, and clusters without a file', () => {
    const existing = [
      'nonprod.acme',
      'nonprod.bolt',
      'nonprod.gone',
      'nonprod.platform',
      'old.platform',
      'prod.bolt',
    ]
    expect(strayStacks(fleet, existing, everything).map(({ stack }) => stack)).toEqual([
      'nonprod.gone',
      'old.platform',
      'prod.bolt',
    ])
  })

  test('keeps to what was asked about', () => {
    const existing = ['nonprod.gone', 'prod.gone', 'prod.bolt']
    const found = strayStacks(fleet, existing, { organizations: ['bolt'], clusters: [] })
    expect(found.map(({ stack }) => stack)).toEqual(['prod.bolt'])
    expect(strayStacks(fleet, existing, { organizations: [], clusters: ['nonprod'] })).toHaveLength(1)
  })

  test('leaves stacks alone that are not named as ours', () => {
    expect(strayStacks(fleet, ['dev'], everything)).toEqual([])
  })

  test('tells the command that takes one away', () => {
    const [gone, platform] = strayStacks(fleet, ['nonprod.gone', 'old.platform'], everything)
    expect(gone && wayOut(gone)).toBe('tenantry destroy gone --cluster nonprod')
    expect(platform && wayOut(platform)).toBe('pulumi destroy --stack old.platform')
  })
})
