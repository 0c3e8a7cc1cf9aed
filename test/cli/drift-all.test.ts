import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { recordApplied } from '../../src/cli/applied.ts'
import { type DriftEffects, type DriftRequest, driftAll } from '../../src/cli/drift-all.ts'
import { driftAsJson, driftExitCode, printDrift } from '../../src/cli/drift-report.ts'
import { forgetDrift } from '../../src/cli/known-drift.ts'
import type { Loaded } from '../../src/core/loaded.ts'
import type { Connected } from '../../src/deploy/connected.ts'
import type { StackResult } from '../../src/engine/stack-result.ts'
import type { Hold } from '../../src/exception/schema.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { LiveThing } from '../../src/plan/unowned.ts'
import type { BlindSpot } from '../../src/survey/survey-cluster.ts'
import { stateOf as state } from '../plan/plans.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { resource, result } from './stack-results.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-drift-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const hold = (more: Partial<Hold> = {}): Loaded<Hold> => {
  const source = { file: 'holds/migration.ts', line: 1, column: 1 }
  const value: Hold = {
    owner: 'claire.martin@bank.example',
    reason: 'The migration to the new storage runs.',
    organization: 'held',
    expires: '2026-12-31',
    ...more,
  }
  return { file: source.file, text: '', value, locate: () => source, locateKey: () => source }
}

const request = (more: Partial<DriftRequest> = {}): DriftRequest => ({
  fleet: {
    tenants: [],
    clusters: [],
    settings: undefined,
    policy: undefined,
    overrides: [],
    holds: [hold()],
    waivers: [],
  },
  desired: ['acme', 'held', 'new'].map((name) => state(name)),
  stacks: ['nonprod.acme', 'nonprod.held', 'nonprod.new'],
  clusters: ['nonprod'],
  environment: { PULUMI_BACKEND_URL: `file://${folder}` },
  fix: false,
  now: new Date('2026-11-22T12:00:00Z'),
  ...more,
})

const read = (stack: string, changed: boolean, more: Partial<StackResult> = {}): StackResult =>
  result([resource('access', 'team/developers', changed ? 'update' : 'same', { id: 'vm-1' })], {
    stack,
    operation: 'refresh',
    ...more,
  })

const world = (
  changed: readonly string[],
  more: {
    readonly things?: readonly LiveThing[]
    readonly blindSpots?: readonly BlindSpot[]
    readonly failing?: readonly string[]
    readonly authors?: DriftEffects['authors']
    /** What is there once something was applied. */
    readonly thingsAfter?: readonly LiveThing[]
  } = {},
) => {
  const applied: string[] = []
  const things = () => (applied.length > 0 ? more.thingsAfter : undefined) ?? more.things ?? []
  const effects: DriftEffects = {
    refresh: async (stacks) => ({
      results: stacks.map((stack) => read(stack, changed.includes(stack))),
      seconds: 1,
    }),
    survey: async ({ cluster }) => ({
      cluster,
      things: things(),
      blindSpots: more.blindSpots ?? [],
    }),
    authors: more.authors ?? (async () => new Map()),
    apply: async (stacks) => {
      applied.push(...stacks.map(({ stack }) => stack))
      const results = stacks.map(({ stack }) =>
        read(stack, true, {
          operation: 'up',
          outcome: more.failing?.includes(stack) === true ? 'failed' : 'succeeded',
        }),
      )
      return { results, access: {}, skipped: [], seconds: 1, waves: [] }
    },
    connect: () => ({}) as Connected,
  }
  return { effects, applied }
}

const printed = (report: Awaited<ReturnType<typeof driftAll>>): string => {
  const terminal = fakeTerminal()
  printDrift(terminal, report)
  return terminal.out.join('\n')
}

const recordAll = async (...states: readonly StackState[]): Promise<void> => {
  for (const one of states) await recordApplied(join(folder, '.tenantry', 'applied'), one)
}

