import { describe, expect, it } from 'vitest'
import { parseFleet } from '../../src/load/load-fleet.ts'
import { acme, bolt, clusterText, codesOf, issuesOf, nonprod, prod, tenantText } from './fleet-of.ts'

const files = [clusterText(nonprod), clusterText(prod), tenantText(acme), tenantText(bolt)]
const today = new Date('2026-11-22T10:00:00Z')

const waiver = {
  owner: 'ann@bank.example',
  reason: 'BANK-19: the vendor fixes it in spring',
  rules: ['root/set-uid'],
  organization: 'acme',
  expires: '2026-12-31',
}

const withWaiver = (change: object, now: Date | undefined = today) =>
  parseFleet(
    [
      ...files,
      {
        file: 'waivers/one.ts',
        text: `export default ${JSON.stringify({ ...waiver, ...change }, null, 1)}\n`,
      },
    ],
    now,
  )

describe('waivers', () => {
  it('are read with their files', () => {
    const result = withWaiver({ clusters: ['nonprod'], services: ['web'], images: ['acme/shop'] })
    expect(issuesOf(result)).toEqual([])
    expect(result.ok && result.value.waivers.map(({ file, value }) => [file, value.expires])).toEqual([
      ['waivers/one.ts', '2026-12-31'],
    ])
  })

  it.each([
    ['an organization that nobody has', { organization: 'nobody' }, 'waiver/unknown-organization'],
    ['a cluster that is not there', { clusters: ['moon'] }, 'waiver/unknown-cluster'],
    ['a rule that is not there', { rules: ['root/usr'] }, 'waiver/wrong-value'],
    ['malware', { rules: ['malware/found'] }, 'waiver/never'],
    ['vulnerabilities of another rule', { vulnerabilities: ['CVE-2024-6387'] }, 'waiver/vulnerabilities'],
    ['no owner', { owner: undefined }, 'waiver/missing-field'],
    ['an owner that is nobody', { owner: 'ann' }, 'waiver/wrong-value'],
    ['no reason', { reason: undefined }, 'waiver/missing-field'],
    ['an empty reason', { reason: '' }, 'waiver/wrong-value'],
    ['a reason of a word', { reason: 'later' }, 'waiver/wrong-value'],
    ['a reason of blanks', { reason: '           ' }, 'waiver/wrong-value'],
    ['a reason of two lines', { reason: 'BANK-19: the\nvendor fixes it' }, 'waiver/wrong-value'],
    ['no end', { expires: undefined }, 'waiver/missing-field'],
    ['an end that is no day', { expires: 'soon' }, 'waiver/wrong-value'],
    ['a day that no month has', { expires: '2026-11-31' }, 'waiver/wrong-value'],
    ['a moment', { expires: '2026-12-31T00:00:00Z' }, 'waiver/wrong-value'],
    ['never', { expires: null }, 'waiver/wrong-type'],
    ['no rules', { rules: undefined }, 'waiver/missing-field'],
    ['an empty list of rules', { rules: [] }, 'waiver/wrong-value'],
    ['a rule by itself', { rules: 'root/set-uid' }, 'waiver/wrong-type'],
    ['every rule', { rules: ['*'] }, 'waiver/wrong-value'],
    ['services of nobody', { services: [] }, 'waiver/wrong-value'],
    ['a pattern of services', { services: ['*'] }, 'waiver/wrong-value'],
    ['an image with a tag', { images: ['acme/shop:1.4'] }, 'waiver/wrong-value'],
    ['no organization', { organization: undefined }, 'waiver/missing-field'],
    [
      'a vulnerability that is none',
      { rules: ['scan/over-ceiling'], vulnerabilities: ['all'] },
      'waiver/wrong-value',
    ],
    ['a field of its own', { force: true }, 'waiver/unknown-field'],
    ['a day too far', { expires: '2027-03-01' }, 'waiver/too-long'],
  ])('are refused for %s', (_, change, code) => {
    expect(new Set(codesOf(withWaiver(change)))).toEqual(new Set([`waivers/one.ts ${code}`]))
  })

  it('last to the last day that is allowed, and no day longer', () => {
    expect(codesOf(withWaiver({ expires: '2027-02-22' }))).toEqual([])
    expect(codesOf(withWaiver({ expires: '2027-02-23' }))).toEqual(['waivers/one.ts waiver/too-long'])
  })

  it('that are over stop nobody but the check that they were for', () => {
    expect(codesOf(withWaiver({ expires: '2026-01-01' }))).toEqual([])
  })
})

describe('published ports', () => {
  const ports = (...publishedPorts: object[]) => ({ compliance: { publishedPorts } })
  const fleet = (ofAcme: object, ofBolt: object) =>
    parseFleet([...files.slice(0, 2), tenantText({ ...acme, ...ofAcme }), tenantText({ ...bolt, ...ofBolt })])

  it('are one tenant’s of a cluster', () => {
    expect(codesOf(fleet(ports({ from: 8000, to: 8009 }), ports({ from: 8010, to: 8010 })))).toEqual([])
  })

  it('of two tenants that overlap are an issue on both, once for all clusters', () => {
    const result = fleet(ports({ from: 8000, to: 8010 }), ports({ from: 8010, to: 8020 }))
    expect(codesOf(result)).toEqual(['tenants/acme.ts fleet/port-twice', 'tenants/bolt.ts fleet/port-twice'])
    expect(issuesOf(result)[0]?.message).toContain('8010 to 8020 of bolt')
  })

  it('of tenants on different clusters may be the same', () => {
    const on = (cluster: string, environment: string) => ({
      ...ports({ from: 8000, to: 8010 }),
      clusters: { [cluster]: {} },
      applications: { shop: { environments: [environment] } },
    })
    expect(codesOf(fleet(on('nonprod', 'dev'), on('prod', 'prod')))).toEqual([])
  })

  it('end where they begin or later', () => {
    expect(codesOf(fleet(ports({ from: 9, to: 8 }), {}))).toEqual(['tenants/acme.ts tenant/port-range'])
  })
})
