import type { Scenario } from '../scenario.ts'
import { batch, boot, prices, settings, steady, web } from './shared-figures.ts'

const twoYears = 730

/** From 2,000 to 15,000 containers; the figures of design §1. */
export const growth: Scenario = {
  name: 'growth',
  title: 'Two years from 2,000 to 15,000 containers',
  about:
    'Web services follow the office, batch the night, and both the end of the month. The pool follows them within 30 and 600 VMs, ten at a time at most. Load is the same for five minutes, and the cluster watcher looks as often.',
  seed: 1,
  seconds: twoYears * 86_400,
  stepSeconds: 300,
  initial: 80,
  hosts: 40,
  noise: 0.05,
  boot,
  prices,
  hostLosses: [],
  load: [
    {
      ...web,
      limit: { cpu: '1300m', memory: '2Gi' },
      containers: [
        [0, 1450],
        [twoYears, 10_900],
      ],
      bursts: { ...web.bursts, perContainerDay: 0.1 },
      deploysPerDay: 60,
    },
    {
      ...batch,
      containers: [
        [0, 350],
        [twoYears, 2600],
      ],
      deploysPerDay: 10,
    },
    {
      ...steady,
      containers: [
        [0, 200],
        [twoYears, 1500],
      ],
      deploysPerDay: 3,
    },
  ],
  settings: { ...settings, min: 30, max: 600, watch: { cluster: { maxStep: 10 } } },
  variants: [],
}
