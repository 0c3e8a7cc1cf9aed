import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Ucp } from '../../src/clients/ucp.ts'
import { changeNode } from '../../src/clients/ucp-nodes.ts'
import { Secret } from '../../src/core/secret.ts'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import { type Properties, Unfinished } from '../../src/provider/plugin.ts'
import {
  type Drive,
  driveFor,
  expectStable,
  type State,
  startEmulator,
  thrownBy,
} from './provider-harness.ts'

const placementType = 'ucp:index:NodePlacement'
const accessLabel = 'com.docker.ucp.access.label'
/** Long enough for a busy machine: nothing here waits for a time to pass. */
const patient = { timeoutMilliseconds: 60_000 }

let folder: string
let engine: DockerEngine
let emulator: Emulator
let drive: Drive
let made: State[]
let joins = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-nodes-'))
  engine = await startDockerEngine({ socketPath: join(folder, 'engine.sock') })
  emulator = await startEmulator(
    {},
    {
      engineSocket: engine.socketPath,
      directoryPasswords: new Map([['ada', new Secret('ada-has-a-password')]]),
    },
  )
  await engine.joinNode({ hostname: 'manager', cpus: 2, memoryBytes: 4e9, role: 'manager' })
})
afterAll(async () => {
  await emulator.stop()
  await engine.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  drive = driveFor(emulator, {}, patient)
  made = []
  for (const path of ['/Run', '/Run/Std', '/Run/Std/acme']) await create('ucp:index:Collection', { path })
})
afterEach(async () => {
  emulator.faults.clear()
  for (const state of made.reverse()) await drive.delete(state)
  await drive.close()
})

const create = async (token: string, inputs: Properties): Promise<State> => {
  const state = await drive.create(token, inputs)
  made.push(state)
  return state
}
const joined = async (labels: Record<string, string> = {}): Promise<string> => {
  const hostname = `nonprod-std-${++joins}`
  await engine.joinNode({ hostname, cpus: 4, memoryBytes: 8e9, labels })
  return hostname
}
const nodeOf = async (hostname: string) => {
  const node = (await engine.nodes()).find(({ Description }) => Description.Hostname === hostname)
  if (node === undefined) throw new Error(`no node ${hostname}`)
  return node
}

