import { describe, expect, test } from 'vitest'
import { Answers, answersProblems } from '../../src/cli/answers.ts'
import { UsageError } from '../../src/cli/exit-code.ts'
import { fillBlocks } from '../../src/cli/fill-blocks.ts'
import { parseFleet } from '../../src/load/load-fleet.ts'
import { renderTenantFile } from '../../src/load/write-tenant-file.ts'
import { acme, bolt, soundFleet } from '../load/fleet-of.ts'

const fleet = soundFleet([acme])
const clusters = fleet.clusters.map(({ value }) => value.cluster)
const vlan = Object.keys(fleet.clusters[0]?.value.vlans ?? {})[0] ?? ''
const fill = (networks: unknown) => fillBlocks(fleet, clusters, Answers.parse({ ...bolt, networks }))

const problems = (value: unknown): string => {
  const result = Answers.safeParse(value)
  return result.success ? '' : answersProblems(value, result.error.issues).join('\n')
}

describe('fillBlocks', () => {
  test('makes a file that passes every check, with a block of each cluster’s own space', () => {
    const tenant = fill({
      one: { kind: 'overlay', prefix: 26 },
      two: { kind: 'overlay', prefix: 26 },
      partners: { kind: 'vpn', vlan, prefix: 28 },
      web: { kind: 'public', addresses: 2 },
    })
    const files = [...fleet.clusters, ...fleet.tenants].map(({ file, text }) => ({ file, text }))
    const checked = parseFleet([...files, { file: 'tenants/bolt.ts', text: renderTenantFile(tenant) }])
    expect(checked.ok ? [] : checked.issues).toEqual([])
    expect(Object.keys(tenant.clusters ?? {})).toEqual(clusters)
  })

  test('keeps a block that was given, and names no cluster without need', () => {
    const tenant = fill({ one: { kind: 'overlay', prefix: 27 } })
    expect(tenant.clusters).toBeUndefined()
    expect(fill(tenant.networks)).toEqual(tenant)
  })

  test('refuses a network without a block or with two, and a space that is full', () => {
    expect(() => fill({ one: { kind: 'overlay' } })).toThrow(UsageError)
    expect(() => fill({ one: { kind: 'overlay', subnet: '10.64.0.0/26', prefix: 26 } })).toThrow(UsageError)
    const crowd = Array.from({ length: 300 }, (_, index) => [`n${index}`, { kind: 'overlay', prefix: 16 }])
    expect(() => fill(Object.fromEntries(crowd))).toThrow(/No free block is left/)
  })
})

describe('answersProblems', () => {
  test('are in the words of tenant files, with what was meant', () => {
    const { costCentre, ...rest } = bolt
    expect(problems({ ...rest, costCenter: costCentre })).toMatch(/Did you mean 'costCentre'\?/)
    expect(problems({ ...bolt, networks: { one: { kind: 'overlay', prefx: 26 } } })).toMatch(
      /`prefx` in `networks.one`.*Did you mean 'prefix'\?/,
    )
    expect(problems({ ...bolt, networks: { one: { kind: 'overlay', prefix: 8 } } })).toContain('at least 16')
    expect(problems([])).toBe('All of it is an array; an object is expected.')
  })

  test('refuses a name that would leave the folder', () => {
    expect(problems({ ...bolt, organization: '../x' })).toContain('`organization`')
  })
})
