import { expect, test } from 'vitest'
import { explainModel } from '../../src/compose/explain.ts'
import { loadModel } from '../../src/compose/load-model.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { plainOf } from '../../src/compose/yaml-node.ts'

const files: Readonly<Record<string, string>> = {
  'dev.yml': 'services:\n  api:\n    image: a\n    command: run\n    deploy:\n      replicas: 1\n',
  'ops.yml':
    'services:\n  api:\n    command: !reset null\n    deploy:\n      replicas: 3\n      mode: replicated\n',
}

const explain = (...path: string[]): readonly string[] => {
  const yaml = (file: string) => parseYaml(file, files[file] ?? '')
  const loaded = loadModel(['dev.yml', 'ops.yml'], { yaml, text: () => undefined }, () => undefined)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues))
  return explainModel(loaded.value.model, loaded.value.replaced, path).map(
    ({ path: at, value, source, instead }) =>
      `${at.join('.')} ${value === undefined ? '-' : JSON.stringify(plainOf(value))} ${source?.file}:${source?.line} ${instead.map((one) => `${one.source.file}:${one.source.line}`).join(' ')}`,
  )
}

test('tells which file and line gave each value, and what it replaced', () => {
  expect(explain('services', 'api', 'deploy')).toEqual([
    'services.api.deploy.replicas 3 ops.yml:5 dev.yml:6',
    'services.api.deploy.mode "replicated" ops.yml:6 ',
  ])
})

test('tells what was taken away', () => {
  expect(explain('services', 'api', 'command')).toEqual([
    'services.api.command - undefined:undefined dev.yml:4',
  ])
})

test('has nothing to tell of what no file says', () => {
  expect(explain('services', 'web')).toEqual([])
})
