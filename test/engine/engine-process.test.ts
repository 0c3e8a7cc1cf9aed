import { expect, test } from 'vitest'
import { engineEnvironment } from '../../src/engine/engine-process.ts'

test('flags and the key for plans do not reach the engine; all else does, and the engine is first on the PATH', () => {
  const environment = {
    PATH: '/usr/bin',
    PULUMI_BACKEND_URL: 'file:///state',
    PULUMI_OPTION_SHOW_SECRETS: 'true',
    PULUMI_OPTION_VERBOSE: '9',
    TENANTRY_PLAN_KEY: 'a-key',
    TENANTRY_PLAN_KEY_FILE: '/a-key',
  }
  const given = engineEnvironment({ engine: '/engine', environment })
  expect(Object.keys(given).filter((name) => name.startsWith('PULUMI_OPTION_'))).toEqual([])
  expect(Object.keys(given).filter((name) => name.startsWith('TENANTRY_PLAN'))).toEqual([])
  expect(given).toMatchObject({ PATH: '/engine:/usr/bin', PULUMI_BACKEND_URL: 'file:///state' })
})
