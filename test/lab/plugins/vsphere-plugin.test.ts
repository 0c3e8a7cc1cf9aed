import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { observedInputs } from '../../../src/lab/plugins/vsphere-fields.ts'
import { vspherePlugin } from '../../../src/lab/plugins/vsphere-plugin.ts'
import { type Properties, SecretValue, unknown } from '../../../src/provider/plugin.ts'

const typeOf = (name: string) => {
  const token = `vsphere:index/${name}:${name.charAt(0).toUpperCase()}${name.slice(1)}`
  return vspherePlugin.resources[token] ?? expect.fail(`no ${token}`)
}

const failuresOf = (name: string, inputs: Properties): readonly string[] =>
  typeOf(name)
    .check(inputs, undefined)
    .failures.map(({ property, reason }) => `${property} ${reason}`)

const machine: Properties = {
  name: 'node-01',
  resourcePoolId: 'resgroup-1',
  numCpus: 4,
  memory: 8192,
  disks: [{ label: 'disk0', size: 20 }],
  networkInterfaces: [{ networkId: 'network-1' }],
  clone: { templateUuid: 'a' },
  extraConfig: { 'guestinfo.hostname': 'node-01' },
}

const diff = (name: string, olds: Properties, news: Properties) =>
  typeOf(name).diff({ inputs: olds, outputs: {} }, news)

describe('checks of the vSphere stand-in', () => {
  it('takes a VM as deploy asks for it, with unknowns and secrets', () => {
    expect(failuresOf('virtualMachine', machine)).toEqual([])
    const open = {
      ...machine,
      resourcePoolId: unknown,
      clone: { templateUuid: unknown },
      annotation: new SecretValue('x'),
      tags: [unknown],
    }
    expect(failuresOf('virtualMachine', open)).toEqual([])
  })

  it('names every property that is wrong, by its path', () => {
    const wrong = {
      ...machine,
      memory: '8192',
      numCpus: 0,
      cpuShareLevel: 'most',
      disks: [{ size: 0, path: 'x' }],
      clone: {},
      colour: 'red',
      vtpm: {},
    }
    const failures = failuresOf('virtualMachine', wrong)
    for (const path of [
      'memory must be of the kind integer',
      'numCpus must be at least 1',
      'cpuShareLevel must be one of',
      'disks[0].path is not served',
      'disks[0].label is required',
      'disks[0].size must be at least 1 GiB',
      'clone.templateUuid is required',
      'colour is no property',
      'vtpm is not served',
    ])
      expect(failures, path).toContainEqual(expect.stringContaining(path))
  })

  it.each([
    ['folder', {}, ['path is required', 'type is required']],
    ['folder', { path: 'x', type: 'zoo' }, ['type must be one of vm, host, network, datastore']],
    ['resourcePool', { name: 'x' }, ['parentResourcePoolId is required']],
    ['tag', { name: 'x' }, ['categoryId is required']],
    [
      'tagCategory',
      { name: 'x', cardinality: 'ANY', associableTypes: [] },
      ['cardinality must be SINGLE or MULTIPLE'],
    ],
    [
      'distributedPortGroup',
      { name: 'x', distributedVirtualSwitchUuid: 'y', vlanId: 4095 },
      ['vlanId must be from 0 to 4094'],
    ],
    [
      'computeClusterVmAntiAffinityRule',
      { name: 'x', computeClusterId: 'c' },
      ['virtualMachineIds is required'],
    ],
  ] as const)('checks %s %j', (name, inputs, expected) => {
    expect(failuresOf(name, inputs)).toEqual(expected)
  })

  it('wants a server, a user and a password, and knows every setting of the vendor’s', () => {
    const asked = vspherePlugin.checkConfig({ colour: 'red', clientDebug: 'true' })
    expect(asked.failures.map(({ property }) => property)).toEqual([
      'vsphereServer',
      'user',
      'password',
      'colour',
    ])
    const settings = {
      vsphereServer: 'v:443',
      user: 'u',
      password: new SecretValue('p'),
      allowUnverifiedSsl: 'true',
    }
    expect(vspherePlugin.checkConfig(settings)).toEqual({ inputs: settings, failures: [] })
  })
})

