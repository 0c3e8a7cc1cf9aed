import type { Scenario } from '../scenario.ts'
import { batch, boot, prices, settings, steady, web } from './shared-figures.ts'

const hour = 3600
const nextMonday = 7 * 24 * hour

/** A week, and a Monday morning on which everybody comes at once. */
export const monday: Scenario = {
  name: 'monday',
  title: 'A burst on Monday morning',
  about:
    'A quiet weekend has let the pool go down; on Monday from eight to eleven there is three quarters more load than on other days, and more containers with it. What counts is how long containers wait and how many nodes are hurt before the VMs are there. New nodes take what is started from then on: swarm moves no container that runs, so what is hot stays hot until its load goes. The variant keeps VMs over the weekend instead.',
  seed: 2,
  seconds: 8 * 24 * hour,
  stepSeconds: 60,
  initial: 24,
  hosts: 12,
  noise: 0.05,
  boot,
  prices,
  hostLosses: [],
  load: [
    {
      ...web,
      containers: [[0, 700]],
      follows: 0.35,
      changes: [{ fromSeconds: nextMonday + 8 * hour, toSeconds: nextMonday + 11 * hour, factor: 1.75 }],
    },
    { ...batch, containers: [[0, 120]] },
    { ...steady, containers: [[0, 60]] },
  ],
  settings: { ...settings, min: 12, max: 60 },
  variants: [{ name: 'never below 36 VMs', settings: { min: 36 } }],
}
