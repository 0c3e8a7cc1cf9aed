import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { waveSettings } from '../../src/fleet/settings.ts'
import type { ClusterStages } from '../../src/plan/fleet-change.ts'
import { wavesOf } from '../../src/plan/waves.ts'

interface Placed {
  readonly stack: string
  readonly cluster: string
  readonly organization: string | null
}

const platform = (cluster: string): Placed => ({ stack: `${cluster}.platform`, cluster, organization: null })
const tenant = (cluster: string, organization: string): Placed => ({
  stack: `${cluster}.${organization}`,
  cluster,
  organization,
})
const tenants = (cluster: string, count: number): readonly Placed[] =>
  Array.from({ length: count }, (_, index) => tenant(cluster, `org-${String(index).padStart(4, '0')}`))

const stages: ClusterStages = new Map([
  ['nonprod', 'nonprod'],
  ['lab', 'nonprod'],
  ['prod', 'prod'],
])
const defaults = waveSettings(undefined)

const inWords = (stacks: readonly Placed[], settings = defaults): readonly string[] =>
  wavesOf(stacks, stages, settings).map(({ name, stacks: own }) => `${name}: ${own.length}`)

describe('wavesOf', () => {
  test('applies platforms first, then tenants, nonprod before prod', () => {
    const stacks = [
      tenant('prod', 'acme'),
      platform('prod'),
      tenant('nonprod', 'acme'),
      platform('lab'),
      platform('nonprod'),
    ]
    expect(wavesOf(stacks, stages, defaults)).toEqual([
      { name: 'nonprod platform', stacks: [platform('lab'), platform('nonprod')] },
      { name: 'nonprod tenants', stacks: [tenant('nonprod', 'acme')] },
      { name: 'prod platform', stacks: [platform('prod')] },
      { name: 'prod tenants', stacks: [tenant('prod', 'acme')] },
    ])
  })

  test('applies a fleet-wide change to a canary, 5 %, 25 %, then all', () => {
    expect(inWords([platform('prod'), ...tenants('prod', 500)])).toEqual([
      'prod platform: 1',
      'prod canary: 1',
      'prod 5 %: 24',
      'prod 25 %: 100',
      'prod all others: 375',
    ])
  })

  test('takes no wave that would be empty: of ten tenants one is 5 % already', () => {
    expect(inWords(tenants('nonprod', 10))).toEqual([
      'nonprod canary: 1',
      'nonprod 25 %: 2',
      'nonprod all others: 7',
    ])
  })

  test('applies a change of few tenants at once, and beside a fleet-wide one with its last wave', () => {
    expect(inWords(tenants('nonprod', 9))).toEqual(['nonprod tenants: 9'])
    expect(inWords([...tenants('nonprod', 9), ...tenants('lab', 100)])).toEqual([
      'nonprod canary: 1',
      'nonprod 5 %: 4',
      'nonprod 25 %: 20',
      'nonprod all others: 84',
    ])
  })

  test('takes the canaries that the fleet names, where the change touches one', () => {
    const settings = { ...defaults, canary: ['org-0007', 'org-0042', 'elsewhere'] }
    const [first] = wavesOf(tenants('prod', 100), stages, settings)
    expect(first).toEqual({
      name: 'prod canary',
      stacks: [tenant('prod', 'org-0007'), tenant('prod', 'org-0042')],
    })
    const [other] = wavesOf(tenants('prod', 20).slice(8), stages, settings)
    expect(other?.stacks).toEqual([tenant('prod', 'org-0008')])
  })

  test('keeps to the shares that the fleet names', () => {
    expect(inWords(tenants('prod', 200), { from: 1, canary: undefined, percents: [1, 10, 50] })).toEqual([
      'prod canary: 1',
      'prod 1 %: 1',
      'prod 10 %: 18',
      'prod 50 %: 80',
      'prod all others: 100',
    ])
  })

  test('takes a cluster whose stage nobody knows for production', () => {
    expect(inWords([tenant('new', 'acme'), tenant('nonprod', 'acme')])).toEqual([
      'nonprod tenants: 1',
      'prod tenants: 1',
    ])
  })

  test('puts every stack in exactly one wave, none before its platform and none of prod before nonprod, in any order', () => {
    const placed = fc.record({
      cluster: fc.constantFrom('nonprod', 'lab', 'prod', 'new'),
      organization: fc.option(fc.integer({ min: 0, max: 60 }).map((one) => `org-${one}`)),
    })
    const settings = fc.record({
      from: fc.integer({ min: 1, max: 30 }),
      canary: fc.constantFrom(undefined, ['org-1', 'org-2', 'org-3']),
      percents: fc
        .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 4 })
        .map((all) => all.sort((a, b) => a - b)),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(placed, { maxLength: 80, selector: (one) => `${one.cluster}.${one.organization}` }),
        settings,
        (all, chosen) => {
          const stacks = all.map(({ cluster, organization }) =>
            organization === null ? platform(cluster) : tenant(cluster, organization),
          )
          const waves = wavesOf(stacks, stages, chosen)
          const order = waves.flatMap((wave) => wave.stacks)
          expect(order.map(({ stack }) => stack).sort()).toEqual(stacks.map(({ stack }) => stack).sort())
          expect(waves.every((wave) => wave.stacks.length > 0)).toBe(true)
          const stageOf = ({ cluster }: Placed) => stages.get(cluster) ?? 'prod'
          const rank = (one: Placed) =>
            (stageOf(one) === 'prod' ? 2 : 0) + (one.organization === null ? 0 : 1)
          const ranks = order.map(rank)
          expect(ranks).toEqual([...ranks].sort((a, b) => a - b))
          expect(wavesOf([...stacks].reverse(), stages, chosen)).toEqual(waves)
        },
      ),
    )
  })
})
