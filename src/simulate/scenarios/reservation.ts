import type { Scenario } from '../scenario.ts'
import { batch, boot, prices, settings, steady, web } from './shared-figures.ts'

/** The three reservation policies of design §1 on the same load. */
export const reservation: Scenario = {
  name: 'reservation',
  title: 'Safe, optimized and minimum reservation on the same load',
  about:
    'The same containers with the same bursts three times: what is reserved decides how many stand on a node. Safe reserves the limit, optimized half of it, minimum what a container needs after its start. What each costs stands beside how often a node is hurt.',
  seed: 6,
  seconds: 28 * 86_400,
  stepSeconds: 120,
  initial: 80,
  hosts: 20,
  noise: 0.06,
  boot,
  prices,
  hostLosses: [],
  load: [
    {
      ...web,
      containers: [[0, 900]],
      bursts: { perContainerDay: 2, factor: 4, memoryFactor: 1.8, minutes: 15 },
    },
    { ...batch, containers: [[0, 200]] },
    { ...steady, containers: [[0, 100]] },
  ],
  settings: { ...settings, policy: 'safe', min: 10, max: 150 },
  variants: [
    { name: 'optimized', settings: { policy: 'optimized' } },
    { name: 'minimum', settings: { policy: 'minimum' } },
  ],
}
