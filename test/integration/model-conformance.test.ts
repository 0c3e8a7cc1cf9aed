import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileTenant } from '../../src/compile/compile.ts'
import { readConnection } from '../../src/deploy/read-connection.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { StackRun } from '../../src/engine/engine-attempt.ts'
import { runEngine } from '../../src/engine/engine-process.ts'
import { bringUp, tearDown } from '../../src/engine/recovery.ts'
import { destroyStack, upStack } from '../../src/engine/run-stack.ts'
import type { StackResult } from '../../src/engine/stack-result.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { InjectedFault } from '../../src/lab/faults.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { Tenant } from '../../src/tenant/schema.ts'
import { Disturbance } from '../faults/matrix/changing-calls.ts'
import { ModelEngine, ProcessDied } from '../faults/model-engine/model-engine.ts'
import { realPlugins } from '../faults/model-lab.ts'
import { handsOn } from './by-hand.ts'
import { failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import { descendantsOf, killNow } from './processes.ts'
import { differences, readWorld, type World } from './world.ts'

/** Neither needs a node of its own: a VM's id and address would differ. */
const tenant = (after: boolean): Tenant =>
  Tenant.parse({
    organization: 'conformance',
    size: 'small',
    owner: 'nadia.rossi@bank.example',
    technicalLead: 'tom.becker@bank.example',
    costCentre: 'CON-1001',
    teams: {
      devs: { role: after ? 'operator' : 'developer', members: ['svc-invest-ci'] },
      ...(after ? {} : { ops: { role: 'viewer', members: ['svc-group-ci'] } }),
    },
    offers: { 'run/std': {} },
    applications: { shop: { environments: ['dev'], repositories: ['api'], secrets: ['keys'] } },
    networks: { inner: { kind: 'overlay', subnet: after ? '10.66.201.0/24' : '10.66.200.0/24' } },
    volumes: { files: { backend: 'cifs', size: '10Gi' } },
  })

interface StateResource {
  readonly urn: string
  readonly type: string
  readonly custom: boolean
  readonly inputs?: unknown
  readonly outputs?: unknown
  readonly parent?: string
  readonly protect?: boolean
  readonly retainOnDelete?: boolean
  readonly delete?: boolean
  readonly pendingReplacement?: boolean
  readonly initErrors?: readonly string[]
  readonly dependencies?: readonly string[]
}

interface Exported {
  readonly deployment: {
    readonly resources?: readonly StateResource[]
    readonly pending_operations?: readonly { readonly type: string; readonly resource: StateResource }[]
  }
}

const secretKey = '4dabf18193072939515e22adb298388d'

/** Ids that a server gave: a UUID, an id of Docker's, an accessor. */
const givenId =
  /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-z]{25}\b|\b[0-9a-f]{64}\b|\b\w+_[0-9a-f]{8}\b/g

const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Values without the ids that servers gave, and secrets in one form: exported ones are JSON in a text. */
const comparable = (value: unknown): unknown => {
  if (typeof value === 'string')
    return isUuid.test(Buffer.from(value, 'base64').toString()) ? 'id' : value.replace(givenId, 'id')
  if (Array.isArray(value)) return value.map(comparable)
  if (value === null || typeof value !== 'object') return value
  const { [secretKey]: mark, plaintext, value: held, ...rest } = value as Record<string, unknown>
  if (mark !== undefined)
    return { secret: comparable(typeof plaintext === 'string' ? JSON.parse(plaintext) : held) }
  const all = {
    ...rest,
    ...(plaintext === undefined ? {} : { plaintext }),
    ...(held === undefined ? {} : { value: held }),
  }
  return Object.fromEntries(
    Object.entries(all)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, comparable(one)]),
  )
}

const lineOf = (one: StateResource): string => {
  const isOurs = one.custom && !one.type.startsWith('pulumi:')
  return JSON.stringify({
    urn: one.urn,
    ...(isOurs ? { inputs: comparable(one.inputs ?? {}), outputs: comparable(one.outputs ?? {}) } : {}),
    parent: one.parent ?? '',
    protect: one.protect ?? false,
    retainOnDelete: one.retainOnDelete ?? false,
    delete: one.delete ?? false,
    pendingReplacement: one.pendingReplacement ?? false,
    isUnfinished: (one.initErrors ?? []).length > 0,
    dependencies: [...(one.dependencies ?? [])].sort(),
  })
}

const linesOf = (text: string): readonly string[] => {
  const { resources = [], pending_operations: pending = [] } = (JSON.parse(text) as Exported).deployment
  return [...resources.map(lineOf), ...pending.map(({ type, resource }) => `${type} ${resource.urn}`)].sort()
}

/** What both kinds of engine can do on one stack. */
interface Driver {
  readonly up: (state: StackState) => Promise<StackResult | 'died'>
  readonly down: () => Promise<StackResult>
  readonly state: () => Promise<readonly string[]>
  /** The process, and all that it started, is gone. */
  readonly kill: () => Promise<void>
}

let session: LabSession
let nonprod: ClusterLab
let disturbance: Disturbance

const cliDriver = (stack: string): Driver => {
  const { engine, environment, files } = session
  const run: StackRun = { stack, engine, environment }
  return {
    up: async (state) => {
      const desired = join(files, 'desired.json')
      await writeFile(desired, JSON.stringify(state))
      return upStack({ ...run, desired })
    },
    down: () => destroyStack(run),
    state: async () => {
      const { output } = await runEngine({
        engine,
        environment,
        project: checkoutRoot(),
        arguments: ['stack', 'export', '--show-secrets', '--stack', stack],
      })
      return linesOf(output.join('\n'))
    },
    kill: async () => {
      for (const { pid, name, commandLine } of await descendantsOf(process.pid))
        if (name === 'pulumi' || /plugins|pulumi-language-nodejs|cmd\/run/.test(commandLine)) killNow(pid)
    },
  }
}

