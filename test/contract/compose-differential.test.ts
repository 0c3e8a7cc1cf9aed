import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { loadModel } from '../../src/compose/load-model.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import type { readingDifferences } from '../../src/compose/reading-differences.ts'
import { plainOf } from '../../src/compose/yaml-node.ts'
import { type ComposeCase, composeCase, writeCase } from '../compose/generated/compose-case.ts'
import { type Differing, differing } from '../compose/generated/leaves.ts'
import { seed } from '../seed.ts'
import {
  askReference,
  comparable,
  hasReference,
  type Plain,
  type ReferenceAnswer,
} from './compose-comparable.ts'

type RowId = keyof typeof readingDifferences

const root = mkdtempSync(join(tmpdir(), 'compose-differential-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const isThere = hasReference('generated compose files against the reference parser')

/**
 * `TENANTRY_COMPOSE_RUNS=2000` and another `TENANTRY_SEED` for a longer search: what is found there gets a row or is mended,
 * and is no news to whoever changes something else. A failure prints the seed and what differs.
 */
const numRuns = Number(process.env.TENANTRY_COMPOSE_RUNS ?? 300)
/** Cases that the reference is asked for at once. */
const batch = 20

/** What the reference says where it refuses a file that is taken here, or refused here for another reason. */
const refusals: readonly (readonly [RowId, RegExp])[] = [
  ['secret-without-source', /: one of [a-z|]+ must be set$/],
  ['device-without-target', /^service device .* is missing a mount target$/],
  ['build-ulimit-as-text', /build\.ulimits\.\w+: invalid type string for ulimits$/],
  ['short-over-long', /^cannot override services\.\w+\.(?:gpus|build\.ssh)$/],
  ['override-keeps-type', /must be an? (?:boolean|integer|number)$/],
  ['no-hosts-twice', /: services\.\w+\.extra_hosts must be a mapping$/],
  ['later-external-name', /: name and external\.name conflict; only use name$/],
]

const isRetyped = ({ mine, theirs }: Differing): boolean =>
  typeof theirs === 'string' && typeof mine !== 'string' && String(mine) === theirs

/** Which row a value that is read otherwise belongs to. */
const otherwise: readonly (readonly [RowId, (value: Differing, one: ComposeCase) => boolean])[] = [
  ['address-blocks', ({ path }) => /^networks\.[^.]+\.ipam\.config\./.test(path)],
  ['config-of-variable', ({ path, mine }) => /^configs\.[^.]+\.content$/.test(path) && mine === undefined],
  [
    'override-keeps-type',
    (value, { texts }) => isRetyped(value) && Object.values(texts).join().includes('!override'),
  ],
  // No generated port is written so: the generated ones have to be the same.
  [
    'published-number',
    ({ path }, { texts }) => /\.ports\./.test(path) && /\bpublished: \d/.test(Object.values(texts).join()),
  ],
]

interface Mine {
  readonly model?: Plain
  readonly codes?: readonly string[]
}

const ours = (one: ComposeCase): Mine => {
  const files = {
    yaml: (path: string) => parseYaml(path, one.texts[path] ?? ''),
    text: (path: string) => one.texts[path],
  }
  const loaded = loadModel(one.paths, files, (name) => one.environment[name])
  if (!loaded.ok) return { codes: loaded.issues.map(({ code, message }) => `${code} ${message}`) }
  return { model: JSON.parse(JSON.stringify(plainOf(loaded.value.model))) as Plain }
}

let count = 0

interface Theirs {
  readonly one: ComposeCase
  readonly folder: string
  readonly answer: ReferenceAnswer
}

/** Several at once: to start the reference takes longer than a case. */
const theirs = (cases: readonly ComposeCase[]): readonly Theirs[] => {
  const folders = cases.map((one) => {
    const folder = join(root, String(count++))
    writeCase(folder, one)
    return folder
  })
  const asked = cases.map(({ paths, environment }, index) => {
    const folder = folders[index] ?? root
    return { directory: folder, files: paths.map((path) => join(folder, path)), environment }
  })
  const answers = askReference(asked)
  for (const folder of folders) rmSync(folder, { recursive: true })
  return cases.map((one, index) => ({ one, folder: folders[index] ?? root, answer: answers[index] ?? {} }))
}

/** Variables without a value get that of the environment: the reference does so here for some forms, we once the model is finished. */
const withVariables = (
  value: Plain | undefined,
  environment: ComposeCase['environment'],
  key = '',
): Plain => {
  if (value === undefined || value === null || typeof value !== 'object') return value ?? null
  if (Array.isArray(value)) return value.map((one) => withVariables(one, environment))
  const filled = Object.entries(value).map(([name, one]): [string, Plain] => [
    name,
    key === 'environment' && one === null
      ? (environment[name] ?? null)
      : withVariables(one, environment, name),
  ])
  return Object.fromEntries(filled)
}

interface Compared {
  readonly rows: readonly RowId[]
  readonly unmeant: readonly unknown[]
}

/** The rows by which both read a case otherwise; what no row tells stands beside them. */
const compared = ({ one, folder, answer }: Theirs): Compared => {
  const mine = ours(one)
  const { error } = answer
  if (error !== undefined) {
    const row = refusals.find(([, says]) => says.test(error))?.[0]
    if (row !== undefined) return { rows: [row], unmeant: [] }
    return { rows: [], unmeant: mine.codes === undefined ? [`only the reference refuses: ${error}`] : [] }
  }
  if (mine.codes !== undefined) {
    const isMany = mine.codes.every((code) => code.includes('stands for more than'))
    return isMany
      ? { rows: ['many-ports'], unmeant: [] }
      : { rows: [], unmeant: ['only we refuse', ...mine.codes] }
  }
  const [own, other] = [mine.model, answer.model].map((model) =>
    withVariables(comparable(model ?? null, folder), one.environment),
  )
  const found = differing(own, other).map(
    (value) => [value, otherwise.find(([, is]) => is(value, one))?.[0]] as const,
  )
  return {
    rows: found.flatMap(([, row]) => row ?? []),
    unmeant: found.flatMap(([value, row]) => (row === undefined ? [value] : [])),
  }
}

test.skipIf(!isThere)(
  'generated files are read as the reference reads them, but for what the table says',
  { timeout: 900_000 },
  () => {
    console.log(`compose differential: seed ${seed}, ${numRuns} cases`)
    fc.assert(
      fc.property(fc.array(composeCase(), { minLength: batch, maxLength: batch }), (cases) => {
        expect(theirs(cases).flatMap((each) => compared(each).unmeant)).toEqual([])
      }),
      { numRuns: Math.ceil(numRuns / batch), seed, endOnFailure: true },
    )
  },
)

const service = (text: string): string => `services: {api: {image: a, ${text}}}\n`

/** The smallest files of each row, the second over the first. */
const examples: Readonly<Record<RowId, readonly string[]>> = {
  'secret-without-source': ['services: {api: {image: a}}\nsecrets: {s: {}}\n'],
  'device-without-target': [service('devices: [{source: /dev/a}]')],
  'build-ulimit-as-text': [service('build: {context: ., ulimits: {nofile: "3"}}')],
  'short-over-long': [service('gpus: all'), service('gpus: all')],
  'override-keeps-type': [service('attach: false'), service('attach: !override true')],
  'address-blocks': [
    'services: {api: {image: a}}\nnetworks: {n: {ipam: {config: [{subnet: 10.1.0.0/24, gateway: 10.1.0.1}, {subnet: 10.2.0.0/24}]}}}\n',
    'networks: {n: {ipam: {config: [{subnet: 10.1.0.0/24}]}}}\n',
  ],
  'no-hosts-twice': [service('extra_hosts: {}'), service('extra_hosts: []')],
  'later-external-name': [
    'services: {api: {image: a}}\nnetworks: {n: {external: true, name: one}}\n',
    'networks: {n: {external: {name: two}}}\n',
  ],
  'config-of-variable': ['services: {api: {image: a}}\nconfigs: {c: {environment: A}}\n'],
  'published-number': [service('ports: ["8080:80"]'), service('ports: [{target: 80, published: 8080}]')],
  'many-ports': [service('ports: ["20000-21000"]')],
}

test.skipIf(!isThere).each(Object.entries(examples))('%s is a difference that there is', (id, texts) => {
  const files = texts.map((text, index) => [`${index}.yml`, text] as const)
  const one = {
    paths: files.map(([path]) => path),
    texts: Object.fromEntries(files),
    environment: { A: 'value' },
    profiles: [],
  }
  const [{ rows, unmeant } = { rows: [], unmeant: ['no answer'] }] = theirs([one]).map(compared)
  expect(unmeant).toEqual([])
  expect([...new Set(rows)]).toEqual([id])
})