describe('a node', () => {
  test('is placed, keeps its other labels, and goes back to /Shared drained', async () => {
    const hostname = await joined({ zone: 'east' })
    const state = await create(placementType, { hostname, collection: '/Run/Std' })
    await expectStable(drive, state)
    expect((await nodeOf(hostname)).Spec.Labels).toMatchObject({
      zone: 'east',
      [accessLabel]: '/Run/Std',
      'com.docker.ucp.orchestrator.swarm': 'true',
      'com.docker.ucp.collection': state.outputs.collectionId,
    })
    const paused = await drive.update(state, { hostname, collection: '/Run', availability: 'pause' })
    expect((await nodeOf(hostname)).Spec).toMatchObject({ Availability: 'pause', Labels: { zone: 'east' } })
    await expectStable(drive, paused)
    await drive.delete(paused)
    expect((await nodeOf(hostname)).Spec).toMatchObject({
      Availability: 'drain',
      Labels: { zone: 'east', [accessLabel]: '/Shared', 'com.docker.ucp.orchestrator.swarm': 'true' },
    })
  })

  test.each(['active', 'pause'] as const)(
    'that joined as %s takes no work until it stands in its collection, and is made active by the next run where this one ends',
    async (availability) => {
      const hostname = `nonprod-std-${++joins}`
      await engine.joinNode({ hostname, cpus: 4, memoryBytes: 8e9, availability })
      const inputs = { hostname, collection: '/Run/Std', labels: { 'tenantry.pool': 'std' } }
      emulator.faults.add({
        match: { method: 'POST', pathPattern: /\/nodes\/.*\/update/, nth: 2 },
        fault: { kind: 'status', status: 403 },
      })
      const error = await thrownBy(drive.create(placementType, inputs))
      expect(error).toBeInstanceOf(Unfinished)
      expect((await nodeOf(hostname)).Spec).toMatchObject({
        Availability: 'pause',
        Labels: { [accessLabel]: '/Run/Std', 'tenantry.pool': 'std' },
      })
      const state = await create(placementType, inputs)
      await expectStable(drive, state)
      expect((await nodeOf(hostname)).Spec.Availability).toBe('active')
    },
  )

  test('has the labels of its file beside those of others, and loses one that is in the file no more', async () => {
    const hostname = await joined({ zone: 'east' })
    const inputs = { hostname, collection: '/Run/Std' }
    const state = await create(placementType, { ...inputs, labels: { 'tenantry.pool': 'std', old: 'yes' } })
    await expectStable(drive, state)
    const { ID } = await nodeOf(hostname)
    const { signal } = drive.stopping
    await changeNode(drive.client.ucp, ID, {
      availability: 'active',
      labels: { 'tenantry.pool': 'other' },
      signal,
    })
    const read = await drive.read(state)
    expect(drive.diff(read ?? state, state.inputs).details).toEqual({ 'labels["tenantry.pool"]': 'update' })
    const next = await drive.update(read ?? state, { ...inputs, labels: { 'tenantry.pool': 'std' } })
    const labels = (await nodeOf(hostname)).Spec.Labels ?? {}
    expect([labels['tenantry.pool'], labels.old, labels.zone]).toEqual(['std', undefined, 'east'])
    await expectStable(drive, next)
    await drive.delete(next)
    const left = (await nodeOf(hostname)).Spec.Labels ?? {}
    expect([left['tenantry.pool'], left.zone]).toEqual([undefined, 'east'])
  })

  test('that has not joined is waited for', async () => {
    const hostname = `nonprod-std-${++joins}`
    const placed = create(placementType, { hostname, collection: '/Run/Std', joinSeconds: 86_400 })
    while (drive.lines.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await engine.joinNode({ hostname, cpus: 4, memoryBytes: 8e9 })
    await expectStable(drive, await placed)
    expect(drive.lines.join()).toContain(`Waiting up to 86400 s for ${hostname}`)
  })

  test('that never joins ends the wait with a hint, and leaves nothing', async () => {
    const error = await thrownBy(
      drive.create(placementType, { hostname: 'absent', collection: '/Run/Std', joinSeconds: 30 }),
    )
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('within 30 s') })
    expect(drive.clock.waited()).toBe(30_000)
  })

  test('is not waited for after a cancel', async () => {
    const cancelled = driveFor(emulator, {}, patient)
    const inputs = { hostname: 'absent', collection: '/Run/Std', joinSeconds: 86_400 }
    const waiting = thrownBy(cancelled.create(placementType, inputs))
    while (cancelled.lines.length === 0) await new Promise((resolve) => setImmediate(resolve))
    cancelled.stopping.abort()
    await waiting
    expect(cancelled.clock.waited()).toBeLessThan(86_400_000)
    await cancelled.close()
  })

  test('is not waited for where its collection is missing', async () => {
    const error = await thrownBy(drive.create(placementType, { hostname: 'absent', collection: '/No' }))
    expect(error.message).toBe('The collection /No does not exist.')
    expect(drive.clock.waited()).toBe(0)
  })

  test('is written again when somebody else wrote at the same moment', async () => {
    const hostname = await joined()
    const fault = emulator.faults.add({
      match: { method: 'POST', pathPattern: /\/nodes\/.*\/update/ },
      fault: { kind: 'status', status: 500, body: { message: 'rpc error: update out of sequence' } },
      times: 2,
    })
    await expectStable(drive, await create(placementType, { hostname, collection: '/Run/Std' }))
    expect(fault.hits()).toBe(2)
  })

  test('that its watcher paused is no drift, stays paused when it is moved, and is drained when it goes', async () => {
    const hostname = await joined()
    const state = await create(placementType, { hostname, collection: '/Run/Std' })
    const { ID } = await nodeOf(hostname)
    const mark = { 'tenantry.watch.paused-at': '2026-11-23T03:00:00Z' }
    const { signal } = drive.stopping
    await changeNode(drive.client.ucp, ID, { availability: 'pause', labels: mark, signal })
    await expectStable(drive, state)
    const moved = await drive.update(state, { hostname, collection: '/Run' })
    expect((await nodeOf(hostname)).Spec).toMatchObject({ Availability: 'pause', Labels: mark })
    await drive.delete(moved)
    expect((await nodeOf(hostname)).Spec.Availability).toBe('drain')
  })

  test('that the cluster watcher takes out is no drift, and stays drained when it is moved', async () => {
    const hostname = await joined()
    const state = await create(placementType, { hostname, collection: '/Run/Std' })
    const { ID } = await nodeOf(hostname)
    const mark = { 'tenantry.watch.drained-at': '2026-11-23T03:00:00Z' }
    const { signal } = drive.stopping
    for (const availability of ['pause', 'drain']) {
      await changeNode(drive.client.ucp, ID, { availability, labels: mark, signal })
      await expectStable(drive, state)
    }
    const moved = await drive.update(state, { hostname, collection: '/Run' })
    expect((await nodeOf(hostname)).Spec).toMatchObject({ Availability: 'drain', Labels: mark })
    await drive.delete(moved)
  })

  test('that a person paused is drift, and made active again by an update', async () => {
    const hostname = await joined()
    const state = await create(placementType, { hostname, collection: '/Run/Std' })
    const { ID } = await nodeOf(hostname)
    await changeNode(drive.client.ucp, ID, {
      availability: 'pause',
      labels: {},
      signal: drive.stopping.signal,
    })
    const read = await drive.read(state)
    expect(drive.diff(read ?? state, state.inputs).details).toEqual({ availability: 'update' })
    await drive.update(state, state.inputs)
    expect((await nodeOf(hostname)).Spec.Availability).toBe('active')
  })

  test('of the managers is refused and kept in the state', async () => {
    const error = await thrownBy(drive.create(placementType, { hostname: 'manager', collection: '/Run/Std' }))
    expect(error).toBeInstanceOf(Unfinished)
  })

  test('that was moved by somebody else is drift, and left alone by a delete', async () => {
    const hostname = await joined()
    const state = await create(placementType, { hostname, collection: '/Run/Std' })
    const theirs = await drive.update(state, { hostname, collection: '/Run' })
    const read = await drive.read(state)
    expect(drive.diff(read ?? state, state.inputs).details).toEqual({ collection: 'update' })
    await drive.delete(state)
    expect((await nodeOf(hostname)).Spec.Labels).toMatchObject({ [accessLabel]: '/Run' })
    expect(drive.lines.splice(0).join()).toContain('moved by somebody else')
    await drive.delete(theirs)
  })

  test('that a delete which was cut off had given back is given back without a word', async () => {
    const hostname = await joined()
    const state = await create(placementType, { hostname, collection: '/Run/Std' })
    await drive.delete(state)
    await drive.delete(state)
    expect(drive.lines).toEqual([])
  })

  test('that somebody put back into service in /Shared is left there', async () => {
    const hostname = await joined()
    const state = await create(placementType, { hostname, collection: '/Run/Std' })
    const theirs = await drive.update(state, { hostname, collection: '/Shared' })
    await drive.delete(state)
    expect((await nodeOf(hostname)).Spec).toMatchObject({ Availability: 'active' })
    expect(drive.lines.splice(0).join()).toContain('moved by somebody else')
    await drive.delete(theirs)
  })

  test('that left the swarm is gone, and its delete succeeds', async () => {
    const hostname = await joined()
    const state = await create(placementType, { hostname, collection: '/Run/Std' })
    await engine.removeNode(hostname)
    expect(await drive.read(state)).toBeUndefined()
    await drive.delete(state)
  })

  test('is empty when it is given back, and what ran on it runs elsewhere', async () => {
    const hostnames = [await joined(), await joined()]
    const states = new Map<string, State>()
    for (const hostname of hostnames)
      states.set(
        (await nodeOf(hostname)).ID,
        await create(placementType, { hostname, collection: '/Run/Std' }),
      )
    const body = {
      Name: 'moving',
      Labels: { [accessLabel]: '/Run/Std/acme' },
      TaskTemplate: { ContainerSpec: { Image: 'acme/api:1' } },
    }
    const { ID } = (await drive.client.ucp.json({ method: 'POST', path: '/services/create', body })) as {
      ID: string
    }
    const running = async () => {
      const tasks = (await drive.client.ucp.json({ method: 'GET', path: '/tasks' })) as {
        ServiceID: string
        NodeID: string
        Status: { State: string }
      }[]
      return tasks
        .filter((task) => task.ServiceID === ID && task.Status.State === 'running')
        .map((task) => task.NodeID)
    }
    await expect.poll(running).toHaveLength(1)
    const [before = ''] = await running()
    await drive.delete(states.get(before) ?? expect.fail(`the task runs on ${before}`))
    const [other] = [...states.keys()].filter((id) => id !== before)
    expect(await running()).not.toContain(before)
    await expect.poll(running).toEqual([other])
    await drive.client.ucp.send({ method: 'DELETE', path: `/services/${ID}` })
  })

  test('holds its collection, which says so', async () => {
    const hostname = await joined()
    const state = await create('ucp:index:Collection', { path: '/Run/Edge' })
    const placed = await create(placementType, { hostname, collection: '/Run/Edge' })
    const error = await thrownBy(drive.delete(state))
    expect(error.message).toContain(`it still holds node ${hostname}`)
    await drive.delete(placed)
    await drive.delete(state)
  })
})

