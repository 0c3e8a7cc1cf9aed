import { expect, it } from 'vitest'
import { type Answer, type DockerBench, describeEngines, patience } from './docker-bench.ts'

const gibibyte = 2 ** 30
/** What UCP writes on the nodes of a collection, and puts on services as a constraint. */
const accessLabel = 'com.docker.ucp.collection.run-std'
const nodes = [
  { hostname: 'manager', cpus: 1, memoryBytes: 4 * gibibyte, role: 'manager' },
  { hostname: 'one', cpus: 1, memoryBytes: 4 * gibibyte, labels: { [accessLabel]: 'true' } },
  { hostname: 'two', cpus: 1, memoryBytes: 4 * gibibyte, labels: { [accessLabel]: 'true' } },
] as const

const service = (replicas: number) => ({
  Name: 'web',
  TaskTemplate: {
    ContainerSpec: { Image: 'nginx:1.25' },
    RestartPolicy: { Condition: 'any', Delay: 1e8 },
    Placement: { Constraints: [`node.labels.${accessLabel}==true`] },
  },
  Mode: { Replicated: { Replicas: replicas } },
})

const nodeOf = async ({ engine }: DockerBench, hostname: string): Promise<Answer['json']> =>
  (await engine.nodes()).find(({ Description }) => Description.Hostname === hostname)

const setAvailability = async (
  bench: DockerBench,
  hostname: string,
  Availability: string,
): Promise<Answer> => {
  const { ID, Version, Spec } = await nodeOf(bench, hostname)
  return bench.call('POST', `/nodes/${ID}/update?version=${Version.Index}`, { ...Spec, Availability })
}

const scale = async ({ call }: DockerBench, replicas: number): Promise<Answer> => {
  const { Version, Spec } = (await call('GET', '/services/web')).json
  return call('POST', `/services/web/update?version=${Version.Index}`, {
    ...Spec,
    Mode: { Replicated: { Replicas: replicas } },
  })
}

/** Host names of the nodes the running tasks are on, sorted. */
const places = async (bench: DockerBench): Promise<string[]> => {
  const names = new Map((await bench.engine.nodes()).map(({ ID, Description }) => [ID, Description.Hostname]))
  return (await bench.runningTasks()).map(({ NodeID }) => names.get(NodeID) ?? NodeID).sort()
}

