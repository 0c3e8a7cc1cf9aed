import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { Fault } from '../../src/core/fault.ts'
import { joinScript } from '../../src/deploy/join-script.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { accessOnly, everyJoin, everyKind } from './every-kind.ts'
import { type Called, type Registered, register } from './register.ts'

let resources: readonly Registered[]
let calls: readonly Called[]

beforeAll(async () => {
  ;({ resources, calls } = await register(everyKind))
})

interface UserData {
  readonly write_files: readonly { readonly path: string }[]
  readonly runcmd: unknown
}

const isOwn = ({ type }: Registered): boolean => !/^(?:pulumi:|tenantry:)/.test(type)

const named = (name: string): Readonly<Record<string, unknown>> => {
  const found = resources.find((resource) => isOwn(resource) && resource.name === name)
  if (found === undefined) throw new Error(`nothing registered as ${name}`)
  return found.inputs
}

const secretMark = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' }
const secretOf = (value: string) => ({ ...secretMark, value })
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('deployStack', () => {
  test('registers each key once, under its key', () => {
    const names = resources.filter(isOwn).map(({ name }) => name)
    expect(names.sort()).toEqual(everyKind.resources.map(({ key }) => key))
  })

  test('groups by tenant and concern', () => {
    const components = resources.filter(({ type }) => type.startsWith('tenantry:')).map(({ type }) => type)
    expect(components.sort()).toEqual([
      'tenantry:index:Access',
      'tenantry:index:Ci',
      'tenantry:index:Cluster',
      'tenantry:index:Networks',
      'tenantry:index:Nodes',
      'tenantry:index:Registry',
      'tenantry:index:Secrets',
      'tenantry:index:Tenant',
      'tenantry:index:Volumes',
    ])
  })

  test('writes subjects of grants as UCP’s plugin reads them', () => {
    expect(named('grant-developers')).toMatchObject({ subject: 'team:acme/developers' })
    expect(named('revoked-everyone')).toMatchObject({ subject: 'organization:docker-datacenter' })
  })

  test('sends Vault’s fields as secrets, read once', () => {
    expect(named('volume-scans').driverOpts).toEqual({
      ...secretMark,
      value: expect.objectContaining({ o: 'username=svc-cifs,password=hunter2' }),
    })
    expect(calls.filter(({ token }) => token.startsWith('vault:'))).toEqual([
      { token: 'vault:kv/getSecretV2:getSecretV2', inputs: { mount: 'platform', name: 'storage/cifs' } },
    ])
  })

  test('fills an output of another resource into a swarm secret, in base64', () => {
    expect(named('secret-ci-role-id').data).toEqual(secretOf(base64('the-role-id')))
  })

  test('bounds a service in Docker’s units', () => {
    expect(named('ci-controller')).toMatchObject({
      taskSpec: {
        resources: {
          limits: { nanoCpus: 2_000_000_000, memoryBytes: 4_294_967_296 },
          reservation: { nanoCpus: 500_000_000, memoryBytes: 2_147_483_648 },
        },
      },
    })
  })

  test('refers to what a service uses by the ids of the same stack', () => {
    expect(named('ci-controller')).toMatchObject({
      taskSpec: {
        containerSpec: {
          secrets: [{ secretId: 'secret-ci-role-id-id', secretName: 'acme-ci-role-id' }],
          configs: [{ configId: 'ci-configuration-id', fileName: '/run/configs/jenkins.yaml' }],
          mounts: [{ source: 'volume-statements-id', target: '/var/statements' }],
        },
        networksAdvanceds: [{ name: 'network-backend-id' }],
      },
    })
  })

  test('clones a VM from its template, where the cluster file says', () => {
    expect(named('vm-01')).toMatchObject({
      resourcePoolId: 'pool-edge-id',
      datastoreId: 'getDatastore-id',
      clone: { templateUuid: '4207-uuid' },
      guestId: 'otherLinux64Guest',
      memory: 32_768,
      tags: ['tag-edge-id'],
      extraConfig: { value: { 'guestinfo.hostname': 'nonprod-acme-edge-01' } },
      // Other settings never power a node off.
      extraConfigRebootRequired: false,
    })
  })

  test('gives a VM a first boot that joins the swarm, and a ticket for the token as a secret', () => {
    const { extraConfig: held } = named('vm-01')
    // One secret among the settings makes all of them one.
    expect(held).toMatchObject(secretMark)
    const { value: extraConfig } = held as { readonly value: Readonly<Record<string, string>> }
    expect(extraConfig['guestinfo.tenantry.ticket']).toBe('opens swarm/nonprod once')
    const decoded = (key: string) => Buffer.from(extraConfig[key] ?? '', 'base64').toString()
    expect(JSON.parse(decoded('guestinfo.metadata'))).toEqual({
      'instance-id': 'nonprod-acme-edge-01',
      'local-hostname': 'nonprod-acme-edge-01',
    })
    const [first, ...lines] = decoded('guestinfo.userdata').split('\n')
    expect(first).toBe('#cloud-config')
    const { write_files, runcmd } = parse(lines.join('\n')) as UserData
    expect(runcmd).toEqual([['python3', write_files[0]?.path]])
    expect(write_files).toEqual([
      { path: '/run/tenantry/join-swarm.py', permissions: '0700', content: joinScript(everyJoin) },
    ])
  })

  test('takes a tag’s category of the same stack, and looks another up', () => {
    expect(named('tag-edge').categoryId).toBe('tag-category-id')
    expect(named('tag-owner').categoryId).toBe('getTagCategory-id')
  })

  test('asks vCenter for each thing once', () => {
    const asked = calls
      .filter(({ token }) => token.startsWith('vsphere:'))
      .map((call) => JSON.stringify(call))
    expect(new Set(asked).size).toBe(asked.length)
  })

  test('gives every provider its credentials as secrets and the owner', () => {
    const provider = (name: string) =>
      resources.find(({ type }) => type === `pulumi:providers:${name}`)?.inputs
    expect(provider('ucp')).toMatchObject({
      owner: 'nonprod.acme',
      password: secretOf('ucp-password'),
      registryToken: secretOf('dtr-token'),
    })
    expect(provider('docker')).toMatchObject({ keyMaterial: secretOf('docker-key') })
    expect(provider('vault')).toMatchObject({ token: secretOf('vault-token') })
    expect(provider('vsphere')).toMatchObject({ password: secretOf('vcenter-password') })
  })
})

describe('a stack that needs little', () => {
  test('gets only the providers that it needs', async () => {
    const { resources: few } = await register(accessOnly)
    expect(few.filter(({ type }) => type.startsWith('pulumi:providers:')).map(({ name }) => name)).toEqual([
      'ucp',
    ])
  })

  test('needs no connection when it is empty', async () => {
    const refuse = () => {
      throw new Fault('invalid-request', 'asked for')
    }
    const empty: StackState = { ...accessOnly, organization: null, resources: [] }
    const { resources: none } = await register(empty, refuse)
    expect(none.map(({ type }) => type)).toEqual(['tenantry:index:Platform'])
    await expect(register(accessOnly, refuse)).rejects.toThrow('asked for')
  })

  test('is refused when a key depends on itself or on nothing, which is a bug', async () => {
    const [first] = accessOnly.resources
    if (first === undefined) throw new Error('no resource')
    const circular = { ...accessOnly, resources: [{ ...first, dependsOn: [first.key] }] }
    await expect(register(circular)).rejects.toThrow('depends on itself')
    const dangling = { ...accessOnly, resources: [{ ...first, dependsOn: ['nope'] }] }
    await expect(register(dangling)).rejects.toThrow('no resource nope')
  })
})
