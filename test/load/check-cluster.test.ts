import { describe, expect, it } from 'vitest'
import { codesOf, fleetOf, issuesOf, nonprod, prod } from './fleet-of.ts'

const codes = (change: object): string[] =>
  codesOf(fleetOf([], [{ ...nonprod, ...change }, prod])).map((line) =>
    line.replace('stacks/nonprod.ts ', ''),
  )

const { vlans, publicPool, pools, capacity, thresholds } = nonprod
const partners = vlans.partners
if (partners === undefined || publicPool === undefined) throw new Error('the fixture has changed')

describe('what a cluster file cannot say', () => {
  it('accepts the fixture', () => expect(codes({})).toEqual([]))

  it.each([
    [
      'a pool upside down',
      { pools: { ...pools, odd: { offer: 'run/std', machine: 'large', min: 3, max: 2 } } },
      ['cluster/pool-range'],
    ],
    [
      'an unknown machine',
      { pools: { ...pools, odd: { offer: 'run/std', machine: 'lage', min: 1, max: 2 } } },
      ['cluster/unknown-machine'],
    ],
    ['a space with host bits', { overlaySpace: ['10.0.0.1/10'] }, ['cluster/wrong-subnet']],
    [
      'spaces that overlap',
      { overlaySpace: ['10.0.0.0/10', '10.64.0.0/16'] },
      ['cluster/overlapping-spaces'],
    ],
    [
      'a gateway outside',
      { vlans: { partners: { ...partners, gateway: '10.1.0.1' } } },
      ['cluster/outside-subnet'],
    ],
    [
      'a malformed gateway',
      { vlans: { partners: { ...partners, gateway: '10.64.0.999' } } },
      ['cluster/outside-subnet'],
    ],
    [
      'a reserved block outside',
      { publicPool: { ...publicPool, reserved: ['192.0.2.0/28'] } },
      ['cluster/outside-subnet'],
    ],
    ['a VLAN twice', { publicPool: { ...publicPool, vlan: partners.id } }, ['cluster/duplicate-vlan']],
    [
      'resuming where it pauses',
      { thresholds: { ...thresholds, resume: thresholds.pause } },
      ['cluster/thresholds', 'cluster/thresholds'],
    ],
    ['signatures of nobody', { contentTrust: { required: true, signers: {} } }, ['cluster/no-signers']],
    [
      'a signer that is no LDAP group',
      { contentTrust: { required: true, signers: { security: 'acme' } } },
      ['cluster/wrong-value'],
    ],
    [
      'more capacity than hardware',
      { capacity: { ...capacity, cpu: '900000' } },
      ['cluster/capacity-over-pools'],
    ],
    ['http', { registryWebhook: 'http://hooks.bank.example' }, ['cluster/wrong-value']],
  ])('refuses %s', (_name, change, expected) => {
    expect(codes(change)).toEqual(expected)
  })

  it('names both spaces that overlap', () => {
    expect(
      issuesOf(fleetOf([], [{ ...nonprod, jenkins: { ...nonprod.jenkins, subnet: '10.64.0.0/16' } }, prod])),
    ).toMatchObject([{ message: '10.64.0.0/16 overlaps 10.64.0.0/12 of `vlans.partners.subnet`.' }])
  })
})