describe('drift', () => {
  test('has nothing to say where all is as applied', async () => {
    const report = await driftAll(request(), world([]).effects)
    expect(driftExitCode(report)).toBe(0)
    expect(printed(report)).toContain('3 stacks read, 0 changed by hand')
  })

  test('tells what was changed by hand and by whom, and changes nothing', async () => {
    const { effects, applied } = world(['nonprod.acme'], {
      authors: async ({ changes }) => {
        expect(changes).toEqual([
          { stack: 'nonprod.acme', key: 'team/developers', type: 'x:index:Y', id: 'vm-1' },
        ])
        return new Map([
          ['nonprod.acme team/developers', { user: 'BANK\\jdoe\u001b[31m', at: '2026-11-22T11:00:00Z' }],
        ])
      },
    })
    const report = await driftAll(request(), effects)
    expect(printed(report)).toContain(
      'team/developers was changed by hand, by BANK\\jdoe\\u001b[31m at 2026-11-22T11:00:00Z',
    )
    expect(driftExitCode(report)).toBe(1)
    expect(applied).toEqual([])
    expect(driftAsJson(report)).toMatchObject({
      stacks: [
        { stack: 'nonprod.acme', changes: [{ resource: 'team/developers', what: 'changed' }] },
        { stack: 'nonprod.held', changes: [] },
        { stack: 'nonprod.new', changes: [] },
      ],
    })
  })

  test('tells drift without a name where nobody can be asked', async () => {
    const { effects } = world(['nonprod.acme'], {
      authors: () => Promise.reject(new Error('vCenter is gone')),
    })
    const report = await driftAll(request(), effects)
    expect(printed(report)).toContain('team/developers was changed by hand\n')
  })

  test('tells what belongs to nobody, with its maker where the system tells, as harmless text', async () => {
    const things: LiveThing[] = [
      { kind: 'service', name: 'mine\u202er', collection: '/Run/Std', madeBy: 'jdoe' },
      { kind: 'network', name: 'acme-old', owner: 'nonprod.acme' },
    ]
    const report = await driftAll(request(), world([], { things }).effects)
    expect(driftExitCode(report)).toBe(1)
    const text = printed(report)
    expect(text).toContain('nonprod: 2 things that belong to nobody')
    expect(text).toContain("  network acme-old: marked as nonprod.acme's, which does not hold it")
    expect(text).toContain("  service mine\\u202er: in /Run/Std, which is no organization's, made by jdoe")
  })

  test('holds what was applied before, too: files that moved on make nothing nobody’s', async () => {
    const network = { kind: 'collection', name: '/Run/Std/old', collection: '/Run/Std/old' } as const
    const applied = state('acme')
    await recordAll({
      ...applied,
      resources: [{ kind: 'Collection', key: 'c', concern: 'access', dependsOn: [], path: '/Run/Std/old' }],
    })
    const { unowned } = await driftAll(request(), world([], { things: [network] }).effects)
    expect(unowned).toEqual([])
  })

  test('tells what was renamed as that, and neither it nor its access as belonging to nobody', async () => {
    const team = (name: string): LiveThing => ({ kind: 'team', name: `acme/${name}`, owner: 'nonprod.acme' })
    const grant = (name: string): LiveThing => ({
      kind: 'grant',
      name: `acme/${name}: viewonly on /Run/Std/acme`,
    })
    const things = [team('hackers'), grant('hackers'), team('strangers'), grant('strangers')]
    const common = { concern: 'access', dependsOn: [] } as const
    const acme: StackState = {
      ...state('acme'),
      resources: [
        {
          ...common,
          kind: 'Team',
          key: 'team/developers',
          organization: 'acme',
          name: 'developers',
          description: '',
          ldapSync: null,
        },
        {
          ...common,
          kind: 'Grant',
          key: 'grant/developers',
          subject: { kind: 'team', organization: 'acme', team: 'developers' },
          role: 'viewonly',
          collection: '/Run/Std/acme',
        },
      ],
    }
    const properties = [{ path: 'name', change: 'update', from: 'developers', to: 'hackers' }] as const
    const found = result([resource('access', 'team/developers', 'update', { properties })], {
      stack: 'nonprod.acme',
      operation: 'refresh',
    })
    const { effects } = world([], { things })
    const { drifted, unowned } = await driftAll(request({ desired: [acme], stacks: ['nonprod.acme'] }), {
      ...effects,
      refresh: async () => ({ results: [found], seconds: 1 }),
    })
    expect(drifted[0]?.changes[0]?.what).toBe('renamed')
    expect(unowned.map(({ name }) => name)).toEqual([
      'acme/strangers: viewonly on /Run/Std/acme',
      'acme/strangers',
    ])
  })

  test('tells again what an earlier reading found, until somebody puts it right', async () => {
    const renamed = (from: string, to: string): StackResult =>
      result(
        [
          resource('access', 'team/developers', 'update', {
            properties: [{ path: 'name', change: 'update', from, to }],
          }),
        ],
        { stack: 'nonprod.acme', operation: 'refresh' },
      )
    const reading = (...found: readonly StackResult[]) =>
      driftAll(request({ stacks: ['nonprod.acme'] }), {
        ...world([]).effects,
        refresh: async () => ({ results: found, seconds: 1 }),
        authors: async () => new Map([['nonprod.acme team/developers', { user: 'jdoe', at: 'noon' }]]),
      })
    await reading(renamed('developers', 'hackers'))
    const again = await reading(read('nonprod.acme', false))
    expect(driftExitCode(again)).toBe(1)
    expect(printed(again)).toContain('nonprod.acme: 1 change by hand')
    expect(printed(again)).toContain('team/developers was renamed by hand, by jdoe at noon')
    const further = await reading(renamed('hackers', 'thieves'))
    expect(further.drifted[0]?.changes[0]?.properties).toEqual([
      { path: 'name', change: 'update', from: 'developers', to: 'thieves' },
    ])
    expect((await reading(renamed('thieves', 'developers'))).drifted).toEqual([])
    await forgetDrift(request().environment, 'nonprod.acme')
    expect((await reading(read('nonprod.acme', false))).drifted).toEqual([])
  })

  test('says which system it could not look at, and fails', async () => {
    const blindSpots: BlindSpot[] = [
      { cluster: 'nonprod', system: 'Vault', reason: 'It is sealed.', hint: 'Unseal it.' },
    ]
    const report = await driftAll(request(), world([], { blindSpots }).effects)
    expect(printed(report)).toContain('nonprod: Vault could not be looked at: It is sealed.')
    expect(driftExitCode(report)).toBe(3)
  })

  test('says of every stack that no file asks for that it is so, and is not clean', async () => {
    const report = await driftAll(request({ desired: [state('acme')] }), world([]).effects)
    expect(driftExitCode(report)).toBe(1)
    expect(printed(report)).toContain('2 stacks are applied on nonprod, nonprod.held first, and no file')
    expect(driftAsJson(report)).toMatchObject({ vanished: [{ code: 'fleet/vanished-file' }] })
    expect(driftAsJson(await driftAll(request(), world([]).effects))).toMatchObject({ vanished: [] })
  })

  test('looks around nowhere where no cluster is to be looked at', async () => {
    const things: LiveThing[] = [{ kind: 'network', name: 'acme-old', owner: 'nonprod.acme' }]
    const { unowned } = await driftAll(request({ clusters: [] }), world([], { things }).effects)
    expect(unowned).toEqual([])
  })
})

