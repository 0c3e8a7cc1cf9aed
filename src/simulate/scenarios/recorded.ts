import type { Scenario } from '../scenario.ts'
import { boot, prices, settings, web } from './shared-figures.ts'

/** A recording is replayed a minute at a time, and for an hour after its last line. Source: our choice. */
const stepSeconds = 60
const lastLineSeconds = 3600

/** A scenario around recorded load: settings of the shipped cluster files, and no load of its own. Never throws. */
export const recordedScenario = (path: string, seconds: number): Scenario => ({
  name: 'recorded',
  title: `Replay of ${path}`.slice(0, 120),
  about: 'Recorded load, replayed.',
  seed: 1,
  seconds: Math.ceil((seconds + lastLineSeconds) / stepSeconds) * stepSeconds,
  stepSeconds,
  hosts: 6,
  noise: 0,
  boot,
  prices,
  hostLosses: [],
  load: [{ ...web, containers: [[0, 0]] }],
  settings,
  variants: [],
})
