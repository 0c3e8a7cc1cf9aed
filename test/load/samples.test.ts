import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { loadFleet } from '../../src/load/load-fleet.ts'
import { JobRole } from '../../src/tenant/schema.ts'

const checkout = join(import.meta.dirname, '../..')

const Directory = z.strictObject({
  users: z.array(z.strictObject({ name: z.string(), fullName: z.string(), mail: z.email() })),
  groups: z.array(z.strictObject({ dn: z.string(), members: z.array(z.string()).min(1) })),
})
const directory = Directory.parse(JSON.parse(readFileSync(join(checkout, 'lab/directory.json'), 'utf8')))
const people = new Set(directory.users.map(({ name }) => name))
const groups = new Map(directory.groups.map(({ dn, members }) => [dn, members]))

const fleet = await loadFleet(checkout)
if (!fleet.ok) throw new Error(JSON.stringify(fleet.issues, null, 2))
const tenants = fleet.value.tenants.map(({ value }) => value)
const teams = tenants.flatMap(({ organization, teams: own }) =>
  Object.entries(own).map(([name, team]) => ({ organization, name, ...team })),
)
const membersOf = (team: (typeof teams)[number]): readonly string[] =>
  team.members ?? groups.get(team.ldapGroup ?? '') ?? []

describe("the lab's people", () => {
  it('are in every team of the samples', () => {
    expect(teams.filter((team) => membersOf(team).length === 0)).toEqual([])
  })

  it('exist', () => {
    const named = [...directory.groups.flatMap(({ members }) => members), ...teams.flatMap(membersOf)]
    expect(named.filter((name) => !people.has(name))).toEqual([])
    expect(people.size).toBe(directory.users.length)
  })

  it('hold every job role of retail banking', () => {
    const held = teams.filter(({ organization }) => organization === 'retail-banking').map(({ role }) => role)
    expect(new Set(held)).toEqual(new Set(JobRole.options))
  })

  it('are in several groups, and some in none', () => {
    const counts = directory.users.map(
      ({ name }) => directory.groups.filter(({ members }) => members.includes(name)).length,
    )
    expect(Math.max(...counts)).toBeGreaterThan(1)
    expect(counts).toContain(0)
  })

  it('have the accounts of pipelines among them', () => {
    const accounts = tenants.flatMap(({ ci }) => ci?.account ?? [])
    expect(accounts.filter((name) => !people.has(name))).toEqual([])
  })
})

describe('the samples', () => {
  it('have a minimal one, and use every kind of network and storage', () => {
    expect(tenants.some((tenant) => Object.keys(tenant).length <= 8)).toBe(true)
    const kinds = tenants.flatMap(({ networks }) => Object.values(networks ?? {}).map(({ kind }) => kind))
    expect(new Set(kinds)).toEqual(new Set(['overlay', 'vpn', 'public']))
    const backends = tenants.flatMap(({ volumes }) =>
      Object.values(volumes ?? {}).map(({ backend }) => backend),
    )
    expect(new Set(backends)).toEqual(new Set(['nfs', 'cifs', 'netapp', 'scality']))
  })
})
