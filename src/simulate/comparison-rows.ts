import type { ComparedRun } from './compare.ts'

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const tenth = (value: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })

/** Each row with what it says of a run. */
const rows: readonly (readonly [string, (run: ComparedRun, currency: string) => string])[] = [
  ['reservation', ({ settings }) => settings.policy],
  ['VMs, fewest to most', ({ totals }) => `${totals.fewestMachines} to ${totals.mostMachines}`],
  ['VM-hours', ({ totals }) => whole(totals.machineHours)],
  ['cost', ({ totals }, currency) => `${whole(totals.cost)} ${currency}`],
  ['VMs made', ({ totals }) => whole(totals.grown)],
  ['VMs given up', ({ totals }) => whole(totals.shrunk)],
  ['VMs replaced', ({ totals }) => whole(totals.replaced)],
  ['nodes paused', ({ totals }) => whole(totals.pauses)],
  ['node-hours hurt', ({ totals }) => tenth(totals.hurtHours)],
  [
    'hurt, of 1,000 node-hours',
    ({ totals }) => tenth((totals.hurtHours / Math.max(totals.usableHours, 1)) * 1000),
  ],
  ['containers ended for memory', ({ totals }) => whole(totals.outOfMemory)],
  ['most containers without a node', ({ totals }) => whole(totals.mostUnplaced)],
  ['container-hours without a node', ({ totals }) => tenth(totals.unplacedHours)],
  ['containers moved by drains', ({ totals }) => whole(totals.moved)],
  ['drains given back', ({ totals }) => whole(totals.givenBack)],
  ['jobs lost', ({ totals }) => whole(totals.lostJobs)],
  ['calls of a person', ({ totals }) => whole(totals.calls)],
]

/** What runs of one load came to, a row a figure and a column a run; the head is the first row. Never throws. */
export const comparisonRows = (runs: readonly ComparedRun[], currency: string): string[][] => [
  ['', ...runs.map(({ name }) => name)],
  ...rows.map(([title, say]) => [title, ...runs.map((run) => say(run, currency))]),
]
