import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AttemptsPlace,
  doubtfulOf,
  doubtfulRecorder,
  forgetAttempts,
  hasAttempts,
  missingIn,
  recordAttempt,
  withAttempts,
} from '../../../src/engine/attempts.ts'
import type { EngineOptions, StackEngine } from '../../../src/engine/stack-engine.ts'
import {
  failedCreate,
  type StackOperation,
  type StackResult,
  stackResult,
} from '../../../src/engine/stack-result.ts'
import type { StackState } from '../../../src/model/desired-state.ts'
import { Life } from './life.ts'
import { ModelRun, type RunOptions } from './model-run.ts'
import {
  type Deployment,
  emptyDeployment,
  type PendingOperation,
  type ResourceState,
} from './resource-state.ts'

export interface ModelEngineOptions extends Pick<RunOptions, 'plugins' | 'stack' | 'program'> {
  readonly before?: Deployment
  /** Folder beside the state, for what outlives a process. */
  readonly folder: string
  /** Asked before each write of the state; true kills the process instead. */
  readonly diesAtWrite?: () => boolean
}

interface Exported {
  readonly version: 3
  readonly deployment: {
    readonly resources: readonly ResourceState[]
    readonly pending_operations: readonly PendingOperation[]
  }
}

/** What is thrown at whoever goes on after the process died: nobody is there to. */
export class ProcessDied extends Error {
  constructor() {
    super('the process was killed')
    this.name = 'ProcessDied'
  }
}

/**
 * A model of the Pulumi engine 3.245.0 on one stack of a file back end, in this process: the real program and the real
 * plugins on real servers, with a state in memory. One engine stands for one process of `tenantry` and the CLIs it starts.
 */
export class ModelEngine implements StackEngine {
  readonly #options: ModelEngineOptions
  #state: Deployment
  #life = new Life()
  #isDead = false

  constructor(options: ModelEngineOptions) {
    this.#options = options
    this.#state = options.before ?? emptyDeployment
  }

  get stack(): string {
    return this.#options.stack
  }

  /** As last written. */
  get state(): Deployment {
    return this.#state
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** The whole process group is gone: nothing is written any more, and nothing is sent. */
  kill(): void {
    this.#isDead = true
    this.#life.kill()
  }

  /** @throws {ProcessDied} where it was killed before the end. */
  async run(operation: StackOperation, { refresh = false }: EngineOptions = {}): Promise<StackResult> {
    if (operation !== 'up') return this.#run({ operation, refresh })
    await recordAttempt(this.#place, await this.#desired())
    const recorder = doubtfulRecorder(this.#place)
    return this.#run({ operation, refresh }, (event) => {
      const urn = failedCreate(event)
      if (urn !== undefined) recorder.failed(urn)
    }).finally(recorder.done)
  }

  doubtful(): Promise<readonly string[]> {
    return doubtfulOf(this.#place)
  }

  isUnsettled(): Promise<boolean> {
    return hasAttempts(this.#place)
  }

  async unwanted(urns: readonly string[]): Promise<readonly string[]> {
    return missingIn(await this.#desired(), urns)
  }

  adopt(urns: readonly string[]): Promise<readonly StackResult[]> {
    return withAttempts(this.#place, urns, async ({ desired, urns: targets }) => {
      const state = JSON.parse(await readFile(desired, 'utf8')) as StackState
      return this.#run({ operation: 'up', refresh: false, targets: new Set(targets), state })
    })
  }

  settled(): Promise<void> {
    return forgetAttempts(this.#place)
  }

  get #place(): AttemptsPlace {
    return { folder: this.#options.folder, stack: this.stack }
  }

  /** What the program is to register, as a file. */
  async #desired(): Promise<string> {
    const file = join(this.#options.folder, 'desired.json')
    await writeFile(file, JSON.stringify(this.#options.program.state))
    return file
  }

  async #run(
    {
      state = this.#options.program.state,
      ...asked
    }: Pick<RunOptions, 'operation' | 'refresh' | 'targets'> & {
      readonly state?: StackState
    },
    saw: RunOptions['saw'] = () => undefined,
  ): Promise<StackResult> {
    this.#checkAlive()
    this.#life = new Life()
    const { plugins, program, stack } = this.#options
    const { events, failed } = await new ModelRun({
      ...asked,
      stack,
      program: { ...program, state },
      plugins,
      before: this.#state,
      write: (deployment) => this.#write(deployment),
      life: this.#life,
      saw,
    }).run()
    this.#checkAlive()
    const { operation } = asked
    return stackResult({
      stack,
      operation,
      events,
      errors: [],
      exitCode: failed ? 255 : 0,
      cancelled: false,
      seconds: 0,
    })
  }

  async exportState(): Promise<string> {
    this.#checkAlive()
    const { resources, pending } = this.#state
    const exported: Exported = { version: 3, deployment: { resources, pending_operations: pending } }
    return JSON.stringify(exported)
  }

  /** Drops what is pending, as `pulumi stack import` does. */
  async importState(text: string): Promise<void> {
    this.#checkAlive()
    const { deployment } = JSON.parse(text) as Exported
    this.#write({ resources: deployment.resources, pending: [] })
    this.#checkAlive()
  }

  async unprotect(): Promise<undefined> {
    this.#checkAlive()
    const { resources, pending } = this.#state
    this.#write({ resources: resources.map((one) => ({ ...one, protect: false })), pending })
    this.#checkAlive()
    return undefined
  }

  #checkAlive(): void {
    if (this.#isDead) throw new ProcessDied()
  }

  #write(deployment: Deployment): void {
    if (this.#isDead) return
    if (this.#options.diesAtWrite?.() === true) this.kill()
    else this.#state = deployment
  }
}
