import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { catalogue } from '../../src/compliance/catalogue.ts'
import { checkStack } from '../../src/compliance/check.ts'
import { renderJunit } from '../../src/compliance/report/render-junit.ts'
import { renderSarif } from '../../src/compliance/report/render-sarif.ts'
import type { ComposeModel } from '../../src/compliance/view/compose-model.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { goodStack, modelOf, requestOf } from './stack-case.ts'

const request = requestOf({})

const source = { file: 'stack.yml', line: 1, column: 1 }

const anyModel = (value: unknown): ComposeModel => ({
  files: ['stack.yml'],
  value,
  locate: () => source,
  locateKey: () => source,
})

/** Every finding has a place, a sentence and a fingerprint of its own; reports of them can be made. */
const expectSound = (model: ComposeModel): void => {
  const result = checkStack({ ...request, model })
  const prints = new Set<string>()
  for (const { finding } of result.open) {
    expect(finding.source.line).toBeGreaterThan(0)
    expect(finding.message).not.toBe('')
    prints.add(finding.fingerprint)
  }
  expect(prints.size).toBe(result.open.length)
  expect(() => JSON.parse(renderSarif(result))).not.toThrow()
  expect(renderJunit(result)).toContain('</testsuites>')
}

const word = fc.oneof(
  fc.constantFrom(
    'host',
    'root',
    '0',
    '/',
    '/var/run/docker.sock',
    `${'$'}{X}`,
    'a:b:c',
    '::',
    '80:80',
    'NaN',
    '1e309',
    '-1',
    '__proto__',
  ),
  fc.string(),
)
const leaf = fc.oneof(
  word,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
)
const tree = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(word, tie('node'), { maxKeys: 4 }),
  ),
})).node

/** Keys of a service that rules look at, each with anything below. */
const keys = [
  'image',
  'user',
  'privileged',
  'cap_add',
  'security_opt',
  'environment',
  'ports',
  'networks',
  'volumes',
  'volumes_from',
  'healthcheck',
  'logging',
  'deploy',
  'labels',
  'command',
  'entrypoint',
  'post_start',
  'pre_stop',
  'profiles',
  'build',
  'devices',
  'pid',
  'scale',
]
const service = fc.record(Object.fromEntries(keys.map((key) => [key, tree])), { requiredKeys: [] })
const stack = fc.record(
  {
    name: tree,
    services: fc.oneof(fc.dictionary(word, service, { maxKeys: 3 }), tree),
    networks: fc.oneof(fc.dictionary(word, tree), tree),
    volumes: fc.oneof(fc.dictionary(word, tree), tree),
    secrets: tree,
    configs: tree,
  },
  { requiredKeys: [] },
)

describe('the rules', () => {
  it('answer for a model of any shape', () => {
    fc.assert(
      fc.property(fc.oneof(stack, tree), (value) => expectSound(anyModel(value))),
      { numRuns: 300 },
    )
  })

  it('answer for the good stack with anything in any place', () => {
    const places: string[][] = []
    const walk = (value: unknown, path: string[]): void => {
      places.push(path)
      if (typeof value === 'object' && value !== null)
        for (const [key, child] of Object.entries(value)) walk(child, [...path, key])
    }
    walk(goodStack(), [])
    fc.assert(
      fc.property(fc.constantFrom(...places.filter(({ length }) => length > 0)), tree, (path, value) => {
        const good: unknown = goodStack()
        const parent = path
          .slice(0, -1)
          .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], good)
        Object.assign(parent as object, { [path.at(-1) ?? '']: value })
        expectSound(anyModel(good))
      }),
      { numRuns: 500 },
    )
  })

  it('do not depend on the order of keys', () => {
    const backwards = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, child]) => [key, backwards(child)]),
          )
        : value
    fc.assert(
      fc.property(stack, (value) => {
        const prints = (model: unknown) =>
          checkStack({ ...request, model: anyModel(model) })
            .open.map(({ finding }) => `${finding.rule} ${finding.subject.service ?? ''}`)
            .sort()
        expect(new Set(prints(backwards(value)))).toEqual(new Set(prints(value)))
      }),
      { numRuns: 100 },
    )
  })

  it('answer for bytes: a place for what is no YAML, findings for what is', () => {
    const good = stringify(goodStack())
    fc.assert(
      fc.property(fc.nat(good.length), fc.string({ maxLength: 20 }), fc.nat(20), (at, text, gone) => {
        const read = parseYaml('stack.yml', `${good.slice(0, at)}${text}${good.slice(at + gone)}`)
        if (read.ok) expect(read.value.documents.length).toBeGreaterThan(0)
        else expect(read.issues[0]?.source?.line).toBeGreaterThan(0)
      }),
      { numRuns: 300 },
    )
  })

  it('look at a long stack and at long texts in time that grows with them', () => {
    const long = 'a'.repeat(200_000)
    const services = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [
        `s${index}`,
        { image: `nginx${index}`, environment: { A: 'x' } },
      ]),
    )
    expectSound(
      anyModel({
        services: {
          ...services,
          long: { image: long, command: `${long} ${long}`, environment: { [long]: long }, ports: [long] },
        },
      }),
    )
    expect(catalogue.length).toBeGreaterThan(50)
  })

  it('take nothing from a prototype', () => {
    const model = modelOf('services:\n  __proto__:\n    privileged: true\n  constructor:\n    image: nginx\n')
    const found = checkStack({ ...request, model }).open.map(
      ({ finding }) => `${finding.rule} ${finding.subject.service}`,
    )
    expect(found).toContain('root/privileged __proto__')
    expect(found).not.toContain('root/privileged constructor')
  })
})