describeEngines('three engines that form a swarm', { nodes, heartbeatSeconds: 3 }, (bench) => {
  const { call } = bench

  it('know each other', async () => {
    const seen = await bench.engine.nodes()
    expect(
      seen.map(({ Description, Spec, Status }) => [
        Description.Hostname,
        Spec.Role,
        Spec.Availability,
        Status.State,
        Description.Resources.NanoCPUs,
        Description.Resources.MemoryBytes,
      ]),
    ).toEqual([
      ['manager', 'manager', 'active', 'ready', 1e9, 4 * gibibyte],
      ['one', 'worker', 'active', 'ready', 1e9, 4 * gibibyte],
      ['two', 'worker', 'active', 'ready', 1e9, 4 * gibibyte],
    ])
    expect(seen[1]?.Spec.Labels).toEqual({ [accessLabel]: 'true' })
  })

  it('place tasks where the labels of their access are, and nowhere else', async () => {
    await call('POST', '/services/create', service(4))
    await bench.untilRunning(4)
    expect(await places(bench)).toEqual(['one', 'one', 'two', 'two'])
  })

  it('leave the tasks of a paused node and give it no more', async () => {
    await call('POST', '/services/create', service(2))
    await bench.untilRunning(2)
    const before = (await bench.runningTasks()).map(({ ID }) => ID).sort()
    expect((await setAvailability(bench, 'one', 'pause')).status).toBe(200)
    expect((await scale(bench, 4)).status).toBe(200)
    await bench.untilRunning(4)
    expect(await places(bench)).toEqual(['one', 'two', 'two', 'two'])
    expect((await bench.runningTasks()).map(({ ID }) => ID)).toEqual(expect.arrayContaining(before))
  })

  it('move the tasks of a drained node elsewhere', async () => {
    await call('POST', '/services/create', service(2))
    await bench.untilRunning(2)
    expect((await setAvailability(bench, 'one', 'drain')).status).toBe(200)
    await expect.poll(() => places(bench), patience).toEqual(['two', 'two'])
    expect((await setAvailability(bench, 'one', 'active')).status).toBe(200)
    expect(await places(bench)).toEqual(['two', 'two'])
  })

  it('take the tasks off a node that loses its access label', async () => {
    await call('POST', '/services/create', service(2))
    await bench.untilRunning(2)
    const { ID, Version, Spec } = await nodeOf(bench, 'one')
    await call('POST', `/nodes/${ID}/update?version=${Version.Index}`, { ...Spec, Labels: {} })
    await expect.poll(() => places(bench), patience).toEqual(['two', 'two'])
    const now = await nodeOf(bench, 'one')
    await call('POST', `/nodes/${ID}/update?version=${now.Version.Index}`, Spec)
  })

  it('run the tasks of a node that dies elsewhere, and know it again when it is back', async () => {
    await call('POST', '/services/create', service(2))
    await bench.untilRunning(2)
    const { ID } = await nodeOf(bench, 'one')
    await bench.engine.setNodeState('one', 'down')
    expect((await nodeOf(bench, 'one')).Status.State).toBe('down')
    await expect
      .poll(async () => (await places(bench)).filter((place) => place === 'two'), patience)
      .toEqual(['two', 'two'])
    await bench.engine.setNodeState('one', 'ready')
    expect(await nodeOf(bench, 'one')).toMatchObject({ ID, Status: { State: 'ready' } })
    await expect.poll(() => places(bench), patience).toEqual(['two', 'two'])
    await scale(bench, 4)
    await bench.untilRunning(4)
    expect(await places(bench)).toEqual(['one', 'one', 'two', 'two'])
  })

  it('let a node join and go for good', async () => {
    const id = await bench.engine.joinNode({
      hostname: 'three',
      cpus: 1,
      memoryBytes: gibibyte,
      labels: { [accessLabel]: 'true' },
    })
    expect(await nodeOf(bench, 'three')).toMatchObject({
      ID: id,
      Status: { State: 'ready' },
      Spec: { Labels: { [accessLabel]: 'true' } },
    })
    await call('POST', '/services/create', service(3))
    await bench.untilRunning(3)
    expect(await places(bench)).toEqual(['one', 'three', 'two'])
    await bench.engine.removeNode('three')
    expect(await nodeOf(bench, 'three')).toBeUndefined()
    await expect.poll(async () => (await places(bench)).length, patience).toBe(3)
    expect(await places(bench)).not.toContain('three')
  })

  it('refuse a stale version of a node, and choices that are none', async () => {
    const { ID, Version, Spec } = await nodeOf(bench, 'one')
    const update = (version: unknown, change: object = {}) =>
      call('POST', `/nodes/${ID}/update?version=${version}`, { ...Spec, ...change })
    expect((await update(Version.Index, { Availability: 'pause' })).status).toBe(200)
    expect(await update(Version.Index)).toMatchObject({
      status: 500,
      json: { message: 'rpc error: code = Unknown desc = update out of sequence' },
    })
    expect(await update('new')).toMatchObject({
      status: 400,
      json: { message: `invalid node version 'new': strconv.ParseUint: parsing "new": invalid syntax` },
    })
    expect(await update(Version.Index, { Availability: 'gone' })).toMatchObject({
      status: 400,
      json: { message: 'invalid Availability: "gone"' },
    })
    expect(await update(Version.Index, { Role: 'boss' })).toMatchObject({
      status: 400,
      json: { message: 'invalid Role: "boss"' },
    })
  })

  it('refuse to lose a node that lives or their manager', async () => {
    const [one, manager] = [await nodeOf(bench, 'one'), await nodeOf(bench, 'manager')]
    expect(await call('DELETE', `/nodes/${one.ID}`)).toMatchObject({
      status: 400,
      json: {
        message: `rpc error: code = FailedPrecondition desc = node ${one.ID} is not down and can't be removed`,
      },
    })
    expect(await call('DELETE', `/nodes/${manager.ID}?force=1`)).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('is a cluster manager and is a member of the raft cluster') },
    })
    const demotion = { ...manager.Spec, Role: 'worker' }
    expect(
      await call('POST', `/nodes/${manager.ID}/update?version=${manager.Version.Index}`, demotion),
    ).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('attempting to demote the last manager of the swarm') },
    })
    expect(await call('GET', '/nodes/none-such')).toMatchObject({
      status: 404,
      json: { message: 'node none-such not found' },
    })
  })
})
