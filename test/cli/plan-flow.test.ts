import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CommandContext } from '../../src/cli/command-context.ts'
import { readPlan } from '../../src/cli/plan-io.ts'
import { type PlanPlace, planIssues, planRuns } from '../../src/cli/plan-place.ts'
import { previewPlan } from '../../src/cli/preview-plan.ts'
import { dueStacks, type RunAllReport, runAll } from '../../src/cli/run-all.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { type FakeEngine, fakeEngine } from './fake-engine.ts'
import { fakeTerminal } from './fake-terminal.ts'

/** Each starts a dozen small programs, one after the other. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let folder: string
let engine: FakeEngine
let context: CommandContext
let codes: number[]

const state = (...names: readonly (readonly [key: string, text: string])[]): StackState => ({
  stack: 'nonprod.acme',
  cluster: 'nonprod',
  organization: 'acme',
  resources: names.map(([key, fullName]) => ({
    kind: 'Organization',
    key,
    concern: 'access',
    dependsOn: [],
    name: key,
    fullName,
  })),
})

const before = state(['a', '1'], ['b', '1'], ['c', '1'])
const after = state(['a', '2'], ['b', '1'], ['d', '1'])
const file = () => join(folder, 'plan.json')
const program = () => ({ directory: engine.directory, version: '3.245.0', origin: 'cache' }) as const

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-flow-'))
  engine = await fakeEngine(folder)
  codes = []
  const project = join(folder, 'checkout')
  await mkdir(join(project, 'src'), { recursive: true })
  await writeFile(join(project, 'Pulumi.yaml'), 'name: tenantry\n')
  context = {
    root: project,
    project,
    terminal: fakeTerminal(),
    finish: (code) => codes.push(code),
  }
  expect(failures(await up(before))).toEqual([])
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const request = (desired: StackState) => ({
  project: context.project,
  terminal: context.terminal,
  stacks: [desired],
  engine: engine.directory,
  environment: engine.environment,
  parallel: 1,
  full: false,
})

const up = (desired: StackState): Promise<RunAllReport> => runAll({ ...request(desired), operation: 'up' })

const failures = ({ results }: RunAllReport): readonly string[] =>
  results.flatMap(({ outcome, diagnostics }) =>
    outcome === 'succeeded' ? [] : [outcome, ...diagnostics.map(({ message }) => message)],
  )

const approve = async (desired: StackState): Promise<void> => {
  const preview = { file: file(), engine: program(), request: request(desired), json: false }
  const report = await previewPlan(context, preview)
  expect(report === undefined ? ['none'] : failures(report)).toEqual([])
}

const place = (more: NodeJS.ProcessEnv = {}): PlanPlace => {
  const plan = readPlan(file(), {})
  if (!plan.ok) throw new Error(JSON.stringify(plan.issues))
  const { root, project } = context
  const environment = { ...engine.environment, ...more }
  return { file: file(), plan: plan.value, root, project, engine: program(), environment }
}

/** What comes of `up --plan`: the codes of issues, or why the run failed; nothing where all went well. */
const apply = async (desired: StackState, more: NodeJS.ProcessEnv = {}): Promise<readonly string[]> => {
  const where = place(more)
  const { due } = dueStacks(request(desired))
  const issues = await planIssues(where, [desired], new Set(due.map(({ stack }) => stack)))
  if (issues.length > 0) return issues.map(({ code }) => code)
  const run = { ...request(desired), environment: where.environment, particular: planRuns(where) }
  return failures(await runAll({ ...run, operation: 'up' }))
}

describe('a plan, from its preview to its end', () => {
  test('is applied as it was approved, once', async () => {
    await approve(after)
    expect(place().plan.stacks[0]).toMatchObject({
      state: { serial: 1 },
      changes: [
        { key: 'a', change: 'update' },
        { key: 'c', change: 'delete' },
        { key: 'd', change: 'create' },
      ],
    })
    expect(await apply(after)).toEqual([])
    expect(await engine.world()).toEqual({ a: '2', b: '1', d: '1' })
    expect(await apply(after)).toEqual([])
  })

  test('changes nothing while it is made', async () => {
    const world = await engine.world()
    await approve(after)
    expect(await engine.world()).toEqual(world)
    expect(codes).toEqual([])
  })

  test('is refused where the files say something else', async () => {
    await approve(after)
    expect(await apply(state(['a', '3']))).toEqual(['plan/desired-moved'])
  })

  test('is refused where the world moved, in what it would change and in what it would not', async () => {
    await approve(after)
    await engine.change({ b: 'by hand' })
    const [outcome, said] = await apply(after)
    expect(outcome).toBe('failed')
    expect(said).toContain('what is live moved: b (was to stay as it is, is to be updated now)')
    expect(await engine.world()).toEqual({ a: '1', b: 'by hand', c: '1' })
    await engine.change({ a: 'by hand', b: '1' })
    expect((await apply(after))[1]).toContain('what is live moved: a (what was read of it is another)')
  })

  test('puts right what was drifted when it was approved', async () => {
    await engine.change({ b: 'by hand' })
    await approve(after)
    expect(await apply(after)).toEqual([])
    expect(await engine.world()).toEqual({ a: '2', b: '1', d: '1' })
  })

  test('is refused where another run changed the state, and not where one changed nothing', async () => {
    await approve(after)
    await up(before)
    expect(await apply(after)).toEqual([])
    await approve(before)
    await up(state(['a', '5']))
    expect(await apply(before)).toEqual(['plan/state-moved'])
  })

  test('is refused where the program or the rules moved', async () => {
    await approve(after)
    await mkdir(join(context.project, 'src', 'compile'))
    await writeFile(join(context.project, 'src', 'compile', 'policy.ts'), '// another rule')
    await writeFile(join(context.project, 'src', 'program.ts'), '// another program')
    expect(await apply(after)).toEqual(['plan/program-moved', 'plan/policies-moved'])
  })

  test('goes on where its run was cut off, and refuses what it never held', async () => {
    await approve(after)
    expect((await apply(after, { FAKE_CUT: '1' }))[0]).toBe('failed')
    expect(await engine.world()).toEqual({ a: '2', b: '1', c: '1' })
    await engine.change({ b: 'by hand' })
    expect((await apply(after))[1]).toContain('what is live moved: b')
    await engine.change({ b: '1' })
    expect(await apply(after)).toEqual([])
    expect(await engine.world()).toEqual({ a: '2', b: '1', d: '1' })
  })

  test('is not written where a stack could not be previewed, nor is an older one left', async () => {
    await approve(after)
    await rm(engine.directory, { recursive: true })
    const preview = { file: file(), engine: program(), request: request(after), json: false }
    await previewPlan(context, preview)
    expect(codes).toEqual([3])
    expect(readPlan(file(), {}).ok).toBe(false)
  })
})
