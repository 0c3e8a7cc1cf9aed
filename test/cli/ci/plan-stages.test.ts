import { describe, expect, test } from 'vitest'
import { isOfStage, planStageIssues } from '../../../src/cli/ci/plan-stages.ts'
import type { Cluster } from '../../../src/cluster/schema.ts'
import type { Loaded } from '../../../src/core/loaded.ts'
import { planOf as plan } from '../../plan/plans.ts'

const cluster = (name: string, stage: 'nonprod' | 'prod') =>
  ({ value: { cluster: name, stage } }) as unknown as Loaded<Cluster>
const fleet = {
  clusters: [cluster('nonprod', 'nonprod'), cluster('zurich', 'prod'), cluster('bern', 'prod')],
}

describe('the stage of a stack', () => {
  test('is that of its cluster; production of a cluster that no file knows', () => {
    const stacks = ['nonprod.platform', 'nonprod.acme', 'zurich.acme', 'lost.acme']
    expect(stacks.filter(isOfStage(fleet, 'nonprod'))).toEqual(['nonprod.platform', 'nonprod.acme'])
    expect(stacks.filter(isOfStage(fleet, 'prod'))).toEqual(['zurich.acme', 'lost.acme'])
  })
})

describe('a plan', () => {
  test('of its stage fits, an empty one too', () => {
    expect(planStageIssues('p.json', plan('zurich.acme', 'bern.acme'), fleet, 'prod')).toEqual([])
    expect(planStageIssues('p.json', plan(), fleet, 'nonprod')).toEqual([])
  })

  test.each([
    ['production in one of nonprod', 'nonprod', ['nonprod.acme', 'zurich.acme'], 'zurich.acme'],
    ['nonprod in one of production', 'prod', ['zurich.acme', 'nonprod.acme'], 'nonprod.acme'],
    ['a cluster that no file knows in one of nonprod', 'nonprod', ['lost.acme'], 'lost.acme'],
  ] as const)('with %s is refused', (_, stage, stacks, named) => {
    expect(planStageIssues('p.json', plan(...stacks), fleet, stage)).toMatchObject([
      { code: 'ci/other-stage', message: expect.stringContaining(named), source: { file: 'p.json' } },
    ])
  })
})
