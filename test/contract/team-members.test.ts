import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMembers } from '../../src/cli/team-members.ts'
import { Ucp } from '../../src/clients/ucp.ts'
import { createOrganization, createTeam, putTeamMember } from '../../src/clients/ucp-accounts.ts'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import type { FleetChange } from '../../src/plan/fleet-change.ts'
import { plainText } from '../../src/plan/report/phrase.ts'
import { nonprod } from '../compile/fixtures/clusters.ts'
import { base, changed, withTenant } from '../plan/report/scenario.ts'
import { ucpConnection } from './connections-file.ts'
import { adminPassword, startEmulator } from './provider-harness.ts'

let emulator: Emulator
let folder: string

const change: FleetChange = changed((files) =>
  withTenant(files, 'acme', (tenant) => ({ ...tenant, displayName: 'Acme' })),
).change

const read = (environment: NodeJS.ProcessEnv) =>
  readMembers({ change, clusters: [nonprod], environment, signal: new AbortController().signal })

beforeAll(async () => {
  emulator = await startEmulator()
  folder = mkdtempSync(join(tmpdir(), 'tenantry-members-'))
  const ucp = new Ucp({
    endpoint: emulator.address,
    username: 'svc-tenantry',
    password: adminPassword,
    caCertificate: emulator.caCertificate,
  })
  await createOrganization(ucp, { name: 'acme', fullName: 'Acme Bank' })
  for (const name of ['developers', 'viewers']) await createTeam(ucp, 'acme', { name, description: '' })
  for (const user of ['ada', 'bob'])
    await putTeamMember(ucp, 'acme', { team: 'developers', user, isAdmin: false })
  await ucp.close()
})

afterAll(async () => {
  await emulator.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('the members of the teams that a change touches', () => {
  it('are read from UCP; a team that is not there has none', async () => {
    const { members, notes } = await read(ucpConnection(folder, emulator))
    expect(notes).toEqual([])
    expect([...(members.get('nonprod') ?? [])].sort()).toEqual([
      ['acme/developers', ['ada', 'bob']],
      ['acme/viewers', []],
    ])
  })

  it('of a change that touches nobody are not asked for', async () => {
    const environment = ucpConnection(folder, { ...emulator, address: 'https://127.0.0.1:1' })
    const found = await readMembers({
      change: changed(() => base).change,
      clusters: [nonprod],
      environment,
      signal: new AbortController().signal,
    })
    expect(found).toEqual({ members: new Map(), notes: [] })
  })

  it.each([
    ['refuses the log-in', () => ucpConnection(folder, emulator, 'not-the-password'), 'refused the login'],
    ['is not known', () => ({}), 'TENANTRY_CONNECTIONS is not set'],
  ])('are a note where UCP %s', async (_, environment, reason) => {
    const { members, notes } = await read(environment())
    expect(members.size).toBe(0)
    expect(notes.map(plainText).join()).toContain('could not be read, so people are not counted')
    expect(notes.map(({ phrase }) => JSON.stringify(phrase)).join()).toContain(reason)
  })

  it('are a note where the run is cancelled', async () => {
    const { members, notes } = await readMembers({
      change,
      clusters: [nonprod],
      environment: ucpConnection(folder, emulator),
      signal: AbortSignal.abort(),
    })
    expect(members.size).toBe(0)
    expect(notes).toHaveLength(1)
  })
})