const modelDriver = (stack: string): Driver => {
  const connected = readConnection({
    cluster: 'nonprod',
    file: session.lab.layout.connections,
    endpoints: () => nonprod.cluster.endpoints,
  })
  let engine: ModelEngine | undefined
  const next = (state: StackState): ModelEngine =>
    new ModelEngine({
      stack,
      plugins: realPlugins(),
      folder: session.lab.layout.run,
      program: { state, connected },
      ...(engine === undefined ? {} : { before: engine.state }),
    })
  return {
    up: async (state) => {
      engine = next(state)
      try {
        return await bringUp(engine)
      } catch (error) {
        if (error instanceof ProcessDied) return 'died'
        throw error
      }
    },
    down: async () => {
      if (engine === undefined) throw new Error('nothing is up')
      return tearDown(engine)
    },
    state: async () => {
      if (engine === undefined) return []
      return linesOf(await engine.exportState())
    },
    kill: async () => engine?.kill(),
  }
}

const sweep = async (states: readonly StackState[]): Promise<void> => {
  const hands = handsOn(nonprod)
  const kept = states.flatMap(({ resources }) => resources)
  for (const one of kept) {
    if (one.kind === 'Volume') await hands.ucp('DELETE', `/volumes/${one.name}`).catch(() => undefined)
    if (one.kind === 'VaultMount')
      await hands.vault('DELETE', `sys/mounts/${one.path}`).catch(() => undefined)
  }
  await hands.close()
}

interface Stage {
  readonly state: readonly string[]
  readonly world: World
}

/** Before, an edit under a disturbance, the edit again: what is there after each. */
const live = async (
  driver: Driver,
  states: { readonly before: StackState; readonly after: StackState },
  disturb:
    | {
        readonly at: string
        readonly nth: number
        readonly fault: InjectedFault
        readonly kills: boolean
        readonly cuts?: boolean
      }
    | undefined,
): Promise<readonly Stage[]> => {
  const stages: Stage[] = []
  const look = async (): Promise<void> => {
    stages.push({ state: await driver.state(), world: await readWorld(session.lab, nonprod) })
  }
  const first = await driver.up(states.before)
  expect(first === 'died' ? ['died'] : failuresOf([first])).toEqual([])
  await look()
  if (disturb !== undefined) {
    let met = 0
    let killed: Promise<void> | undefined
    disturbance.direct(({ kind }) => {
      if (kind !== disturb.at) return undefined
      met += 1
      if (met < disturb.nth) return undefined
      if (disturb.kills) killed ??= driver.kill()
      return disturb.fault
    })
    const second = await driver.up(states.after)
    await killed
    disturbance.rest()
    expect(met).toBeGreaterThan(0)
    if (second !== 'died') expect(second.outcome).toBe('failed')
    // What runs beside the cut is a matter of time.
    if (!disturb.kills && disturb.cuts !== true) await look()
  }
  const last = await driver.up(states.after)
  expect(last === 'died' ? ['died'] : failuresOf([last])).toEqual([])
  await look()
  expect(failuresOf([await driver.down()])).toEqual([])
  await look()
  await sweep(Object.values(states))
  return stages
}

beforeAll(async () => {
  session = await openLabSession({ faultProxies: true })
  const found = session.lab.clusters.find(({ cluster }) => cluster.cluster === 'nonprod')
  if (found === undefined) throw new Error('no nonprod')
  nonprod = found
  disturbance = new Disturbance(session.lab, nonprod)
  const platform = (await session.stacks([])).filter(({ stack }) => stack === 'nonprod.platform')
  expect(failuresOf((await session.run('up', platform)).results)).toEqual([])
})

afterAll(async () => {
  await session?.close()
})

const refused: InjectedFault = { kind: 'status', status: 403, body: { message: 'access denied' } }

const at = 'engine POST /networks/create'

test.each([
  ['without a fault', undefined],
  ['with a create that fails', { at, nth: 1, fault: refused, kills: false }],
  [
    'with a deletion before a replacement that fails',
    { at: 'engine DELETE /networks/{}', nth: 1, fault: refused, kills: false, cuts: true },
  ],
  [
    'with a death before the effect of a create',
    { at, nth: 1, fault: { kind: 'reset-before' }, kills: true },
  ],
  ['with a death after the effect of a create', { at, nth: 1, fault: { kind: 'reset-after' }, kills: true }],
] as const)('the model engine ends as the real one: %s', async (_, disturb) => {
  const states = {
    before: compileTenant(tenant(false), nonprod.cluster),
    after: compileTenant(tenant(true), nonprod.cluster),
  }
  const { stack } = states.before
  const real = await live(cliDriver(stack), states, disturb)
  const model = await live(modelDriver(stack), states, disturb)
  expect(model.length).toBe(real.length)
  for (const [index, stage] of real.entries()) {
    const found = { state: model[index]?.state ?? [] }
    expect(differences({ state: stage.state }, found), `state of stage ${index}`).toEqual([])
    expect(differences(stage.world, model[index]?.world ?? {}), `world of stage ${index}`).toEqual([])
  }
})
