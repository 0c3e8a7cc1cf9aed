import { describe, expect, it } from 'vitest'
import { changeReport } from '../../../src/plan/report/change-report.ts'
import type { FleetFiles } from '../../../src/plan/report/fleet-files.ts'
import type { Members } from '../../../src/plan/report/membership.ts'
import { plainText } from '../../../src/plan/report/phrase.ts'
import type { Tenant } from '../../../src/tenant/schema.ts'
import { base, changed, withTenant } from './scenario.ts'
import { members, scenarios } from './scenarios.ts'

const reportOf = (name: string) => {
  const input = scenarios[name]
  if (input === undefined) throw new Error(`no scenario ${name}`)
  return changeReport(input)
}

const editAcme = (edit: (tenant: Tenant) => unknown, live: Members = members) =>
  changeReport(changed((files) => withTenant(files, 'acme', edit), { members: live }))

const sentences = ({ access }: ReturnType<typeof changeReport>): readonly string[] =>
  access.lines.map(({ sentence }) => plainText(sentence))

const auditorsAs = (role: string, live?: Members) =>
  editAcme(
    (tenant) => ({ ...tenant, teams: { ...tenant.teams, auditors: { ...tenant.teams.auditors, role } } }),
    live,
  )

const people = (list: readonly string[]): Members =>
  new Map(['nonprod', 'prod'].map((cluster) => [cluster, new Map([['acme/auditors', list]])]))

describe('who may do what after a change', { timeout: 60_000 }, () => {
  it('is told in one sentence with the number of people, and that nobody loses', () => {
    const { access } = auditorsAs('viewer', people(['ann', 'bea', 'cid']))
    expect(plainText(access.summary)).toBe(
      '3 people of acme/auditors gain Container Logs and Service Logs on /Build/Std/acme, /Run/Edge/acme, /Run/Std/acme and /Shared/Private/acme; nobody loses access',
    )
    expect({ gaining: access.gaining, losing: access.losing }).toEqual({ gaining: 3, losing: 0 })
  })

  it('does not count whom it gives nothing: they hold it by another team', () => {
    const live = new Map([
      [
        'nonprod',
        new Map([
          ['acme/auditors', ['ann', 'vera']],
          ['acme/viewers', ['vera']],
        ]),
      ],
    ])
    expect(sentences(auditorsAs('viewer', live))).toEqual([
      '1 of the 2 people of acme/auditors gains Container Logs and Service Logs on /Build/Std/acme, /Run/Edge/acme, /Run/Std/acme and /Shared/Private/acme',
      '1 of the 2 people of acme/auditors holds by another team what changes for acme/auditors',
    ])
  })

  it('counts nobody as losing what a team of another organization gives', () => {
    const withoutTeam = (files: FleetFiles): FleetFiles =>
      withTenant(files, 'acme', (tenant) => {
        const { 'lab-developers': _, ...teams } = tenant.teams
        return { ...tenant, teams }
      })
    const lost = (live: Members) =>
      sentences(changeReport(changed(withoutTeam, { members: live }))).filter((one) => one.includes('lose'))
    const inOther = new Map([['nonprod', new Map([['other/all', ['lena']]])]])
    const [alone] = lost(new Map())
    expect(alone).toContain('loses the nodes of /Run/Std to run on; developer-nonprod (')
    const [beside] = lost(inOther)
    expect(beside).toMatch(/^1 person of acme\/lab-developers loses developer-nonprod \(/)
  })

  it('counts one person on two clusters once', () => {
    expect(reportOf('team-gone').access).toMatchObject({ gaining: 0, losing: 1 })
  })

  it('says so where nobody is in the team', () => {
    expect(sentences(auditorsAs('viewer', people([])))[0]).toMatch(
      /^acme\/auditors, in which nobody is, gains Container Logs/,
    )
  })

  it('speaks of whoever is in a team that nobody could read', () => {
    const made = auditorsAs('viewer', new Map())
    expect(sentences(made)[0]).toMatch(/^whoever is in acme\/auditors gains/)
    expect(made.access).toMatchObject({ gaining: 0, uncounted: 1 })
  })

  it('knows who is in another LDAP group from a team of the same group', () => {
    const group = 'CN=ACME-Audit,OU=Groups,DC=bank,DC=example'
    const made = editAcme(
      (tenant) => ({ ...tenant, teams: { ...tenant.teams, checkers: { role: 'viewer', ldapGroup: group } } }),
      people(['ann', 'bea']),
    )
    expect(sentences(made)[0]).toMatch(/^2 people of acme\/checkers gain/)
  })

  it('never takes an unknown new group for no change', () => {
    const { access } = reportOf('team-other-group')
    expect(plainText(access.summary)).toContain('whoever is in CN=Everybody')
    expect(access.losing).toBe(3)
  })

  it('tells a tenant that leaves a cluster in one sentence', () => {
    expect(sentences(reportOf('tenant-leaves-production'))).toEqual([
      '11 people of acme lose everything that they hold there',
    ])
  })

  it('puts what reaches the host first, also into what to look at', () => {
    const made = reportOf('host-reached')
    expect(made.access.lines[0]?.dangerous).toBe(true)
    expect(made.attention.map(({ about }) => about)).toContain('access')
  })

  it('says nothing of a fleet in which nothing changes', () => {
    expect(changeReport(changed(() => base, { members })).access).toMatchObject({
      lines: [],
      gaining: 0,
      losing: 0,
    })
  })
})
