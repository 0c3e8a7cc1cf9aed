import { describe, expect, test } from 'vitest'
import { accessOfRun } from '../../src/cli/run-access.ts'
import type { ResourceResult } from '../../src/engine/stack-result.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { Resource } from '../../src/model/resource.ts'
import { resource, result } from './stack-results.ts'

const grant = (team: string): Resource => ({
  kind: 'Grant',
  key: `grant/${team}`,
  concern: 'access',
  dependsOn: [],
  subject: { kind: 'team', organization: 'acme', team },
  role: 'scheduler',
  collection: '/Run',
})
const stateOf = (...teams: string[]): StackState => ({
  stack: 'nonprod.acme',
  cluster: 'nonprod',
  organization: 'acme',
  resources: teams.map(grant),
})
const after = stateOf('developers', 'operators')
const access = (before: StackState | undefined, resources: readonly ResourceResult[]): readonly string[] =>
  (
    accessOfRun(
      new Map(before === undefined ? [] : [[before.stack, before]]),
      new Map([[after.stack, after]]),
      [result(resources)],
    )[after.stack] ?? []
  ).map(({ text }) => text)

const same = resource('Access', 'grant/developers', 'same')
const made = resource('Access', 'grant/operators', 'create')

describe('accessOfRun', () => {
  test('compares with what is recorded as applied', () => {
    expect(access(stateOf('developers'), [same, made])).toEqual([
      expect.stringMatching(/^acme\/operators gain/),
    ])
    expect(access(after, [same])).toEqual([])
  })

  test('compares with what the engine left standing where nothing is recorded', () => {
    expect(access(undefined, [same, made])).toEqual([expect.stringMatching(/^acme\/operators gain/)])
  })

  test('takes what a failed run did not come to for standing', () => {
    expect(access(undefined, [resource('Access', 'team/x', 'update', { failed: true })])).toEqual([])
  })

  test('says that it cannot say where unrecorded grants go', () => {
    const gone = resource('Access', 'grant/gone', 'delete', { type: 'ucp:index:Grant' })
    expect(access(undefined, [same, gone])).toEqual([expect.stringContaining('is not recorded')])
    expect(access(after, [same, gone])).toEqual([])
  })

  test('says nothing of a run that came to no resource', () => {
    expect(access(undefined, [])).toEqual([])
  })
})
