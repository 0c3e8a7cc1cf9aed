import { expect, test } from 'vitest'
import { programEnvironment } from '../../src/core/program-environment.ts'

test('a program gets everything but the key that plans are signed with', () => {
  const environment = {
    PATH: '/usr/bin',
    VAULT_TOKEN: 'token',
    TENANTRY_CONNECTIONS: '/connections.json',
    TENANTRY_PLAN_KEY: 'a-key',
    TENANTRY_PLAN_KEY_FILE: '/a-key',
  }
  expect(programEnvironment(environment)).toEqual({
    PATH: '/usr/bin',
    VAULT_TOKEN: 'token',
    TENANTRY_CONNECTIONS: '/connections.json',
  })
  expect(environment).toHaveProperty('TENANTRY_PLAN_KEY')
})
