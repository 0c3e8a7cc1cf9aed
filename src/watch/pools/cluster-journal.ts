import type { Fault } from '../../core/fault.ts'
import type { PoolDecision } from '../cluster/decision.ts'
import type { Unbelievable } from '../cluster/judge-sight.ts'
import type { PoolSubject } from '../cluster/pool-subject.ts'
import type { Log } from '../log-lines.ts'
import { Metrics, withProcessMetrics } from '../metrics.ts'

const help: readonly (readonly ['gauge' | 'counter', string, string])[] = [
  ['gauge', 'tenantry_cluster_leader', '1 while this watcher leads, 0 while it waits.'],
  ['counter', 'tenantry_cluster_looks_total', 'Looks at the cluster, by what they were worth.'],
  ['gauge', 'tenantry_cluster_look_seconds', 'How long the last look took to read.'],
  ['gauge', 'tenantry_cluster_decide_seconds', 'How long the last look took to decide on.'],
  ['gauge', 'tenantry_cluster_silent_nodes', 'Ready nodes whose watchers did not answer.'],
  ['counter', 'tenantry_cluster_failures_total', 'Calls and runs that failed, by the fault’s code.'],
  ['counter', 'tenantry_cluster_runs_total', 'Runs of the engine, by stack and outcome.'],
  [
    'gauge',
    'tenantry_cluster_person_called',
    '1 while a person is called since nothing of the cluster can be decided.',
  ],
  [
    'counter',
    'tenantry_pool_decisions_total',
    'Decisions, those to do nothing among them, by action and reason.',
  ],
  ['counter', 'tenantry_pool_deeds_total', 'What was done to nodes and VMs, by action and outcome.'],
  [
    'gauge',
    'tenantry_pool_person_called',
    '1 while a person is called and what they were called for is not over.',
  ],
  ['gauge', 'tenantry_pool_machines', 'VMs of the pool.'],
  ['gauge', 'tenantry_pool_machines_min', 'Fewest VMs of the pool.'],
  ['gauge', 'tenantry_pool_machines_max', 'Most VMs of the pool.'],
  ['gauge', 'tenantry_pool_nodes', 'Nodes of the pool, by how they are.'],
  ['gauge', 'tenantry_pool_load_percent', 'Average load of the nodes that carry containers.'],
  ['gauge', 'tenantry_pool_memory_percent', 'Average memory in use of the nodes that carry containers.'],
  ['gauge', 'tenantry_pool_paused_percent', 'Share of the nodes that the node watchers paused.'],
  ['gauge', 'tenantry_pool_unusable_percent', 'Share of the pool that does not work.'],
  ['gauge', 'tenantry_pool_waiting_tasks', 'Tasks that no node takes and a new one would.'],
  ['gauge', 'tenantry_pool_helpless_tasks', 'Tasks that no node takes, nor would a new one.'],
]

/** What a person is told of lists that cannot be so. */
const waysOut: Readonly<Record<Unbelievable, string>> = {
  'no-managers': 'UCP lists no manager. Look at the managers, and at what the watcher’s account may see.',
  'nodes-missing':
    'UCP lists no node of a pool that had several. Look at the swarm, and at what the watcher’s account may see; where the nodes are gone indeed, restart this watcher: it believes the first list it reads.',
  'tasks-missing':
    'UCP lists services that are to have tasks, and not one task. Look at the managers, and at what the watcher’s account may see.',
  'machines-missing':
    'vCenter lists no VM of a pool that has some. Look at the folder, and at what the account may see; where the VMs are gone indeed, run `tenantry up` for the stack: it makes them anew.',
  'twice-in-list':
    'A list has the same entry twice. Look at what stands between this watcher and UCP or vCenter.',
}

const nodeKinds = ['active', 'paused', 'away', 'unusable', 'joining', 'unseen'] as const

const rounded = (value: number): number => Math.round(value * 10) / 10

