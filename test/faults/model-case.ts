import fc from 'fast-check'
import { compilePlatform, compileTenant } from '../../src/compile/compile.ts'
import { bringUp, tearDown } from '../../src/engine/recovery.ts'
import type { StackResult } from '../../src/engine/stack-result.ts'
import { hasChanges } from '../../src/engine/stack-result.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { Resource } from '../../src/model/resource.ts'
import { type Hands, handsOn } from '../integration/by-hand.ts'
import {
  differences,
  openWorldReader,
  settledWorld,
  type World,
  type WorldReader,
} from '../integration/world.ts'
import { plantForeign } from './matrix/foreign.ts'
import type { FastTime } from './model-engine/fast-time.ts'
import { ModelEngine, ProcessDied } from './model-engine/model-engine.ts'
import type { Deployment } from './model-engine/resource-state.ts'
import type { ModelLab } from './model-lab.ts'
import { count, Disturber, type Script, script, type Tally } from './model-script.ts'
import { organization, type TenantEdit, tenantEdit } from './model-tenant.ts'

const operations = ['up', 'destroy', 'refresh', 'preview'] as const

/** One case of the model test. */
export interface Case {
  /** Nothing is there before, or what the file said before its edit. */
  readonly isNew: boolean
  readonly tenant: TenantEdit
  readonly operation: (typeof operations)[number]
  readonly script: Script
  /** What the undisturbed run afterwards is to reach: the edit, the file as it was before it, or nothing at all. */
  readonly next: 'again' | 'back' | 'destroy'
}

/**
 * Cases on so many edits of tenants: several cases share one, because what an undisturbed life of it ends in is lived through
 * once.
 */
export const arbitraryCase = (edits: readonly TenantEdit[]): fc.Arbitrary<Case> =>
  fc.record({
    isNew: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    tenant: fc.constantFrom(...edits),
    operation: fc.oneof(
      { weight: 7, arbitrary: fc.constant('up' as const) },
      { weight: 3, arbitrary: fc.constant('destroy' as const) },
      { weight: 1, arbitrary: fc.constant('refresh' as const) },
      { weight: 1, arbitrary: fc.constant('preview' as const) },
    ),
    script,
    next: fc.constantFrom('again', 'again', 'again', 'back', 'destroy'),
  })

/** Cases a shared edit, on average. */
const casesAnEdit = 8

/** The edits that so many cases share. */
export const editsFor = (cases: number, seed: number): readonly TenantEdit[] =>
  fc.sample(tenantEdit, { numRuns: Math.ceil(cases / casesAnEdit), seed })

const expectNone = (what: string, found: readonly string[]): void => {
  if (found.length > 0) throw new Error(`${what}:\n  ${found.join('\n  ')}`)
}

const failuresOf = ({ outcome, diagnostics }: StackResult): readonly string[] =>
  outcome === 'succeeded'
    ? []
    : [
        outcome,
        ...diagnostics
          .filter(({ severity }) => severity === 'error')
          .map(({ message, resource }) => `${resource ?? '-'}: ${message}`),
      ]

const changesOf = ({ resources }: StackResult): readonly string[] =>
  resources
    .filter(({ change }) => change !== 'same')
    .map(
      ({ change, name, properties }) => `${change} ${name} ${properties.map(({ path }) => path).join(' ')}`,
    )

/** Outputs that nobody asked for may move: only what is gone and what differs from the inputs counts. */
const driftOf = ({ resources, ...result }: StackResult): readonly string[] =>
  changesOf({
    ...result,
    resources: resources.filter(({ change, properties }) => change === 'delete' || properties.length > 0),
  })

/**
 * Who once was in a team stays a member of the organization, and a team that once followed a group remembers how: both tell of
 * the way and not of the end.
 */
const withoutMembers = ({ organizationMembers: _, accounts = [], teams = [], ...world }: World): World => ({
  ...world,
  accounts: accounts.map((one) => one.replace(/"membersCount":\d+/, '')),
  teams: teams.map((one) => one.replace(/("enableSync":false.*"selectGroupMembers":)true/, '$1false')),
})

/** Whether the edit adds nothing that holds data: to take that away again is refused. */
const canGoBack = ({ before, after }: TenantEdit): boolean =>
  Object.keys(after.volumes ?? {}).every((name) => before.volumes?.[name] !== undefined) &&
  (after.ci === undefined || before.ci !== undefined)

/**
 * Whether the edit makes something anew under another name. A death between its making and the end leaves two of them, and
 * only a run that wants the new one knows of both.
 */
