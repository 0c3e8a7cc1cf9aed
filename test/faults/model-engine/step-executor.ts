import type { EngineEvent, Step as StepName } from '../../../src/engine/engine-event.ts'
import { isProviderType } from '../../../src/engine/provider-type.ts'
import type { Life } from './life.ts'
import type { DiffFound } from './provider-calls.ts'
import { InitFailure } from './provider-host.ts'
import type { Bag, PendingOperation, ResourceState } from './resource-state.ts'
import type { Snapshots } from './snapshots.ts'

export type Answer = 'done' | 'failed' | 'skipped'

/** One thing that a run does to one resource. */
export interface Step {
  readonly op: StepName
  readonly old?: ResourceState
  readonly now?: ResourceState
  readonly diff?: DiffFound
  /** Changes `now`, or `old` where it is deleted. */
  readonly apply: () => Promise<void>
  /** Tells the program. */
  readonly answer?: (answer: Answer) => void
}

export const resourceOf = ({ now, old }: Step): ResourceState => {
  const resource = now ?? old
  if (resource === undefined) throw new Error('a step on nothing')
  return resource
}

const pendingType: Partial<Record<StepName, PendingOperation['type']>> = {
  create: 'creating',
  'create-replacement': 'creating',
  update: 'updating',
  delete: 'deleting',
  'delete-replaced': 'deleting',
}

const secretKey = '4dabf18193072939515e22adb298388d'
const secretSignature = '1b47061264138c4ac30d75fd1eb44270'

const isSecret = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (value as Bag)[secretKey] === secretSignature

/** What the program calls secret, and what came in as a secret, is one on its way out. */
export const withSecrets = (state: ResourceState): Bag =>
  Object.fromEntries(
    Object.entries(state.outputs).map(([name, value]) => {
      const hidden = state.additionalSecretOutputs.includes(name) || isSecret(state.inputs[name])
      return [name, hidden && !isSecret(value) ? { [secretKey]: secretSignature, value } : value]
    }),
  )

const weightOf = (state: ResourceState): string => {
  const { initErrors: _, ...rest } = state
  return JSON.stringify({ ...rest, dependencies: [...rest.dependencies].sort() })
}

/** A partly failed update keeps the inputs it had, so that the next run sees the difference. Source: `OnResourceStepPost`. */
const keepOldInputs = ({ op, old, now }: Step): void => {
  if (op === 'update' && old !== undefined && now !== undefined) now.inputs = old.inputs
}

/** As many steps at once as the CLI allows on two cores: four times the cores. */
const mostAtOnce = 8

class Slots {
  #free = mostAtOnce
  readonly #waiting: (() => void)[] = []

  async take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}

export interface ExecutorOptions {
  readonly snapshots: Snapshots
  readonly isPreview: boolean
  readonly continuesOnError: boolean
  readonly life: Life
  readonly emit: (event: EngineEvent) => void
}

/** Executes chains of steps side by side. Source: pkg/v3/resource/deploy/step_executor.go and engine/update.go, 3.245.0. */
export class StepExecutor {
  readonly #options: ExecutorOptions
  readonly #slots = new Slots()
  readonly #underWay = new Set<Promise<void>>()
  readonly errored: Step[] = []

  constructor(options: ExecutorOptions) {
    this.#options = options
  }

  /** Resolves when the chain is over, or has failed. */
  chain(steps: readonly Step[]): Promise<void> {
    const running = this.#run(steps).finally(() => this.#underWay.delete(running))
    this.#underWay.add(running)
    return running
  }

  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  async #run(steps: readonly Step[]): Promise<void> {
    const { life } = this.#options
    await this.#slots.take()
    try {
      for (const step of steps) {
        if (life.isCancelled) return
        if (!(await life.during(this.#execute(step)))) return
      }
    } finally {
      this.#slots.give()
    }
  }

  /** Whether the chain goes on. */
  async #execute(step: Step): Promise<boolean> {
    const { snapshots, isPreview, life } = this.#options
    const operated = pendingType[step.op] === 'deleting' ? step.old : step.now
    const pending = pendingType[step.op]
    if (!isPreview && pending !== undefined && operated !== undefined) snapshots.begin(operated, pending)
    let failure: unknown
    try {
      await life.during(step.apply())
    } catch (error) {
      failure = error
    }
    if (step.now !== undefined && step.op !== 'replace') step.now.outputs = withSecrets(step.now)
    if (failure instanceof InitFailure) keepOldInputs(step)
    this.#report(step, failure)
    if (!isPreview) this.#record(step, failure)
    if (failure === undefined) {
      step.answer?.('done')
      return true
    }
    this.#failed(step)
    return false
  }

  #record(step: Step, failure: unknown): void {
    const { snapshots } = this.#options
    const { op, old, now } = step
    // One that is no target and does not exist leaves no trace.
    if (op === 'same' && old === undefined) return
    const isKept = failure === undefined || failure instanceof InitFailure
    const isOver = op === 'update' || old?.pendingReplacement === true
    if (op === 'same' && old !== undefined && now !== undefined)
      snapshots.same(old, now, weightOf(old) !== weightOf(now))
    else if (op === 'remove-pending-replace' && old !== undefined) snapshots.done(old)
    else if (pendingType[op] === 'deleting' && old !== undefined)
      snapshots.end(old, isKept && !old.pendingReplacement ? { done: old } : {})
    else if (pendingType[op] !== undefined && now !== undefined)
      snapshots.end(
        now,
        isKept ? { made: now, ...(isOver && old !== undefined ? { done: old } : {}) } : undefined,
      )
  }

  #failed(step: Step): void {
    this.errored.push(step)
    const isProtected = step.op === 'delete' && step.old?.protect === true
    // The engine would wait for ever, so whoever runs it cancels it.
    const isStuck = step.op === 'delete-replaced' && step.old?.delete !== true
    if ((this.#options.continuesOnError && !isStuck) || isProtected) step.answer?.('failed')
    else this.#options.life.cancel()
  }

  #report(step: Step, failure: unknown): void {
    const { emit, isPreview } = this.#options
    const resource = resourceOf(step)
    const metadata = {
      op: step.op,
      urn: resource.urn,
      type: resource.type,
      old: step.old ?? null,
      new: step.now ?? null,
      detailedDiff: step.diff?.detailed ?? null,
    }
    if (failure !== undefined) {
      const message = failure instanceof Error ? failure.message : String(failure)
      emit({ diagnosticEvent: { urn: resource.urn, message, severity: 'error' } })
      emit({ resOpFailedEvent: { metadata } })
    } else if (resource.custom || isProviderType(resource.type))
      emit({ resOutputsEvent: { metadata, planning: isPreview } })
  }
}
