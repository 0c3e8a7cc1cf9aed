import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clients/clock.ts'
import { Docker } from '../../src/clients/docker.ts'
import { measureStack } from '../../src/survey/stack-need.ts'
import { describeEngines, patience } from './docker-bench.ts'

const spec = { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'nginx:1.25' } } }
const nodes = [{ hostname: 'one', cpus: 1, memoryBytes: 2 ** 32, role: 'manager' }] as const

describeEngines('the client', { nodes }, (bench) => {
  let docker: Docker

  beforeEach(() => {
    docker = new Docker({ host: `unix://${bench.engine.socketPath}` })
  })

  afterEach(() => docker.close())

  it('reads what it wrote, by id, name and filter', async () => {
    const id = await docker.createService(spec)
    expect((await docker.service('web'))?.ID).toBe(id)
    expect(await docker.services({ name: ['web'] })).toHaveLength(1)
    expect(await docker.services({ name: ['other'] })).toEqual([])
    await expect
      .poll(async () => (await docker.tasks({ service: [id] }))[0]?.Status.State, patience)
      .toBe('running')
    expect((await docker.nodes())[0]?.Description.Hostname).toBe('one')
    expect((await docker.info()).Swarm?.Nodes).toBe(1)
    const config = await docker.createPayload('configs', { Name: 'c', Data: 'YQ==' })
    expect((await docker.payload('configs', 'c'))?.ID).toBe(config)
    expect(await docker.payloads('configs', { name: ['c'] })).toHaveLength(1)
    await docker.createVolume({ Name: 'data', Labels: { a: 'b' } })
    expect((await docker.volumes({ name: ['data'] }))[0]).toMatchObject({
      Driver: 'local',
      Labels: { a: 'b' },
    })
    const network = await docker.createNetwork({ Name: 'backend', Driver: 'overlay' })
    expect((await docker.network('backend'))?.Id).toBe(network)
  })

  it('answers nothing for what is not there, and removes it without complaint', async () => {
    expect(await docker.service('none-such')).toBeUndefined()
    expect(await docker.volume('none-such')).toBeUndefined()
    expect(await docker.network('none-such')).toBeUndefined()
    expect(await docker.payload('secrets', 'none-such')).toBeUndefined()
    await docker.removeService('none-such')
    await docker.removeNetwork('none-such')
    await docker.removeVolume('none-such')
    await docker.removePayload('secrets', 'none-such')
  })

  it('measures what the services of a stack use', async () => {
    const labels = { 'com.docker.stack.namespace': 'shop' }
    await docker.createService({ ...spec, Name: 'shop_web', Labels: labels })
    await docker.createService({
      ...spec,
      Name: 'other_web',
      Labels: { 'com.docker.stack.namespace': 'other' },
    })
    const times = { startMilliseconds: patience.timeout, settleMilliseconds: 0, windowMilliseconds: 2_000 }
    const measured = await measureStack({ docker, clock: systemClock }, 'shop', times)
    expect(measured).toMatchObject({ unknown: [] })
    expect([...measured.needs.keys()]).toEqual(['web'])
    expect(measured.needs.get('web')?.memoryBytes).toBeGreaterThan(0)
    const [container] = await docker.containers({ label: ['com.docker.swarm.service.name=shop_web'] })
    const usage = await docker.containerUsage(container?.Id ?? '')
    expect(usage?.memoryBytes).toBeLessThan(2 ** 30)
    await expect(docker.containerUsage('none-such')).rejects.toMatchObject({ code: 'not-found' })
  })

  it('says what a stale version, a taken name and a bad form are', async () => {
    const id = await docker.createService(spec)
    await expect(docker.updateService(id, 1, spec)).rejects.toMatchObject({ code: 'out-of-sequence' })
    await expect(docker.createService(spec)).rejects.toMatchObject({ code: 'conflict' })
    await expect(docker.createNetwork({ Name: '!', Driver: 'overlay' })).rejects.toMatchObject({
      code: 'invalid-request',
    })
  })
})

describe('a client without an engine', () => {
  it('says that nobody answers', async () => {
    const nowhere = new Docker({
      host: 'unix:///nowhere/none.sock',
      retries: { attempts: 1, baseMilliseconds: 1, totalMilliseconds: 1 },
    })
    await expect(nowhere.nodes()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('none.sock'),
    })
    await nowhere.close()
  })
})

describe('a server that is no engine', () => {
  let server: Server
  let port: number

  beforeEach(async () => {
    server = createServer((_request, response) => response.end('[{"ID": 5}]'))
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
  })

  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  it('is told apart', async () => {
    const other = new Docker({ host: `tcp://127.0.0.1:${port}` })
    await expect(other.nodes()).rejects.toMatchObject({ code: 'protocol' })
    await other.close()
  })
})
