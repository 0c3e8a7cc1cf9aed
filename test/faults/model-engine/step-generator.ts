import { randomUUID } from 'node:crypto'
import { isProviderType } from '../../../src/engine/provider-type.ts'
import { ignoring } from './ignored-changes.ts'
import {
  type Checked,
  check,
  checkConfig,
  create,
  type DiffFound,
  diff,
  diffConfig,
  noDiff,
  remove,
  update,
} from './provider-calls.ts'
import { InitFailure, type Provider, type ProviderHost } from './provider-host.ts'
import {
  allDependenciesOf,
  type Bag,
  dependentsOf,
  foundationsOf,
  type ResourceState,
  rootStackType,
  urnOfReference,
} from './resource-state.ts'
import type { Answer, Step } from './step-executor.ts'

/** What the engine sends for a value that is not known yet. Source: `plugin.UnknownStringValue`. */
export const unknownText = '04da6b54-80e4-46f7-96ec-b56ff0331ba9'

/** A resource as the program wants it. */
export interface Goal {
  readonly type: string
  readonly name: string
  readonly custom: boolean
  readonly parent: string
  readonly inputs: Bag
  readonly protect: boolean
  readonly retainOnDelete: boolean
  readonly deleteBeforeReplace: boolean | undefined
  readonly provider: string
  readonly dependencies: readonly string[]
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>
  readonly additionalSecretOutputs: readonly string[]
  /** Paths of inputs, e.g. `extraConfig["guestinfo.a"]`. */
  readonly ignoreChanges: readonly string[]
}

/** A refusal that ends the whole run. */
export class Bail extends Error {
  readonly urn: string

  constructor(urn: string, message: string) {
    super(message)
    this.name = 'Bail'
    this.urn = urn
  }
}

const typeChain = (urn: string): string => urn.split('::')[2] ?? ''

export const urnOf = (stack: string, goal: Pick<Goal, 'parent' | 'type' | 'name'>): string => {
  const above = goal.parent === '' ? '' : typeChain(goal.parent)
  const chain = above === '' || above === rootStackType ? goal.type : `${above}$${goal.type}`
  return `urn:pulumi:${stack}::tenantry::${chain}::${goal.name}`
}

const stateOf = (urn: string, goal: Goal): ResourceState => ({
  urn,
  type: goal.type,
  custom: goal.custom,
  delete: false,
  pendingReplacement: false,
  id: '',
  inputs: goal.inputs,
  outputs: {},
  initErrors: [],
  parent: goal.parent,
  provider: goal.provider,
  dependencies: goal.dependencies,
  propertyDependencies: goal.propertyDependencies,
  protect: goal.protect,
  retainOnDelete: goal.retainOnDelete,
  additionalSecretOutputs: goal.additionalSecretOutputs,
  ignoreChanges: goal.ignoreChanges,
})

const replaceRefusal = (urn: string, because = ''): string =>
  `unable to replace resource ${JSON.stringify(urn)}${because}\nas it is currently marked for protection.`

const untargeted = (urn: string, above: string): string =>
  `Resource ${JSON.stringify(urn)} depends on ${JSON.stringify(above)}, which was not specified in --target list and does not exist yet.`

const deleteRefusal = (urn: string): string =>
  `resource ${JSON.stringify(urn)} cannot be deleted\nbecause it is protected. To unprotect the resource, either remove the \`protect\` flag or run \`pulumi state unprotect '${urn}'\``

export interface GeneratorOptions {
  readonly stack: string
  readonly host: ProviderHost
  readonly isPreview: boolean
  /** Resources before the run, in the order of the state. */
  readonly before: readonly ResourceState[]
  /** URNs of `--target`; all where absent. */
  readonly targets?: ReadonlySet<string>
}

