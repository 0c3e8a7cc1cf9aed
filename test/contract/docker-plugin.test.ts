import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Clock } from '../../src/clients/clock.ts'
import { Docker } from '../../src/clients/docker.ts'
import { type DockerClient, withClock } from '../../src/lab/plugins/docker-inputs.ts'
import { dockerPlugin } from '../../src/lab/plugins/docker-plugin.ts'
import { type Properties, type ResourceContext, Unfinished } from '../../src/provider/plugin.ts'
import { type DockerBench, describeEngines, patience } from './docker-bench.ts'

let client: DockerClient
/** Runs at the next wait, in place of time. */
let onWait: () => Promise<void>

const context: ResourceContext = { urn: 'urn', signal: new AbortController().signal, log: () => {} }
const type = (token: string) => {
  const found = dockerPlugin.resources[`docker:index/${token}`]
  if (found === undefined) throw new Error(`no ${token}`)
  return found
}
const network = type('network:Network')
const volume = type('volume:Volume')
const secret = type('secret:Secret')
const config = type('serviceConfig:ServiceConfig')
const service = type('service:Service')

const own = (more: Record<string, string> = {}) =>
  Object.entries({ 'tenantry.owner': 'nonprod.acme', ...more }).map(([label, value]) => ({ label, value }))
const backend: Properties = {
  name: 'backend',
  driver: 'overlay',
  internal: false,
  attachable: true,
  options: { encrypted: '' },
  ipamConfigs: [{ subnet: '10.64.1.0/24' }],
  labels: own(),
}
const web = (networkId: string): Properties => ({
  name: 'web',
  mode: { replicated: { replicas: 2 } },
  taskSpec: {
    containerSpec: { image: 'nginx:1.25', env: { B: '2', A: '1' } },
    resources: {
      limits: { nanoCpus: 1e9, memoryBytes: 2 ** 28 },
      reservation: { nanoCpus: 2e8, memoryBytes: 2 ** 27 },
    },
    placement: { constraints: ['node.role==worker'] },
    networksAdvanceds: [{ name: networkId }],
  },
  labels: own(),
})

/** Hours pass in a test's seconds, yet a real engine gets the time it needs for what it was asked. */
const hurriedClock = (isReal: boolean): Clock => {
  let time = 0
  return {
    now: () => time,
    wait: async (milliseconds) => {
      time += milliseconds
      await onWait()
      if (isReal) await pause(milliseconds / 2)
    },
  }
}