describe('drift --fix', () => {
  const all = ['nonprod.acme', 'nonprod.held', 'nonprod.new']

  test('applies again what was applied, but for what is on hold and for files that were not applied', async () => {
    await recordAll(state('acme'), state('held'), state('new', 'Old name'))
    const { effects, applied } = world(all)
    const report = await driftAll(request({ fix: true }), effects)
    expect(applied).toEqual(['nonprod.acme'])
    const text = printed(report)
    expect(text).toContain('Put right: nonprod.acme.')
    expect(text).toContain(
      'Left as it is: nonprod.held, on hold until 2026-12-31 by claire.martin@bank.example (holds/migration.ts): The migration',
    )
    expect(text).toContain('Left as it is: nonprod.new, its files ask for something that was not applied yet')
    expect(text).not.toContain('The next `tenantry up`')
    expect(driftExitCode(report)).toBe(1)
  })

  test('leaves what is frozen as it is', async () => {
    await recordAll(state('acme'))
    const { effects, applied } = world(['nonprod.acme'])
    const desired = [{ ...state('acme'), lifecycle: 'frozen' as const }]
    const report = await driftAll(request({ fix: true, desired }), effects)
    expect(applied).toEqual([])
    expect(printed(report)).toContain(
      'Left as it is: nonprod.acme, frozen: nothing of it changes but by an override',
    )
    expect(driftExitCode(report)).toBe(1)
  })

  test('is clean where all of it was put right', async () => {
    await recordAll(state('acme'))
    const { effects } = world(['nonprod.acme'])
    expect(driftExitCode(await driftAll(request({ fix: true }), effects))).toBe(0)
  })

  test('looks around again once something was put right: what went with it is told no more', async () => {
    await recordAll(state('acme'))
    const [gone, left]: LiveThing[] = [
      { kind: 'network', name: 'gone', owner: 'nonprod.acme' },
      { kind: 'network', name: 'left', owner: 'nonprod.acme' },
    ]
    const things = [gone, left].flatMap((one) => one ?? [])
    const told = async (thingsAfter: readonly LiveThing[]) =>
      driftAll(request({ fix: true }), world(['nonprod.acme'], { things, thingsAfter }).effects)
    const half = await told(things.slice(1))
    expect(half.unowned.map(({ name }) => name)).toEqual(['left'])
    expect(driftExitCode(half)).toBe(1)
    expect(driftExitCode(await told([]))).toBe(0)
  })

  test.each([
    ['is over', { expires: '2026-11-21' }, ['nonprod.held']],
    ['ends today', { expires: '2026-11-22' }, []],
    ['is for another cluster', { clusters: ['prod'] }, ['nonprod.held']],
    ['is for another organization', { organization: 'acme' }, ['nonprod.held']],
  ])('heeds a hold: one that %s', async (_, more, put) => {
    await recordAll(state('held'))
    const { effects, applied } = world(['nonprod.held'])
    const fleet = { ...request().fleet, holds: [hold(more)] }
    await driftAll(request({ fix: true, fleet }), effects)
    expect(applied).toEqual(put)
  })

  test('leaves a stack alone that no file asks for', async () => {
    const { effects, applied } = world(['nonprod.gone'])
    const report = await driftAll(request({ fix: true, stacks: ['nonprod.gone'] }), effects)
    expect(applied).toEqual([])
    expect(printed(report)).toContain('Left as it is: nonprod.gone, no file asks for it any more.')
  })

  test('fails where putting right failed', async () => {
    await recordAll(state('acme'))
    const { effects } = world(['nonprod.acme'], { failing: ['nonprod.acme'] })
    const report = await driftAll(request({ fix: true }), effects)
    expect(driftExitCode(report)).toBe(3)
    expect(printed(report)).not.toContain('Put right')
  })
})