/** What a decision saw, for whoever reads it later. Percent, rounded to a tenth. */
const figuresOf = ({ seen }: PoolDecision, { rules }: PoolSubject) => ({
  machines: seen.size,
  min: rules.min,
  max: rules.max,
  active: seen.active,
  paused: seen.paused,
  away: seen.away,
  unusable: seen.unusable,
  joining: seen.joining,
  unseen: seen.unseen,
  loadPercent: rounded(seen.loadPercent),
  memoryPercent: rounded(seen.memoryPercent),
  pausedPercent: rounded(seen.pausedPercent),
  unusablePercent: rounded(seen.unusablePercent),
  waitingTasks: seen.waitingTasks,
  helplessTasks: seen.helplessTasks,
})

/** What a cluster watcher tells: a line for every decision, with its figures, and figures for Prometheus. */
export class ClusterJournal {
  readonly #log: Log
  readonly #cluster: string
  readonly #metrics = new Metrics()
  readonly #readProcess = withProcessMetrics(this.#metrics)
  #stoodBy = ''
  #failedWith = ''
  #failures = 0
  /** What the last look failed for. */
  #whyBlind = ''
  #isBlind = false

  constructor(log: Log, cluster: string) {
    this.#log = log
    this.#cluster = cluster
    for (const [kind, name, text] of help) this.#metrics[kind](name, text)
    this.#metrics.set('tenantry_cluster_leader', 0)
    this.#metrics.set('tenantry_cluster_person_called', 0)
  }

  metrics(): string {
    this.#readProcess()
    return this.#metrics.text()
  }

  /** Looks that failed in a row. */
  get failures(): number {
    return this.#failures
  }

  started(address: string, rules: object): void {
    this.#tell('info', 'started', `The pools of ${this.#cluster} are watched.`, { address, rules })
  }

  leads(token: number): void {
    this.#stoodBy = ''
    this.#metrics.set('tenantry_cluster_leader', 1)
    this.#tell('info', 'leads', 'This watcher leads.', { token })
  }

  /** Another watcher leads: told once for each that does. */
  standsBy(sentence: string): void {
    this.#metrics.set('tenantry_cluster_leader', 0)
    this.#seeing()
    if (this.#stoodBy === sentence) return
    this.#stoodBy = sentence
    this.#tell('info', 'stands-by', `Another watcher leads; this one waits. ${sentence}`)
  }

  looked(seconds: number, facts: object): void {
    this.#metrics.add('tenantry_cluster_looks_total', { outcome: 'believed' })
    this.#metrics.set('tenantry_cluster_look_seconds', seconds)
    if (this.#failures > 0)
      this.#tell('info', 'reached', 'The cluster can be looked at again.', {
        failures: this.#failures,
        ...facts,
      })
    this.#failures = 0
    this.#failedWith = ''
    this.#seeing()
  }

