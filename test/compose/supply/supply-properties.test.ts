import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { supply } from '../../../src/compose/supply/supply.ts'
import { plainOf } from '../../../src/compose/yaml-node.ts'
import { finished, retail, stacks } from './supply-case.ts'

type Plain = Readonly<Record<string, unknown>>

const label = 'com.docker.ucp.access.label'
const collection = '/Shared/Private/retail-banking/payments'

const some = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined })

const labels = some(fc.dictionary(fc.constantFrom('team', 'tier', 'a.b'), fc.constantFrom('x', 'y$$', '')))
const amounts = some(
  fc.record(
    { cpus: fc.constantFrom('0.1', '1.5', '3'), memory: fc.constantFrom('64M', '1G', '1000001b') },
    { requiredKeys: [] },
  ),
)

const Deploy = fc.record(
  {
    labels,
    resources: fc.record({ limits: amounts, reservations: amounts }, { requiredKeys: [] }),
    placement: fc.record({
      constraints: fc.subarray([
        'node.labels.ssd==true',
        'node.role != manager',
        `node.labels.${label} == /Run/Std`,
      ]),
    }),
    update_config: fc.constant({ parallelism: 1, order: 'start-first' }),
  },
  { requiredKeys: [] },
)

const Logging = fc.record(
  {
    driver: fc.constantFrom('journald', 'json-file', 'local', 'splunk'),
    options: fc.dictionary(fc.constantFrom('tag', 'max-size', 'labels'), fc.constantFrom('1m', 'x,y')),
  },
  { requiredKeys: ['driver'] },
)

const definitions = {
  networks: fc.constantFrom<Plain>({}, { external: true }, { driver: 'overlay', internal: true }),
  volumes: fc.constantFrom<Plain>({}, { external: true }, { driver: 'local', labels: { a: 'b' } }),
  secrets: fc.constantFrom<Plain>({ file: 's' }, { external: true }, { external: true, name: 'x' }),
}

const names = {
  networks: ['backend', 'partners', 'own', 'default'],
  volumes: ['ledger', 'exchange', 'archive', 'own'],
  secrets: ['database', 'scheme-key', 'payments-role-id', 'own'],
}

const Stack = fc
  .record({
    networks: fc.dictionary(fc.constantFrom(...names.networks), definitions.networks),
    volumes: fc.dictionary(fc.constantFrom(...names.volumes), definitions.volumes),
    secrets: fc.dictionary(fc.constantFrom(...names.secrets), definitions.secrets),
  })
  .chain((things) =>
    fc.record({
      ...Object.fromEntries(Object.entries(things).map(([kind, all]) => [kind, fc.constant<unknown>(all)])),
      services: fc.dictionary(
        fc.constantFrom('api', 'web', 'db'),
        fc.record(
          {
            image: fc.constant('a:1'),
            environment: fc.dictionary(fc.constantFrom('A', 'VAULT_ADDR'), fc.constantFrom('1', '')),
            labels,
            deploy: Deploy,
            logging: Logging,
            networks: fc.subarray(Object.keys(things.networks)),
            secrets: fc.subarray(Object.keys(things.secrets)),
            volumes: fc
              .subarray(Object.keys(things.volumes))
              .map((all) => all.map((name) => `${name}:/mnt/${name}`)),
          },
          { requiredKeys: ['image'] },
        ),
        { minKeys: 1 },
      ),
    }),
  )

const tenant = retail()

const supplied = (model: ReturnType<typeof finished>, cluster: keyof typeof stacks) => {
  const input = { tenant, cluster: stacks[cluster], application: 'payments', measured: new Map() }
  const found = supply(model, input)
  if (!found.ok) throw new Error(JSON.stringify(found.issues))
  return found.value
}

const Cluster = fc.constantFrom<keyof typeof stacks>('nonprod', 'prod')

/** A stack has up to three services, each of which tries every property at once. */
const numRuns = 40

test('supplied twice is supplied once', () => {
  fc.assert(
    fc.property(Stack, Cluster, (stack, cluster) => {
      const once = supplied(finished(JSON.stringify(stack)), cluster)
      const twice = supplied(once.model, cluster)
      expect(JSON.stringify(plainOf(twice.model))).toBe(JSON.stringify(plainOf(once.model)))
      expect(twice.references).toEqual(once.references)
    }),
    { numRuns },
  )
})