const networks = (): void => {
  it('are made, read as they were written, imported, and deleted twice', async () => {
    const { id, outputs } = await network.create(client, backend, context)
    expect(outputs).toMatchObject({ ...backend, scope: 'swarm' })
    expect((await network.read(client, id, backend, outputs, context))?.inputs).toEqual(backend)
    expect((await network.read(client, 'backend', undefined, undefined, context))?.inputs).toMatchObject({
      name: 'backend',
      driver: 'overlay',
      labels: own(),
      ipamConfigs: [{ subnet: '10.64.1.0/24' }],
    })
    await network.delete(client, id, outputs, context)
    await network.delete(client, id, outputs, context)
    expect(await network.read(client, id, backend, outputs, context)).toBeUndefined()
  })

  it('of an interrupted run are adopted, made again when they differ, and foreign ones refused', async () => {
    const { id } = await network.create(client, backend, context)
    expect((await network.create(client, backend, context)).id).toBe(id)
    const other = { ...backend, ipamConfigs: [{ subnet: '10.64.2.0/24' }] }
    expect((await network.create(client, other, context)).id).not.toBe(id)
    await expect(
      network.create(client, { ...backend, labels: [{ label: 'tenantry.owner', value: 'other' }] }, context),
    ).rejects.toMatchObject({ code: 'foreign', message: expect.stringContaining('nonprod.acme') })
    await expect(network.create(client, { name: 'backend' }, context)).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('in use are removed when they come free, and given up after a while', async () => {
    const { id, outputs } = await network.create(client, backend, context)
    const running = await service.create(client, web(id), context)
    onWait = () => client.docker.removeService(running.id)
    await network.delete(client, id, outputs, context)
    const again = await network.create(client, backend, context)
    await service.create(client, web(again.id), context)
    onWait = async () => {}
    await expect(network.delete(client, again.id, outputs, context)).rejects.toThrow(/in use/)
  })

  it('that overlap another are made, said to be of no use, and of use once the other is gone', async () => {
    const { id, outputs } = await network.create(client, backend, context)
    const inputs = { ...backend, name: 'other' }
    const making = network.create(client, inputs, context)
    await expect(making).rejects.toThrow(Unfinished)
    await expect(making).rejects.toMatchObject({
      cause: { details: { hint: expect.stringContaining('overlaps') } },
    })
    await network.delete(client, id, outputs, context)
    const adopted = await network.create(client, inputs, context)
    expect(adopted.outputs).toMatchObject({ ...inputs, scope: 'swarm' })
    expect((await network.read(client, adopted.id, inputs, adopted.outputs, context))?.inputs).toEqual(inputs)
  })

  it('are found by name', async () => {
    const { id } = await network.create(client, backend, context)
    const find = dockerPlugin.functions?.['docker:index/getNetwork:getNetwork']
    expect(await find?.(client, { name: 'backend' })).toMatchObject({ id, driver: 'overlay', scope: 'swarm' })
    await expect(find?.(client, { name: 'no-such' })).rejects.toMatchObject({ code: 'not-found' })
  })
}

const things = (): void => {
  it('keep a volume’s data: an own one alike is adopted, one that differs refused', async () => {
    const inputs = {
      name: 'data',
      driver: 'local',
      driverOpts: { type: 'nfs', o: 'addr=192.0.2.1', device: ':/data' },
      labels: own(),
    }
    const { id, outputs } = await volume.create(client, inputs, context)
    expect(id).toBe('data')
    expect(outputs).toMatchObject({ mountpoint: expect.stringContaining('data') })
    expect((await volume.create(client, inputs, context)).id).toBe('data')
    await expect(
      volume.create(client, { ...inputs, driverOpts: { type: 'cifs', device: '//192.0.2.1/data' } }, context),
    ).rejects.toMatchObject({ code: 'conflict' })
    expect((await volume.read(client, 'data', inputs, outputs, context))?.inputs).toEqual(inputs)
    await volume.delete(client, 'data', outputs, context)
    await volume.delete(client, 'data', outputs, context)
  })

  it('make a secret again, whose data nobody can compare', async () => {
    const inputs = { name: 'pin', data: 'YQ==', labels: own() }
    const { id } = await secret.create(client, inputs, context)
    const next = await secret.create(client, inputs, context)
    expect(next.id).not.toBe(id)
    expect((await secret.read(client, next.id, inputs, inputs, context))?.inputs).toEqual(inputs)
    expect((await secret.read(client, 'pin', undefined, undefined, context))?.inputs).toEqual({
      name: 'pin',
      labels: own(),
    })
    expect(secret.secretOutputs).toEqual(['data'])
    await secret.delete(client, next.id, inputs, context)
  })

  it('adopt a config alike', async () => {
    const inputs = { name: 'casc', data: 'YQ==', labels: own() }
    const { id } = await config.create(client, inputs, context)
    expect((await config.create(client, inputs, context)).id).toBe(id)
    expect((await config.create(client, { ...inputs, data: 'Yg==' }, context)).id).not.toBe(id)
    const raw = { name: 'raw', dataRaw: 'a: 1' }
    const made = await config.create(client, raw, context)
    expect((await config.read(client, made.id, raw, raw, context))?.inputs).toEqual(raw)
  })
}

const services = (bench: DockerBench): void => {
  const start = async (change: Properties = {}) => {
    const { id } = await network.create(client, backend, context)
    const inputs = { ...web(id), ...change }
    return { inputs, ...(await service.create(client, inputs, context)) }
  }

  it('read back as they were written', async () => {
    const { id, inputs, outputs } = await start()
    expect((await service.read(client, id, inputs, outputs, context))?.inputs).toEqual(inputs)
    const imported = await service.read(client, 'web', undefined, undefined, context)
    expect(imported?.inputs).toMatchObject({
      name: 'web',
      taskSpec: { containerSpec: { env: { A: '1', B: '2' } } },
    })
  })

  it('show what somebody changed behind our back', async () => {
    const { id, inputs, outputs } = await start()
    const changeByHand = async (): Promise<void> => {
      const there = await client.docker.service(id)
      if (there === undefined) throw new Error('gone')
      const { TaskTemplate } = there.Spec
      await client.docker.updateService(id, there.Version.Index, {
        ...there.Spec,
        Mode: { Replicated: { Replicas: 7 } },
        TaskTemplate: {
          ...TaskTemplate,
          ContainerSpec: {
            ...TaskTemplate.ContainerSpec,
            User: 'root',
            Labels: { 'com.docker.ucp.collection': 'x' },
          },
        },
      })
    }
    // A swarm still moves a new service's version on by itself.
    await vi.waitFor(changeByHand, patience)
    const seen = (await service.read(client, id, inputs, outputs, context))?.inputs
    expect(seen).toMatchObject({
      mode: { replicated: { replicas: 7 } },
      taskSpec: { containerSpec: { user: 'root' } },
    })
    expect(JSON.stringify(seen)).not.toContain('ucp')
  })

  it('are updated in place, also when an interrupted run made them', async () => {
    const { id, inputs } = await start()
    const more = { ...inputs, mode: { replicated: { replicas: 3 } } }
    // A swarm that is to change a service before it has placed its tasks forgets some: they stay pending (seen, 20.10.24).
    await bench.untilRunning(2, id)
    await service.update(client, id, inputs, more, context)
    await bench.untilRunning(3, id)
    expect((await service.create(client, inputs, context)).id).toBe(id)
    await bench.untilRunning(2, id)
    await expect(
      service.create(client, { ...inputs, labels: [{ label: 'tenantry.owner', value: 'x' }] }, context),
    ).rejects.toMatchObject({ code: 'foreign' })
  })

  it('are waited for only where that is asked for; the state knows one that does not run', async () => {
    const impossible = {
      taskSpec: {
        containerSpec: { image: 'nginx:1.25' },
        placement: { constraints: ['node.labels.no==where'] },
      },
    }
    const { id, outputs, inputs } = await start(impossible)
    await service.delete(client, id, outputs, context)
    const waiting = service.create(client, { ...inputs, convergeConfig: { timeout: '10s' } }, context)
    await expect(waiting).rejects.toThrow(Unfinished)
    await expect(waiting).rejects.toThrow(/no suitable node/)
    let joining: Promise<string> | undefined
    onWait = async () => {
      joining ??= bench.engine.joinNode({
        hostname: 'two',
        cpus: 1,
        memoryBytes: 2 ** 33,
        labels: { no: 'where' },
      })
      await joining
    }
    const adopted = await service.create(client, { ...inputs, convergeConfig: {} }, context)
    expect(adopted.id).not.toBe(id)
    await service.delete(client, adopted.id, outputs, context)
    await service.delete(client, adopted.id, outputs, context)
  })
}

const nodes = [
  { hostname: 'one', cpus: 1, memoryBytes: 2 ** 33, role: 'manager' },
  { hostname: 'worker', cpus: 1, memoryBytes: 2 ** 33 },
] as const

describeEngines('the docker plugin', { nodes }, (bench) => {
  beforeEach(() => {
    onWait = async () => {}
    client = withClock(new Docker({ host: `unix://${bench.engine.socketPath}` }), hurriedClock(bench.isReal))
  })
  afterEach(() => client.docker.close())
  describe('networks', networks)
  describe('volumes, secrets and configs', things)
  describe('services', () => services(bench))
})
