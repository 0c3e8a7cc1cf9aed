import { describe, expect, test } from 'vitest'
import { checkPlan, type Look, type PlanToday, stateMoved, worldMoved } from '../../src/plan/check-plan.ts'
import { acme, plan, planned } from './plans.ts'

const today = (more: Partial<PlanToday> = {}): PlanToday => ({
  commit: plan().commit,
  versions: plan().versions,
  states: [acme()],
  ...more,
})

const codes = (now: PlanToday): readonly string[] =>
  checkPlan('plan.json', plan(), now).map(({ code }) => code)
const versions = plan().versions

describe('checkPlan', () => {
  test('has nothing to say where nothing moved, whatever commit it was merged as', () => {
    expect(codes(today())).toEqual([])
    expect(codes(today({ commit: 'f'.repeat(40) }))).toEqual([])
    expect(codes(today({ commit: null }))).toEqual([])
  })

  test.each([
    ['program-moved', { versions: { ...versions, program: 'd'.repeat(64) } }],
    ['policies-moved', { versions: { ...versions, policies: 'd'.repeat(64) } }],
    ['engine-moved', { versions: { ...versions, engine: '3.246.0' } }],
    ['desired-moved', { states: [acme('Acme & Sons')] }],
    ['stack-gone', { states: [] }],
  ])('names the part that moved: %s', (code, more) => {
    expect(codes(today(more))).toEqual([`plan/${code}`])
  })

  test('names every part that moved, at once', () => {
    const all = { engine: '3.246.0', program: 'd'.repeat(64), policies: 'e'.repeat(64) }
    expect(codes(today({ versions: all, states: [acme('x')] }))).toEqual([
      'plan/program-moved',
      'plan/policies-moved',
      'plan/engine-moved',
      'plan/desired-moved',
    ])
  })

  test('tells the commits of both with what moved', () => {
    const [issue] = checkPlan('plan.json', plan(), today({ commit: 'f'.repeat(40), states: [acme('x')] }))
    expect(issue?.hint).toContain('The plan was made of 1a2b3c4d, and this is ffffffff.')
    const [same] = checkPlan('plan.json', plan(), today({ states: [acme('x')] }))
    expect(same?.hint).toContain('look for what is not committed')
  })
})

describe('stateMoved', () => {
  const digest = planned().state.digest

  test.each([
    ['the same', { serial: 12, digest }],
    ['written again by a run that changed nothing', { serial: 14, digest }],
  ])('lets a state through that is %s', (_, now) => {
    expect(stateMoved(planned(), now)).toBeUndefined()
  })

  test.each([
    ['another', { serial: 13, digest: 'e'.repeat(64) }, '13 runs have written it, 12 had'],
    ['another under the same serial', { serial: 12, digest: 'e'.repeat(64) }, 'what is in it is another'],
    ['put back from an older copy', { serial: 9, digest }, 'put back from an older copy'],
  ])('refuses a state that is %s', (_, now, words) => {
    expect(stateMoved(planned(), now)).toContain(words)
  })
})

describe('worldMoved', () => {
  const look = (more: Partial<Look> = {}): Look => ({ ...planned(), ...more })
  const { live } = planned()

  test('has nothing to say where all is as it was', () => {
    expect(worldMoved(planned(), look())).toEqual([])
  })

  test.each<[string, Partial<Look>, string]>([
    [
      'something was changed by hand',
      {
        live: { ...live, organization: 'ffffffffffffffff' },
        changes: [{ key: 'organization', change: 'update' }],
      },
      'organization (was to stay as it is, is to be updated now)',
    ],
    [
      'what is to be changed is another by now',
      { live: { ...live, 'team/developers': 'ffffffffffffffff' } },
      'team/developers (what was read of it is another)',
    ],
    [
      'something was deleted by hand',
      {
        live: { ...live, 'team/developers': 'ffffffffffffffff' },
        changes: [{ key: 'team/developers', change: 'create' }],
      },
      'team/developers (was to be updated, is to be created now)',
    ],
    ['something else would be made', { live: { ...live, 'team/new': 'ffffffffffffffff' } }, 'team/new'],
    [
      'a provider is another',
      {
        providers: [
          { name: 'docker', version: '5.3.0' },
          { name: 'ucp', version: '0.1.0' },
        ],
      },
      'docker 5.2.0, ucp 0.1.0 then, docker 5.3.0, ucp 0.1.0 now',
    ],
  ])('tells that %s', (_, more, words) => {
    expect(worldMoved(planned(), look(more)).join()).toContain(words)
  })

  test('tells that a provider looks elsewhere, or that another one is needed or none any more', () => {
    const elsewhere = { ...planned({ live: { 'provider/ucp': 'f'.repeat(16) } }) }
    expect(worldMoved(elsewhere, look({ live: { 'provider/ucp': 'e'.repeat(16) } })).join()).toContain(
      'provider/ucp (it looks elsewhere, or takes over what is foreign)',
    )
    const [docker, ucp] = planned().providers
    const vault = { name: 'vault', version: '7.8.0' }
    const providers = (...now: (typeof docker)[]) =>
      worldMoved(planned(), look({ providers: now.flatMap((one) => one ?? []) }))
    expect(providers(docker, ucp)).toEqual([])
    expect(providers(docker, ucp, vault).join()).toContain('its providers moved')
    expect(providers(ucp).join()).toContain('its providers moved')
    expect(worldMoved(planned(), look({ providers: ucp === undefined ? [] : [ucp] }), true)).toEqual([])
  })

  test('names a few of many', () => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`team/${index}`, 'f'.repeat(16)]),
    )
    expect(worldMoved(planned(), look({ live: { ...live, ...many } })).join()).toContain('and 20 more')
  })

  describe('of a plan that was begun and cut off', () => {
    const begun = planned({
      live: {
        a: '1'.repeat(16),
        b: '2'.repeat(16),
        c: '3'.repeat(16),
        d: '4'.repeat(16),
        rest: '5'.repeat(16),
      },
      changes: [
        { key: 'a', change: 'create' },
        { key: 'b', change: 'update' },
        { key: 'c', change: 'replace' },
        { key: 'd', change: 'delete' },
      ],
    })
    const moved = 'f'.repeat(16)

    test('lets what is left of its changes through', () => {
      const left: Look = {
        live: { a: moved, b: moved, c: moved, rest: '5'.repeat(16) },
        changes: [{ key: 'c', change: 'create' }],
        providers: [],
      }
      expect(worldMoved(begun, left, true)).toEqual([])
      expect(worldMoved(begun, left)).not.toEqual([])
    })

    test('refuses what was never approved', () => {
      const other: Look = {
        live: { ...begun.live, b: moved, rest: moved },
        changes: [
          { key: 'b', change: 'delete' },
          { key: 'rest', change: 'update' },
        ],
        providers: [],
      }
      expect(worldMoved(begun, other, true).join()).toMatch(
        /b \(was to be updated, is to be deleted now\), rest/,
      )
    })
  })
})
