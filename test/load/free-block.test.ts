import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { freeAddressBlock, freeSubnet } from '../../src/load/free-block.ts'
import { acme, fleetOf, issuesOf, nonprod, prod, soundFleet } from './fleet-of.ts'

const overlay = (subnet: string) => ({ kind: 'overlay', subnet })
const networks = (...subnets: string[]) => ({
  ...acme,
  networks: Object.fromEntries(subnets.map((subnet, index) => [`net-${index}`, overlay(subnet)])),
})

describe('the first free block', () => {
  it('is the lowest aligned one between those taken', () => {
    const fleet = soundFleet([networks('10.0.0.0/26', '10.0.0.128/25', '10.0.1.0/24')])
    expect(freeSubnet(fleet, ['nonprod', 'prod'], 26)).toBe('10.0.0.64/26')
    expect(freeSubnet(fleet, ['nonprod', 'prod'], 25)).toBe('10.0.2.0/25')
    expect(freeSubnet(fleet, ['nonprod', 'prod'], 22)).toBe('10.0.4.0/22')
  })

  it('is free on every named cluster and in the space they share', () => {
    const narrow = { ...prod, overlaySpace: ['10.1.0.0/24', '10.3.0.0/16'] }
    const fleet = soundFleet([networks('10.1.0.0/25')], [nonprod, narrow])
    expect(freeSubnet(fleet, ['nonprod'], 25)).toBe('10.0.0.0/25')
    expect(freeSubnet(fleet, ['prod'], 25)).toBe('10.1.0.128/25')
    expect(freeSubnet(fleet, ['nonprod', 'prod'], 24)).toBe('10.3.0.0/24')
    expect(freeSubnet(fleet, ['nonprod', 'prod'], 12)).toBeUndefined()
    expect(freeSubnet(fleet, [], 24)).toBeUndefined()
  })

  it('of a VLAN leaves the gateway out', () => {
    const fleet = soundFleet([acme])
    expect(freeAddressBlock(fleet, 'nonprod', { kind: 'vpn', vlan: 'partners', prefix: 28 })).toBe(
      '10.64.0.16/28',
    )
    expect(freeAddressBlock(fleet, 'nonprod', { kind: 'vpn', vlan: 'none', prefix: 28 })).toBeUndefined()
    expect(freeAddressBlock(fleet, 'none', { kind: 'vpn', vlan: 'partners', prefix: 28 })).toBeUndefined()
  })

  it('of the public pool is large enough for the addresses', () => {
    expect(freeAddressBlock(soundFleet([acme]), 'prod', { kind: 'public', addresses: 6 })).toBe(
      '100.80.0.16/28',
    )
  })

  it('of the space for CI is beside those in use', () => {
    const ci = {
      offers: { 'run/std': {}, 'build/std': {} },
      ci: { agents: { max: 1 }, subnet: '10.128.0.0/28' },
    }
    expect(freeAddressBlock(soundFleet([{ ...acme, ...ci }]), 'prod', { kind: 'ci', prefix: 28 })).toBe(
      '10.128.0.16/28',
    )
  })

  it('never meets what is taken', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 17, max: 28 }), { maxLength: 12 }),
        fc.integer({ min: 17, max: 28 }),
        (prefixes, last) => {
          const subnets: string[] = []
          for (const prefix of [...prefixes, last]) {
            const block = freeSubnet(soundFleet([networks(...subnets)]), ['nonprod', 'prod'], prefix)
            subnets.push(block ?? 'none')
          }
          expect(issuesOf(fleetOf([networks(...subnets)]))).toEqual([])
        },
      ),
      { numRuns: 15 },
    )
  })
})
