import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appliedFolder, recordApplied } from '../../src/cli/applied.ts'
import { type Selection, selectStacks } from '../../src/cli/select.ts'
import { guard } from '../../src/cli/valve-or-report.ts'
import { Ucp } from '../../src/clients/ucp.ts'
import {
  createOrganization,
  createTeam,
  deleteTeamMember,
  putTeamMember,
} from '../../src/clients/ucp-accounts.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import { parseFleet } from '../../src/load/load-fleet.ts'
import { acme, clusterText, nonprod, type TenantInput, tenantText } from '../load/fleet-of.ts'
import { ucpConnection } from './connections-file.ts'
import { adminPassword, startEmulator } from './provider-harness.ts'

const everything: Selection = { organizations: [], clusters: [] }

/** Two teams that may change services: one that follows a group, and one whose people the file names. */
const tenantWith = (leads: readonly string[]): TenantInput => ({
  ...acme,
  applications: { shop: { environments: ['dev'] } },
  teams: {
    developers: { role: 'developer', ldapGroup: 'CN=Acme,DC=bank' },
    leads: { role: 'developer', members: [...leads] },
  },
})

/** The fleet with that tenant; somebody has seen that its leads go. */
const fleetWith = (tenant: TenantInput) => {
  const override = {
    owner: 'ann@bank.example',
    reason: 'BANK-17: the leads move on',
    scope: { rules: ['members-removed', 'grants-removed', 'tenants-touched'], organizations: ['acme'] },
    expires: '2026-11-30',
  }
  const lifted = { file: 'overrides/leads.ts', text: `export default ${JSON.stringify(override)}\n` }
  const parsed = parseFleet([clusterText(nonprod), tenantText(tenant), lifted])
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
  return parsed.value
}

let emulator: Emulator
let ucp: Ucp
let folder: string

/** What the valve says where all leads but one go. */
const verdict = async (connected: NodeJS.ProcessEnv) => {
  const environment = { PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`, ...connected }
  const before = fleetWith(tenantWith(['bob', 'cleo', 'dan']))
  const applied = appliedFolder(environment) ?? expect.fail('no folder of what was applied')
  for (const state of selectStacks(before, everything)) await recordApplied(applied, state)
  const fleet = fleetWith(tenantWith(['bob']))
  return guard({
    fleet,
    stacks: selectStacks(fleet, everything),
    selection: everything,
    environment,
    findEngine: () => Promise.reject(new Error('no engine is needed')),
    project: checkoutRoot(),
    now: new Date('2026-11-22T10:00:00Z'),
  })
}

beforeAll(async () => {
  emulator = await startEmulator()
  folder = mkdtempSync(join(tmpdir(), 'tenantry-valve-people-'))
  ucp = new Ucp({
    endpoint: emulator.address,
    username: 'svc-tenantry',
    password: adminPassword,
    caCertificate: emulator.caCertificate,
  })
  await createOrganization(ucp, { name: 'acme', fullName: 'Acme Bank' })
  await createTeam(ucp, 'acme', { name: 'developers', description: '' })
  await putTeamMember(ucp, 'acme', { team: 'developers', user: 'bob', isAdmin: false })
})

afterAll(async () => {
  await ucp.close()
  await emulator.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('people whom the directory alone knows', () => {
  const connections = () => ucpConnection(folder, emulator)

  it('are counted by the valve: one who is left is too few', async () => {
    const { issues, notes } = await verdict(connections())
    expect(notes).toEqual([])
    expect(issues.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'valve/owners-few: acme keeps 1 person who may change its services, 3 before; 2 is the least.',
    ])
  })

  it('are enough where the group has another', async () => {
    await putTeamMember(ucp, 'acme', { team: 'developers', user: 'ada', isAdmin: false })
    expect(await verdict(connections())).toMatchObject({ issues: [], notes: [] })
    await deleteTeamMember(ucp, 'acme', { team: 'developers', user: 'ada' })
  })

  it('hold nothing up where UCP does not tell, which is said', async () => {
    const { issues, notes } = await verdict({})
    expect(issues).toEqual([])
    expect(notes).toHaveLength(1)
    expect(notes?.[0]).toContain('could not be read, so people are not counted')
  })
})
