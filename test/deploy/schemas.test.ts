import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { everyKind } from './every-kind.ts'
import { type Called, type Registered, register } from './register.ts'

interface TypeSpec {
  readonly type?: string
  readonly $ref?: string
  readonly items?: TypeSpec
  readonly additionalProperties?: TypeSpec
}

interface ObjectSpec {
  readonly properties?: Readonly<Record<string, TypeSpec>>
  readonly required?: readonly string[]
}

interface Schema {
  readonly resources: Readonly<
    Record<
      string,
      {
        readonly inputProperties: Readonly<Record<string, TypeSpec>>
        readonly requiredInputs?: readonly string[]
      }
    >
  >
  readonly functions: Readonly<Record<string, { readonly inputs?: ObjectSpec }>>
  readonly types: Readonly<Record<string, ObjectSpec>>
  readonly config: { readonly variables: Readonly<Record<string, TypeSpec>> }
}

const folder = join(import.meta.dirname, '../../../shared/schemas')
const hasSchemas = existsSync(folder)
if (!hasSchemas) console.log(`skipped: the vendors' schemas are not at ${folder}`)

const readSchema = (name: string): Schema =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Schema

/** Key of a secret in the engine's wire form. */
const secretKey = '4dabf18193072939515e22adb298388d'

const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && secretKey in value
    ? (value as unknown as { value: unknown }).value
    : value

const scalarTypes: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
}

