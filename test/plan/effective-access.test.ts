import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { compileTenant } from '../../src/compile/compile.ts'
import type { Subject } from '../../src/model/grant.ts'
import {
  accessChanges,
  accessGraph,
  effectiveAccess,
  graphChanges,
  subjectText,
} from '../../src/plan/effective-access.ts'
import { givesDangerous, renderAccessChange } from '../../src/plan/render-access.ts'
import { Tenant } from '../../src/tenant/schema.ts'
import { nonprod, prod } from '../compile/fixtures/clusters.ts'
import { acme, minimal, other } from '../compile/fixtures/tenants.ts'
import { coversPerson, oracle } from './access-oracle.ts'
import { arbitraryGraph, arbitraryPerson, collections, everySubject } from './arbitrary-access.ts'

// Random graphs take a busy machine longer than the five seconds that a test has by default.
vi.setConfig({ testTimeout: 60_000 })

const isWithin = (path: string, ancestor: string): boolean =>
  ancestor === '/' || path === ancestor || path.startsWith(`${ancestor}/`)

describe('effectiveAccess', () => {
  it('equals the brute-force oracle on random grant graphs', () => {
    fc.assert(
      fc.property(arbitraryGraph, arbitraryPerson, fc.constantFrom(...collections), (graph, person, path) => {
        expect(effectiveAccess(graph, person, path)).toEqual(oracle(graph, coversPerson(person), path))
      }),
      { numRuns: 1000 },
    )
  })

  it('lets a developer work on non-production and look at production, and not see other organizations', () => {
    const ada = { user: 'ada', teams: ['acme/developers'], organizations: [] }
    const at = (cluster: typeof nonprod, path: string) =>
      effectiveAccess(accessGraph([acme, other].map((tenant) => compileTenant(tenant, cluster))), ada, path)
    expect(at(nonprod, '/Run/Std/acme')).toEqual(
      expect.arrayContaining(['Service Create', 'Container Exec', 'Node Schedule']),
    )
    expect(at(nonprod, '/Run/Std/acme/payments')).toContain('Service Create')
    expect(at(prod, '/Run/Std/acme')).toContain('Service View')
    expect(at(prod, '/Run/Std/acme').filter((one) => /Create|Update|Delete|Exec|Attach/.test(one))).toEqual(
      [],
    )
    expect(at(nonprod, '/Shared/Private/other')).toEqual([])
    expect(at(nonprod, '/Run/Edge/other')).toEqual([])
    expect(at(nonprod, '/Run/Std/other')).toEqual(['Node Schedule', 'Node View'])
  })

  it('keeps a team limited to payments out of the other applications', () => {
    const paula = { user: 'paula', teams: ['acme/payments-developers'], organizations: [] }
    const graph = accessGraph([compileTenant(acme, nonprod)])
    expect(effectiveAccess(graph, paula, '/Run/Std/acme/payments')).toContain('Service Create')
    expect(effectiveAccess(graph, paula, '/Run/Std/acme/lab')).toEqual(['Node Schedule', 'Node View'])
    expect(effectiveAccess(graph, paula, '/Shared/Private/acme/lab')).toEqual([])
    expect(effectiveAccess(graph, paula, '/Shared/Private/acme/Shared')).toContain('Network Connect')
  })
})

/** Rights that a subject has by grants of its own. */
const covers = (subject: Subject) => (granted: Subject) => subjectText(granted) === subjectText(subject)

describe('graphChanges', () => {
  it('says for every subject and collection what the oracle says, each once', () => {
    fc.assert(
      fc.property(arbitraryGraph, arbitraryGraph, (before, after) => {
        const changes = graphChanges(before, after)
        for (const subject of everySubject)
          for (const path of collections) {
            const then = oracle(before, covers(subject), path)
            const now = oracle(after, covers(subject), path)
            const here = changes.filter(
              (change) =>
                subjectText(change.subject) === subjectText(subject) && isWithin(path, change.collection),
            )
            const gained = here.flatMap((change) => change.gained)
            const lost = here.flatMap((change) => change.lost)
            expect(gained.filter((one) => !then.includes(one)).sort()).toEqual(
              now.filter((one) => !then.includes(one)),
            )
            expect(lost.filter((one) => !now.includes(one)).sort()).toEqual(
              then.filter((one) => !now.includes(one)),
            )
          }
      }),
      { numRuns: 200 },
    )
  })

  it('says nothing of a graph that stays', () => {
    fc.assert(
      fc.property(arbitraryGraph, (graph) => {
        expect(graphChanges(graph, { ...graph, grants: [...graph.grants].reverse() })).toEqual([])
      }),
    )
  })
})

describe('accessChanges', () => {
  const sentences = (before: Tenant | undefined, after: Tenant | undefined) =>
    accessChanges(
      before === undefined ? undefined : compileTenant(before, prod),
      after === undefined ? undefined : compileTenant(after, prod),
    ).flatMap((change) => renderAccessChange(change))

  const withRole = (role: string) =>
    Tenant.parse({
      ...minimal,
      applications: { web: { environments: ['prod'] } },
      teams: { all: { role, members: ['ada'] } },
    })

  it('says who gains and loses what, in sentences', () => {
    expect(sentences(withRole('operator'), withRole('developer'))).toEqual([
      'tiny/all lose Container Kill, Container Pause, Container Restart, Container Start, Container Stop, Container Unpause, Container Wait on /Run/Std/tiny',
      'tiny/all lose Container Kill, Container Pause, Container Restart, Container Start, Container Stop, Container Unpause, Container Wait on /Shared/Private/tiny',
    ])
    expect(sentences(withRole('auditor'), withRole('developer'))).toEqual([
      'tiny/all gain Container Logs, Service Logs on /Run/Std/tiny',
      'tiny/all gain Container Logs, Service Logs on /Shared/Private/tiny',
    ])
    expect(sentences(withRole('viewer'), withRole('auditor'))).toEqual([])
  })

  it('says all of a tenant that comes or goes', () => {
    const [comes] = sentences(undefined, withRole('viewer'))
    const [goes] = sentences(withRole('viewer'), undefined)
    expect(comes).toMatch(/^tiny\/all gain Config View, .* on \/Run\/Std\/tiny$/)
    expect(goes).toBe(comes?.replace('gain', 'lose'))
  })

  it('counts people where the directory is at hand', () => {
    const [change] = accessChanges(undefined, compileTenant(withRole('viewer'), prod))
    if (change === undefined) throw new Error('no change')
    const small = { ...change, gained: ['Service Create [Host Bind Mounts]'], lost: ['Service View'] }
    expect(renderAccessChange(small, () => 3)).toEqual([
      '3 people of tiny/all gain Service Create [Host Bind Mounts] on /Run/Std/tiny',
      '3 people of tiny/all lose Service View on /Run/Std/tiny',
    ])
    expect(renderAccessChange(small, () => 1)[0]).toMatch(/^1 person of tiny\/all gains /)
    const account = { ...small, subject: { kind: 'user' as const, user: 'svc' } }
    expect(renderAccessChange(account, () => 3)[0]).toMatch(/^account svc gains /)
    const whole = { ...small, subject: { kind: 'organization' as const, organization: 'tiny' } }
    expect(renderAccessChange(whole)[0]).toMatch(/^everyone of tiny gain /)
    expect(givesDangerous(small)).toBe(true)
    expect(givesDangerous(change)).toBe(false)
  })
})