const isMap = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Values that were there and are not, or are others, by path. */
const lost = (before: unknown, after: unknown, path: string): readonly string[] => {
  if (isMap(before))
    return Object.entries(before).flatMap(([key, value]) =>
      lost(value, isMap(after) ? after[key] : undefined, `${path}.${key}`),
    )
  if (!Array.isArray(before)) return before === after ? [] : [path]
  const items = new Set((Array.isArray(after) ? after : []).map((item) => JSON.stringify(item)))
  return before.flatMap((item, index) => (items.has(JSON.stringify(item)) ? [] : [`${path}.${index}`]))
}

/** Where an entry only names what is the tenant's, what it names takes its place; names in `logging.options.labels` are added to. */
const meant = new RegExp(
  [
    /^\.networks\.(?:backend|partners)\./,
    /^\.volumes\.(?:ledger|exchange|archive)\.external$/,
    /^\.secrets\.(?:database|scheme-key)\.external$/,
    /^\.services\.\w+\.secrets\.\d+$/,
    /^\.services\.\w+\.logging\.options\.labels$/,
  ]
    .map(({ source }) => source)
    .join('|'),
)

test('what files say is never lost without being told', () => {
  fc.assert(
    fc.property(Stack, Cluster, (stack, cluster) => {
      const model = finished(JSON.stringify(stack))
      const after = supplied(model, cluster)
      const gone = lost(plainOf(model), plainOf(after.model), '')
      expect(gone.filter((path) => !meant.test(path))).toEqual([])
      const told = new Set(after.replaced.map(({ path }) => `.${path.join('.')}`))
      expect(
        gone.filter((path) => ![...told].some((one) => path === one || path.startsWith(`${one}.`))),
      ).toEqual([])
    }),
    { numRuns },
  )
})

test('every name that the operators’ log carries is kept', () => {
  fc.assert(
    fc.property(Stack, Cluster, (stack, cluster) => {
      const before = finished(JSON.stringify(stack))
      const said = namesLogged(plainOf(before))
      const carried = namesLogged(plainOf(supplied(before, cluster).model))
      expect(said.filter((name) => !carried.includes(name))).toEqual([])
    }),
    { numRuns },
  )
})

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((node, key) => (isMap(node) ? node[key] : undefined), value)

const entries = (value: unknown): readonly (readonly [string, unknown])[] =>
  isMap(value) ? Object.entries(value) : []

const namesLogged = (model: unknown): readonly string[] =>
  entries(at(model, 'services')).flatMap(([service, value]) =>
    String(at(value, 'logging', 'options', 'labels') ?? '')
      .split(',')
      .filter((name) => name !== '')
      .map((name) => `${service} ${name}`),
  )

test('every service and every thing that the stack makes has its label, and stands on the offer', () => {
  fc.assert(
    fc.property(Stack, Cluster, (stack, cluster) => {
      const model = plainOf(supplied(finished(JSON.stringify(stack)), cluster).model)
      for (const [, service] of entries(at(model, 'services'))) {
        expect(at(service, 'deploy', 'labels', label)).toBe('/Run/Std/retail-banking/payments')
        const constraints = at(service, 'deploy', 'placement', 'constraints') as readonly string[]
        const wanted = `node.labels.${label}==/Run/Std`
        expect(constraints.filter((one) => one.replaceAll(' ', '') === wanted)).toHaveLength(1)
      }
      for (const kind of ['networks', 'volumes', 'secrets', 'configs'])
        for (const [, thing] of entries(at(model, kind)))
          if (at(thing, 'external') === true) expect(at(thing, 'labels')).toBeUndefined()
          else
            expect([collection, '/Shared/Private/retail-banking/Shared']).toContain(
              at(thing, 'labels', label),
            )
    }),
    { numRuns },
  )
})

test('nothing is reserved beyond a limit but what a file reserves', () => {
  fc.assert(
    fc.property(Stack, Cluster, (stack, cluster) => {
      const before = finished(JSON.stringify(stack))
      const model = plainOf(supplied(before, cluster).model)
      for (const [name, service] of entries(at(model, 'services'))) {
        const resources = at(service, 'deploy', 'resources')
        const own = at(plainOf(before), 'services', name, 'deploy', 'resources', 'reservations', 'cpus')
        const limit = at(resources, 'limits', 'cpus')
        const reserved = at(resources, 'reservations', 'cpus')
        if (own !== undefined) expect(reserved).toBe(own)
        else if (limit === undefined) expect(reserved).toBeUndefined()
        else expect(Number(reserved)).toBeLessThanOrEqual(Number(limit))
      }
    }),
    { numRuns },
  )
})
