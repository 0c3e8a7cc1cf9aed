import { expect, test } from 'vitest'
import { finishModel } from '../../src/compose/finish.ts'
import { loadModel } from '../../src/compose/load-model.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { writeStack } from '../../src/compose/write-stack.ts'
import { nodeAt, plainOf, type YamlPath } from '../../src/compose/yaml-node.ts'
import type { Issue } from '../../src/core/issue.ts'

interface Written {
  readonly text: string
  readonly warnings: readonly Issue[]
  readonly issues: readonly Issue[]
}

const write = (files: Readonly<Record<string, string>>, templates: readonly YamlPath[] = []): Written => {
  const source = {
    yaml: (path: string) => parseYaml(path, files[path] ?? ''),
    text: (path: string) => files[path],
  }
  const lookup = () => undefined
  const loaded = loadModel(Object.keys(files), source, lookup)
  if (!loaded.ok) return { text: '', warnings: [], issues: loaded.issues }
  const { model, replaced } = loaded.value
  const finished = finishModel(model, { profiles: [], files: source, lookup })
  if (!finished.ok) return { text: '', warnings: [], issues: finished.issues }
  const written = writeStack(finished.value, { replaced, templates, heading: ['head'], folder: '../app' })
  return written.ok ? { ...written.value, issues: [] } : { text: '', warnings: [], issues: written.issues }
}

const service = (lines: string): string =>
  `services:\n  api:\n    image: a\n    networks: [net]\n${lines}\nnetworks: { net: {} }\n`

const api = (text: string, path: YamlPath = []): unknown => {
  const parsed = parseYaml('stack.yml', text)
  const [root] = parsed.ok ? parsed.value.documents : []
  const found = nodeAt(root, ['services', 'api', ...path])
  return found === undefined ? undefined : plainOf(found)
}

const codes = (issues: readonly Issue[]): readonly string[] =>
  issues.map((one) => `${one.code} ${one.source?.file}:${one.source?.line} ${one.message}`)

test('is a file that says where each value comes from, keys sorted', () => {
  const { text, warnings } = write({
    'dev.yml': service(
      '    environment: { B: "1", A: x }\n    command: [run, --all]\n    ports: ["8080:80"]\n    deploy:\n      replicas: 1',
    ),
    'ops.yml':
      'services:\n  api:\n    environment: { A: y }\n    deploy:\n      replicas: 3\n      resources:\n        limits: { cpus: 0.5, memory: 1g }\n',
  })
  expect(warnings).toEqual([])
  expect(text).toBe(`# head
version: "3.8"
services:
  api:
    command: # dev.yml:6
      - run
      - --all
    deploy:
      replicas: 3 # ops.yml:5, not dev.yml:9
      resources: # ops.yml:7
        limits:
          cpus: "0.5"
          memory: "1g"
    environment:
      A: "y" # ops.yml:3, not dev.yml:5
      B: "1" # dev.yml:5
    image: a # dev.yml:3
    networks: # dev.yml:4
      net:
    ports: # dev.yml:7
      - mode: ingress
        protocol: tcp
        published: 8080
        target: 80
networks:
  net: {} # dev.yml:10
`)
})

test('is the same to the byte whatever the order of keys', () => {
  const one = write({
    'a.yml':
      'services: {a: {image: x, user: u, networks: {net: }}, b: {image: y, networks: {net: }}}\nnetworks: {net: {}}\n',
  })
  const two = write({
    'a.yml':
      'services: {b: {networks: {net: }, image: y}, a: {user: u, networks: {net: }, image: x}}\nnetworks: {net: {}}\n',
  })
  expect(one.text).toContain('services:')
  expect(two.text).toBe(one.text)
})

