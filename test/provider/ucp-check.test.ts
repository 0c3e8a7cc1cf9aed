import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { operationCatalogue } from '../../src/core/ucp-operations.ts'
import { type Properties, SecretValue, unknown } from '../../src/provider/plugin.ts'
import { ucpPlugin } from '../../src/provider/ucp/plugin.ts'

const plugin = ucpPlugin()
const check = (token: string, inputs: Properties) => {
  const type = plugin.resources[token]
  if (type === undefined) throw new Error(`no type ${token}`)
  return type.check(inputs, undefined)
}
const failures = (token: string, inputs: Properties) =>
  check(token, inputs).failures.map(({ property, reason }) => `${property} ${reason}`)

describe('inputs', () => {
  test('that are missing, unknown or of the wrong type are all reported, each at its path', () => {
    const inputs = { organization: 'acme', nmae: 'x', ldapSync: { groupDn: 7, groupDN: 'x' } }
    expect(check('ucp:index:Team', inputs).failures).toEqual([
      { property: 'nmae', reason: 'is no property of this. Did you mean name?' },
      { property: 'name', reason: 'is missing.' },
      { property: 'ldapSync.groupDN', reason: 'is no property of this. Did you mean groupDn?' },
      { property: 'ldapSync.groupDn', reason: 'must be a text.' },
      { property: 'ldapSync.groupMemberAttribute', reason: 'is missing.' },
    ])
  })

  test('get their defaults', () => {
    expect(check('ucp:index:NodePlacement', { hostname: 'n1', collection: '/Run' })).toEqual({
      inputs: {
        hostname: 'n1',
        collection: '/Run',
        orchestrator: 'swarm',
        availability: 'active',
        joinSeconds: 900,
      },
      failures: [],
    })
  })

  test('that are not known yet pass, and secrets are looked into', () => {
    expect(failures('ucp:index:Team', { organization: unknown, name: new SecretValue('a/b') })).toEqual([
      expect.stringContaining('name must be a name of 1 to 100 characters'),
    ])
  })

  test.each([
    ['Run', 'relative'],
    ['/Run/', 'a slash at the end'],
    ['/Run//Std', 'an empty part'],
    ['/', 'the root'],
  ])('a collection’s path is not %s: %s', (path) => {
    expect(failures('ucp:index:Collection', { path })).toHaveLength(1)
  })

  test.each(['team:acme', 'acme/developers', 'team:acme/a/b', 'group:acme'])(
    'a subject is not %s',
    (subject) => {
      expect(failures('ucp:index:Grant', { subject, role: 'viewonly', collection: '/Run' })).toHaveLength(1)
    },
  )

  test('one of a few names suggests the nearest', () => {
    expect(
      failures('ucp:registry:TeamAccess', {
        namespace: 'acme',
        repository: 'api',
        team: 'dev',
        accessLevel: 'read-wirte',
      }),
    ).toEqual([expect.stringContaining('Did you mean read-write?')])
  })

  test('a promotion rule knows its fields and their operators', () => {
    const inputs = {
      sourceRepository: 'acme/api',
      targetRepository: 'acme/api',
      tagTemplate: '%n',
      rules: [
        { field: 'vulnerability_critcal', operator: 'lte', values: ['0'] },
        { field: 'tag', operator: 'lte', values: ['0'] },
      ],
    }
    expect(check('ucp:registry:PromotionPolicy', inputs).failures.map(({ property }) => property)).toEqual([
      'targetRepository',
      'rules[0].field',
      'rules[1].operator',
    ])
  })
})

describe('a role', () => {
  test('of the whole catalogue is accepted', () => {
    expect(failures('ucp:index:Role', { name: 'all', operations: operationCatalogue as Properties })).toEqual(
      [],
    )
  })

  test('with operations that nobody knows is refused with suggestions', () => {
    const operations = {
      Servise: {},
      Service: { 'Service Veiw': [], 'Service Create': ['Host Bind Mount'] },
      toString: {},
    }
    expect(check('ucp:index:Role', { name: 'r', operations }).failures).toEqual([
      { property: 'operations.Servise', reason: '"Servise" is no resource of UCP. Did you mean Service?' },
      {
        property: 'operations.Service["Service Veiw"]',
        reason: '"Service Veiw" is no operation of Service. Did you mean Service View?',
      },
      {
        property: 'operations.Service["Service Create"][0]',
        reason: '"Host Bind Mount" is no sub-permission of this operation. Did you mean Host Bind Mounts?',
      },
      { property: 'operations.toString', reason: '"toString" is no resource of UCP.' },
    ])
  })

  test('is written one way whatever the order of its operations', () => {
    const all = Object.entries(operationCatalogue)
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 1 }), (some) => {
        const given = check('ucp:index:Role', {
          name: 'r',
          operations: Object.fromEntries(some) as Properties,
        })
        const turned = check('ucp:index:Role', {
          name: 'r',
          operations: Object.fromEntries([...some].reverse()) as Properties,
        })
        expect(JSON.stringify(given.inputs)).toBe(JSON.stringify(turned.inputs))
      }),
    )
  })

  test('that changes under its name is updated, which moves its grants; under another name it is replaced', () => {
    const type = plugin.resources['ucp:index:Role']
    const olds = { name: 'r', operations: { Service: { 'Service View': [] } } }
    const operations = { Service: { 'Service Logs': [] } }
    const diff = (news: Properties) => type?.diff({ inputs: olds, outputs: olds }, news)
    expect(diff({ name: 'r', operations })).toMatchObject({ changes: true, replaces: [] })
    expect(diff({ name: 's', operations })?.replaces).toEqual(['name'])
  })
})

describe('the configuration', () => {
  const config = {
    endpoint: 'https://ucp:443',
    username: 'u',
    password: new SecretValue('p'),
    registryEndpoint: 'https://dtr',
    registryUsername: 'u',
    registryToken: unknown,
    owner: 'nonprod.acme',
  }

  test('takes secrets, unknowns, and flags as text', () => {
    expect(plugin.checkConfig({ ...config, adopt: 'true' })).toEqual({
      inputs: { ...config, adopt: 'true' },
      failures: [],
    })
    expect(plugin.configure({ ...config, registryToken: 't', password: 'p', adopt: 'true' }).adopt).toBe(true)
  })

  test('says what is missing, wrong and unknown', () => {
    const { failures } = plugin.checkConfig({
      ...config,
      owner: undefined as never,
      endpoint: 'ucp',
      adpot: 'x',
    })
    expect(failures.map(({ property }) => property).sort()).toEqual(['adpot', 'endpoint', 'owner'])
  })
})

describe('the schema', () => {
  const schema = JSON.parse(plugin.schema?.() ?? '{}')

  test('lists every resource with descriptions and required inputs', () => {
    expect(Object.keys(schema.resources).sort()).toEqual(Object.keys(plugin.resources).sort())
    expect(schema.resources['ucp:index:Team'].requiredInputs).toEqual(['organization', 'name'])
    for (const resource of Object.values<Record<string, Record<string, { description?: string }>>>(
      schema.resources,
    ))
      for (const property of Object.values(resource.properties ?? {}))
        expect(property.description).toBeTruthy()
  })

  test('refers only to types it has', () => {
    const references = JSON.stringify(schema).match(/#\/types\/[\w:]+/g) ?? []
    expect(references.length).toBeGreaterThan(0)
    for (const reference of references) expect(schema.types[reference.slice('#/types/'.length)]).toBeDefined()
  })
})
