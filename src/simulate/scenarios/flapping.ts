import type { Scenario } from '../scenario.ts'
import { prices, settings, web } from './shared-figures.ts'

/** Load that goes up and down across both thresholds of the node watcher. */
export const flapping: Scenario = {
  name: 'flapping',
  title: 'Load that swings around the thresholds',
  about:
    'Every minute and a half the load of each node swings between about 70 and 86 %, across both thresholds. The windows keep nodes from being paused and made active in turn; the variant has no windows to speak of and shows what they save.',
  seed: 5,
  seconds: 4 * 3600,
  stepSeconds: 5,
  initial: 12,
  hosts: 6,
  noise: 0.02,
  boot: { seconds: 300, neverShare: 0, lateShare: 0 },
  prices,
  hostLosses: [],
  load: [
    {
      kind: 'services',
      name: 'web',
      limit: web.limit,
      floor: web.floor,
      cpuPercent: 42,
      memoryPercent: 50,
      spread: 0.1,
      containers: [[0, 348]],
      follows: 0,
      replicas: 4,
      deploysPerDay: 100,
      wave: { periodSeconds: 90, low: 0.92, high: 1.13 },
    },
  ],
  settings: { ...settings, min: 12, max: 12 },
  variants: [{ name: 'windows of 5 s', settings: { watch: { node: { breachSeconds: 5, calmSeconds: 5 } } } }],
}
