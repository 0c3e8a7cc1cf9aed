import type { StackState } from '../../src/model/desired-state.ts'
import type { Plan, PlannedStack } from '../../src/plan/plan-file.ts'
import { stateDigest } from '../../src/plan/state-digest.ts'

/** What an organization of one resource should hold. */
export const stateOf = (organization: string, fullName = organization): StackState => ({
  stack: `nonprod.${organization}`,
  cluster: 'nonprod',
  organization,
  resources: [
    {
      kind: 'Organization',
      key: 'organization',
      concern: 'access',
      dependsOn: [],
      name: organization,
      fullName,
    },
  ],
})

export const acme = (fullName = 'Acme'): StackState => stateOf('acme', fullName)

export const planned = (more: Partial<PlannedStack> = {}): PlannedStack => ({
  stack: 'nonprod.acme',
  desired: stateDigest(acme()),
  state: { serial: 12, digest: 'a'.repeat(64) },
  live: { organization: '0123456789abcdef', 'team/developers': 'fedcba9876543210' },
  changes: [{ key: 'team/developers', change: 'update' }],
  providers: [
    { name: 'docker', version: '5.2.0' },
    { name: 'ucp', version: '0.1.0' },
  ],
  ...more,
})

export const plan = (more: Partial<Plan> = {}): Plan => ({
  madeAt: '2026-11-22T18:06:58.000Z',
  commit: '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
  versions: { engine: '3.245.0', policies: 'b'.repeat(64), program: 'c'.repeat(64) },
  stacks: [planned()],
  ...more,
})

/** Of stacks that do not change, at no commit. */
export const planOf = (...stacks: readonly string[]): Plan =>
  plan({
    commit: null,
    stacks: stacks.map((stack) => planned({ stack, live: {}, changes: [], providers: [] })),
  })
