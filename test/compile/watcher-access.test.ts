import { describe, expect, it } from 'vitest'
import { Cluster } from '../../src/cluster/schema.ts'
import { compilePlatform } from '../../src/compile/compile.ts'
import { policyIssues } from '../../src/compile/policy.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { Grant } from '../../src/model/grant.ts'
import { nonprod, prod } from './fixtures/clusters.ts'

const accounts = { 'run/std': 'svc-watch-std', 'build/std': 'svc-watch-build' } as const
const watched = (cluster: Cluster) => Cluster.parse({ ...cluster, watch: { node: { accounts } } })
const kindsOf = ({ resources }: StackState, kind: string) => resources.filter((one) => one.kind === kind)

describe('the node watchers’ accounts', () => {
  it('hold one role, on the nodes of their offer', () => {
    const state = compilePlatform(watched(prod))
    const [role] = kindsOf(state, 'Role')
    expect(kindsOf(state, 'Role')).toEqual([
      expect.objectContaining({
        name: expect.stringMatching(/^node-watcher-[0-9a-f]{8}$/),
        operations: { Node: { 'Node Update': [], 'Node View': [] } },
      }),
    ])
    const name = role !== undefined && 'name' in role ? role.name : ''
    expect(kindsOf(state, 'Grant')).toEqual([
      expect.objectContaining({
        subject: { kind: 'user', user: 'svc-watch-build' },
        role: name,
        collection: '/Build/Std',
        dependsOn: ['collection/Build/Std', 'role/node-watcher'],
      }),
      expect.objectContaining({ subject: { kind: 'user', user: 'svc-watch-std' }, collection: '/Run/Std' }),
    ])
  })

  it('are nothing where the file names none', () => {
    for (const kind of ['Role', 'Grant']) expect(kindsOf(compilePlatform(nonprod), kind)).toEqual([])
  })

  it('are the only grants that the platform’s stack may hold', () => {
    const state = compilePlatform(watched(prod))
    expect(policyIssues(state, 'prod')).toEqual([])
    const codesWith = (change: (grant: Grant) => Grant, operations?: object) =>
      policyIssues(
        {
          ...state,
          resources: state.resources.map((one) =>
            one.kind === 'Grant'
              ? change(one)
              : one.kind === 'Role' && operations !== undefined
                ? { ...one, operations: { Node: { ...one.operations.Node, ...operations } } }
                : one,
          ),
        },
        'prod',
      ).map(({ code }) => code)
    const both = ['policy/platform-grant', 'policy/platform-grant']
    expect(
      codesWith((grant) => ({ ...grant, subject: { kind: 'organization', organization: 'acme' } })),
    ).toEqual(both)
    expect(codesWith((grant) => ({ ...grant, role: 'scheduler' }))).toEqual(both)
    expect(codesWith((grant) => ({ ...grant, role: 'made-elsewhere' }))).toEqual(both)
    expect(codesWith((grant) => grant, { 'Node Schedule': [] })).toEqual(both)
  })
})
