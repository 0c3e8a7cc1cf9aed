import type { Answer, Call } from '../../ucp/call.ts'
import { invalid, Refusal } from '../../ucp/refusal.ts'
import type { Route } from '../../ucp/router.ts'
import { SettingsChanges } from '../settings.ts'
import type { RegistryState } from '../state.ts'
import { registryRoutes } from './registry-route.ts'

const change = async (state: RegistryState, call: Call): Promise<Answer> => {
  try {
    state.change(await call.body(SettingsChanges))
  } catch (error) {
    throw error instanceof Refusal ? invalid(error.message, 'INVALID_SETTINGS') : error
  }
  return { status: 202, body: {} }
}

const health = { status: 200, body: { error: '', healthy: true } }

/** Health, version, settings (reference §8.1, §8.10). */
export const settingsRoutes = (state: RegistryState): Route[] => [
  ...['/health', '/_ping'].map(
    (pattern): Route => ({
      method: 'GET',
      pattern,
      style: 'enzi',
      access: 'anyone',
      handle: () => health,
    }),
  ),
  ...registryRoutes([
    {
      method: 'GET',
      pattern: '/admin/version',
      handle: () => ({ status: 200, body: { version: state.switches.version } }),
    },
    {
      method: 'GET',
      pattern: '/meta/settings',
      access: 'admin',
      handle: () => ({ status: 200, body: state.settings }),
    },
    { method: 'POST', pattern: '/meta/settings', access: 'admin', handle: (call) => change(state, call) },
    {
      method: 'GET',
      pattern: '/meta/features',
      handle: () => ({ status: 200, body: { scanningEnabled: state.settings.scanningEnabled } }),
    },
  ]),
]