test.each([
  ['a name', 'name: shop\n', 'compose/left-out dev.yml:1 name is left out'],
  ['container_name', '    container_name: one', 'compose/left-out dev.yml:5 services.api.container_name'],
  ['links', '    links: [api]', 'services of one network find each other by name'],
  ['build', '    build: .', 'a stack runs images that a registry has'],
  ['privileged', '    privileged: true', 'Swarm runs no privileged containers'],
  ['an option that holds for nothing', '    security_opt: [no-new-privileges]', 'compose/ignored dev.yml:5'],
  ['devices', '    devices: [/dev/a]', 'a task runs on any node'],
  ['a folder made on the host', '    volumes: [/a:/b]', 'Swarm makes no folders on hosts'],
  ['an unset variable', '    environment: { A: }', 'compose/unset-variable dev.yml:5'],
  [
    'a condition',
    '    depends_on: { b: { condition: service_healthy } }\n  b: { image: b, networks: [net] }',
    'compose/left-out dev.yml:5 services.api.depends_on.b.condition',
  ],
])('tells that it leaves out %s', (_, lines, told) => {
  const text = lines.startsWith('name') ? `${lines}${service('')}` : service(lines)
  const { warnings, issues } = write({ 'dev.yml': text })
  expect(issues).toEqual([])
  expect(codes(warnings)).toEqual([expect.stringContaining(told)])
})

test.each([
  ['cap_add: [NET_ADMIN]', 'cap_add', '1.41'],
  ['cap_drop: [ALL]', 'cap_drop', '1.41'],
  ['sysctls: { net.core.somaxconn: 9 }', 'sysctls', '1.40'],
  ['ulimits: { nofile: 9 }', 'ulimits', '1.41'],
  ['oom_score_adj: 5', 'oom_score_adj', '1.46'],
  ['pids_limit: 5', 'deploy.resources.limits.pids', '1.41'],
  ['deploy: { mode: replicated-job }', 'deploy.mode', '1.41'],
  ['deploy: { mode: global-job }', 'deploy.mode', '1.41'],
  ['deploy: { placement: { max_replicas_per_node: 1 } }', 'deploy.placement.max_replicas_per_node', '1.40'],
  ['healthcheck: { test: a, start_interval: 1s }', 'healthcheck.start_interval', '1.44'],
])('tells that an older Docker API drops %s', (line, path, version) => {
  const { warnings, issues } = write({ 'dev.yml': service(`    ${line}`) })
  expect(issues).toEqual([])
  const said = `services.api.${path} stays in the stack, and a UCP whose Docker API is older than ${version} drops`
  expect(codes(warnings)).toEqual([expect.stringContaining(`compose/newer-api dev.yml:5 ${said}`)])
})

test.each(['deploy: { mode: global }', 'cap_add: []', 'ulimits: {}'])('tells nothing of %s', (line) => {
  expect(write({ 'dev.yml': service(`    ${line}`) }).warnings).toEqual([])
})

test('mounts a short tmpfs, which a stack would lose, with the place that gave it', () => {
  const { text, warnings, issues } = write({
    'dev.yml': `${service('    tmpfs: [/run, "/tmp:size=64m,ro,noexec", "/cache:mode=1770"]\n    volumes: ["data:/data"]')}volumes: { data: {} }\n`,
  })
  expect(issues).toEqual([])
  expect(api(text, ['tmpfs'])).toBeUndefined()
  expect(api(text, ['volumes'])).toEqual([
    { source: 'data', target: '/data', type: 'volume' },
    { target: '/run', type: 'tmpfs' },
    { read_only: true, target: '/tmp', tmpfs: { size: 64 * 1024 ** 2 }, type: 'tmpfs' },
    { target: '/cache', type: 'tmpfs' },
  ])
  expect(codes(warnings)).toEqual([
    'compose/left-out dev.yml:5 services.api.tmpfs.mode=1770 is left out of the stack: of a tmpfs it says the size only.',
  ])
})

test('mounts a tmpfs of a service without volumes', () => {
  const { text } = write({ 'dev.yml': service('    tmpfs: /run') })
  expect(api(text, ['volumes'])).toEqual([{ target: '/run', type: 'tmpfs' }])
  expect(text).toContain('dev.yml:5')
})

