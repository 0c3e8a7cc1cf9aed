import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { readStack } from '../../src/cli/compliance/read-stack.ts'
import { mergeFiles } from '../../src/cli/compose/merge-files.ts'
import { checkStack } from '../../src/compliance/check.ts'
import type { Checked } from '../../src/core/issue.ts'
import { requestOf } from '../compliance/stack-case.ts'
import { retail, stacks } from '../compose/supply/supply-case.ts'

const request = requestOf({ asked: ['files'] })
const input = {
  tenant: retail(),
  cluster: stacks.prod,
  environment: {},
  options: {
    tenant: 'retail-banking',
    cluster: 'prod',
    application: 'payments',
    envFile: [],
    profile: ['*'],
  },
}

/** Throws where a refusal says nothing, or not where. */
const expectPlaces = (checked: Checked<unknown>): void => {
  if (checked.ok) return
  if (checked.issues.length === 0) throw new Error('It is refused without a reason.')
  for (const { code, message, source } of checked.issues)
    if (message === '' || source === undefined || !(source.line > 0 && source.column > 0))
      throw new Error(`An issue without a sentence or a place: ${code}`)
}

/** What both commands make of files with these bytes: an answer, with a place where it is a refusal or a finding. Whether they were read. */
const answer = (folder: string, contents: readonly Buffer[]): boolean => {
  const files = contents.map((content, at) => {
    const file = join(folder, `${at}.yml`)
    writeFileSync(file, content)
    return file
  })
  writeFileSync(join(folder, 'a.env'), 'A=1\n')
  expectPlaces(mergeFiles(files, input))
  const stack = readStack(files, { envFiles: [], environment: {} })
  expectPlaces(stack)
  if (!stack.ok) return false
  for (const { finding } of checkStack({ ...request, model: stack.value.model }).open)
    if (!(finding.source.line > 0)) throw new Error(`A finding without a place: ${finding.rule}`)
  return true
}

const good = `x-common: &common
  image: registry.nonprod.example/acme/shop:1
  deploy: {resources: {limits: {cpus: "1", memory: 1G}}, replicas: 2}
  environment: {A: "\${A:-1}", B: null, C: &c x}
services:
  web:
    <<: *common
    ports: ["80:80", {target: 443, published: "8443"}]
    volumes: [data:/srv, "./x:/y:ro", {type: tmpfs, target: /tmp}]
    healthcheck: {test: [CMD, /bin/health], interval: 1m30s}
    networks: {backend: {aliases: [a]}}
    profiles: [web]
  api:
    extends: web
    env_file: [a.env, {path: b.env, required: false}]
    labels: !reset []
    depends_on: [web]
networks: {backend: {external: true}}
volumes: {data: {driver_opts: {device: /x}}}
secrets: {key: {file: ./key}}
`

/** Pieces that mean something to YAML, to the merge or to a rule. */
const pieces = [
  '&a ',
  '*a',
  '<<: *common\n',
  '!reset ',
  '!override ',
  '- ',
  '? ',
  ': ',
  '{',
  '[',
  '}',
  ']',
  '"',
  "'",
  '|\n',
  '>-\n',
  '\t',
  '\n---\n',
  '\n...\n',
  '%YAML 1.1\n',
  '#',
  '$',
  `${'$'}{`,
  `${'$'}{A:?`,
  '\0',
  '\uFEFF',
  '\u2028',
  'extends: {file: 0.yml, service: web}\n',
  'include: [0.yml]\n',
  'env_file: /\n',
  '__proto__: ',
  'constructor: ',
  '1e999',
  '-0x',
  '2001-01-01',
  'services: ',
  '[*c,*c,*c,*c,*c]',
] as const

const splice = fc.record({
  at: fc.nat(good.length),
  gone: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(60) }),
  piece: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...pieces).map((piece) => Buffer.from(piece)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)) },
  ),
})