/** Decides what is done to each resource. Source: pkg/v3/resource/deploy/step_generator.go, 3.245.0. */
export class StepGenerator {
  readonly #options: GeneratorOptions
  readonly #olds: ReadonlyMap<string, ResourceState>
  /** What was decided on already. */
  readonly #operated = new Set<string>()
  /** Deleted because something that they stand on is replaced; whether they come again is not known yet. */
  readonly #deleted = new Set<string>()
  readonly #gone = new Set<ResourceState>()
  /** Would be created, and are no targets. */
  readonly #skipped = new Set<string>()

  constructor(options: GeneratorOptions) {
    this.#options = options
    this.#olds = new Map(options.before.filter((one) => !one.delete).map((one) => [one.urn, one]))
  }

  /** The steps of one registration, to be taken one after the other. @throws {Bail} */
  async register(
    goal: Goal,
    answer: (state: ResourceState) => (answer: Answer) => void,
  ): Promise<readonly Step[]> {
    const urn = urnOf(this.#options.stack, goal)
    const old = this.#olds.get(urn)
    const now = stateOf(urn, goal)
    const told = answer(now)
    if (!this.#isTarget(urn, goal.type)) return this.#untouched({ old, now, told })
    const above = this.#aboveSkipped(now)
    if (above !== undefined) throw new Bail(urn, untargeted(urn, above))
    const isAgain = this.#deleted.has(urn)
    const inputs = old === undefined ? goal.inputs : ignoring(goal.ignoreChanges, goal.inputs, old.inputs)
    now.inputs = await this.#checked(now, isAgain ? undefined : old?.inputs, inputs)
    this.#operated.add(urn)
    if (isAgain && old !== undefined) {
      this.#deleted.delete(urn)
      return [this.#creation({ op: 'create-replacement', old, now, told })]
    }
    if (old === undefined) return [this.#creation({ op: 'create', now, told })]
    const found = await this.#diff(old, now)
    if (old.pendingReplacement || (found.isChanged && found.replaces.length > 0))
      return this.#replacement({ goal, old, now, found, told })
    if (found.isChanged || old.initErrors.length > 0) return [this.#change({ old, now, found, told })]
    return [this.#sameness(old, now, told)]
  }

  #isTarget(urn: string, type: string): boolean {
    const { targets } = this.#options
    return targets === undefined || targets.has(urn) || isProviderType(type) || type === rootStackType
  }

  /** What a resource stands on that is not made because it is no target. */
  #aboveSkipped(now: ResourceState): string | undefined {
    return [...allDependenciesOf(now), urnOfReference(now.provider)].find((urn) => this.#skipped.has(urn))
  }

  /** A resource that is no target stays as it is, with all that it stands on; one that is not there is not made. */
  #untouched({
    old,
    now,
    told,
  }: {
    old: ResourceState | undefined
    now: ResourceState
    told: (answer: Answer) => void
  }): readonly Step[] {
    this.#operated.add(now.urn)
    if (old === undefined) {
      this.#skipped.add(now.urn)
      return [{ op: 'same', now, answer: told, apply: async () => undefined }]
    }
    const foundations = [...foundationsOf(this.#options.before, old)].filter(
      (one) => !one.delete && !this.#operated.has(one.urn),
    )
    const inOrder = this.#options.before.filter((one) => foundations.includes(one))
    for (const one of inOrder) this.#operated.add(one.urn)
    Object.assign(now, old)
    return [
      ...inOrder.map((one) => this.#sameness(one, { ...one }, () => undefined)),
      this.#sameness(old, now, told),
    ]
  }

  /** The deletions of what was not registered, and of what was replaced. */
  deletions(): readonly Step[] {
    return this.#options.before.flatMap((old): Step[] => {
      if (this.#options.targets !== undefined && !this.#options.targets.has(old.urn)) return []
      if (this.#gone.has(old)) return []
      if (old.delete) return [this.#deletion(old, 'delete-replaced')]
      if (this.#operated.has(old.urn)) return []
      if (!old.pendingReplacement) return [this.#deletion(old, 'delete')]
      return [{ op: 'remove-pending-replace', old, apply: async () => undefined }]
    })
  }

  /** The provider that a resource of the state was made with, from the state. */
  async ensureProvider(reference: string): Promise<void> {
    const { host, before } = this.#options
    if (reference === '' || host.has(reference)) return
    const state = before.find(({ urn, id }) => `${urn}::${id}` === reference)
    if (state === undefined) throw new Error(`unknown provider ${reference}`)
    await host.load(reference, state.type, state.inputs)
  }

  async #checked(now: ResourceState, olds: Bag | undefined, news: Bag): Promise<Bag> {
    const asked = { urn: now.urn, olds, news }
    let checked: Checked
    if (isProviderType(now.type)) checked = await checkConfig(this.#options.host.start(now.type), asked)
    else if (now.custom) checked = await check(this.#provider(now), asked)
    else return news
    if (checked.failures.length === 0) return checked.inputs
    throw new Bail(now.urn, `resource is invalid: ${checked.failures.join('; ')}`)
  }

  #provider({ provider }: ResourceState): Provider {
    return this.#options.host.get(provider)
  }

  async #diff(old: ResourceState, now: ResourceState): Promise<DiffFound> {
    if (isProviderType(now.type)) return diffConfig(this.#options.host.start(now.type), old, now)
    if (now.custom) return diff(this.#provider(now), old, now)
    return { ...noDiff, isChanged: JSON.stringify(old.inputs) !== JSON.stringify(now.inputs) }
  }

  #creation({
    op,
    old,
    now,
    found,
    told,
    marksOld = false,
  }: {
    op: 'create' | 'create-replacement'
    old?: ResourceState
    now: ResourceState
    found?: DiffFound
    told: (answer: Answer) => void
    marksOld?: boolean
  }): Step {
    const { isPreview } = this.#options
    const make = async (): Promise<{ id: string; outputs: Bag }> => {
      if (isProviderType(now.type)) return { id: await this.#loadNew(now), outputs: now.inputs }
      if (!now.custom) return { id: '', outputs: {} }
      return create(this.#provider(now), now, isPreview)
    }
    const made = ({ id, outputs }: { id: string; outputs: Bag }): void => {
      Object.assign(now, { id, outputs })
      if (marksOld && old !== undefined && !isPreview) old.delete = true
    }
    return {
      op,
      now,
      ...(old === undefined ? {} : { old }),
      ...(found === undefined ? {} : { diff: found }),
      answer: told,
      apply: async () => {
        try {
          made(await make())
        } catch (error) {
          if (!(error instanceof InitFailure)) throw error
          made(error)
          now.initErrors = error.reasons
          throw error
        }
      },
    }
  }

  async #loadNew({ urn, type, inputs }: ResourceState): Promise<string> {
    const id = this.#options.isPreview ? unknownText : randomUUID()
    await this.#options.host.load(`${urn}::${id}`, type, inputs)
    return id
  }

  #change({
    old,
    now,
    found,
    told,
  }: {
    old: ResourceState
    now: ResourceState
    found: DiffFound
    told: (answer: Answer) => void
  }): Step {
    const { isPreview, host } = this.#options
    return {
      op: 'update',
      old,
      now,
      diff: found,
      answer: told,
      apply: async () => {
        now.id = old.id
        if (isProviderType(now.type)) {
          await host.load(`${now.urn}::${now.id}`, now.type, now.inputs)
          now.outputs = now.inputs
          return
        }
        if (!now.custom) return
        try {
          now.outputs = await update(this.#provider(now), { old, wanted: now, isPreview })
        } catch (error) {
          if (!(error instanceof InitFailure)) throw error
          Object.assign(now, { outputs: error.outputs, initErrors: error.reasons })
          throw error
        }
      },
    }
  }

  #sameness(old: ResourceState, now: ResourceState, told: (answer: Answer) => void): Step {
    return {
      op: 'same',
      old,
      now,
      answer: told,
      apply: async () => {
        Object.assign(now, { id: old.id, outputs: old.outputs })
        if (isProviderType(now.type))
          await this.#options.host.load(`${now.urn}::${now.id}`, now.type, now.inputs)
      },
    }
  }

  async #replacement({
    goal,
    old,
    now,
    found,
    told,
  }: {
    goal: Goal
    old: ResourceState
    now: ResourceState
    found: DiffFound
    told: (answer: Answer) => void
  }): Promise<readonly Step[]> {
    if (old.protect && now.protect) throw new Bail(now.urn, replaceRefusal(now.urn))
    if (now.custom) now.inputs = await this.#checked(now, undefined, goal.inputs)
    const isDeletedFirst = goal.deleteBeforeReplace ?? found.deleteBeforeReplace
    if (!isDeletedFirst)
      return [this.#creation({ op: 'create-replacement', old, now, found, told, marksOld: true })]
    const condemned = await this.#replacedWith(old)
    const steps: Step[] = []
    for (const dependent of [...condemned].reverse()) {
      if (this.#gone.has(dependent)) continue
      if (dependent.protect && !dependent.delete)
        throw new Bail(
          now.urn,
          replaceRefusal(dependent.urn, ` as part of replacing ${JSON.stringify(now.urn)}`),
        )
      steps.push(dependent.delete ? this.#deletion(dependent, 'delete-replaced') : this.#eviction(dependent))
      this.#deleted.add(dependent.urn)
      this.#gone.add(dependent)
    }
    await this.ensureProvider(old.provider)
    if (!old.pendingReplacement) steps.push(this.#eviction(old))
    return [...steps, this.#creation({ op: 'create-replacement', old, now, found, told })]
  }

  /** What stands on a resource and would have to be replaced with it. Source: `calculateDependentReplacements`. */
  async #replacedWith(root: ResourceState): Promise<readonly ResourceState[]> {
    const replaced = new Set([root.urn])
    const ignored = new Set([...this.#operated, ...this.#deleted].filter((urn) => urn !== root.urn))
    const found: ResourceState[] = []
    for (const one of dependentsOf(this.#options.before, root, ignored))
      if (await this.#needsReplacement(one, replaced)) {
        found.push(one)
        replaced.add(one.urn)
      }
    return found
  }

  async #needsReplacement(one: ResourceState, replaced: ReadonlySet<string>): Promise<boolean> {
    if (!one.custom || isProviderType(one.type)) return false
    if (replaced.has(urnOfReference(one.provider))) return true
    const open = Object.keys(one.inputs).filter((name) =>
      (one.propertyDependencies[name] ?? []).some((urn) => replaced.has(urn)),
    )
    if (open.length === 0) return false
    await this.ensureProvider(one.provider)
    const inputs = { ...one.inputs, ...Object.fromEntries(open.map((name) => [name, unknownText])) }
    return (await diff(this.#provider(one), one, { ...one, inputs })).replaces.length > 0
  }

  /** A deletion that a creation follows: the resource stays in the state meanwhile. */
  #eviction(old: ResourceState): Step {
    return {
      op: 'delete-replaced',
      old,
      apply: async () => {
        await this.#deleteOld(old)
        old.pendingReplacement = true
      },
    }
  }

  #deletion(old: ResourceState, op: 'delete' | 'delete-replaced'): Step {
    return {
      op,
      old,
      apply: async () => {
        if (op === 'delete' && old.protect) throw new Error(deleteRefusal(old.urn))
        await this.#deleteOld(old)
      },
    }
  }

  async #deleteOld(old: ResourceState): Promise<void> {
    if (this.#options.isPreview || old.retainOnDelete || !old.custom || isProviderType(old.type)) return
    await this.ensureProvider(old.provider)
    await remove(this.#provider(old), old)
  }
}
