import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadModel } from '../../src/compose/load-model.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { plainOf } from '../../src/compose/yaml-node.ts'
import { corpus, environmentOf } from '../compose/corpus.ts'
import {
  askReference,
  comparable,
  hasReference,
  type Plain,
  type ReferenceAnswer,
} from './compose-comparable.ts'

type Stack = (typeof corpus)[number]

const isThere = hasReference('the corpus against the reference parser')
let answers: ReadonlyMap<string, ReferenceAnswer> = new Map()

beforeAll(() => {
  if (!isThere) return
  const given = askReference(
    corpus.map((stack) => ({
      directory: resolve(stack.folder),
      files: stack.files.map((file) => resolve(file)),
      environment: environmentOf(stack),
    })),
  )
  answers = new Map(corpus.map(({ name }, index) => [name, given[index] ?? {}]))
})

const ours = (stack: Stack): Plain => {
  const root = resolve(stack.folder)
  const environment = environmentOf(stack)
  const read = (path: string): string => readFileSync(join(root, path), 'utf8')
  const files = {
    yaml: (path: string) => parseYaml(path, read(path)),
    text: (path: string) => (existsSync(join(root, path)) ? read(path) : undefined),
  }
  const paths = stack.files.map((file) => file.slice(stack.folder.length + 1))
  const loaded = loadModel(paths, files, (name) => environment[name])
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues))
  return JSON.parse(JSON.stringify(plainOf(loaded.value.model))) as Plain
}

const cases = corpus.map((stack) => [stack.name, stack] as const)

/** Where the reference refuses what we take, by stack: what it says, and why that is meant. */
const meant: Readonly<Record<string, { readonly error: RegExp; readonly reason: string }>> = {
  payments: {
    // Of two such secrets it names whichever it comes to first.
    error: /^secrets\.(?:database|scheme-key): one of file\|environment must be set$/,
    reason: 'a secret of the tenant file is only named by compose files; the supply says where it is',
  },
}

const own = cases.filter(([name]) => meant[name] === undefined)

test.skipIf(!isThere).each(Object.entries(meant))(
  '%s is refused by the reference, as is meant',
  (name, { error }) => {
    expect(answers.get(name)?.error).toMatch(error)
  },
)

test.skipIf(!isThere).each(own)('%s merges as the reference merges it', (name, stack) => {
  const { model, error } = answers.get(name) ?? {}
  const at = resolve(stack.folder)
  expect(error).toBeUndefined()
  expect(comparable(ours(stack), at)).toEqual(comparable(model ?? null, at))
})

const docker = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): string =>
  execFileSync('docker', args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).toString()

const hasDocker = (): boolean => {
  try {
    docker(['stack', 'config', '--help'])
    return true
  } catch {
    process.stderr.write('skipped: there is no docker client that reads stacks\n')
    return false
  }
}

/** A value for each variable that a stack leaves to whoever deploys it. */
const deployersVariables = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...text.matchAll(/(?<!\$)\$\{(VAULT_\w+)/g)].map(([, name = '']) => [name, 'of-vault']))

const isMap = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every text of a tree of plain data. */
const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return isMap(value) ? Object.values(value).flatMap(textsIn) : []
}

/** As the client has them after filling in variables, of which there are none here: what was doubled stands once. */
const filledIn = (value: unknown): readonly string[] =>
  textsIn(value).map((text) => text.replaceAll('$$', '$$'))

const servicesIn = (text: string): { readonly [key: string]: unknown } => {
  const parsed = parseYaml('stack.yml', text)
  const root = parsed.ok ? parsed.value.documents.map(plainOf)[0] : undefined
  const services = isMap(root) ? root.services : undefined
  return isMap(services) ? services : {}
}

describe.skipIf(!hasDocker())('read by the docker client', () => {
  test.each(cases)('%s is a stack, and says what it says here', (_, stack) => {
    const file = join(stack.folder, 'stack.yml')
    const written = readFileSync(file, 'utf8')
    const read = servicesIn(docker(['stack', 'config', '--compose-file', file], deployersVariables(written)))
    const mineOf = servicesIn(written)
    expect(Object.keys(read).sort()).toEqual(Object.keys(mineOf).sort())
    for (const [name, service] of Object.entries(mineOf)) {
      const [theirs, mine] = [read[name], service].map((one) => (isMap(one) ? one : {}))
      expect(textsIn(theirs?.environment)).toEqual(filledIn(mine?.environment))
      // A command that is one text is split into words by the client.
      if (typeof mine?.command !== 'string') expect(textsIn(theirs?.command)).toEqual(filledIn(mine?.command))
      expect(theirs?.image).toBe(mine?.image)
    }
  })
})
