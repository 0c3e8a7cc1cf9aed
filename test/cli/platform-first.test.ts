import { expect, test } from 'vitest'
import { platformFirst } from '../../src/cli/platform-first.ts'
import { resource, result } from './stack-results.ts'

const changed = [resource('Access', 'role/a', 'create')]
const platform = result(changed, { stack: 'nonprod.platform' })
const failed = result([], { outcome: 'failed' })

test('where a platform is to change beside a stack that could not be previewed, the way out is told', () => {
  const [line, ...more] = platformFirst([platform, failed, result(changed, { stack: 'prod.platform' })])
  expect(line).toContain('nonprod.platform is to change in the same plan')
  expect(line).toContain('tenantry up --cluster nonprod')
  expect(more).toEqual([])
})

test.each([
  ['every stack was previewed', [platform, result(changed)]],
  ['the platform stays as it is', [result([], { stack: 'nonprod.platform' }), failed]],
  ['the platform itself could not be previewed', [{ ...platform, outcome: 'failed' as const }]],
  ['another cluster is concerned', [platform, { ...failed, stack: 'prod.acme' }]],
])('nothing is told where %s', (_, results) => {
  expect(platformFirst(results)).toEqual([])
})