const checkObject = (schema: Schema, value: unknown, spec: ObjectSpec, path: string): string[] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is not an object`]
  const given = Object.entries(value).filter(([, child]) => child !== undefined)
  const names = new Set(given.map(([name]) => name))
  return [
    ...(spec.required ?? []).filter((name) => !names.has(name)).map((name) => `${path}.${name} is missing`),
    ...given.flatMap(([name, child]) => {
      const property = spec.properties?.[name]
      return property === undefined
        ? [`${path}.${name} is unknown`]
        : checkValue(schema, child, property, `${path}.${name}`)
    }),
  ]
}

const checkValue = (schema: Schema, wire: unknown, spec: TypeSpec, path: string): string[] => {
  const value = plain(wire)
  if (spec.$ref !== undefined) {
    const target = schema.types[spec.$ref.replace('#/types/', '')]
    return target === undefined ? [`${path}: no type ${spec.$ref}`] : checkObject(schema, value, target, path)
  }
  if (spec.type === 'array') {
    const { items } = spec
    if (!Array.isArray(value) || items === undefined) return [`${path} is not a list`]
    return value.flatMap((item, index) => checkValue(schema, item, items, `${path}[${index}]`))
  }
  if (spec.type === 'object') {
    const { additionalProperties } = spec
    if (typeof value !== 'object' || value === null || additionalProperties === undefined)
      return [`${path} is not a map`]
    return Object.entries(value).flatMap(([key, child]) =>
      checkValue(schema, child, additionalProperties, `${path}.${key}`),
    )
  }
  return scalarTypes[spec.type ?? '']?.(value)
    ? []
    : [`${path} is not a ${spec.type}: ${JSON.stringify(value)}`]
}

const checkResource = (schema: Schema, { type, name, inputs }: Registered): string[] => {
  const resource = schema.resources[type]
  if (resource === undefined) return [`${name}: no resource ${type}`]
  const spec = { properties: resource.inputProperties, required: resource.requiredInputs ?? [] }
  return checkObject(schema, inputs, spec, name)
}

let resources: readonly Registered[]
let calls: readonly Called[]

beforeAll(async () => {
  ;({ resources, calls } = await register(everyKind))
})

const ofPackage = (name: string) => resources.filter(({ type }) => type.startsWith(`${name}:`))

describe.skipIf(!hasSchemas)('the vendors’ schemas', () => {
  test.each(['docker', 'vsphere'])('%s: tokens, property names, types and required inputs', (name) => {
    const schema = readSchema(name)
    expect(ofPackage(name).length).toBeGreaterThan(4)
    expect(ofPackage(name).flatMap((resource) => checkResource(schema, resource))).toEqual([])
  })

  test('vsphere: functions and their arguments', () => {
    const schema = readSchema('vsphere')
    const asked = calls.filter(({ token }) => token.startsWith('vsphere:'))
    expect(asked.length).toBeGreaterThan(5)
    expect(
      asked.flatMap(({ token, inputs }) => {
        const found = schema.functions[token]
        return found === undefined
          ? [`no function ${token}`]
          : checkObject(schema, inputs, found.inputs ?? {}, token)
      }),
    ).toEqual([])
  })

  test.each(['docker', 'vsphere'])('%s: the provider’s configuration', (name) => {
    const { variables } = readSchema(name).config
    const provider = resources.find(({ type }) => type === `pulumi:providers:${name}`)
    const unknown = Object.keys(provider?.inputs ?? { missing: true }).filter((key) => !(key in variables))
    expect(unknown).toEqual([])
  })

  test('the check itself sees what is wrong', () => {
    const schema = readSchema('docker')
    const wrong = {
      type: 'docker:index/service:Service',
      name: 'x',
      inputs: { taskSpec: { containerSpec: { image: 4, nope: 1 } }, extra: true },
    }
    expect(checkResource(schema, wrong)).toEqual([
      'x.taskSpec.containerSpec.image is not a string: 4',
      'x.taskSpec.containerSpec.nope is unknown',
      'x.extra is unknown',
    ])
    expect(checkResource(schema, { ...wrong, inputs: {} })).toEqual(['x.taskSpec is missing'])
    expect(checkResource(schema, { ...wrong, type: 'docker:index/nope:Nope' })).toHaveLength(1)
  })
})

/** `vault:kv/getSecretV2:getSecretV2` → `kv/getSecretV2`. */
const modulePath = (token: string): string =>
  (token.split(':')[1] ?? '').replace(/^index\//, '').replace(/^appRole\//, 'approle/')

const vaultFolder = dirname(createRequire(import.meta.url).resolve('@pulumi/vault/package.json'))

/** Properties of an `…Args` interface in the package's declarations, each with whether it must be there. */
const declaredInputs = (token: string): Map<string, boolean> => {
  const text = readFileSync(join(vaultFolder, `${modulePath(token)}.d.ts`), 'utf8')
  const body = /export interface \w+Args \{([\s\S]*?)\n\}/.exec(text)?.[1] ?? ''
  return new Map(
    [...body.matchAll(/^ {4}(\w+)(\?)?: /gm)].map(([, name, optional]) => [
      name ?? '',
      optional === undefined,
    ]),
  )
}

const checkVault = (token: string, inputs: Readonly<Record<string, unknown>>): string[] => {
  const declared = declaredInputs(token)
  return [
    ...(declared.size === 0 ? [`${token} is not declared`] : []),
    ...Object.keys(inputs).filter((name) => !declared.has(name)),
    ...[...declared].filter(([name, required]) => required && !(name in inputs)).map(([name]) => `-${name}`),
  ]
}

describe('the types of @pulumi/vault', () => {
  test('every registered resource: token, property names, required inputs', () => {
    const registered = ofPackage('vault')
    expect(registered).toHaveLength(5)
    for (const { type, inputs } of registered) expect(checkVault(type, inputs), type).toEqual([])
  })

  test('every call', () => {
    const asked = calls.filter(({ token }) => token.startsWith('vault:'))
    expect(asked).toHaveLength(1)
    for (const { token, inputs } of asked) expect(checkVault(token, inputs), token).toEqual([])
  })

  test('the check itself sees what is wrong', () => {
    expect(checkVault('vault:index/policy:Policy', { name: 'x', nope: 1 })).toEqual(['nope', '-policy'])
  })
})
