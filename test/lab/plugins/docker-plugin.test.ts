import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assignments,
  duration,
  labels,
  nanoseconds,
  observed,
} from '../../../src/lab/plugins/docker-codec.ts'
import { dockerPlugin } from '../../../src/lab/plugins/docker-plugin.ts'
import { type Properties, SecretValue, unknown } from '../../../src/provider/plugin.ts'

const type = (token: string) => {
  const found = dockerPlugin.resources[token]
  if (found === undefined) throw new Error(`no ${token}`)
  return found
}
const network = type('docker:index/network:Network')
const secret = type('docker:index/secret:Secret')
const config = type('docker:index/serviceConfig:ServiceConfig')
const service = type('docker:index/service:Service')
const volume = type('docker:index/volume:Volume')

const web: Properties = {
  name: 'web',
  taskSpec: {
    containerSpec: { image: 'nginx:1', env: { A: '1' } },
    networksAdvanceds: [{ name: 'n1' }],
    placement: { constraints: ['node.role==worker'] },
  },
  labels: [
    { label: 'b', value: '2' },
    { label: 'a', value: '1' },
  ],
}
const failures = (resource: typeof network, inputs: Properties) =>
  resource.check(inputs, undefined).failures.map(({ property }) => property)
const diff = (resource: typeof network, old: Properties, now: Properties) =>
  resource.diff({ inputs: old, outputs: old }, now)

describe('check', () => {
  it('accepts what tenants use, with unknowns and secrets', () => {
    expect(failures(service, web)).toEqual([])
    expect(
      failures(service, {
        ...web,
        taskSpec: { containerSpec: { image: 'x', secrets: [{ secretId: unknown, fileName: '/s' }] } },
      }),
    ).toEqual([])
    expect(failures(secret, { name: 's', data: new SecretValue('YQ==') })).toEqual([])
    expect(
      failures(network, {
        name: 'n',
        ipamConfigs: [{ subnet: '10.0.0.0/24' }],
        labels: [{ label: 'a', value: 'b' }],
      }),
    ).toEqual([])
  })

  it('names what is missing, unknown or of the wrong type by its path', () => {
    expect(failures(network, {})).toEqual(['name'])
    expect(failures(network, { name: 'n', speed: 1 })).toEqual(['speed'])
    expect(failures(network, { name: 'n', labels: [{ label: 'a' }] })).toEqual(['labels[0].value'])
    expect(failures(network, { name: 'n', ipamConfigs: [{ subnet: 5 }] })).toEqual(['ipamConfigs[0].subnet'])
    expect(failures(service, { name: 'w', taskSpec: { containerSpec: {} } })).toEqual([
      'taskSpec.containerSpec.image',
    ])
    expect(
      failures(service, {
        name: 'w',
        taskSpec: { containerSpec: { image: 'x', mounts: [{ target: '/d', typo: 1 }] } },
      }),
    ).toEqual(['taskSpec.containerSpec.mounts[0].typo', 'taskSpec.containerSpec.mounts[0].type'])
    expect(failures(secret, { name: 's', data: 'not base64!' })).toEqual(['data'])
    expect(failures(config, { name: 'c' })).toEqual(['data'])
    expect(failures(config, { name: 'c', data: 'YQ==', dataRaw: 'a' })).toEqual(['dataRaw'])
    expect(failures(volume, { name: 'v', driverOpts: { a: 1 } })).toEqual(['driverOpts.a'])
  })

  it('refuses hosts it cannot reach', () => {
    expect(dockerPlugin.checkConfig({ host: 'ssh://x' }).failures).toHaveLength(1)
    expect(dockerPlugin.checkConfig({ host: 'tcp://x:1', certMaterial: 'c' }).failures).toHaveLength(1)
    expect(dockerPlugin.checkConfig({ host: 'unix:///run/x.sock' }).failures).toEqual([])
  })
})

describe('diff', () => {
  it('does not mind the order of labels, nor the marks of the vendor’s bridge', () => {
    const turned = {
      ...web,
      labels: [
        { label: 'a', value: '1', __defaults: [] },
        { label: 'b', value: '2', __defaults: [] },
      ],
    }
    expect(diff(service, turned, web)).toMatchObject({ changes: false, replaces: [] })
  })

  it('changes a service in place, but replaces it for its networks, name and mode', () => {
    const image = {
      ...web,
      taskSpec: {
        containerSpec: { image: 'nginx:2', env: { A: '1' } },
        networksAdvanceds: [{ name: 'n1' }],
        placement: { constraints: ['node.role==worker'] },
      },
    }
    expect(diff(service, web, image)).toEqual({
      changes: true,
      replaces: [],
      details: { 'taskSpec.containerSpec.image': 'update' },
      deleteBeforeReplace: false,
    })
    const moved = {
      ...web,
      taskSpec: { ...(web.taskSpec as Properties), networksAdvanceds: [{ name: 'n2' }] },
    }
    expect(diff(service, web, moved)).toEqual({
      changes: true,
      replaces: ['taskSpec'],
      details: { 'taskSpec.networksAdvanceds[0].name': 'update-replace' },
      deleteBeforeReplace: true,
    })
    expect(diff(service, web, { ...web, name: 'other' })).toMatchObject({
      replaces: ['name'],
      deleteBeforeReplace: false,
    })
    expect(diff(service, web, { ...web, mode: { global: true } })).toMatchObject({ replaces: ['mode'] })
  })

  it('lets a service go before what it uses is replaced', () => {
    expect(diff(service, web, { ...web, taskSpec: unknown })).toMatchObject({
      replaces: ['taskSpec'],
      deleteBeforeReplace: true,
    })
  })

  it('replaces everything else whatever changes, the old one first', () => {
    const old = { name: 'n', driver: 'overlay', labels: [{ label: 'a', value: '1' }] }
    expect(diff(network, old, { ...old, labels: [] })).toMatchObject({
      replaces: ['labels'],
      deleteBeforeReplace: true,
    })
    expect(diff(secret, { name: 's', data: 'YQ==' }, { name: 's', data: 'Yg==' })).toMatchObject({
      replaces: ['data'],
    })
  })
})

describe('codecs', () => {
  it('say a duration both ways', () => {
    expect(nanoseconds('1m30s')).toBe(90e9)
    expect(nanoseconds('1.5s')).toBe(1.5e9)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seconds) => {
        expect(duration.encode(duration.decode(seconds * 1e9) ?? '')).toBe(seconds * 1e9)
      }),
    )
  })

  it('give labels and environments back as they were, without UCP’s', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.string()), (map) => {
        expect(labels.encode(labels.decode(map) ?? [])).toEqual(map)
        expect(assignments.decode(assignments.encode(map)) ?? {}).toEqual(map)
      }),
    )
    expect(labels.decode({ 'com.docker.ucp.collection': 'x', 'com.docker.ucp.access.label': '/a' })).toEqual([
      { label: 'com.docker.ucp.access.label', value: '/a' },
    ])
  })

  it('keep the author’s words where they say what is there', () => {
    const never = () => false
    expect(
      observed({ a: false, b: [{ c: 1 }] }, { b: [{ c: 1, d: 2 }] }, (path) => path === 'b[].d'),
    ).toEqual({ a: false, b: [{ c: 1 }] })
    expect(observed({ a: 'x' }, { a: 'y', z: 1 }, never)).toEqual({ a: 'y', z: 1 })
    expect(observed({ a: 'x' }, {}, never)).toEqual({})
  })
})
