import type { UcpNode } from '../../clients/ucp-nodes.ts'
import { Fault } from '../../core/fault.ts'
import { isPausedByWatcher } from '../../core/node-marks.ts'
import type { Log } from '../log-lines.ts'
import { Metrics, withProcessMetrics } from '../metrics.ts'
import { figuresOf, type NodeDecision, type NodeLook, type NodeReason } from './decide-node.ts'
import type { HostSample } from './kernel-figures.ts'

const sentences: Readonly<Record<NodeReason, string>> = {
  'sample-missing': 'There is no sample of the host yet, or it could not be read: nothing is decided.',
  'sample-not-a-number': 'The kernel’s figures are no numbers: nothing is decided on them.',
  'sample-negative': 'The kernel’s figures are negative: nothing is decided on them.',
  'sample-impossible': 'The kernel’s figures cannot be: nothing is decided on them.',
  'sample-future': 'The sample is from the future: nothing is decided on it.',
  'sample-stale': 'The last sample is too old: nothing is decided on it.',
  'sample-repeated': 'The sample is no newer than the one before: nothing is decided on it.',
  'standing-unknown': 'UCP has not said how the node stands: nothing is decided without that.',
  held: 'A person wants the node left alone (label tenantry.watch.hold).',
  'drained-by-others': 'Somebody drained the node: it is theirs to make active again.',
  'paused-by-others': 'Somebody else paused the node: it is theirs to make active again.',
  busy: 'The node stays paused: it is above a threshold.',
  'not-calm-long-enough': 'The node stays paused: it has not been below both thresholds for long enough.',
  recovered: 'The node is made active again: it has been below both thresholds for long enough.',
  calm: 'The node stays active: it is below both thresholds.',
  'between-thresholds': 'The node stays as it is: it is between the thresholds.',
  'not-busy-long-enough': 'The node stays active: it has not been above a threshold for long enough.',
  manager: 'The node is above a threshold for long enough, and is a manager, which is never paused.',
  'not-ready':
    'The node is above a threshold for long enough, and the managers do not hear from it: it is left alone.',
  'last-active-node':
    'The node is above a threshold for long enough, and is the last active one of its collection: it stays active.',
  'too-many-paused':
    'The node is above a threshold for long enough, and as much of its pool takes no work as may: it stays active.',
  overloaded: 'The node is to be paused: it has been above a threshold for long enough.',
}

/** What a watcher did to its node. */
export type NodeDeed = 'announced' | 'withdrawn' | 'paused' | 'resumed' | 'tidied'

const deedSentences: Readonly<Record<NodeDeed, string>> = {
  announced: 'The node’s peers are told that it will be paused.',
  withdrawn: 'The node is not paused after all: too many of its peers are about to be.',
  paused: 'The node is paused: it takes no new work, and what runs on it stays.',
  resumed: 'The node is active again.',
  tidied: 'Old marks are taken off the node, which is active.',
}

const help: readonly (readonly ['gauge' | 'counter', string, string])[] = [
  [
    'gauge',
    'tenantry_node_load_percent',
    'Load of the host in percent of its CPUs, by the last sound sample.',
  ],
  ['gauge', 'tenantry_node_memory_percent', 'Memory of the host that is not available, in percent.'],
  ['gauge', 'tenantry_node_busy_percent', 'CPU time of the host that was used, in percent.'],
  ['gauge', 'tenantry_node_pressure_percent', 'Time in which something waited for a CPU (PSI), in percent.'],
  ['gauge', 'tenantry_node_above_seconds', 'How long the host has been above a threshold without a break.'],
  [
    'gauge',
    'tenantry_node_below_seconds',
    'How long the host has been below both thresholds without a break.',
  ],
  ['counter', 'tenantry_node_samples_total', 'Samples taken, by what they were worth.'],
  [
    'counter',
    'tenantry_node_decisions_total',
    'Decisions, those to do nothing among them, by action and reason.',
  ],
  ['counter', 'tenantry_node_deeds_total', 'Changes made to the node.'],
  [
    'gauge',
    'tenantry_node_availability',
    'Availability of the node when UCP was last asked: 1 for the one it has.',
  ],
  ['gauge', 'tenantry_node_paused_by_watcher', '1 while the node is paused and its watcher did it.'],
  [
    'gauge',
    'tenantry_node_breach_to_pause_seconds',
    'From the first sample above a threshold to the last pause.',
  ],
  ['gauge', 'tenantry_node_ucp_up', '1 where UCP answered the last call, 0 where it did not.'],
  ['counter', 'tenantry_node_ucp_failures_total', 'Calls of UCP that failed, by the fault’s code.'],
]

