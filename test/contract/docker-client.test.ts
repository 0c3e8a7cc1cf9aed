import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Docker } from '../../src/clients/docker.ts'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'

let folder: string
let engine: DockerEngine
let docker: Docker

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-client-'))
  engine = await startDockerEngine({ socketPath: join(folder, 'docker.sock'), seed: 'client' })
  await engine.joinNode({ hostname: 'one', cpus: 2, memoryBytes: 2 ** 32, role: 'manager' })
  docker = new Docker({ host: `unix://${engine.socketPath}` })
})

afterEach(async () => {
  await docker.close()
  await engine.stop()
  await rm(folder, { recursive: true })
})

const spec = { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'nginx' } } }

describe('the client', () => {
  it('reads what it wrote, by id, name and filter', async () => {
    const id = await docker.createService(spec)
    expect((await docker.service('web'))?.ID).toBe(id)
    expect(await docker.services({ name: ['web'] })).toHaveLength(1)
    expect(await docker.services({ name: ['other'] })).toEqual([])
    expect((await docker.tasks({ service: [id] }))[0]?.Status.State).toBe('running')
    expect((await docker.nodes())[0]?.Description.Hostname).toBe('one')
    expect((await docker.info()).Swarm?.Nodes).toBe(1)
    const config = await docker.createPayload('configs', { Name: 'c', Data: 'YQ==' })
    expect((await docker.payload('configs', 'c'))?.ID).toBe(config)
    expect(await docker.payloads('configs', { name: ['c'] })).toHaveLength(1)
  })

  it('answers nothing for what is not there, and removes it without complaint', async () => {
    expect(await docker.service('none-such')).toBeUndefined()
    expect(await docker.volume('none-such')).toBeUndefined()
    await docker.removeService('none-such')
    await docker.removeNetwork('none-such')
    await docker.removePayload('secrets', 'none-such')
  })

  it('says what a stale version, a taken name and a bad form are', async () => {
    const id = await docker.createService(spec)
    await expect(docker.updateService(id, 1, spec)).rejects.toMatchObject({ code: 'out-of-sequence' })
    await expect(docker.createService(spec)).rejects.toMatchObject({ code: 'conflict' })
    await expect(docker.createNetwork({ Name: '!' })).rejects.toMatchObject({ code: 'invalid-request' })
  })

  it('says that nobody answers', async () => {
    const nowhere = new Docker({
      host: `unix://${join(folder, 'none.sock')}`,
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
