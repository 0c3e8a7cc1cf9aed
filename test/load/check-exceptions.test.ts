import { describe, expect, it } from 'vitest'
import { parseFleet } from '../../src/load/load-fleet.ts'
import { acme, bolt, clusterText, codesOf, issuesOf, nonprod, prod, tenantText } from './fleet-of.ts'

const files = [clusterText(nonprod), clusterText(prod), tenantText(acme), tenantText(bolt)]
const today = new Date('2026-11-22T10:00:00Z')

const override = {
  owner: 'ann@bank.example',
  reason: 'BANK-17: acme moves to smaller machines',
  scope: { rules: ['frozen'], organizations: ['acme'] },
  expires: '2026-11-30',
}
const hold = {
  owner: 'ann@bank.example',
  reason: 'BANK-18: incident under way',
  organization: 'acme',
  expires: '2026-11-30',
}

const typed = (file: string, value: unknown) => ({
  file,
  text: `export default ${JSON.stringify(value, null, 1)}\n`,
})
const withOverride = (change: object, now?: Date) =>
  parseFleet([...files, typed('overrides/small.ts', { ...override, ...change })], now)
const withHold = (change: object, now?: Date) =>
  parseFleet([...files, typed('holds/acme.ts', { ...hold, ...change })], now)
const withSettings = (value: unknown) => parseFleet([...files, typed('fleet.ts', value)])

describe('overrides', () => {
  it('are read with their files', () => {
    const result = withOverride({}, today)
    expect(issuesOf(result)).toEqual([])
    expect(result.ok && result.value.overrides.map(({ file, value }) => [file, value.expires])).toEqual([
      ['overrides/small.ts', '2026-11-30'],
    ])
  })

  it('hold to the end of their last day, and are an issue from then on', () => {
    const last = { expires: '2026-11-22' }
    expect(codesOf(withOverride(last, new Date('2026-11-22T23:59:59.999Z')))).toEqual([])
    const [issue] = issuesOf(withOverride(last, new Date('2026-11-23T00:00:00Z')))
    expect(issue).toMatchObject({
      code: 'override/expired',
      message: 'The override ended on 2026-11-22; today is 2026-11-23.',
      hint: 'Delete overrides/small.ts, or let ann@bank.example give it a later day in a reviewed change.',
      source: { file: 'overrides/small.ts', line: 12 },
    })
  })

  it('are not held against a clock that nobody gave, so that an old commit can be read', () => {
    expect(codesOf(withOverride({ expires: '2020-01-01' }))).toEqual([])
  })

  it('last no longer than a month', () => {
    expect(codesOf(withOverride({ expires: '2026-12-23' }, today))).toEqual([])
    expect(codesOf(withOverride({ expires: '2026-12-24' }, today))).toEqual([
      'overrides/small.ts override/too-long',
    ])
  })

  it('name whom they are for in exactly one way', () => {
    const rules = ['frozen']
    const scopes = [{ rules }, { rules, organizations: ['acme'], stacks: ['prod.acme'] }]
    for (const scope of scopes)
      expect(codesOf(withOverride({ scope }))).toEqual(['overrides/small.ts override/scope'])
  })

  it('never lift for the whole fleet what guards data and tenants', () => {
    const scope = { rules: ['tenants-touched', 'tenant-gone', 'data-deleted'], fleet: true }
    expect(codesOf(withOverride({ scope }))).toEqual([
      'overrides/small.ts override/too-wide',
      'overrides/small.ts override/too-wide',
    ])
    expect(codesOf(withOverride({ scope: { rules: ['tenants-touched'], fleet: true } }))).toEqual([])
  })

  it('name organizations and stacks that are there, but for what is gone', () => {
    const scope = { rules: ['frozen'], organizations: ['acmee'] }
    expect(issuesOf(withOverride({ scope }))[0]).toMatchObject({
      code: 'override/unknown-organization',
      message: "There is no organization 'acmee'.",
      hint: expect.stringContaining('acme'),
    })
    expect(codesOf(withOverride({ scope: { rules: ['frozen'], stacks: ['prod.nobody'] } }))).toEqual([
      'overrides/small.ts override/unknown-stack',
    ])
    expect(codesOf(withOverride({ scope: { rules: ['frozen'], stacks: ['prod.platform'] } }))).toEqual([])
    expect(codesOf(withOverride({ scope: { rules: ['tenant-gone'], organizations: ['gone'] } }))).toEqual([])
  })

  it.each([
    ['no reason', { reason: undefined }, 'override/missing-field'],
    ['a reason of one word', { reason: 'because' }, 'override/wrong-value'],
    ['no day at all', { expires: 'soon' }, 'override/wrong-value'],
    ['a day that is none', { expires: '2026-02-30' }, 'override/wrong-value'],
    ['an unknown rule', { scope: { rules: ['all'], fleet: true } }, 'override/wrong-value'],
    ['an owner who is no address', { owner: 'ann' }, 'override/wrong-value'],
    ['a field too many', { approved: true }, 'override/unknown-field'],
  ])('are refused with %s', (_, change, code) => {
    expect(codesOf(withOverride(change))).toEqual([`overrides/small.ts ${code}`])
  })

  it('are data, as every typed file is', () => {
    const hostile = {
      file: 'overrides/evil.ts',
      text: "import { defineOverride } from '../src/exception/define.ts'\nimport fs from 'node:fs'\nexport default defineOverride(fs.readFileSync('/etc/passwd'))\n",
    }
    expect(codesOf(parseFleet([...files, hostile]))).toEqual([
      'overrides/evil.ts reader/import',
      'overrides/evil.ts reader/shape',
    ])
    const tenant = { file: 'overrides/acme.ts', text: 'export default defineTenant({})\n' }
    expect(codesOf(parseFleet([...files, tenant]))).toEqual(['overrides/acme.ts reader/wrong-define'])
  })
})

