import type { Scenario } from '../scenario.ts'
import { batch, boot, prices, settings, steady, web } from './shared-figures.ts'

const hour = 3600

/** A host takes its share of the nodes with it in the middle of a working day. */
export const hostLoss: Scenario = {
  name: 'host-loss',
  title: 'The loss of a VMware host',
  about:
    'VMs stand on six hosts; at ten in the morning one of them fails for four hours with every VM on it. Its containers go where there is room, the pool makes VMs for the rest, and gives them up once the host is back. In the evening four of the six fail at once for two hours: more than 45 % of the pool is unusable, so nothing is changed and a person is called.',
  seed: 4,
  seconds: 24 * hour,
  stepSeconds: 30,
  initial: 24,
  hosts: 6,
  noise: 0.05,
  boot,
  prices,
  hostLosses: [
    { atSeconds: 10 * hour, forSeconds: 4 * hour, host: 2 },
    { atSeconds: 19 * hour, forSeconds: 2 * hour, host: 0 },
    { atSeconds: 19 * hour, forSeconds: 2 * hour, host: 2 },
    { atSeconds: 19 * hour, forSeconds: 2 * hour, host: 3 },
    { atSeconds: 19 * hour, forSeconds: 2 * hour, host: 4 },
  ],
  load: [
    { ...web, containers: [[0, 580]] },
    { ...batch, containers: [[0, 100]] },
    { ...steady, containers: [[0, 60]] },
  ],
  settings: { ...settings, min: 12, max: 40 },
  variants: [],
}
