import type { Scenario } from '../scenario.ts'
import { boot, office, prices, settings } from './shared-figures.ts'

/** About a thousand builds a working day on agents of their own; figures of design §1. */
export const builds: Scenario = {
  name: 'builds',
  title: '1,000 builds a day on 100 agent nodes',
  about:
    'A build reserves what it is limited to and cannot be moved without being lost, so a node with a build is never drained. The pool begins with its 100 nodes and keeps what the day needs; beside it the same builds on 100 nodes all the time.',
  seed: 3,
  seconds: 7 * 86_400,
  stepSeconds: 60,
  initial: 100,
  hosts: 20,
  noise: 0.05,
  boot,
  prices,
  hostLosses: [],
  load: [
    {
      kind: 'jobs',
      name: 'builds',
      limit: { cpu: '2', memory: '4Gi' },
      floor: { cpu: '500m', memory: '1Gi' },
      cpuPercent: 85,
      memoryPercent: 70,
      spread: 0.3,
      rhythm: { ...office, weekend: 0.3, monthEnd: 1 },
      perDay: 1650,
      minutes: 25,
    },
  ],
  settings: { ...settings, policy: 'safe', machine: { cpus: 4, memory: '16Gi' }, min: 10, max: 100 },
  variants: [{ name: '100 nodes all the time', settings: { min: 100 } }],
}