describe('holds', () => {
  it('are read, and are an issue once they are over', () => {
    expect(codesOf(withHold({}, today))).toEqual([])
    expect(codesOf(withHold({ expires: '2026-11-21' }, today))).toEqual(['holds/acme.ts hold/expired'])
    expect(codesOf(withHold({ expires: '2027-03-01' }, today))).toEqual(['holds/acme.ts hold/too-long'])
  })

  it('name an organization and clusters that are there', () => {
    expect(codesOf(withHold({ organization: 'acne', clusters: ['prod', 'produ'] }))).toEqual([
      'holds/acme.ts hold/unknown-organization',
      'holds/acme.ts hold/unknown-cluster',
    ])
  })
})

describe("the fleet's settings", () => {
  it('are optional, in whole and in part', () => {
    const none = parseFleet(files)
    expect(none.ok && none.value.settings).toBeUndefined()
    const some = withSettings({ valve: { ownersLeast: 3 } })
    expect(some.ok && some.value.settings?.value).toEqual({ valve: { ownersLeast: 3 } })
  })

  it('name canaries that are there, and waves that grow', () => {
    expect(codesOf(withSettings({ waves: { canary: ['acme', 'acne'], percents: [25, 5] } }))).toEqual([
      'fleet.ts fleet/unknown-organization',
      'fleet.ts fleet/shrinking-waves',
    ])
  })

  it('name canaries as their stacks are named: by the names they were made under', () => {
    const renamed = tenantText({ ...acme, organization: 'apex', previously: 'acme' })
    const withCanary = (name: string) =>
      parseFleet([
        ...files.filter(({ file }) => file !== 'tenants/acme.ts'),
        renamed,
        typed('fleet.ts', { waves: { canary: [name] } }),
      ])
    expect(codesOf(withCanary('acme'))).toEqual([])
    expect(codesOf(withCanary('apex'))).toEqual(['fleet.ts fleet/unknown-organization'])
  })

  it('are those of the file beside `tenants/` alone', () => {
    const elsewhere = parseFleet([...files, typed('tenants/fleet.ts', {})])
    expect(codesOf(elsewhere)[0]).toBe('tenants/fleet.ts tenant/missing-field')
  })
})
