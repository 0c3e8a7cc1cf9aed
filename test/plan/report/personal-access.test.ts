import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AccessChange, AccessGraph } from '../../../src/plan/effective-access.ts'
import type { Membership, TeamMembers } from '../../../src/plan/report/membership.ts'
import { grantsBySubject, personalChanges } from '../../../src/plan/report/personal-access.ts'
import { coversPerson, oracle } from '../access-oracle.ts'
import { arbitraryGraph, collections } from '../arbitrary-access.ts'

const users = ['ada', 'bob', 'acme'] as const
const teams = ['acme/dev', 'acme/ops', 'other/dev'] as const

const arbitraryMembers: fc.Arbitrary<TeamMembers> = fc
  .tuple(...teams.map(() => fc.subarray([...users])))
  .map((lists) => new Map(teams.map((team, index) => [team, lists[index] ?? []])))

const arbitraryMembership: fc.Arbitrary<Membership> = fc.record({
  before: arbitraryMembers,
  after: arbitraryMembers,
  unknown: fc.constant(new Set<string>()),
})

const teamsOf = (members: TeamMembers, user: string): readonly string[] =>
  [...members].flatMap(([team, people]) => (people.includes(user) ? [team] : []))

/** What a person may do on a collection, by brute force. */
const may = (graph: AccessGraph, members: TeamMembers, user: string, collection: string): readonly string[] =>
  oracle(graph, coversPerson({ user, teams: teamsOf(members, user), organizations: [] }), collection)

/** What a list of changes says of a collection: a change holds for everything below it. */
const told = (
  changes: readonly AccessChange[],
  part: 'gained' | 'lost',
  collection: string,
): ReadonlySet<string> =>
  new Set(
    changes
      .filter(({ collection: at }) => at === collection || at === '/' || collection.startsWith(`${at}/`))
      .flatMap((change) => change[part]),
  )

const subjects = new Set([...teams, 'acme', 'other', ...users.map((user) => `user:${user}`)])

describe('what a change does to people', { timeout: 120_000 }, () => {
  it('is the difference between what each may do before and after, by brute force', () => {
    fc.assert(
      fc.property(
        arbitraryGraph,
        arbitraryGraph,
        arbitraryMembership,
        fc.constantFrom(...collections),
        (before, after, membership, collection) => {
          const graphs = { before: grantsBySubject(before), after: grantsBySubject(after) }
          const found = personalChanges(graphs, membership, subjects)
          for (const { people, changes } of found)
            for (const user of people) {
              const then = may(before, membership.before, user, collection)
              const now = may(after, membership.after, user, collection)
              for (const gained of now.filter((one) => !then.includes(one)))
                expect(told(changes, 'gained', collection)).toContain(gained)
              for (const lost of then.filter((one) => !now.includes(one)))
                expect(told(changes, 'lost', collection)).toContain(lost)
            }
        },
      ),
    )
  })

  it('says of nobody that they gain on a collection what they held there', () => {
    fc.assert(
      fc.property(arbitraryGraph, arbitraryGraph, arbitraryMembership, (before, after, membership) => {
        const graphs = { before: grantsBySubject(before), after: grantsBySubject(after) }
        for (const { people, changes } of personalChanges(graphs, membership, subjects))
          for (const user of people)
            for (const { collection, gained, lost } of changes) {
              const then = may(before, membership.before, user, collection)
              const now = may(after, membership.after, user, collection)
              expect(gained.filter((one) => then.includes(one) || !now.includes(one))).toEqual([])
              expect(lost.filter((one) => now.includes(one) || !then.includes(one))).toEqual([])
            }
      }),
    )
  })

  it('counts each person once', () => {
    fc.assert(
      fc.property(arbitraryGraph, arbitraryGraph, arbitraryMembership, (before, after, membership) => {
        const graphs = { before: grantsBySubject(before), after: grantsBySubject(after) }
        const people = personalChanges(graphs, membership, subjects).flatMap((one) => one.people)
        expect(new Set(people).size).toBe(people.length)
      }),
    )
  })

  it('leaves out whom nothing touches', () => {
    fc.assert(
      fc.property(arbitraryGraph, arbitraryMembers, (graph, members) => {
        const graphs = { before: grantsBySubject(graph), after: grantsBySubject(graph) }
        const still = { before: members, after: members, unknown: new Set<string>() }
        expect(personalChanges(graphs, still, new Set())).toEqual([])
      }),
    )
  })
})
