import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ciBlock } from '../../src/compile/ci-block.ts'
import { blockSize, type PublicPool, publicBlock } from '../../src/compile/public-block.ts'
import { contains, overlaps, parseHost, parseSubnet, type Subnet } from '../../src/compile/subnet.ts'
import { nonprod } from './fixtures/clusters.ts'

const pool: PublicPool = {
  vlan: 1,
  parent: 'ens1',
  subnet: '203.0.113.0/24',
  gateway: '203.0.113.1',
  reserved: ['203.0.113.128/26'],
}

const subnet = (text: string): Subnet => {
  const parsed = parseSubnet(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)

describe('publicBlock', () => {
  it('holds the addresses, lies aligned in the pool and touches nothing reserved', () => {
    fc.assert(
      fc.property(name, name, fc.integer({ min: 1, max: 29 }), (organization, network, addresses) => {
        const result = publicBlock(pool, organization, network, addresses)
        if (!result.ok) throw new Error(result.reason)
        const block = subnet(result.block)
        const gateway = parseHost(pool.gateway)
        expect(contains(subnet(pool.subnet), block)).toBe(true)
        expect(block.size - 3).toBeGreaterThanOrEqual(addresses)
        expect(block.size / 2 - 3).toBeLessThan(addresses)
        expect(overlaps(block, subnet('203.0.113.128/26'))).toBe(false)
        expect(gateway !== undefined && overlaps(block, gateway)).toBe(false)
        expect(publicBlock(pool, organization, network, addresses)).toEqual(result)
      }),
    )
  })

  it.each([
    [1, 4],
    [2, 8],
    [5, 8],
    [6, 16],
    [61, 64],
    [64, 128],
  ])('takes %i addresses in a block of %i', (addresses, size) => {
    expect(blockSize(addresses)).toBe(size)
  })

  it('keeps a pinned block that fits', () => {
    expect(publicBlock(pool, 'acme', 'web', 2, '203.0.113.16/29')).toEqual({
      ok: true,
      block: '203.0.113.16/29',
    })
  })

  it.each([
    ['203.0.113.17/29', 'is not an IPv4 subnet with zero host bits'],
    ['203.0.113.16/33', 'is not an IPv4 subnet'],
    ['300.0.113.16/29', 'is not an IPv4 subnet'],
    ['203.0.114.16/29', 'lies outside the public pool 203.0.113.0/24'],
    ['203.0.112.0/23', 'lies outside the public pool'],
    ['203.0.113.0/29', 'overlaps 203.0.113.1/32'],
    ['203.0.113.136/29', 'overlaps 203.0.113.128/26'],
    ['203.0.113.16/30', 'has 4 addresses, 8 are needed'],
  ])('refuses to pin %s', (pinned, reason) => {
    const result = publicBlock(pool, 'acme', 'web', 2, pinned)
    expect(result).toMatchObject({ ok: false })
    expect(result.ok ? '' : result.reason).toContain(reason)
  })

  it('has no block where everything is reserved or the pool is too small', () => {
    const reserved = { ...pool, reserved: [pool.subnet] }
    expect(publicBlock(reserved, 'acme', 'web', 2)).toMatchObject({ ok: false })
    expect(publicBlock({ ...pool, subnet: '203.0.113.0/29' }, 'acme', 'web', 64)).toMatchObject({ ok: false })
  })
})

describe('ciBlock', () => {
  it('is 16 addresses of the CI space by the name alone', () => {
    fc.assert(
      fc.property(name, (organization) => {
        const block = subnet(ciBlock(nonprod.jenkins, organization) ?? '')
        expect(block.size).toBe(16)
        expect(contains(subnet(nonprod.jenkins.subnet), block)).toBe(true)
      }),
    )
  })

  it('is none where the space is smaller', () => {
    expect(ciBlock({ ...nonprod.jenkins, subnet: '10.0.0.0/29' }, 'acme')).toBeUndefined()
    expect(ciBlock({ ...nonprod.jenkins, subnet: 'nonsense' }, 'acme')).toBeUndefined()
  })
})