describe('a job role that changes', () => {
  const role = (suffix: string, more: Properties) => ({
    name: `developer-${suffix}`,
    operations: { Service: { 'Service View': [], ...more } },
  })
  const grant = (name: string) => ({
    subject: 'team:acme/developers',
    role: name,
    collection: '/Run/Std/acme',
  })

  /** What a developer sees of a service in the organization's collection, again and again, until told to stop. */
  const probe = async (serviceId: string) => {
    const ada = new Ucp({
      endpoint: emulator.address,
      caCertificate: emulator.caCertificate,
      username: 'ada',
      password: new Secret('ada-has-a-password'),
    })
    const seen = { allowed: 0, refused: 0 }
    let isOver = false
    const look = async () => {
      while (!isOver) {
        const answer = await ada
          .json({ method: 'GET', path: `/services/${serviceId}` })
          .catch(() => undefined)
        if (answer === undefined) seen.refused += 1
        else seen.allowed += 1
      }
    }
    const looking = Promise.all([look(), look()])
    const stop = async () => {
      isOver = true
      await looking
      await ada.close()
      return seen
    }
    return { seen, stop }
  }
  const until = async (seen: { allowed: number; refused: number }, calls: number) => {
    const end = seen.allowed + seen.refused + calls
    while (seen.allowed + seen.refused < end) await new Promise((resolve) => setImmediate(resolve))
  }

  const service = async (): Promise<string> => {
    const body = {
      Name: 'probed',
      Labels: { [accessLabel]: '/Run/Std/acme' },
      TaskTemplate: { ContainerSpec: { Image: 'acme/api:1' } },
    }
    const answer = await drive.client.ucp.json({ method: 'POST', path: '/services/create', body })
    return String((answer as { ID: string }).ID)
  }

  const start = async () => {
    await create('ucp:index:Organization', { name: 'acme', fullName: 'Acme' })
    await create('ucp:index:Team', { organization: 'acme', name: 'developers' })
    await create('ucp:index:TeamMember', { organization: 'acme', team: 'developers', user: 'ada' })
    const oldRole = await create('ucp:index:Role', role('11111111', {}))
    const oldGrant = await create('ucp:index:Grant', grant(oldRole.id))
    const id = await service()
    return { oldRole, oldGrant, id, probed: await probe(id) }
  }
  const clean = (id: string) => drive.client.ucp.send({ method: 'DELETE', path: `/services/${id}` })

  test('leaves no moment without access, in the engine’s order', async () => {
    const { oldRole, oldGrant, id, probed } = await start()
    await until(probed.seen, 10)
    const newRole = await create('ucp:index:Role', role('22222222', { 'Service Logs': [] }))
    await until(probed.seen, 5)
    await create('ucp:index:Grant', grant(newRole.id))
    await until(probed.seen, 5)
    await drive.delete(oldGrant)
    await until(probed.seen, 5)
    await drive.delete(oldRole)
    await until(probed.seen, 10)
    const seen = await probed.stop()
    await clean(id)
    expect(seen.refused).toBe(0)
    expect(seen.allowed).toBeGreaterThan(30)
    expect(await drive.import('ucp:index:Role', oldRole.id)).toBeUndefined()
  })

  test('in the other order is seen by the probe', async () => {
    const { oldGrant, id, probed } = await start()
    await until(probed.seen, 10)
    await drive.delete(oldGrant)
    await until(probed.seen, 10)
    const seen = await probed.stop()
    await clean(id)
    expect(seen.refused).toBeGreaterThan(0)
  })
})
