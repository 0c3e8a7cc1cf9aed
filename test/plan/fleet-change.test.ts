import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { selectStacks } from '../../src/cli/select.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { Organization } from '../../src/model/organization.ts'
import { diffStates } from '../../src/plan/changes.ts'
import { type ClusterStages, compareStacks, fleetChange } from '../../src/plan/fleet-change.ts'
import { stateDigest } from '../../src/plan/state-digest.ts'
import { acme, bolt, nonprod, prod, soundFleet } from '../load/fleet-of.ts'

const stages: ClusterStages = new Map([
  ['alpha', 'prod'],
  ['beta', 'nonprod'],
  ['gamma', 'nonprod'],
])

const organization = (key: string, fullName: string): Organization => ({
  kind: 'Organization',
  key,
  concern: 'access',
  dependsOn: [],
  name: key,
  fullName,
})

const stateOf = (stack: string, ...keys: readonly string[]): StackState => {
  const [cluster = '', name = ''] = stack.split('.')
  return {
    stack,
    cluster,
    organization: name === 'platform' ? null : name,
    resources: keys.map((key) => organization(key, key)),
  }
}

const names = (before: readonly StackState[], after: readonly StackState[]): readonly string[] =>
  fleetChange(before, after, stages).stacks.map(({ stack }) => stack)

/** What the sample tenants and clusters, with some fields changed, come to. */
const statesOf = (tenants: readonly object[], clusters: readonly object[] = [nonprod, prod]) =>
  selectStacks(soundFleet(tenants, clusters), { organizations: [], clusters: [] })

const fleetStates = fc
  .uniqueArray(
    fc.record({
      stack: fc.constantFrom(
        'alpha.a',
        'alpha.b',
        'alpha.platform',
        'beta.a',
        'beta.platform',
        'gamma.a',
        'x.a',
      ),
      keys: fc.uniqueArray(fc.constantFrom('k1', 'k2', 'k3')),
    }),
    { selector: ({ stack }) => stack },
  )
  .map((states) => states.map(({ stack, keys }) => stateOf(stack, ...keys.sort())))

describe('fleetChange', () => {
  it('holds exactly the stacks whose digest differs, each with its changes', () => {
    fc.assert(
      fc.property(fleetStates, fleetStates, (before, after) => {
        const [then, now] = [before, after].map((side) => new Map(side.map((one) => [one.stack, one])))
        const digestOf = (one: StackState | undefined) => one && stateDigest(one)
        const differing = [...new Set([...(then?.keys() ?? []), ...(now?.keys() ?? [])])].filter(
          (stack) => digestOf(then?.get(stack)) !== digestOf(now?.get(stack)),
        )
        const change = fleetChange(before, after, stages)
        expect(change.stacks.map(({ stack }) => stack).sort()).toEqual(differing.sort())
        for (const one of change.stacks) {
          expect([one.before, one.after]).toEqual([then?.get(one.stack), now?.get(one.stack)])
          expect(one.changes).toEqual(diffStates(one.before, one.after))
        }
        expect([change.before, change.after]).toEqual([before, after])
      }),
    )
  })

  it('does not depend on the order of the states or of their fields', () => {
    const shuffled = (states: readonly StackState[]): readonly StackState[] =>
      [...states]
        .reverse()
        .map((one) => Object.fromEntries(Object.entries(one).reverse()) as unknown as StackState)
    fc.assert(
      fc.property(fleetStates, fleetStates, (before, after) => {
        expect(names(shuffled(before), shuffled(after))).toEqual(names(before, after))
        expect(names(before, shuffled(before))).toEqual([])
      }),
    )
  })

  it('puts nonprod clusters first, the platform first within one, and an unknown cluster with the prod ones', () => {
    const all = [
      'x.a',
      'alpha.zoo',
      'alpha.platform',
      'gamma.a',
      'beta.z',
      'beta.b',
      'gamma.platform',
      'beta.platform',
    ]
    const sorted = [
      'beta.platform',
      'beta.b',
      'beta.z',
      'gamma.platform',
      'gamma.a',
      'alpha.platform',
      'alpha.zoo',
      'x.a',
    ]
    expect(
      names(
        [],
        all.map((stack) => stateOf(stack, 'k')),
      ),
    ).toEqual(sorted)
    expect(
      names(
        all.map((stack) => stateOf(stack, 'k')),
        [],
      ),
    ).toEqual(sorted)
    expect(
      all
        .map((stack) => stateOf(stack))
        .sort(compareStacks(stages))
        .map(({ stack }) => stack),
    ).toEqual(sorted)
  })

  it('tells a new stack and one that is gone', () => {
    const [a, b] = [stateOf('beta.a', 'k'), stateOf('beta.b', 'k')]
    expect(fleetChange([a], [b], stages).stacks).toMatchObject([
      {
        stack: 'beta.a',
        cluster: 'beta',
        organization: 'a',
        before: a,
        after: undefined,
        changes: [{ kind: 'delete' }],
      },
      {
        stack: 'beta.b',
        cluster: 'beta',
        organization: 'b',
        before: undefined,
        after: b,
        changes: [{ kind: 'create' }],
      },
    ])
  })

  it('tells a stack that begins or ceases to hold nothing', () => {
    expect(names([], [stateOf('beta.a')])).toEqual(['beta.a'])
    expect(names([stateOf('beta.a')], [])).toEqual(['beta.a'])
  })

  it('tells what changes no resource but how the stack is treated', () => {
    const one = stateOf('beta.a', 'k')
    expect(fleetChange([one], [{ ...one, lifecycle: 'frozen' }]).stacks).toMatchObject([{ changes: [] }])
  })
})

describe('what a change of files affects', () => {
  const affected = (after: readonly StackState[]) => names(statesOf([acme, bolt]), after)

  it('is one tenant on every cluster where its file changes for all', () => {
    const offers = { ...acme.offers, 'build/std': {} }
    expect(affected(statesOf([{ ...acme, offers }, bolt]))).toEqual(['nonprod.acme', 'prod.acme'])
  })

  it('is the stack of one cluster where an organization leaves it', () => {
    const applications = { shop: { environments: ['prod'] } }
    const both = statesOf([{ ...acme, applications }, bolt])
    const one = statesOf([{ ...acme, applications, clusters: { prod: {} } }, bolt])
    expect(names(both, one)).toEqual(['nonprod.acme'])
  })

  it('is nothing where a file says the same in other words', () => {
    expect(affected(statesOf([bolt, Object.fromEntries(Object.entries(acme).reverse())]))).toEqual([])
  })

  it('is nothing where only a price changes', () => {
    const prices = { currency: 'EUR', cpuHour: 9, memoryGiBHour: 9, storageGiBMonth: 9, vmHour: 9 }
    expect(affected(statesOf([acme, bolt], [nonprod, { ...prod, prices }]))).toEqual([])
  })

  it('is every stack of a cluster whose Jenkins image changes, as far as it has a Jenkins', () => {
    const ci = { agents: { max: 2, cpu: '1', memory: '1Gi', labels: ['node'] } }
    const builder = { ...bolt, offers: { ...bolt.offers, 'build/std': {} }, ci }
    const jenkins = { ...nonprod.jenkins, controllerImage: 'platform/jenkins-controller:2.999.1' }
    const after = statesOf([acme, builder], [{ ...nonprod, jenkins }, prod])
    expect(names(statesOf([acme, builder]), after)).toEqual(['nonprod.bolt'])
  })
})
