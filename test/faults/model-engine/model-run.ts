import type { EngineEvent } from '../../../src/engine/engine-event.ts'
import { isProviderType } from '../../../src/engine/provider-type.ts'
import type { StackOperation } from '../../../src/engine/stack-result.ts'
import type { Life } from './life.ts'
import { Monitor } from './monitor.ts'
import { type ProgramOptions, runProgram } from './program.ts'
import { type DiffFound, diff, invoke, noDiff, read } from './provider-calls.ts'
import { type HostedPlugins, InitFailure, ProviderHost } from './provider-host.ts'
import {
  allDependenciesOf,
  type Deployment,
  deletionRounds,
  foundationsOf,
  type ResourceState,
  withoutGone,
} from './resource-state.ts'
import { Snapshots, type Write } from './snapshots.ts'
import { type Answer, resourceOf, type Step, StepExecutor, withSecrets } from './step-executor.ts'
import { Bail, type Goal, StepGenerator } from './step-generator.ts'

export interface RunOptions {
  readonly operation: StackOperation
  readonly refresh: boolean
  /** URNs of `--target`; all where absent. */
  readonly targets?: ReadonlySet<string>
  readonly stack: string
  readonly program: Omit<ProgramOptions, 'isPreview'>
  readonly plugins: HostedPlugins
  readonly before: Deployment
  readonly write: Write
  readonly life: Life
  /** Called with every event of a step as it comes. */
  readonly saw: (event: EngineEvent) => void
}

export interface RunEnd {
  readonly events: readonly EngineEvent[]
  readonly failed: boolean
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The engine's words, which our recovery reads. Source: `printPendingOperationsWarning` of deployment_executor.go. */
const pendingWarning = ({ pending }: Deployment): string =>
  [
    `Attempting to deploy or update resources with ${pending.length} pending operations from previous deployment.`,
    ...pending.map(({ resource, type }) => `  * ${resource.urn}, interrupted while ${type}`),
    'These resources are in an unknown state because the Pulumi CLI was interrupted while waiting for changes to these resources to complete.',
  ].join('\n')

/** One process of the engine on one stack, from its start to its end or death. Source: deployment_executor.go, 3.245.0. */
export class ModelRun {
  readonly #options: RunOptions
  readonly #host: ProviderHost
  readonly #snapshots: Snapshots
  readonly #events: EngineEvent[] = []
  #hasFailed = false

  constructor(options: RunOptions) {
    this.#options = options
    this.#host = new ProviderHost(options.plugins)
    const resources = options.before.resources.map((one) => ({ ...one }))
    this.#snapshots = new Snapshots({ resources, pending: options.before.pending }, (deployment) => {
      if (!options.life.isDead && !this.#isPreview) options.write(deployment)
    })
  }

