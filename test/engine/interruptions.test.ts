import { expect, test } from 'vitest'
import { interruptionsOf } from '../../src/engine/interruptions.ts'

test('the engine’s warning says what was interrupted', () => {
  const message = [
    'Attempting to deploy or update resources with 2 pending operations from previous deployment.',
    '  * urn:pulumi:a::b::ucp:index:Team::team/x, interrupted while creating',
    '  * urn:pulumi:a::b::ucp:index:Team::team/y, interrupted while updating',
    'These resources are in an unknown state',
  ].join('\n')
  expect(interruptionsOf([{ severity: 'warning', message }])).toEqual([
    { urn: 'urn:pulumi:a::b::ucp:index:Team::team/x', operation: 'creating' },
    { urn: 'urn:pulumi:a::b::ucp:index:Team::team/y', operation: 'updating' },
  ])
  expect(interruptionsOf([{ severity: 'warning', message: 'something else' }])).toEqual([])
})
