import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkReportOptions, makeReport, writeReport } from '../../src/cli/preview-report.ts'
import { teamsBeside, teamsToRead } from '../../src/cli/team-members.ts'
import type { Loaded } from '../../src/core/loaded.ts'
import type { FleetChange } from '../../src/plan/fleet-change.ts'
import { changeReport } from '../../src/plan/report/change-report.ts'
import { commentMarker } from '../../src/plan/report/comment.ts'
import { plainText } from '../../src/plan/report/phrase.ts'
import { base, changed, withTenant } from '../plan/report/scenario.ts'
import { huge, scenarios } from '../plan/report/scenarios.ts'
import { fakeTerminal } from './fake-terminal.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-report-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const loaded = <T>(value: T): Loaded<T> => {
  const source = { file: 'x.ts', line: 1, column: 1 }
  return { file: 'x.ts', text: '', value, locate: () => source, locateKey: () => source }
}

const fleet = { tenants: base.tenants.map(loaded), clusters: base.clusters.map(loaded) }

const reportOf = (name: string) => {
  const input = scenarios[name]
  if (input === undefined) throw new Error(`no scenario ${name}`)
  return changeReport(input)
}

describe('making a report', () => {
  it('asks no system where no connections may be used, and says so', async () => {
    const { change } = changed((files) =>
      withTenant(files, 'acme', (tenant) => ({ ...tenant, displayName: 'Acme' })),
    )
    const report = await makeReport({ change, fleet, base: fleet })
    expect(report.notes.map(plainText)).toEqual([
      'No system was asked who is in the teams, so people are counted only where files name them.',
    ])
    expect((await makeReport({ change: changed(() => base).change, fleet })).notes).toEqual([])
    expect(report.cost).not.toBeNull()
  })

  it('is made all the same where a cluster cannot be asked', async () => {
    const { change } = changed((files) =>
      withTenant(files, 'acme', (tenant) => ({ ...tenant, displayName: 'Acme' })),
    )
    const report = await makeReport({ change, fleet, environment: {} })
    expect(report.notes).toHaveLength(2)
    expect(report.stacks.changed).toBe(2)
  })
})

describe('writing a report', { timeout: 60_000 }, () => {
  it('prints Markdown, JSON and text', async () => {
    const report = reportOf('volume-gone')
    const [markdown, json, text] = [fakeTerminal(), fakeTerminal(), fakeTerminal()]
    await writeReport(markdown, report, { format: 'markdown' })
    await writeReport(json, report, { format: 'json' })
    await writeReport(text, report, { format: 'text' })
    expect(markdown.out[0]).toBe(commentMarker)
    expect(JSON.parse(json.out.join('\n'))).toMatchObject({ version: 1, counts: { delete: 2 } })
    expect(text.out[0]).toBe('1 of 3 organizations changes')
  })

  it('says why it would be refused and what lets a change pass', async () => {
    const output = join(folder, 'refused')
    const terminal = fakeTerminal()
    await writeReport(terminal, reportOf('volume-gone'), { format: 'markdown' })
    expect(terminal.out.join('\n')).toContain('## Refused as it stands: 2 reasons')
    expect(terminal.out.join('\n')).not.toContain('Let through')
    await writeReport(terminal, reportOf('volume-gone'), { format: 'text', output })
    expect(readFileSync(output, 'utf8')).toMatch(
      /^Refused as it stands: 2 reasons\n {2}valve\/data-deleted The volume/,
    )
    await writeReport(terminal, reportOf('volume-gone'), { format: 'json', output })
    expect(JSON.parse(readFileSync(output, 'utf8')).refusals).toMatchObject([
      { code: 'valve/data-deleted' },
      { code: 'valve/data-deleted' },
    ])
    const given = fakeTerminal()
    await writeReport(given, reportOf('volume-given-up'), { format: 'markdown' })
    expect(given.out.join('\n')).toContain('- **Let through**: `overrides/acme-exchange.ts`')
    expect(given.out.join('\n')).not.toContain('Refused')
  })

  it('makes what is lost stand out on a terminal with colours', async () => {
    const terminal = fakeTerminal({ color: true })
    await writeReport(terminal, reportOf('volume-gone'), { format: 'text' })
    expect(terminal.out.join('\n')).toContain('\u001b[31mData\u001b[39m')
  })

  it('writes files without colours', async () => {
    const output = join(folder, 'report.txt')
    const terminal = fakeTerminal({ color: true })
    await writeReport(terminal, reportOf('volume-gone'), { format: 'text', output })
    expect(terminal.out).toEqual([])
    expect(readFileSync(output, 'utf8')).not.toContain('\u001b')
  })

  it('writes one file where the comment holds all', async () => {
    await writeReport(fakeTerminal(), reportOf('volume-gone'), {
      format: 'markdown',
      output: join(folder, 'pr.md'),
    })
    expect(existsSync(join(folder, 'pr.whole.md'))).toBe(false)
  })

  it('writes the whole beside a comment that was cut, which names it', async () => {
    const output = join(folder, 'pr.md')
    await writeReport(fakeTerminal(), changeReport(huge()), { format: 'markdown', output })
    expect(readFileSync(output, 'utf8')).toContain('pr.whole.md')
    expect(readFileSync(output, 'utf8').length).toBeLessThan(65_536)
    expect(readFileSync(join(folder, 'pr.whole.md'), 'utf8').length).toBeGreaterThan(65_536)
  })

  it('names the file that cannot be written', async () => {
    const output = join(folder, 'none', 'pr.md')
    await expect(
      writeReport(fakeTerminal(), reportOf('nothing'), { format: 'json', output }),
    ).rejects.toThrow(output)
  })

  it('refuses a file of no format', () => {
    expect(() => checkReportOptions({ output: 'x.md' })).toThrow('--output needs --format')
    expect(() => checkReportOptions({})).not.toThrow()
    expect(() => checkReportOptions({ format: 'json', output: 'x.json' })).not.toThrow()
  })
})

describe('the teams whose members are read', () => {
  const change: FleetChange = changed((files) =>
    withTenant(files, 'tiny', (tenant) => ({ ...tenant, displayName: 'Tiny' })),
  ).change

  it('are those that the touched organizations have already, cluster by cluster', () => {
    expect(teamsToRead(change, 'nonprod')).toEqual([{ organization: 'tiny', team: 'all' }])
    expect(teamsToRead(change, 'elsewhere')).toEqual([])
  })

  it('and those of other organizations that share a collection, where somebody’s access changes', () => {
    expect(teamsBeside(change, 'nonprod')).toEqual([])
    const regrouped = changed((files) =>
      withTenant(files, 'tiny', (tenant) => ({
        ...tenant,
        teams: { all: { role: 'developer', members: ['bob'] } },
      })),
    ).change
    const found = teamsBeside(regrouped, 'nonprod')
    expect(found).toContainEqual({ organization: 'other', team: 'all' })
    expect(found.filter(({ organization }) => organization === 'tiny')).toEqual([])
    expect(found).not.toContainEqual({ organization: 'acme', team: 'operators' })
  })
})
