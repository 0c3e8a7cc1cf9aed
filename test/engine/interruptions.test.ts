import { expect, test } from 'vitest'
import { createsIn, interruptionsOf } from '../../src/engine/interruptions.ts'

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

test('a create that was cut off may have made something, but for a component’s and a provider’s', () => {
  const creating = (type: string, custom: boolean) => ({
    type: 'creating',
    resource: { urn: `urn:pulumi:a::b::${type}::x`, type, custom },
  })
  const stateOf = (pending: readonly object[]): string =>
    JSON.stringify({ deployment: { resources: [], pending_operations: pending } })
  const provider = creating('pulumi:providers:docker', true)
  const component = creating('tenantry:index:Tenant', false)
  const team = creating('ucp:index:Team', true)
  expect(createsIn(stateOf([provider, component, team])).pending).toEqual([
    'urn:pulumi:a::b::ucp:index:Team::x',
  ])
  expect(createsIn(stateOf([provider]))).toMatchObject({ pending: [], isInterrupted: true })
  expect(createsIn(stateOf([component]))).toMatchObject({ pending: [], isInterrupted: true })
  expect(createsIn(stateOf([])).isInterrupted).toBe(false)
})