  get #isPreview(): boolean {
    return this.#options.operation === 'preview'
  }

  /** Ends with the run's process: `failed` too where it was killed. */
  async run(): Promise<RunEnd> {
    const { life } = this.#options
    await Promise.race([this.#work(), life.died])
    if (life.isDead) {
      await this.#host.kill()
      return { events: this.#events, failed: true }
    }
    // The next process logs in anew.
    if (this.#hasFailed) await this.#host.kill()
    return { events: this.#events, failed: this.#hasFailed }
  }

  async #work(): Promise<void> {
    const { operation, refresh, before } = this.#options
    try {
      const isRefreshed = operation === 'refresh' || refresh
      if (isRefreshed) {
        await this.#refresh()
        if (this.#hasFailed) return this.#snapshots.close()
      } else if (before.pending.length > 0 && !this.#isPreview) this.#say('warning', pendingWarning(before))
      if (operation !== 'refresh') await this.#deploy()
    } catch (error) {
      this.#fail(error)
    }
    this.#snapshots.close()
  }

  #say(severity: 'warning' | 'error', message: string, urn?: string): void {
    this.#events.push({ diagnosticEvent: { severity, message, ...(urn === undefined ? {} : { urn }) } })
  }

  #fail(error: unknown): void {
    this.#hasFailed = true
    this.#say('error', messageOf(error), error instanceof Bail ? error.urn : undefined)
    this.#options.life.cancel()
  }

  async #deploy(): Promise<void> {
    const { stack, life, operation, program, targets } = this.#options
    const before = this.#snapshots.base
    const generator = new StepGenerator({
      ...{ stack, host: this.#host, isPreview: this.#isPreview, before },
      ...(targets === undefined ? {} : { targets }),
    })
    const executor = new StepExecutor({
      snapshots: this.#snapshots,
      isPreview: this.#isPreview,
      continuesOnError: operation !== 'preview',
      life,
      emit: (event) => {
        this.#events.push(event)
        this.#options.saw(event)
      },
    })
    if (operation !== 'destroy') await this.#runProgram(generator, executor, program)
    await executor.idle()
    if (!life.isCancelled) await this.#delete(generator, executor)
    if (executor.errored.length > 0) this.#hasFailed = true
  }

  async #runProgram(
    generator: StepGenerator,
    executor: StepExecutor,
    program: RunOptions['program'],
  ): Promise<void> {
    const { life } = this.#options
    const skipped = new Set<string>()
    let turn: Promise<void> = Promise.resolve()
    const take = async (goal: Goal, tell: (state: ResourceState, answer: Answer) => void): Promise<void> => {
      if (life.isCancelled) return
      try {
        const steps = await life.during(generator.register(goal, (state) => (answer) => tell(state, answer)))
        const kept = withoutSkipped(steps, executor, skipped)
        if (kept.length > 0) void executor.chain(kept)
      } catch (error) {
        this.#fail(error)
      }
    }
    const monitor = new Monitor({
      register: (goal, tell) => {
        turn = turn.then(() => take(goal, tell))
      },
      invoke: async (provider, token, args) => life.during(invoke(this.#host.get(provider), token, args)),
    })
    try {
      await life.during(runProgram(monitor, { ...program, isPreview: this.#isPreview }, life.cancelled))
    } catch (error) {
      this.#fail(error)
    }
  }

  async #delete(generator: StepGenerator, executor: StepExecutor): Promise<void> {
    const { life } = this.#options
    const before = this.#snapshots.base
    const steps = new Map(generator.deletions().map((step) => [resourceOf(step), step]))
    for (const { provider } of steps.keys()) await life.during(generator.ensureProvider(provider))
    const kept = new Set<ResourceState>()
    const seen = new Set<Step>()
    for (const round of deletionRounds(before, [...steps.keys()])) {
      for (const step of executor.errored) {
        if (seen.has(step)) continue
        seen.add(step)
        for (const one of [step.now, step.old])
          if (one !== undefined && before.includes(one))
            for (const foundation of foundationsOf(before, one)) kept.add(foundation)
      }
      const due = round.filter((one) => !kept.has(one)).flatMap((one) => steps.get(one) ?? [])
      await life.during(Promise.all(due.map((step) => executor.chain([step]))))
    }
  }

  async #refresh(): Promise<void> {
    const { life } = this.#options
    const base = this.#snapshots.base
    const generator = new StepGenerator({
      stack: this.#options.stack,
      host: this.#host,
      isPreview: this.#isPreview,
      before: base,
    })
    const found = await life.during(Promise.all(base.map((one) => this.#look(generator, one))))
    this.#snapshots.rebase(withoutGone(found.flatMap((one) => one ?? [])))
  }

  /** The resource as it is now; undefined where it is gone. What cannot be read stays as it was, and fails the run. */
  async #look(generator: StepGenerator, old: ResourceState): Promise<ResourceState | undefined> {
    if (!old.custom || isProviderType(old.type) || old.pendingReplacement) return old
    try {
      await generator.ensureProvider(old.provider)
      const provider = this.#host.get(old.provider)
      const { id, inputs = old.inputs, outputs } = await read(provider, old)
      const there = { ...old, id, inputs, outputs, initErrors: [] }
      const now = id === '' ? undefined : { ...there, outputs: withSecrets(there) }
      const changes = now === undefined ? undefined : await diff(provider, now, old)
      this.#seen(old, now, changes)
      return now
    } catch (error) {
      this.#hasFailed = true
      this.#say('error', messageOf(error), old.urn)
      return error instanceof InitFailure ? { ...old, initErrors: error.reasons } : old
    }
  }

  #seen(old: ResourceState, now: ResourceState | undefined, changes: DiffFound = noDiff): void {
    if (this.#options.operation !== 'refresh') return
    const op = now === undefined ? 'delete' : changes.isChanged ? 'update' : 'same'
    const { detailed: detailedDiff } = changes
    const metadata = { op, urn: old.urn, type: old.type, old, new: now ?? null, detailedDiff } as const
    this.#events.push({ resOutputsEvent: { metadata } })
  }
}

/** Steps of what stands on something that failed are not taken. Source: `doesStepDependOn`. */
const withoutSkipped = (
  steps: readonly Step[],
  executor: StepExecutor,
  skipped: Set<string>,
): readonly Step[] => {
  for (const step of executor.errored) skipped.add(resourceOf(step).urn)
  return steps.filter((step) => {
    const resource = resourceOf(step)
    if (!allDependenciesOf(resource).some((urn) => skipped.has(urn))) return true
    skipped.add(resource.urn)
    step.answer?.('skipped')
    return false
  })
}
