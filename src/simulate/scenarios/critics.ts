import type { Scenario } from '../scenario.ts'
import { boot, office, prices, settings } from './shared-figures.ts'

/** Where scaling by use alone goes wrong: much is reserved, little is used. */
export const critics: Scenario = {
  name: 'critics',
  title: 'What scaling by use alone does not see',
  about:
    'Services reserve their limits and use a fifth of them; at nine each day more of them are started. Averages alone say that nodes are idle, so a loop that knows nothing else drains nodes whose containers have no other place, and makes none for those that wait. The same windows and steps, with reservations and waiting tasks looked at, keep every container placed.',
  seed: 7,
  seconds: 5 * 86_400,
  stepSeconds: 60,
  initial: 40,
  hosts: 10,
  noise: 0.05,
  boot,
  prices,
  hostLosses: [],
  load: [
    {
      kind: 'services',
      name: 'web',
      limit: { cpu: '1', memory: '2Gi' },
      floor: { cpu: '100m', memory: '512Mi' },
      cpuPercent: 22,
      memoryPercent: 35,
      spread: 0.2,
      rhythm: office,
      containers: [[0, 560]],
      follows: 0.35,
      replicas: 4,
      deploysPerDay: 20,
    },
  ],
  settings: { ...settings, policy: 'safe', min: 10, max: 60 },
  variants: [{ name: 'by use alone', settings: { looksAt: 'usage-only' } }],
}