describe('diffs of the vSphere stand-in', () => {
  it('sees no change where there is none', () => {
    for (const name of ['virtualMachine', 'folder', 'resourcePool', 'tag', 'tagCategory'])
      expect(diff(name, machine, machine).changes, name).toBe(false)
  })

  it('changes a VM’s size in place and says where', () => {
    const news = { ...machine, numCpus: 8, disks: [{ label: 'disk0', size: 30 }] }
    const result = diff('virtualMachine', machine, news)
    expect(result.replaces).toEqual([])
    expect(result.details).toEqual({ numCpus: 'update', 'disks[0].size': 'update' })
  })

  it('makes another VM of another template, the old one first', () => {
    const result = diff('virtualMachine', machine, { ...machine, clone: { templateUuid: 'b' } })
    expect(result).toMatchObject({ changes: true, replaces: ['clone'], deleteBeforeReplace: true })
    const slower = { ...machine, clone: { templateUuid: 'a', timeout: 60 } }
    expect(diff('virtualMachine', machine, slower).changes).toBe(false)
  })

  it.each([
    ['folder', 'datacenterId'],
    ['folder', 'type'],
    ['computeClusterVmAntiAffinityRule', 'computeClusterId'],
    ['distributedPortGroup', 'distributedVirtualSwitchUuid'],
    ['tag', 'categoryId'],
    ['virtualMachine', 'replaceTrigger'],
  ])('replaces a %s when its %s changes, as the vendor’s schema says', (name, property) => {
    expect(diff(name, { [property]: 'a' }, { [property]: 'b' }).replaces).toEqual([property])
  })
})

const schemaFile = new URL('../../../../shared/schemas/vsphere.json', import.meta.url)

interface Schema {
  readonly resources: Readonly<Record<string, { inputProperties: Readonly<Record<string, unknown>> }>>
  readonly functions: Readonly<Record<string, unknown>>
}

describe('what a read finds', () => {
  const usual = { enabled: true, limit: -1 }

  it('is every input as it is, and what nobody asked for where it is unusual', () => {
    const observed = { name: 'b', enabled: false, limit: -1, key: 7 }
    expect(observedInputs({ name: 'a' }, observed, usual)).toEqual({ name: 'b', enabled: false })
    expect(observedInputs({ name: 'b', enabled: true }, observed, usual)).toEqual({
      name: 'b',
      enabled: false,
    })
    expect(observedInputs({ name: 'b' }, { name: 'b' }, usual)).toEqual({ name: 'b' })
  })

  it('is a VM to be powered on where it is off', () => {
    const off = typeOf('virtualMachine').diff({ inputs: machine, outputs: { powerState: 'off' } }, machine)
    expect(off).toMatchObject({ changes: true, replaces: [], details: { powerState: 'update' } })
    const on = typeOf('virtualMachine').diff({ inputs: machine, outputs: { powerState: 'on' } }, machine)
    expect(on.changes).toBe(false)
  })
})

describe('the vendor’s schema', () => {
  const isThere = existsSync(schemaFile)
  if (!isThere) console.log(`skipped: ${schemaFile.pathname} is missing`)

  it.skipIf(!isThere)('has every token and property that is served, and none is unheard of here', () => {
    const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as Schema
    for (const token of Object.keys(vspherePlugin.functions ?? {}))
      expect(schema.functions).toHaveProperty([token])
    for (const [token, type] of Object.entries(vspherePlugin.resources)) {
      const properties = Object.keys(schema.resources[token]?.inputProperties ?? {})
      expect(properties.length, token).toBeGreaterThan(0)
      const unheard = properties.filter((property) =>
        type
          .check({ [property]: unknown }, undefined)
          .failures.some(
            (failure) => failure.property === property && failure.reason.startsWith('is no property'),
          ),
      )
      expect(unheard, token).toEqual([])
    }
  })
})
