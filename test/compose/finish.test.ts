import { expect, test } from 'vitest'
import { finishModel } from '../../src/compose/finish.ts'
import { loadModel } from '../../src/compose/load-model.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { plainOf, sourceAt } from '../../src/compose/yaml-node.ts'
import type { Checked } from '../../src/core/issue.ts'
import { checkedValue } from './checked-value.ts'

const finish = (
  files: Readonly<Record<string, string>>,
  profiles: readonly string[] = [],
): Checked<unknown> => {
  const source = {
    yaml: (path: string) => parseYaml(path, files[path] ?? ''),
    text: (path: string) => files[path],
  }
  const lookup = (name: string) => (name === 'SET' ? 'set' : undefined)
  const loaded = loadModel(['dev.yml'], source, lookup)
  if (!loaded.ok) return loaded
  const finished = finishModel(loaded.value.model, { profiles, files: source, lookup })
  return finished.ok ? { ok: true, value: plainOf(finished.value) } : finished
}

const code = (found: Checked<unknown>): string => {
  const [issue] = found.ok ? [] : found.issues
  return `${issue?.code} ${issue?.source?.file}:${issue?.source?.line}`
}

test('reads env files under what a service says itself, and fills in what the environment has', () => {
  const found = finish({
    'dev.yml':
      'services:\n  api:\n    image: a\n    env_file: [a.env, b.env]\n    environment: {OWN: "1", SET: }\n',
    'a.env': 'A=1\nOWN=2\n',
    'b.env': 'A=2\nexport B=\'x y\' # no\nC="$SET\\n"\n',
  })
  expect(found).toMatchObject({
    ok: true,
    value: { services: { api: { environment: { A: '2', OWN: '1', SET: 'set', B: 'x y', C: 'set\n' } } } },
  })
})

test('places a variable at its line of the env file', () => {
  const files: Readonly<Record<string, string>> = {
    'dev.yml': 'services: {api: {image: a, env_file: a.env, label_file: l.env}}\n',
    'a.env': '# first\nA="1\n2"\n\n  B=2\nA=3\n',
    'l.env': 'team=b\n',
  }
  const source = {
    yaml: (path: string) => parseYaml(path, files[path] ?? ''),
    text: (path: string) => files[path],
    shown: (path: string) => `stacks/${path}`,
  }
  const loaded = checkedValue(loadModel(['dev.yml'], source, () => undefined))
  const input = { profiles: [], files: source, lookup: () => undefined }
  const model = checkedValue(finishModel(loaded.model, input))
  const at = (...path: string[]) => sourceAt(model, ['services', 'api', ...path])
  expect(at('environment', 'A')).toEqual({ file: 'stacks/a.env', line: 6, column: 1 })
  expect(at('environment', 'B')).toEqual({ file: 'stacks/a.env', line: 5, column: 3 })
  expect(at('labels', 'team')).toEqual({ file: 'stacks/l.env', line: 1, column: 1 })
})

test('says why an env file cannot be read, at the place that names it, wanted or not', () => {
  const refused = [{ code: 'input/unreadable', message: 'a.env is a folder.', hint: 'Name the file in it.' }]
  const yaml = (path: string) =>
    parseYaml(path, 'services:\n  a:\n    image: a\n    env_file: [{path: a.env, required: false}]\n')
  const source = { yaml, text: () => refused }
  const { model } = checkedValue(loadModel(['dev.yml'], source, () => undefined))
  const found = finishModel(model, { profiles: [], files: source, lookup: () => undefined })
  expect(found).toMatchObject({
    ok: false,
    issues: [{ ...refused[0], code: 'compose/env-file', source: { file: 'dev.yml', line: 4, column: 16 } }],
  })
})

test('leaves services out whose profile is off', () => {
  const files = { 'dev.yml': 'services: {a: {image: a}, b: {image: b, profiles: [debug]}}\n' }
  expect(finish(files)).toMatchObject({ ok: true, value: { services: { a: {} } } })
  expect(JSON.stringify(finish(files))).not.toContain('"b":')
  expect(JSON.stringify(finish(files, ['debug']))).toContain('"b":')
})

test.each([
  [
    'a missing env file',
    'services:\n  a:\n    image: a\n    env_file: no.env\n',
    'compose/no-file dev.yml:4',
  ],
  [
    'an undefined network',
    'services:\n  a:\n    image: a\n    networks: [n]\n',
    'compose/undefined dev.yml:4',
  ],
  [
    'an undefined volume',
    'services:\n  a:\n    image: a\n    volumes: ["vol:/v"]\n',
    'compose/undefined dev.yml:4',
  ],
  [
    'an unknown dependency',
    'services:\n  a: {image: a, depends_on: [b]}\n',
    'compose/unknown-service dev.yml:2',
  ],
  ['no image', 'services:\n  a: {command: x}\n', 'compose/no-image dev.yml:2'],
  ['an unknown field', 'services:\n  a: {image: a, imge: b}\n', 'compose/unknown-field dev.yml:2'],
  ['a wrong port', 'services:\n  a: {image: a, ports: ["a:b"]}\n', 'compose/short-form dev.yml:2'],
  ['a required variable', 'services:\n  a: {image: "${NO:?why}"}\n', 'compose/required-variable dev.yml:2'],
  [
    'a service that extends itself',
    'services:\n  a: {extends: {service: a}}\n',
    'compose/extends-loop dev.yml:2',
  ],
  [
    'a file that includes itself',
    'include: [dev.yml]\nservices: {a: {image: a}}\n',
    'compose/include-loop dev.yml:1',
  ],
])('refuses %s', (_, text, expected) => {
  expect(code(finish({ 'dev.yml': text }))).toBe(expected)
})

test('takes services of other files, their paths seen from the project', () => {
  const found = finish({
    'dev.yml': 'include: [shared/db.yml]\nservices:\n  a: {extends: {file: shared/web.yml, service: w}}\n',
    'shared/db.yml': 'services: {db: {image: "pg:${TAG}", volumes: ["./data:/data"]}}\n',
    'shared/.env': 'TAG=16\n',
    'shared/web.yml': 'services: {w: {image: w, volumes: ["./www:/www"]}}\n',
  })
  expect(found).toMatchObject({
    ok: true,
    value: {
      services: {
        a: { image: 'w', volumes: [{ source: './shared/www' }] },
        db: { image: 'pg:16', volumes: [{ source: './shared/data' }] },
      },
    },
  })
})