  #seeing(): void {
    this.#isBlind = false
    this.#metrics.set('tenantry_cluster_person_called', 0)
  }

  /** Nothing was decided for so long that a person has to look: once until the cluster can be looked at again. */
  blind(seconds: number): void {
    this.#metrics.set('tenantry_cluster_person_called', 1)
    if (this.#isBlind) return
    this.#isBlind = true
    const sentence = `Nothing was decided for ${Math.round(seconds / 60)} min: ${this.#whyBlind}`
    this.#tell('error', 'person-called', sentence, { failures: this.#failures })
  }

  /** Nothing was decided, since what was read cannot be so. */
  disbelieved(reason: Unbelievable, facts: object): void {
    this.#failures += 1
    this.#whyBlind = waysOut[reason]
    this.#metrics.add('tenantry_cluster_looks_total', { outcome: reason })
    this.#tell('warning', 'not-believed', 'A list is empty or cut short: nothing is decided on it.', {
      reason,
      ...facts,
    })
  }

  /** A look that failed: a line for the first of its kind in a row. Nothing is decided then. */
  lookFailed(fault: Fault): void {
    this.#failures += 1
    this.#metrics.add('tenantry_cluster_looks_total', { outcome: 'failed' })
    this.#metrics.add('tenantry_cluster_failures_total', { code: fault.code })
    this.#whyBlind = fault.message
    if (this.#failedWith === fault.message) return
    this.#failedWith = fault.message
    this.#tell('warning', 'look-failed', `Nothing is decided: ${fault.message}`, faultFacts(fault))
  }

  silentNodes(nodes: readonly string[]): void {
    this.#metrics.set('tenantry_cluster_silent_nodes', nodes.length)
  }

  decided(pool: PoolSubject, decision: PoolDecision): void {
    const { action, reason } = decision
    const figures = figuresOf(decision, pool)
    this.#metrics.add('tenantry_pool_decisions_total', {
      pool: pool.id,
      action: action.kind,
      reason: reason.code,
    })
    this.#show(pool, decision)
    const level = reason.code === 'too-many-unusable' || action.kind === 'call' ? 'warning' : 'info'
    this.#tell(level, 'decision', reason.sentence, {
      pool: pool.id,
      action: action.kind,
      reason: reason.code,
      ...figures,
    })
  }

  decidedIn(seconds: number): void {
    this.#metrics.set('tenantry_cluster_decide_seconds', seconds)
  }

  did(pool: PoolSubject, action: string, outcome: string, facts: object = {}): void {
    this.#metrics.add('tenantry_pool_deeds_total', { pool: pool.id, action, outcome })
    this.#tell('info', 'deed', `${action}: ${outcome}.`, { pool: pool.id, action, outcome, ...facts })
  }

  deedFailed(pool: PoolSubject, action: string, fault: Fault): void {
    this.#metrics.add('tenantry_pool_deeds_total', { pool: pool.id, action, outcome: 'failed' })
    this.#metrics.add('tenantry_cluster_failures_total', { code: fault.code })
    this.#tell('warning', 'deed-failed', `${action} failed: ${fault.message}`, {
      pool: pool.id,
      action,
      ...faultFacts(fault),
    })
  }

  ran(stack: string, outcome: string): void {
    this.#metrics.add('tenantry_cluster_runs_total', { stack, outcome })
    this.#tell('info', 'run', `The VMs of ${stack} are as they are wanted.`, { stack, outcome })
  }

  runFailed(stack: string, fault: Fault, retrySeconds: number): void {
    const isBusy = fault.code === 'conflict'
    this.#metrics.add('tenantry_cluster_runs_total', { stack, outcome: isBusy ? 'busy' : 'failed' })
    if (!isBusy) this.#metrics.add('tenantry_cluster_failures_total', { code: fault.code })
    this.#tell(isBusy ? 'info' : 'warning', 'run-failed', fault.message, {
      stack,
      retrySeconds: rounded(retrySeconds),
      ...faultFacts(fault),
    })
  }

  /** A person is needed: an error in the log and a metric to alert on; the watcher goes on looking. */
  called(pool: PoolSubject, sentence: string): void {
    this.#tell('error', 'person-called', sentence, { pool: pool.id })
  }

  /** Something that a person should know, e.g. that the files cannot be read. */
  warn(event: string, message: string, facts: object = {}): void {
    this.#tell('warning', event, message, facts)
  }

  #show(pool: PoolSubject, { seen, memory }: PoolDecision): void {
    const set = (name: string, value: number, labels = {}) =>
      this.#metrics.set(`tenantry_pool_${name}`, value, { pool: pool.id, ...labels })
    set('machines', seen.size)
    set('machines_min', pool.rules.min)
    set('machines_max', pool.rules.max)
    for (const kind of nodeKinds) set('nodes', seen[kind], { kind })
    set('load_percent', seen.loadPercent)
    set('memory_percent', seen.memoryPercent)
    set('paused_percent', seen.pausedPercent)
    set('unusable_percent', seen.unusablePercent)
    set('waiting_tasks', seen.waitingTasks)
    set('helpless_tasks', seen.helplessTasks)
    set('person_called', memory.calledFor === undefined ? 0 : 1)
  }

  #tell(level: 'info' | 'warning' | 'error', event: string, message: string, facts: object = {}): void {
    this.#log({ level, event, message, cluster: this.#cluster, ...facts })
  }
}

const faultFacts = ({ code, details }: Fault): object => ({
  code,
  ...(details.call === undefined ? {} : { call: details.call }),
  ...(details.status === undefined ? {} : { status: details.status }),
  ...(details.hint === undefined ? {} : { hint: details.hint }),
})