const makesAnew = (before: StackState, after: StackState): boolean => {
  const names = new Map(before.resources.map((one) => [one.key, nameIn(one)]))
  return after.resources.some((one) => names.has(one.key) && names.get(one.key) !== nameIn(one))
}

const nameIn = (resource: Resource): string => ('name' in resource ? resource.name : '')

/** Some of the looks that the lab takes at its VMs, as the model's time has them. */
const machineLooks = { milliseconds: 100, most: 50 }

/** Runs cases on a lab, one after the other; each leaves it as it found it. */
export class CaseRunner {
  readonly #lab: ModelLab
  readonly #time: FastTime
  readonly #disturber: Disturber
  readonly #hands: Hands
  readonly #reader: WorldReader
  readonly #tally: Tally
  #empty: World = {}
  readonly #references = new Map<string, World>()

  constructor(lab: ModelLab, time: FastTime, tally: Tally) {
    this.#lab = lab
    this.#time = time
    this.#tally = tally
    this.#disturber = new Disturber(lab, time, tally)
    this.#hands = handsOn(lab.nonprod)
    this.#reader = openWorldReader(lab.lab, lab.nonprod)
  }

  /** Brings up what the cluster shares, and plants what is somebody else's. */
  async prepare(): Promise<void> {
    const { lab, nonprod, cluster } = this.#lab
    expectNone('the platform', failuresOf(await bringUp(this.#engine(compilePlatform(cluster)))))
    await plantForeign(lab, nonprod, `${organization}-too`)
    this.#empty = await this.#world()
  }

  /** Ends the lab too. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#hands.close(), this.#reader.close()])
    await this.#lab.stop()
  }

  async run(one: Case): Promise<void> {
    const before = compileTenant(one.tenant.before, this.#lab.cluster)
    const after = compileTenant(one.tenant.after, this.#lab.cluster)
    const prior = this.#engine(before)
    if (!one.isNew) expectNone('the run before', failuresOf(await bringUp(prior)))
    const disturbed = await this.#disturb(one, after, prior.state)
    await this.#recover(one, after, disturbed)
    this.#time.forget()
  }

  /** The state that the disturbed operation leaves. */
  async #disturb(
    { operation, script: troubles }: Case,
    state: StackState,
    prior: Deployment,
  ): Promise<Deployment> {
    let writes = 0
    const diesAtWrite = (): boolean => {
      writes += 1
      const dies = troubles.some((one) => one.kind === 'death at a write' && one.nth === writes)
      if (dies) {
        count(this.#tally, 'death at a write of the state')
        this.#disturber.shut()
      }
      return dies
    }
    const engine = this.#engine(state, prior, diesAtWrite)
    this.#disturber.direct(troubles, () => {
      engine.kill()
      this.#disturber.shut()
    })
    try {
      const result = await this.#operate(engine, operation)
      count(this.#tally, `disturbed ${operation} ${result.outcome}`)
      this.#checkMessages(result)
      const isReading = operation === 'preview' || operation === 'refresh'
      if (isReading && this.#disturber.changing > 0)
        throw new Error(`${operation} sent ${this.#disturber.changing} changing calls`)
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error
      count(this.#tally, `disturbed ${operation} killed`)
    } finally {
      this.#disturber.rest()
    }
    return engine.state
  }

  #operate(engine: ModelEngine, operation: Case['operation']): Promise<StackResult> {
    if (operation === 'up') return bringUp(engine)
    if (operation === 'destroy') return tearDown(engine)
    return engine.run(operation)
  }

  async #recover(
    { operation, isNew, tenant, next }: Case,
    after: StackState,
    disturbed: Deployment,
  ): Promise<void> {
    const before = compileTenant(tenant.before, this.#lab.cluster)
    const ours = [...(isNew ? [] : before.resources), ...after.resources]
    const goesOn = next === 'again' || (!isNew && operation === 'up' && makesAnew(before, after))
    const isGone = operation === 'destroy' || (next === 'destroy' && !goesOn)
    const wanted = next === 'back' && !goesOn && !isNew && canGoBack(tenant) ? before : after
    const engine = this.#engine(wanted, disturbed)
    const world = isGone ? undefined : await this.#bringBack(engine, wanted, ours)
    await this.#expectGone(engine, ours)
    if (world === undefined) return
    expectNone(
      'the world is not that of an undisturbed run',
      differences(await this.#reference(wanted), world),
    )
  }

  /** Up again, and all that has to hold then; the world that it ends in. */
  async #bringBack(engine: ModelEngine, wanted: StackState, ours: readonly Resource[]): Promise<World> {
    expectNone('the next run', failuresOf(await bringUp(engine)))
    expectNone(
      'pending afterwards',
      engine.state.pending.map(({ resource, type }) => `${type} ${resource.urn}`),
    )
    const again = await bringUp(engine)
    expectNone('the run after the next', [
      ...failuresOf(again),
      ...(hasChanges(again) ? changesOf(again) : []),
    ])
    await this.#sweep(notIn(wanted, ours))
    const world = withoutMembers(await this.#worldWithMachines(wanted))
    const seen = await engine.run('refresh')
    expectNone('a refresh afterwards', [...failuresOf(seen), ...driftOf(seen)])
    return world
  }

  /** The world of an undisturbed run on a lab where nothing of the tenant is. */
  async #reference(wanted: StackState): Promise<World> {
    const key = JSON.stringify(wanted)
    const known = this.#references.get(key)
    if (known !== undefined) return known
    const undisturbed = this.#engine(wanted)
    expectNone('an undisturbed run', failuresOf(await bringUp(undisturbed)))
    const world = withoutMembers(await this.#worldWithMachines(wanted))
    await this.#expectGone(undisturbed, wanted.resources)
    this.#references.set(key, world)
    return world
  }

  /** Nothing of the tenant is left, of its state either, but for the data that is kept; that is taken away by hand. */
  async #expectGone(engine: ModelEngine, resources: readonly Resource[]): Promise<void> {
    expectNone('the removal', failuresOf(await tearDown(engine)))
    expectNone('left in the state', [
      ...engine.state.resources.map(({ urn }) => urn),
      ...engine.state.pending.map(({ resource, type }) => `${type} ${resource.urn}`),
    ])
    await this.#sweep(resources)
    expectNone('the world is not as it was before', differences(this.#empty, await this.#world()))
  }

  /** Takes away by hand what is kept when a tenant goes. */
  async #sweep(resources: readonly Resource[]): Promise<void> {
    const kept = resources.filter(({ retained }) => retained !== undefined)
    for (const one of kept) {
      if (one.kind === 'Volume') await this.#hands.ucp('DELETE', `/volumes/${one.name}`).catch(gone)
      if (one.kind === 'VaultMount') await this.#hands.vault('DELETE', `sys/mounts/${one.path}`).catch(gone)
    }
    const paths = kept.flatMap((one) => (one.kind === 'Collection' ? [one.path] : []))
    if (paths.length === 0) return
    const all = (await this.#hands.ucp('GET', '/collections?limit=10000')) as { path: string; id: string }[]
    for (const { id } of all
      .filter(({ path }) => paths.includes(path))
      .sort((a, b) => b.path.length - a.path.length))
      await this.#hands.ucp('DELETE', `/collections/${id}`)
  }

  /** A failure names what it is about and where it happened. */
  #checkMessages({ outcome, diagnostics, stack }: StackResult): void {
    if (outcome === 'succeeded') return
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    if (errors.length === 0) throw new Error(`${stack} failed and says nothing`)
    expectNone(
      'a message that does not say where',
      errors.filter(({ message }) => !/127\.0\.0\.1:\d+/.test(message)).map(({ message }) => message),
    )
    expectNone(
      'a bug in a message',
      errors.filter(({ message }) => /Bug in the plugin/.test(message)).map(({ message }) => message),
    )
  }

  #engine(state: StackState, before?: Deployment, diesAtWrite?: () => boolean): ModelEngine {
    const { plugins, connected } = this.#lab
    return new ModelEngine({
      stack: state.stack,
      plugins,
      folder: this.#lab.lab.layout.state,
      program: { state, connected },
      ...(before === undefined ? {} : { before }),
      ...(diesAtWrite === undefined ? {} : { diesAtWrite }),
    })
  }

  /** Where there are VMs, once two looks at it are the same: a VM that is started anew is the node again a moment later. */
  async #worldWithMachines({ resources }: StackState): Promise<World> {
    const hasMachines = resources.some(({ kind }) => kind === 'VirtualMachine')
    return hasMachines ? settledWorld(() => this.#world(), machineLooks) : this.#world()
  }

  /** A connection that a fault has broken may break the first reading. */
  async #world(): Promise<World> {
    return this.#reader.read().catch(() => this.#reader.read())
  }
}

const notIn = ({ resources }: StackState, others: readonly Resource[]): readonly Resource[] => {
  const keys = new Set(resources.map(({ key }) => key))
  return others.filter(({ key }) => !keys.has(key))
}

const gone = (error: unknown): void => {
  if (!/404|no such|not found/i.test(String(error))) throw error
}