test.each([
  ['network_mode', 'services:\n  api:\n    image: a\n    network_mode: host\n', 'dev.yml:4'],
  ['an address of a port', service('    ports: ["127.0.0.1:80:80"]'), 'dev.yml:5'],
  ['a range of ports', service('    ports: ["8000-8010:80"]'), 'dev.yml:5'],
  ['a secret of a variable', `${service('')}secrets:\n  s:\n    environment: S\n`, 'dev.yml:9'],
  ['a config with content', `${service('')}configs:\n  s:\n    content: S\n`, 'dev.yml:9'],
  ['a service to build', 'services:\n  api:\n    build: .\n', 'dev.yml:2'],
])('refuses %s, whose loss would change the stack', (_, text, place) => {
  const { issues } = write({ 'dev.yml': text })
  expect(codes(issues)).toEqual([expect.stringContaining(`compose/not-in-swarm ${place}`)])
})

test.each([
  ['cpus: 1.5', ['deploy', 'resources', 'limits', 'cpus'], '1.5'],
  ['mem_limit: 1g', ['deploy', 'resources', 'limits', 'memory'], '1g'],
  ['mem_reservation: 1g', ['deploy', 'resources', 'reservations', 'memory'], '1g'],
  ['pids_limit: 20', ['deploy', 'resources', 'limits', 'pids'], 20],
  ['scale: 3', ['deploy', 'replicas'], 3],
  ['restart: unless-stopped', ['deploy', 'restart_policy', 'condition'], 'any'],
  ['restart: on-failure:3', ['deploy', 'restart_policy'], { condition: 'on-failure', max_attempts: 3 }],
  ['restart: "no"', ['deploy', 'restart_policy', 'condition'], 'none'],
  ['depends_on: [api]', ['depends_on'], ['api']],
  ['labels: { a: 1, b: true }', ['labels'], { a: '1', b: 'true' }],
  [
    'volumes: [{ type: tmpfs, target: /t, tmpfs: { size: 64m } }]',
    ['volumes', 0, 'tmpfs', 'size'],
    67_108_864,
  ],
] as const)('writes %s in the form of a stack', (line, path, value) => {
  const { text, warnings, issues } = write({ 'dev.yml': service(`    ${line}`) })
  expect([warnings.filter(({ code }) => code !== 'compose/newer-api'), issues]).toEqual([[], []])
  expect(api(text, path)).toEqual(value)
})

test('what stands below deploy holds over the field of a single container', () => {
  const { text, warnings } = write({
    'dev.yml': service('    mem_limit: 1g\n    deploy: { resources: { limits: { memory: 2g } } }'),
  })
  expect(api(text, ['deploy', 'resources', 'limits', 'memory'])).toBe('2g')
  expect(codes(warnings)).toEqual([expect.stringContaining('dev.yml:5 services.api.mem_limit is left out')])
})

test('doubles dollars, which the reader of stacks would fill in, but not those of templates', () => {
  const text = service('    environment: { A: "a$$b", T: "$${T:?}" }')
  expect(write({ 'dev.yml': text }).text).toContain('A: "a$$b"')
  const { text: written } = write({ 'dev.yml': text }, [['services', 'api', 'environment', 'T']])
  expect(written).toContain('T: "${T:?}"')
})

test('writes modes as octal numbers', () => {
  const { text } = write({
    'dev.yml': `${service('    secrets: [{ source: s, mode: 0440 }, { source: s, target: t, mode: "0400" }]')}secrets: { s: { file: ./s.txt } }\n`,
  })
  expect(text).toContain('mode: 0440')
  expect(api(text, ['secrets', 1, 'mode'])).toBe(0o400)
  expect(text).toContain('file: ../app/s.txt')
})

test('says no more of what exists already than its name', () => {
  const { text, warnings } = write({
    'dev.yml': service('').replace('{ net: {} }', '{ net: { external: true, name: x, labels: { a: b } } }'),
  })
  expect(text).toContain('  net: # dev.yml:6\n    external: true\n    name: x\n')
  expect(codes(warnings)).toEqual([expect.stringContaining('networks.net.labels is left out')])
})

test.each([
  ['', '3.8'],
  ['    pids_limit: 5', '3.9'],
  ['    healthcheck: { test: a, start_interval: 1s }', '3.12'],
  ['    oom_score_adj: 5', '3.13'],
])('takes the lowest version that has its fields: %s', (lines, version) => {
  expect(write({ 'dev.yml': service(lines) }).text).toContain(`version: "${version}"`)
})