const availabilities = ['active', 'pause', 'drain'] as const

/** What a node watcher tells: a line in the log for every change of a reason, and figures for Prometheus. */
export class NodeJournal {
  readonly #log: Log
  readonly #node: string
  readonly #metrics = new Metrics()
  readonly #readProcess = withProcessMetrics(this.#metrics)
  /** The last that was said of a topic: what does not change is not said again. */
  readonly #said = new Map<string, string>()
  #failures = 0
  #failedWith = ''

  constructor(log: Log, node: string) {
    this.#log = log
    this.#node = node
    for (const [kind, name, text] of help) this.#metrics[kind](name, text)
  }

  metrics(): string {
    this.#readProcess()
    return this.#metrics.text()
  }

  sampled(sample: HostSample | undefined, outcome: string): void {
    this.#metrics.add('tenantry_node_samples_total', { outcome })
    if (sample === undefined || outcome !== 'sound') return
    this.#said.delete('host')
    this.#metrics.set('tenantry_node_load_percent', sample.loadPercent, { source: sample.source })
    this.#metrics.set('tenantry_node_memory_percent', sample.memoryPercent)
    this.#metrics.set('tenantry_node_busy_percent', sample.busyPercent)
    if (sample.pressurePercent !== undefined)
      this.#metrics.set('tenantry_node_pressure_percent', sample.pressurePercent)
  }

  /** A reading that threw: told once, until another one is sound or fails otherwise. */
  unreadable(error: unknown): void {
    if (!(error instanceof Fault)) throw error
    const { hint } = error.details
    this.#once('host', error.message, () =>
      this.#tell({
        level: 'error',
        event: 'unreadable',
        message: error.message,
        ...(hint === undefined ? {} : { hint }),
      }),
    )
  }

  decided(look: NodeLook, { action, reason }: NodeDecision): void {
    const figures = figuresOf(look)
    this.#metrics.add('tenantry_node_decisions_total', { action, reason })
    this.#metrics.set('tenantry_node_above_seconds', figures.aboveSeconds)
    this.#metrics.set('tenantry_node_below_seconds', figures.belowSeconds)
    this.#once('node', `${action} ${reason}`, () =>
      this.#tell({
        level: 'info',
        event: 'decision',
        message: sentences[reason],
        action,
        reason,
        ...figures,
      }),
    )
  }

  did(deed: NodeDeed, figures: object = {}): void {
    this.#metrics.add('tenantry_node_deeds_total', { deed })
    this.#tell({ level: 'info', event: deed, message: deedSentences[deed], ...figures })
  }

  pausedAfter(seconds: number): void {
    this.#metrics.set('tenantry_node_breach_to_pause_seconds', seconds)
  }

  /** The node as UCP says it is. */
  saw(node: UcpNode): void {
    for (const availability of availabilities)
      this.#metrics.set('tenantry_node_availability', node.availability === availability ? 1 : 0, {
        availability,
      })
    this.#metrics.set('tenantry_node_paused_by_watcher', isPausedByWatcher(node) ? 1 : 0)
  }

  /** UCP was asked, and did what it was asked for. */
  reached(): void {
    this.#metrics.set('tenantry_node_ucp_up', 1)
    const failures = this.#failures
    this.#failures = 0
    this.#failedWith = ''
    if (failures > 0)
      this.#tell({ level: 'info', event: 'ucp-reached', message: 'UCP answers again.', failures })
  }

  /** A call of UCP failed: a line for the first of its kind in a row. */
  failed(error: Fault, retrySeconds: number): void {
    this.#metrics.set('tenantry_node_ucp_up', 0)
    this.#metrics.add('tenantry_node_ucp_failures_total', { code: error.code })
    this.#failures += 1
    if (this.#failedWith === error.code) return
    this.#failedWith = error.code
    const { hint, call, status } = error.details
    this.#tell({
      level: 'warning',
      event: 'ucp-failed',
      message: error.message,
      code: error.code,
      ...(call === undefined ? {} : { call }),
      ...(status === undefined ? {} : { status }),
      ...(hint === undefined ? {} : { hint }),
      retrySeconds: Math.round(retrySeconds * 10) / 10,
    })
  }

  /** Failures of UCP in a row. */
  get failures(): number {
    return this.#failures
  }

  #once(topic: string, what: string, tell: () => void): void {
    if (this.#said.get(topic) === what) return
    this.#said.set(topic, what)
    tell()
  }

  #tell(event: Parameters<Log>[0]): void {
    const { level, event: name, message, ...facts } = event
    this.#log({ level, event: name, message, node: this.#node, ...facts })
  }
}
