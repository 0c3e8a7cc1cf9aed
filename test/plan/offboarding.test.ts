import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isInTheWay,
  type OffboardingReport,
  offboardingIssues,
  type Remnant,
  type RemnantKind,
  remnantText,
  renderOffboarding,
} from '../../src/plan/offboarding.ts'

const strict = { keepData: false, discardImages: false }
const remnant = (kind: RemnantKind, change: Partial<Remnant> = {}): Remnant => ({
  cluster: 'nonprod',
  kind,
  name: 'thing',
  isOwn: false,
  count: 1,
  ...change,
})
const kinds: readonly RemnantKind[] = [
  'service',
  'task',
  'agent',
  'container',
  'network',
  'secret',
  'config',
  'volume',
  'image',
  'vault secret',
  'machine',
]

describe('what stands in the way', () => {
  it.each(kinds)('is a %s that others made', (kind) => {
    const bytes = kind === 'volume' ? { bytes: 1 } : {}
    expect(isInTheWay(remnant(kind, bytes), strict)).toBe(true)
  })

  it('is not what the stack made and takes with it', () => {
    for (const kind of kinds.filter((one) => !['volume', 'image', 'vault secret'].includes(one)))
      expect(isInTheWay(remnant(kind, { isOwn: true }), strict)).toBe(false)
  })

  it('is data, whoever made the place, unless it may stay behind', () => {
    const data = [
      remnant('volume', { isOwn: true, bytes: 1 }),
      remnant('volume', { isOwn: true, bytes: null }),
      remnant('vault secret', { isOwn: true, count: 3 }),
    ]
    for (const one of data) {
      expect(isInTheWay(one, strict)).toBe(true)
      expect(isInTheWay(one, { ...strict, keepData: true })).toBe(false)
      expect(isInTheWay(one, { ...strict, discardImages: true })).toBe(true)
    }
  })

  it('is not a volume that is known to be empty', () => {
    expect(isInTheWay(remnant('volume', { bytes: 0 }), strict)).toBe(false)
  })

  it('is every image, unless images may go', () => {
    const image = remnant('image', { isOwn: true, count: 2 })
    expect(isInTheWay(image, strict)).toBe(true)
    expect(isInTheWay(image, { ...strict, keepData: true })).toBe(true)
    expect(isInTheWay(image, { ...strict, discardImages: true })).toBe(false)
  })

  it('never shrinks without a choice: each lets through its own kinds alone', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.boolean(),
        fc.option(fc.nat(), { nil: null }),
        fc.boolean(),
        fc.boolean(),
        (kind, isOwn, bytes, keepData, discardImages) => {
          const one = remnant(kind, { isOwn, ...(kind === 'volume' ? { bytes } : {}) })
          const freed = isInTheWay(one, strict) && !isInTheWay(one, { keepData, discardImages })
          const isData = kind === 'volume' || kind === 'vault secret'
          expect(freed).toBe(
            isInTheWay(one, strict) && ((isData && keepData) || (kind === 'image' && discardImages)),
          )
        },
      ),
    )
  })
})

describe('issues', () => {
  it('are one a cluster and kind, with numbers, names and the way out', () => {
    const services = Array.from({ length: 7 }, (_, index) => remnant('service', { name: `web-${index}` }))
    const issues = offboardingIssues(
      'acme',
      [
        ...services,
        remnant('service', { cluster: 'prod', name: 'web' }),
        remnant('image', { name: 'web', count: 12, isOwn: true }),
        remnant('volume', { name: 'acme-ledger', bytes: 5 * 1024 ** 3, isOwn: true }),
        remnant('network', { isOwn: true }),
      ],
      strict,
    )
    expect(issues.map(({ message }) => message)).toEqual([
      'nonprod still has services of acme, 7: web-0, web-1, web-2, web-3, web-4 and 2 more.',
      'prod still has services of acme, 1: web.',
      'nonprod still has image tags of acme, 12: web: 12 image tags.',
      'nonprod still has volumes of acme, 1: acme-ledger (5Gi).',
    ])
    expect(issues.every(({ code, hint }) => code === 'offboard/not-empty' && hint !== undefined)).toBe(true)
  })

  it('are none where nothing is left', () => {
    expect(offboardingIssues('acme', [], strict)).toEqual([])
  })
})

describe('the report', () => {
  const report: OffboardingReport = {
    isComplete: true,
    organization: 'acme',
    at: '2026-11-22T10:00:00.000Z',
    clusters: ['nonprod', 'prod'],
    choices: { keepData: true, discardImages: false },
    removed: [
      { stack: 'nonprod.acme', type: 'ucp:index:Grant', name: 'grant/a' },
      { stack: 'nonprod.acme', type: 'ucp:index:Grant', name: 'grant/b' },
      { stack: 'nonprod.acme', type: 'ucp:index:Organization', name: 'organization' },
      { stack: 'prod.acme', type: 'ucp:index:Organization', name: 'organization' },
    ],
    kept: [
      remnant('vault secret', { name: 'orgs/acme', count: 4, isOwn: true }),
      remnant('volume', { name: 'acme-ledger', bytes: null, isOwn: true }),
      remnant('volume', { name: 'acme-new', bytes: 0, isOwn: true }),
    ],
  }

  it('says what was removed and what was kept', () => {
    expect(renderOffboarding(report)).toEqual([
      'acme left nonprod and prod at 2026-11-22T10:00:00.000Z.',
      '',
      'Removed, 4:',
      '  nonprod.acme: 2 Grant, 1 Organization',
      '  prod.acme: 1 Organization',
      '',
      'Kept, and nobody’s care any more:',
      '  nonprod, secrets in Vault: orgs/acme: 4 secrets in Vault',
      '  nonprod, volumes: acme-ledger (how much it holds nobody can tell), acme-new (empty)',
    ])
  })

  it('says where it is not done', () => {
    expect(renderOffboarding({ ...report, isComplete: false })[0]).toBe(
      'acme has not left nonprod and prod altogether at 2026-11-22T10:00:00.000Z: put right what failed, and run this again.',
    )
  })

  it('says so where there was nothing', () => {
    const [, , removed, , kept] = renderOffboarding({ ...report, removed: [], kept: [] })
    expect([removed, kept]).toEqual(['Nothing was removed.', 'Nothing was kept.'])
  })

  it('rounds sizes up, so that nothing reads as empty that is not', () => {
    expect(remnantText(remnant('volume', { bytes: 1 }))).toBe('thing (1Mi)')
    expect(remnantText(remnant('volume', { bytes: 3 * 1024 ** 3 + 1 }))).toBe('thing (3073Mi)')
  })
})