/** Bytes of a stack, cut and filled in at several places. */
const bytes = fc.array(splice, { maxLength: 6 }).map((splices) =>
  splices.reduce((whole: Buffer, { at, gone, piece }) => {
    return Buffer.concat([whole.subarray(0, at), piece, whole.subarray(at + gone)])
  }, Buffer.from(good)),
)

const word = fc.oneof(
  fc.constantFrom(
    'web',
    'api',
    'a:b:c',
    '80:80',
    '1G',
    `${'$'}{A}`,
    '!',
    '',
    '0',
    '/',
    '..',
    '__proto__',
    'default',
  ),
  fc.string({ maxLength: 12 }),
)
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(word, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(word, tie('any'), { maxKeys: 3 }),
  ),
})).any

const fields = [
  ...[
    'image',
    'user',
    'privileged',
    'cap_add',
    'security_opt',
    'environment',
    'env_file',
    'label_file',
    'ports',
  ],
  ...[
    'networks',
    'volumes',
    'secrets',
    'configs',
    'healthcheck',
    'logging',
    'deploy',
    'labels',
    'command',
    'build',
  ],
  ...[
    'entrypoint',
    'depends_on',
    'profiles',
    'extends',
    'devices',
    'ulimits',
    'sysctls',
    'tmpfs',
    'expose',
    'dns',
  ],
]
/** What a field may hold: else the schema would refuse nearly everything, and what is refused is looked at no further. */
const sane = {
  user: '1000',
  privileged: true,
  cap_add: ['ALL'],
  environment: { A: null, __proto__: 'x' },
  ports: ['80:80', { target: 1, mode: 'host' }],
  networks: { default: null },
  volumes: ['/a:/b', { type: 'tmpfs', target: '/c' }],
  healthcheck: { test: 'NONE' },
  deploy: { mode: 'global', labels: ['a=b'], resources: { limits: { cpus: 1, memory: '1e3' } } },
  command: ['sh', '-c', 'PASSWORD=x'],
  profiles: ['a'],
  tmpfs: '/t',
  ulimits: { nofile: { soft: 1, hard: 2 } },
} as const
const saneField = fc.constantFrom<readonly [string, unknown]>(...Object.entries(sane))
const anyField = fc.tuple(fc.constantFrom(...fields), value)
const mostly = <T>(often: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: often }, { weight: 1, arbitrary: seldom })
const service = fc
  .array(mostly(saneField, anyField), { maxLength: 3 })
  .map((own): Readonly<Record<string, unknown>> => ({ image: 'a:1', ...Object.fromEntries(own) }))
const serviceName = mostly(fc.constantFrom('web', 'api', 'constructor', '1'), word)
const topPart = fc.tuple(
  fc.constantFrom('name', 'networks', 'volumes', 'secrets', 'configs', 'include', 'x-own'),
  value,
)
const document = fc
  .record({
    services: fc.dictionary(serviceName, service, { minKeys: 1, maxKeys: 3 }),
    tops: mostly(fc.constant<[string, unknown][]>([]), fc.array(topPart, { maxLength: 2 })),
  })
  .map(({ services, tops }): object => ({ ...Object.fromEntries(tops), services }))
const structure = document.map((all) => Buffer.from(JSON.stringify(all)))

const contents = {
  bytes: fc.array(bytes, { minLength: 1, maxLength: 2 }),
  structure: fc.array(structure, { minLength: 1, maxLength: 2 }),
} as const

export type ComposeFuzz = keyof typeof contents

/** Merges and checks so many generated stacks; how many were read. Throws Error of fast-check, with the seed, where one has no answer. */
export const fuzzCompose = (kind: ComposeFuzz, folder: string, numRuns: number): number => {
  let read = 0
  fc.assert(
    fc.property(contents[kind], (all) => {
      if (answer(folder, all)) read += 1
    }),
    { numRuns },
  )
  return read
}
