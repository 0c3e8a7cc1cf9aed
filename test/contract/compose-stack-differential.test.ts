import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MergeInput } from '../../src/cli/compose/merge-files.ts'
import { finishModel } from '../../src/compose/finish.ts'
import { loadModel } from '../../src/compose/load-model.ts'
import { PathTable } from '../../src/compose/path-table.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { moves } from '../../src/compose/stack/deploy-forms.ts'
import { type StackDifference, stackDifferences } from '../../src/compose/stack/stack-differences.ts'
import { supply } from '../../src/compose/supply/supply.ts'
import { writeStack } from '../../src/compose/write-stack.ts'
import { plainOf } from '../../src/compose/yaml-node.ts'
import { corpus, environmentOf, mergeSample, sampleParties } from '../compose/corpus.ts'
import { type ComposeCase, composeCase, writeCase } from '../compose/generated/compose-case.ts'
import { type Differing, differing } from '../compose/generated/leaves.ts'
import { seed } from '../seed.ts'
import { askReference, comparable, hasReference, type Plain } from './compose-comparable.ts'
import { isSameValue } from './compose-values.ts'

const root = mkdtempSync(join(tmpdir(), 'compose-stack-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const isThere = hasReference('merged stacks against the reference parser')

const numRuns = Number(process.env.TENANTRY_COMPOSE_RUNS ?? 200)
const batch = 20

let parties: Pick<MergeInput, 'tenant' | 'cluster'>
beforeAll(async () => {
  parties = await sampleParties()
})

const rowsAt = new PathTable<StackDifference[]>([
  ...stackDifferences
    .reduce(
      (all, row) => all.set(row.path, [...(all.get(row.path) ?? []), row]),
      new Map<string, StackDifference[]>(),
    )
    .entries(),
])

/** Whether a row of a kind may tell of a value: what is left out is not there, what is supplied is. */
const fits = ({ kind }: StackDifference, { mine, theirs }: Differing): boolean => {
  if (kind === 'left out') return mine === undefined
  if (kind === 'moved') return mine === undefined
  return kind === 'written otherwise' || (kind === 'supplied' && (mine !== undefined || theirs !== undefined))
}

/** Where a moved value goes to: it has to be there. */
const isMoveTarget = (path: readonly string[]): boolean =>
  path[0] === 'services' &&
  [...moves.map(({ to }) => to), ['deploy', 'restart_policy']].some((to) =>
    to.every((step, index) => path[index + 2] === step),
  )

/** The row that tells of a difference: of the longest path that has one. */
const rowOf = (one: Differing): StackDifference | undefined => {
  const path = one.path.split('.')
  if (path.some((step) => step.startsWith('x-'))) return stackDifferences.find((row) => row.path === 'x-*')
  for (let length = path.length; length > 0; length--) {
    const row = rowsAt.find(path.slice(0, length))?.find((each) => fits(each, one))
    if (row !== undefined) return row
  }
  return one.theirs === undefined && isMoveTarget(path)
    ? stackDifferences.find(({ kind }) => kind === 'moved')
    : undefined
}

type PlainMap = { readonly [key: string]: Plain }

const isMap = (value: Plain | undefined): value is PlainMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `/t:size=64m` as the mount that the table says it becomes. */
const tmpfsMount = (short: Plain): Plain => {
  const [target = '', options = ''] = String(short).split(':')
  const size = /^size=(.*)$/.exec(options)?.[1]
  return { type: 'tmpfs', target, ...(size === undefined ? {} : { tmpfs: { size } }) }
}

/** The row of `tmpfs`, carried out: so no other mount can hide behind it. */
const withTmpfsMounts = (model: Plain): Plain => {
  const services = isMap(model) ? model.services : undefined
  if (!isMap(model) || !isMap(services)) return model
  const moved = Object.entries(services).map(([name, service]) => {
    if (!isMap(service) || service.tmpfs === undefined) return [name, service] as const
    const { tmpfs, volumes, ...rest } = service
    const mounts = [tmpfs].flat().map((one) => tmpfsMount(one as Plain))
    return [name, { ...rest, volumes: [...(Array.isArray(volumes) ? volumes : []), ...mounts] }] as const
  })
  return { ...model, services: Object.fromEntries(moved) }
}

const unmeant = (
  mine: Plain,
  theirs: Plain,
): { readonly told: readonly Differing[]; readonly rows: readonly StackDifference[] } => {
  const found = differing(mine, theirs)
    .filter((one) => !isSameValue(one.mine, one.theirs))
    .map((one) => [one, rowOf(one)] as const)
  return {
    told: found.flatMap(([one, row]) => (row === undefined ? [one] : [])),
    rows: found.flatMap(([, row]) => row ?? []),
  }
}

const plainStack = (text: string): Plain => {
  const parsed = parseYaml('stack.yml', text)
  const [document] = parsed.ok ? parsed.value.documents : []
  return JSON.parse(
    JSON.stringify(document === undefined ? null : plainOf(document)).replaceAll('$$', '$'),
  ) as Plain
}

/** The stack of a case, or the codes of why there is none. */
const stackOf = (one: ComposeCase): Plain | readonly string[] => {
  const files = {
    yaml: (path: string) => parseYaml(path, one.texts[path] ?? ''),
    text: (path: string) => one.texts[path],
  }
  const lookup = (name: string) => one.environment[name]
  const loaded = loadModel(one.paths, files, lookup)
  if (!loaded.ok) return loaded.issues.map(({ code }) => code)
  const finished = finishModel(loaded.value.model, { profiles: one.profiles, files, lookup })
  if (!finished.ok) return finished.issues.map(({ code, message }) => `${code} ${message}`)
  const full = supply(finished.value, { ...parties, application: undefined, measured: new Map() })
  if (!full.ok) return full.issues.map(({ code, message }) => `${code} ${message}`)
  const templates = full.value.references.map(({ path }) => path)
  const written = writeStack(full.value.model, { replaced: [], templates, heading: [], folder: '.' })
  return written.ok
    ? plainStack(written.value.text)
    : written.issues.map(({ code, message }) => `${code} ${message}`)
}

/** What the reference refuses and the tables say that we take; nothing is no refusal. */
const takenHere = /^$|: one of [a-z|]+ must be set$|: can't set distinct values on '/

const isText = (stack: Plain | readonly string[]): stack is readonly string[] => Array.isArray(stack)

describe.skipIf(!isThere)('a stack says what the reference says, but for what the table says', () => {
  test.each(corpus.map((stack) => [stack.name, stack] as const))('%s', (_, stack) => {
    const merged = mergeSample(stack, parties)
    if (!merged.ok) throw new Error(JSON.stringify(merged.issues))
    const folder = resolve(stack.folder)
    const environment = environmentOf(stack)
    const files = stack.files.map((one) => resolve(one))
    const [answer] = askReference([{ directory: folder, files, environment, profiles: [] }])
    expect(answer?.projectError ?? '').toMatch(takenHere)
    if (answer?.project === undefined) return
    const mine = comparable(plainStack(merged.value.text), folder)
    expect(unmeant(mine, withTmpfsMounts(comparable(answer?.project ?? null, folder))).told).toEqual([])
  })

  test('generated files', { timeout: 900_000 }, () => {
    console.log(`compose stack differential: seed ${seed}, ${numRuns} cases`)
    const counts = { compared: 0, refused: 0 }
    fc.assert(
      fc.property(fc.array(composeCase(), { minLength: batch, maxLength: batch }), (cases) => {
        const mine = cases.map(stackOf)
        const folders = cases.map((_, index) => join(root, String(index)))
        cases.forEach((one, index) => {
          writeCase(folders[index] ?? root, one)
        })
        const asked = cases.map(({ paths, environment, profiles }, index) => {
          const folder = folders[index] ?? root
          return { directory: folder, files: paths.map((path) => join(folder, path)), environment, profiles }
        })
        const found = askReference(asked).flatMap(({ project }, index) => {
          const stack = mine[index] ?? null
          if (project === undefined || isText(stack)) {
            counts.refused++
            return []
          }
          counts.compared++
          const folder = folders[index] ?? root
          return unmeant(comparable(stack, folder), withTmpfsMounts(comparable(project, folder))).told
        })
        expect(found).toEqual([])
      }),
      { numRuns: Math.ceil(numRuns / batch), seed, endOnFailure: true },
    )
    console.log(`compared ${counts.compared}, refused by one of both ${counts.refused}`)
    expect(counts.compared).toBeGreaterThan(numRuns / 10)
  })
})
