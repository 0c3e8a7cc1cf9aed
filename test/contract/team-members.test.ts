import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
import { adminPassword, startEmulator } from './provider-harness.ts'

let emulator: Emulator
let folder: string

/** What a site's connections file says, with the emulator for UCP and nothing behind the rest. */
const connections = (endpoint: string, password = 'password') => {
  const file = join(folder, `connections-${password}-${new URL(endpoint).port}.json`)
  const none = 'not-there'
  const connection = {
    ucp: { endpoint, caFile: 'ca.pem', username: 'svc-tenantry', passwordFile: password },
    docker: { caFile: none, certFile: none, keyFile: none },
    registry: { username: none, tokenFile: none },
    vault: { tokenFile: none },
    vcenter: { user: none, passwordFile: none },
  }
  writeFileSync(file, JSON.stringify({ clusters: { nonprod: connection } }))
  return { TENANTRY_CONNECTIONS: file }
}

const change: FleetChange = changed((files) =>
  withTenant(files, 'acme', (tenant) => ({ ...tenant, displayName: 'Acme' })),
).change

const read = (environment: NodeJS.ProcessEnv) =>
  readMembers({ change, clusters: [nonprod], environment, signal: new AbortController().signal })

beforeAll(async () => {
  emulator = await startEmulator()
  folder = mkdtempSync(join(tmpdir(), 'tenantry-members-'))
  writeFileSync(join(folder, 'ca.pem'), emulator.caCertificate)
  writeFileSync(join(folder, 'password'), adminPassword.reveal())
  writeFileSync(join(folder, 'wrong'), 'not-the-password')
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
    const { members, notes } = await read(connections(emulator.address))
    expect(notes).toEqual([])
    expect([...(members.get('nonprod') ?? [])].sort()).toEqual([
      ['acme/developers', ['ada', 'bob']],
      ['acme/viewers', []],
    ])
  })

  it('of a change that touches nobody are not asked for', async () => {
    const environment = connections('https://127.0.0.1:1')
    const found = await readMembers({
      change: changed(() => base).change,
      clusters: [nonprod],
      environment,
      signal: new AbortController().signal,
    })
    expect(found).toEqual({ members: new Map(), notes: [] })
  })

  it.each([
    ['refuses the log-in', () => connections(emulator.address, 'wrong'), 'refused the login'],
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
      environment: connections(emulator.address),
      signal: AbortSignal.abort(),
    })
    expect(members.size).toBe(0)
    expect(notes).toHaveLength(1)
  })
})
