import { expect, test } from 'vitest'
import { checkLayers, layersOf, tellReplaced } from '../../src/compose/layers.ts'
import { type LoadedModel, loadModel } from '../../src/compose/load-model.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import type { Issue } from '../../src/core/issue.ts'

type Files = Readonly<Record<string, string>>

const load = (files: Files, paths: readonly string[]): LoadedModel => {
  const yaml = (file: string) => parseYaml(file, files[file] ?? '')
  const loaded = loadModel(paths, { yaml, text: (path) => files[path] }, () => undefined)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues))
  return loaded.value
}

const shown = ({ code, message, source }: Issue): string =>
  `${code} ${source?.file}:${source?.line}:${source?.column} ${message}`

const check = (files: Files, paths: readonly string[] = Object.keys(files)): readonly string[] =>
  checkLayers(load(files, paths), layersOf(paths)).map(shown)

const service = (body: string): string => `services:\n  api:\n    image: a\n${body}`

const ops = { 'ops.yml': 'services: {api: {logging: {driver: journald}}}\n' }

test('the first file is the developers’, the last the operators’, those between the integrators’', () => {
  expect([...layersOf(['a', 'b', 'c', 'd']).values()]).toEqual([
    'developers',
    'integrators',
    'integrators',
    'operators',
  ])
  expect([...layersOf(['a'])]).toEqual([['a', 'developers']])
  expect(layersOf(['a', 'a']).get('a')).toBe('developers')
})

test.each([
  [
    'placement',
    '    deploy: {placement: {constraints: [node.role==worker]}}\n',
    'deploy.placement.constraints.0',
  ],
  ['a limit', '    deploy: {resources: {limits: {cpus: "1"}}}\n', 'deploy.resources.limits.cpus'],
  ['a limit of one host', '    mem_limit: 1g\n', 'mem_limit'],
  ['an update policy', '    deploy: {update_config: {parallelism: 2}}\n', 'deploy.update_config.parallelism'],
  ['a log driver', '    logging: {driver: none}\n', 'logging.driver'],
  ['a folder of the host, in the short form', '    volumes: [/etc:/e]\n', 'volumes.0'],
  ['a right over the host', '    privileged: true\n', 'privileged'],
  ['a label of UCP', '    labels: {com.docker.ucp.access.label: /}\n', 'labels.com.docker.ucp.access.label'],
])('%s in the developers’ file is a finding with its place', (_, body, path) => {
  const [found, ...others] = check({ 'dev.yml': service(body), ...ops })
  expect(found).toContain(`developers' file and sets services.api.${path}, which is infrastructure`)
  expect(found).toMatch(/^compose\/not-yours dev\.yml:4:\d+ /)
  expect(others).toEqual([])
})

test.each([
  ['a network', 'networks: {n: {driver: overlay}}\n'],
  ['a volume', 'volumes: {v: {driver_opts: {type: none}}}\n'],
  ['a secret', 'secrets: {s: {file: s.txt}}\n'],
])('what %s is, the operators say', (_, body) => {
  expect(check({ 'dev.yml': service('') + body, ...ops })).toHaveLength(1)
})

test('a mount of the host is infrastructure in short and in long form', () => {
  for (const volume of ['/etc:/etc', '{type: bind, source: /etc, target: /etc}'])
    expect(check({ 'dev.yml': service(`    volumes: [${volume}]\n`), ...ops })[0]).toContain('volumes.0')
})

test('developers name networks, volumes and secrets, and mount them where the image wants them', () => {
  const uses =
    '    networks: {n: {aliases: [x]}}\n    volumes: [data:/data:ro]\n    secrets: [s]\n    environment: {A: b}\n'
  const named = 'networks: {n: }\nvolumes: {data: {external: true}}\nsecrets: {s: {external: true}}\n'
  expect(check({ 'dev.yml': service(uses) + named, ...ops })).toEqual([])
})

test('ports are the integrators’ where there are any, else the developers’', () => {
  const dev = service('    ports: ["80"]\n')
  expect(check({ 'dev.yml': dev, ...ops })).toEqual([])
  const three = { 'dev.yml': dev, 'test.yml': service('    ports: ["81"]\n'), ...ops }
  expect(new Set(check(three).map((one) => one.split(':')[0]))).toEqual(
    new Set(['compose/not-yours dev.yml']),
  )
})

test('operators may set everything', () => {
  const all = service('    privileged: true\n    ports: ["80"]\n    deploy: {replicas: 3}\n')
  expect(check({ 'dev.yml': service(''), 'ops.yml': all })).toEqual([])
})

test('what a developers’ file includes or extends is its own', () => {
  const files = {
    'dev.yml': 'services: {api: {extends: {file: base.yml, service: b}}}\n',
    'base.yml': 'services: {b: {image: a, mem_limit: 1g}}\n',
    ...ops,
  }
  const [found] = check(files, ['dev.yml', 'ops.yml'])
  expect(found).toMatch(
    /^compose\/not-yours base\.yml:1:\d+ dev\.yml is the developers' file and sets services\.api\.mem_limit/,
  )
  const included = { ...files, 'dev.yml': 'include: [base.yml]\n' }
  expect(check(included, ['dev.yml', 'ops.yml'])).toHaveLength(1)
})

test('taking away what is another layer’s is a finding too', () => {
  const files = {
    'dev.yml': service(''),
    'test.yml': 'services: {api: {mem_limit: 1g}}\n',
    'more.yml': 'services:\n  api:\n    mem_limit: !reset null\n',
    ...ops,
  }
  expect(check(files).filter((one) => one.includes('takes away'))).toEqual([
    "compose/not-yours more.yml:3:5 more.yml is the integrators' file and takes away services.api.mem_limit, which is infrastructure.",
  ])
})

test('an infrastructure value hidden behind !override is found', () => {
  expect(
    check({ 'dev.yml': service('    deploy: !override {resources: {limits: {cpus: "1"}}}\n'), ...ops }),
  ).toHaveLength(1)
})

test('tells what one layer says and another replaces or takes away', () => {
  const files = {
    'dev.yml': service('    command: run\n    stop_signal: TERM\n'),
    'ops.yml': 'services:\n  api:\n    command: other\n    stop_signal: !reset null\n',
  }
  const paths = Object.keys(files)
  expect(tellReplaced(load(files, paths), layersOf(paths)).map(({ message }) => message)).toEqual([
    'services.api.stop_signal of dev.yml:5:18 is taken away by a later file.',
    'services.api.command of dev.yml:4:14 is replaced by ops.yml:3:14.',
  ])
})

test('says nothing of what a layer’s own files replace', () => {
  const files = {
    'dev.yml': 'services: {api: {extends: {file: base.yml, service: b}, command: run}}\n',
    'base.yml': 'services: {b: {image: a, command: other}}\n',
    ...ops,
  }
  expect(tellReplaced(load(files, ['dev.yml', 'ops.yml']), layersOf(['dev.yml', 'ops.yml']))).toEqual([])
})
