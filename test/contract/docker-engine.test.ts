import { request as httpRequest } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type Answer, type DockerBench, describeEngines, filter, patience } from './docker-bench.ts'

const gibibyte = 2 ** 30
const nodes = [
  { hostname: 'manager', cpus: 1, memoryBytes: 8 * gibibyte, role: 'manager' },
  { hostname: 'one', cpus: 1, memoryBytes: 8 * gibibyte, labels: { zone: 'a' } },
  { hostname: 'two', cpus: 1, memoryBytes: 8 * gibibyte, labels: { zone: 'b' } },
] as const

const onManager = { Placement: { Constraints: ['node.role==manager'] } }
const atOnce = { RestartPolicy: { Condition: 'any', Delay: 1e8 } }

const web = (more: Record<string, unknown> = {}, replicas = 1) => ({
  Name: 'web',
  TaskTemplate: { ContainerSpec: { Image: 'nginx:1.25' }, ...atOnce, ...more },
  Mode: { Replicated: { Replicas: replicas } },
  UpdateConfig: { Monitor: 1e8 },
})

const errorsOf = async ({ call }: DockerBench): Promise<readonly string[]> =>
  (await call('GET', '/tasks')).json.map(({ Status }: { Status: { Err?: string } }) => Status.Err ?? '')

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const systemCalls = (bench: DockerBench): void => {
  const { call } = bench

  it('answers with and without a version prefix, and refuses newer and older ones', async () => {
    expect((await call('GET', '/_ping')).text).toBe('OK')
    const { ApiVersion, MinAPIVersion } = (await call('GET', '/v1.39/version')).json
    expect(MinAPIVersion).toBe('1.12')
    expect(await call('GET', '/v1.99/version')).toMatchObject({
      status: 400,
      json: {
        message: `client version 1.99 is too new. Maximum supported API version is ${ApiVersion}`,
      },
    })
    expect((await call('GET', '/v1.11/version')).text).toContain('client version 1.11 is too old')
    expect(await call('GET', '/nowhere')).toMatchObject({ status: 404, json: { message: 'page not found' } })
    expect((await call('GET', '/swarm')).json.JoinTokens.Worker).toMatch(/^SWMTKN-1-/)
    expect((await call('GET', '/info')).json).toMatchObject({
      Name: 'manager',
      Swarm: { Nodes: 3, Managers: 1, LocalNodeState: 'active', ControlAvailable: true },
    })
  })

  it('refuses filters that are none', async () => {
    for (const path of ['nodes', 'tasks', 'networks', 'containers/json', 'secrets', 'configs', 'events'])
      expect(await call('GET', `/${path}?filters=%7B`), path).toMatchObject({
        status: 500,
        json: { message: 'unexpected end of JSON input' },
      })
    for (const path of ['services', 'volumes'])
      expect((await call('GET', `/${path}?filters=%7B`)).status, path).toBe(400)
    for (const path of ['nodes', 'tasks', 'networks', 'containers/json', 'secrets', 'configs', 'services'])
      expect(await call('GET', `/${path}?${filter({ colour: ['red'] })}`), path).toMatchObject({
        status: 400,
        json: { message: "Invalid filter 'colour'" },
      })
  })

  it('refuses bodies that are none', async () => {
    for (const path of ['services', 'networks', 'volumes', 'secrets', 'configs']) {
      expect(await call('POST', `/${path}/create`), path).toMatchObject({
        status: 400,
        json: { message: 'got EOF while reading request body' },
      })
      expect(await call('POST', `/${path}/create`, []), path).toMatchObject({
        status: 400,
        json: { message: expect.stringContaining('json: cannot unmarshal array into Go value') },
      })
      expect((await call('POST', `/${path}/create`, { Name: 5 })).json.message, path).toMatch(
        /^json: cannot unmarshal number into Go struct field/,
      )
    }
  })
}

const services = (bench: DockerBench): void => {
  const { call } = bench

  it('spreads replicas and runs a container for each', async () => {
    const { status, json } = await call('POST', '/services/create', web({}, 3))
    expect(status).toBe(201)
    const tasks = await bench.untilRunning(3, json.ID)
    expect(new Set(tasks.map(({ NodeID }) => NodeID)).size).toBe(3)
    expect(await bench.containers()).toHaveLength(3)
  })

  it('keeps a task pending with the engine’s sentence until a node fits', async () => {
    await call('POST', '/services/create', web({ Placement: { Constraints: ['node.labels.zone==c'] } }))
    await expect
      .poll(() => errorsOf(bench), patience)
      .toEqual(['no suitable node (scheduling constraints not satisfied on 3 nodes)'])
    await bench.engine.joinNode({
      hostname: 'three',
      cpus: 1,
      memoryBytes: gibibyte,
      labels: { zone: 'c' },
    })
    await bench.untilRunning(1)
  })

  it('counts reservations', async () => {
    await call('POST', '/services/create', web({ Resources: { Reservations: { NanoCPUs: 75e7 } } }, 4))
    await bench.untilRunning(3)
    await expect
      .poll(() => errorsOf(bench), patience)
      .toContain('no suitable node (insufficient resources on 3 nodes)')
  })

  it('rejects the task that no machine can run, and the service is there all the same', async () => {
    const { NanoCPUs } = (await call('GET', '/nodes')).json[0].Description.Resources
    const resources = { Resources: { Limits: { NanoCPUs: NanoCPUs * 2 } } }
    expect((await call('POST', '/services/create', web(resources))).status).toBe(201)
    await expect
      .poll(() => errorsOf(bench), patience)
      .toContain('Range of CPUs is from 0.01 to 1.00, as there are only 1 CPUs available')
    const plugin = { ContainerSpec: { Image: 'nginx:1.25', Mounts: [mountBy('no-such')] } }
    await call('POST', '/services/create', { ...web(plugin), Name: 'plugin' })
    await expect
      .poll(() => errorsOf(bench), patience)
      .toContain('no suitable node (missing plugin on 3 nodes)')
  })

  it('refuses stale updates, taken names and changes of name and mode', async () => {
    await call('POST', '/services/create', web())
    const service = (await call('GET', '/services/web')).json
    const { Index } = service.Version
    expect(await call('POST', '/services/create', web())).toMatchObject({
      status: 409,
      json: { message: expect.stringContaining('name conflicts with an existing object') },
    })
    expect(await call('POST', `/services/web/update?version=${Index - 1}`, service.Spec)).toMatchObject({
      status: 500,
      json: { message: 'rpc error: code = Unknown desc = update out of sequence' },
    })
    expect(await call('POST', '/services/web/update', service.Spec)).toMatchObject({
      status: 400,
      json: { message: `invalid service version '': strconv.ParseUint: parsing "": invalid syntax` },
    })
    const update = (change: object) =>
      call('POST', `/services/web/update?version=${Index}`, { ...service.Spec, ...change })
    expect((await update({ Name: 'other' })).status).toBe(501)
    expect((await update({ Mode: { Global: {} } })).status).toBe(501)
    expect((await update({ Mode: { Replicated: { Replicas: 2 } } })).status).toBe(200)
    await bench.untilRunning(2)
  })

  const refused: readonly (readonly [string, object, number, string])[] = [
    ['a name with a blank', { Name: 'a b' }, 400, 'name must be valid as a DNS name component'],
    ['a name too long', { Name: 'x'.repeat(64) }, 400, 'name must be 63 characters or fewer'],
    ['no container', { TaskTemplate: {} }, 400, 'mismatched Runtime and *Spec fields'],
    ['no image', { TaskTemplate: { ContainerSpec: {} } }, 400, 'image reference must be provided'],
    [
      'two modes',
      { Mode: { Global: {}, Replicated: { Replicas: 1 } } },
      400,
      'must specify only one service mode',
    ],
    ['half a replica', { Mode: { Replicated: { Replicas: 1.5 } } }, 400, 'json: cannot unmarshal number 1.5'],
    ['no such network', web({ Networks: [{ Target: 'none-such' }] }), 500, 'network none-such not found'],
    ['the ingress network', web({ Networks: [{ Target: 'ingress' }] }), 400, 'cannot be explicitly attached'],
    [
      'half a constraint',
      web({ Placement: { Constraints: ['zone'] } }),
      500,
      'expected one operator from ==, !=',
    ],
    [
      'too little CPU',
      web({ Resources: { Limits: { NanoCPUs: 1000 } } }),
      400,
      'invalid cpu value 1e-06: Must be at least 0.001',
    ],
    ['too little memory', web({ Resources: { Limits: { MemoryBytes: 1 } } }), 400, 'Must be at least 4MiB'],
  ]

  it.each(refused)('refuses %s', async (_what, change, status, sentence) => {
    const answer = await call('POST', '/services/create', { ...web(), ...change })
    expect(answer).toMatchObject({ status, json: { message: expect.stringContaining(sentence) } })
    expect((await call('GET', '/services')).json).toEqual([])
  })

  it('refuses a local network, and knows the predefined ones', async () => {
    await call('POST', '/networks/create', { Name: 'local' })
    expect((await call('POST', '/services/create', web({ Networks: [{ Target: 'local' }] }))).status).toBe(
      403,
    )
    expect((await call('POST', '/services/create', web({ Networks: [{ Target: 'host' }] }))).status).toBe(201)
  })

  it('replaces tasks when the template changes, and deletes everything with the service', async () => {
    await call('POST', '/services/create', web())
    const [before] = await bench.untilRunning(1)
    const service = (await call('GET', '/services/web')).json
    service.Spec.TaskTemplate.ContainerSpec.Image = 'nginx:1.26'
    await call('POST', `/services/web/update?version=${service.Version.Index}`, service.Spec)
    await expect
      .poll(async () => (await call('GET', '/services/web')).json.UpdateStatus?.State, patience)
      .toBe('completed')
    const [after] = await bench.untilRunning(1)
    expect(after?.Spec.ContainerSpec.Image).toBe('nginx:1.26')
    expect(after?.ID).not.toBe(before?.ID)
    expect((await call('GET', '/services/web')).json.PreviousSpec.TaskTemplate.ContainerSpec.Image).toBe(
      'nginx:1.25',
    )
    expect((await call('DELETE', '/services/web')).status).toBe(200)
    await expect.poll(() => bench.containers('?all=1'), patience).toEqual([])
    expect((await call('DELETE', '/services/web')).status).toBe(404)
  })

  it('keeps a service with what it adds of its own', async () => {
    await call('POST', '/services/create', web())
    const { Spec } = (await call('GET', '/services/web')).json
    expect(Spec).toEqual({
      ...web(),
      Labels: {},
      TaskTemplate: {
        ContainerSpec: { Image: 'nginx:1.25', Isolation: 'default' },
        RestartPolicy: { Condition: 'any', Delay: 1e8, MaxAttempts: 0 },
        ForceUpdate: 0,
        Runtime: 'container',
      },
      UpdateConfig: {
        Parallelism: 0,
        Monitor: 1e8,
        FailureAction: 'pause',
        MaxFailureRatio: 0,
        Order: 'stop-first',
      },
    })
  })
}

const mountBy = (driver: string) => ({
  Type: 'volume',
  Source: 'data',
  Target: '/data',
  VolumeOptions: { DriverConfig: { Name: driver } },
})

const things = (bench: DockerBench): void => {
  const { call } = bench

  it('refuses taken names and deletes of a network in use, and makes one that overlaps wait', async () => {
    const network = { Name: 'backend', Driver: 'overlay', IPAM: { Config: [{ Subnet: '10.64.1.0/24' }] } }
    expect((await call('POST', '/networks/create', network)).status).toBe(201)
    await expect
      .poll(async () => (await call('GET', '/networks/backend')).json, patience)
      .toMatchObject({
        Driver: 'overlay',
        IPAM: { Config: [{ Subnet: '10.64.1.0/24', Gateway: '10.64.1.1' }] },
      })
    expect((await call('POST', '/networks/create', network)).status).toBe(409)
    expect((await call('POST', '/networks/create', { ...network, Name: 'other' })).status).toBe(201)
    await call('POST', '/services/create', { ...web({ Networks: [{ Target: 'other' }] }), Name: 'waits' })
    await call('POST', '/services/create', web({ Networks: [{ Target: 'backend' }] }))
    await bench.untilRunning(1)
    expect((await call('GET', '/networks/other')).json.IPAM.Config).toBeNull()
    expect((await call('GET', `/tasks?${filter({ service: ['waits'] })}`)).json[0].Status.State).toBe('new')
    expect(await call('DELETE', '/networks/backend')).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('is in use by service') },
    })
    await call('DELETE', '/services/web')
    await expect.poll(async () => (await call('DELETE', '/networks/backend')).status, patience).toBe(204)
    await bench.untilRunning(1, 'waits')
  })

  it('takes a second local network of a name unless it shall check, and refuses overlaps', async () => {
    const local = { Name: 'local', IPAM: { Config: [{ Subnet: '10.90.1.0/24' }] } }
    const next = { Name: 'local', IPAM: { Config: [{ Subnet: '10.90.2.0/24' }] } }
    const { json } = await call('POST', '/networks/create', local)
    expect((await call('POST', '/networks/create', { ...next, CheckDuplicate: true })).status).toBe(409)
    expect((await call('POST', '/networks/create', next)).json.Warning).toBe(
      `Network with name local (id : ${json.Id}) already exists`,
    )
    expect((await call('DELETE', '/networks/local')).status).toBe(400)
    expect(await call('POST', '/networks/create', { ...local, Name: 'more' })).toMatchObject({
      status: 403,
      json: { message: 'Pool overlaps with other one on this address space' },
    })
    expect((await call('DELETE', '/networks/bridge')).status).toBe(403)
  })

  it('creates a volume twice alike and refuses another driver', async () => {
    expect((await call('POST', '/volumes/create', { Name: 'data' })).status).toBe(201)
    expect((await call('POST', '/volumes/create', { Name: 'data' })).status).toBe(201)
    expect((await call('POST', '/volumes/create', { Name: 'data', Driver: 'netapp:latest' })).status).toBe(
      409,
    )
    expect(await call('POST', '/volumes/create', { Name: 'next', Driver: 'no-such' })).toMatchObject({
      status: 404,
      json: {
        message: 'create next: error looking up volume plugin no-such: plugin "no-such" not found',
      },
    })
    for (const [Name, message] of [
      ['d', 'create d: volume name is too short'],
      ['d!', 'create d!: "d!" includes invalid characters for a local volume name'],
    ])
      expect((await call('POST', '/volumes/create', { Name })).json.message).toContain(message)
    expect(
      (await call('POST', '/volumes/create', { Name: 'half', DriverOpts: { type: 'nfs' } })).json.message,
    ).toBe('create half: missing required option: "device"')
    expect((await call('GET', '/volumes')).json.Volumes).toHaveLength(1)
    expect((await call('DELETE', '/volumes/data')).status).toBe(204)
    expect((await call('DELETE', '/volumes/data')).status).toBe(404)
    expect((await call('DELETE', '/volumes/data?force=1')).status).toBe(204)
  })

  it('keeps a storage system’s volume with its options, and shares it between machines', async () => {
    const form = { Name: 'data', Driver: 'netapp:latest', DriverOpts: { size: '10g' }, Labels: { a: 'b' } }
    expect((await call('POST', '/volumes/create', form)).status).toBe(201)
    expect((await call('GET', '/volumes/data')).json).toMatchObject({
      Driver: 'netapp:latest',
      Options: { size: '10g' },
      Labels: { a: 'b' },
      Scope: 'global',
    })
    const mounted = { ContainerSpec: { Image: 'nginx:1.25', Mounts: [mountBy('netapp:latest')] } }
    await call('POST', '/services/create', web({ ...mounted, ...onManager }))
    await bench.untilRunning(1)
    expect((await call('DELETE', '/volumes/data')).status).toBe(409)
  })

  it('never shows a secret’s data, updates labels only, refuses deletes while in use', async () => {
    const { json } = await call('POST', '/secrets/create', { Name: 'pin', Data: base64('1234') })
    const secret = (await call('GET', `/secrets/${json.ID}`)).json
    expect(secret.Spec).toEqual({ Name: 'pin', Labels: {} })
    const update = (spec: unknown) =>
      call('POST', `/secrets/${json.ID}/update?version=${secret.Version.Index}`, spec)
    expect((await update({ Name: 'pin', Data: 'AAAA' })).status).toBe(400)
    expect((await update({ Name: 'pin', Labels: { a: 'b' } })).status).toBe(200)
    expect((await update({ Name: 'pin', Labels: {} })).json.message).toContain('out of sequence')
    const File = { Name: 'pin', UID: '0', GID: '0', Mode: 0o444 }
    const uses = {
      ContainerSpec: { Image: 'nginx:1.25', Secrets: [{ SecretID: json.ID, SecretName: 'pin', File }] },
    }
    await call('POST', '/services/create', web({ ...uses, ...onManager }))
    await bench.untilRunning(1)
    expect(await call('DELETE', '/secrets/pin')).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining("secret 'pin' is in use by the following service: web") },
    })
    const [container] = (await call('GET', '/containers/json')).json
    expect(await outputOf(bench, container.Id, ['cat', '/run/secrets/pin'])).toContain('1234')
  })

  it('keeps a config’s data readable', async () => {
    const { json } = await call('POST', '/configs/create', { Name: 'jenkins', Data: base64('a: 1') })
    expect((await call('GET', `/configs/${json.ID}`)).json.Spec).toEqual({
      Name: 'jenkins',
      Data: base64('a: 1'),
      Labels: {},
    })
    for (const form of [{ Name: 'bad name', Data: base64('a') }, { Name: 'empty' }, { Name: '' }])
      expect((await call('POST', '/configs/create', form)).status, form.Name).toBe(400)
    expect((await call('POST', '/secrets/create', { Name: 'x', Data: '!!' })).json.message).toBe(
      'illegal base64 data at input byte 0',
    )
  })
}

/** Of a command that ended, as the stream has it. */
const outputOf = async ({ call }: DockerBench, container: string, Cmd: string[]): Promise<string> => {
  const form = { Cmd, AttachStdout: true, AttachStderr: true }
  const { json } = await call('POST', `/containers/${container}/exec`, form)
  return (await call('POST', `/exec/${json.Id}/start`, {})).text
}

const hijack = (bench: DockerBench, path: string, body: unknown): Promise<string> =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body)
    const sent = httpRequest({
      socketPath: bench.engine.socketPath,
      method: 'POST',
      path,
      headers: {
        connection: 'Upgrade',
        upgrade: 'tcp',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      },
    })
    sent.on('upgrade', (_response, socket, head) => {
      let seen = head.toString()
      socket.on('data', (chunk: Buffer) => {
        seen += chunk.toString()
      })
      socket.on('end', () => resolve(seen))
    })
    sent.on('error', reject)
    sent.end(text)
  })

const containers = (bench: DockerBench): void => {
  const { call } = bench
  const container = async (): Promise<Answer['json']> => {
    await bench.untilRunning(1)
    return (await call('GET', '/containers/json')).json[0]
  }

  it('runs commands over an upgraded connection', async () => {
    const ContainerSpec = { Image: 'nginx:1.25', User: '1001', Hostname: 'web1' }
    await call('POST', '/services/create', web({ ContainerSpec, ...onManager }))
    const { Id } = await container()
    const run = async (...Cmd: string[]) => {
      const form = { Cmd, Tty: true, AttachStdout: true, AttachStderr: true }
      const { json } = await call('POST', `/containers/${Id}/exec`, form)
      return hijack(bench, `/exec/${json.Id}/start`, { Tty: true })
    }
    expect(await run('echo', 'hello', 'there')).toBe('hello there\r\n')
    expect(await run('hostname')).toBe('web1\r\n')
    expect(await run('id')).toContain('uid=1001')
    expect(await run('no-such-program')).toContain('executable file not found')
  })

  it('runs an exec once', async () => {
    await call('POST', '/services/create', web(onManager))
    const { Id } = await container()
    const { json } = await call('POST', `/containers/${Id}/exec`, { Cmd: ['true'], AttachStdout: true })
    expect((await call('POST', `/exec/${json.Id}/start`, {})).status).toBe(200)
    expect(await call('POST', `/exec/${json.Id}/start`, {})).toMatchObject({
      status: 200,
      text: expect.stringContaining(`Exec command ${json.Id} has already run`),
    })
    expect((await call('GET', `/exec/${json.Id}/json`)).json).toMatchObject({ Running: false, ExitCode: 0 })
    expect((await call('POST', '/exec/no-such/start', {})).status).toBe(404)
  })

  it('starts another task when one is killed', async () => {
    await call('POST', '/services/create', web(onManager))
    const before = await container()
    expect((await call('POST', `/containers/${before.Id}/kill`)).status).toBe(204)
    const states = async (): Promise<string[]> =>
      (await call('GET', '/tasks')).json.map(({ Status }: Answer['json']) => Status.State).sort()
    await expect.poll(states, patience).toEqual(['failed', 'running'])
    expect((await container()).Id).not.toBe(before.Id)
  })

  it('makes, starts, looks at and removes a container of its own', async () => {
    const { json } = await call('POST', '/containers/create?name=tool', {
      Image: 'alpine',
      Cmd: ['sleep', '1000'],
    })
    expect((await call('POST', '/containers/create?name=tool', { Image: 'alpine' })).status).toBe(409)
    expect((await call('POST', '/containers/create?name=a!', { Image: 'alpine' })).json.message).toBe(
      'Invalid container name (a!), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    )
    expect((await call('POST', '/containers/tool/start')).status).toBe(204)
    expect((await call('POST', '/containers/tool/start')).status).toBe(304)
    expect((await call('GET', `/containers/${json.Id}/json`)).json.State.Running).toBe(true)
    expect((await call('GET', '/containers/tool/stats?stream=0')).json.memory_stats.usage).toBeGreaterThan(0)
    expect((await call('GET', '/containers/tool/top')).json.Processes).toHaveLength(1)
    expect((await call('DELETE', '/containers/tool')).status).toBe(409)
    expect((await call('POST', '/containers/tool/kill?signal=NONE')).status).toBe(400)
    expect((await call('POST', '/containers/tool/pause')).status).toBe(204)
    expect((await call('POST', '/containers/tool/pause')).status).toBe(409)
    expect((await call('POST', '/containers/tool/exec', { Cmd: ['true'] })).json.message).toBe(
      'Container tool is paused, unpause the container before exec',
    )
    expect((await call('POST', '/containers/tool/unpause')).status).toBe(204)
    expect((await call('POST', '/containers/tool/unpause')).status).toBe(500)
    expect((await call('DELETE', '/containers/tool?force=1')).status).toBe(204)
    expect((await call('DELETE', '/containers/tool')).status).toBe(404)
  })

  it('keeps what containers print, for them and for their service', async () => {
    await call('POST', '/services/create', web(onManager))
    const { Id } = await container()
    const lines = async (path: string): Promise<string> => (await call('GET', `${path}/logs?stdout=1`)).text
    await expect.poll(() => lines(`/containers/${Id}`), patience).toContain('started')
    await expect.poll(() => lines('/services/web'), patience).toContain('started')
    expect((await call('GET', '/services/web/logs')).json.message).toBe(
      'Bad parameters: you must choose at least one stream',
    )
  })
}

const events = (bench: DockerBench): void => {
  const { call } = bench

  it('streams what happens, filtered', async () => {
    const lines = new Promise<string>((resolve, reject) => {
      const sent = httpRequest(
        { socketPath: bench.engine.socketPath, path: `/events?${filter({ type: ['secret'] })}` },
        (response) => {
          response.once('data', (chunk: Buffer) => {
            resolve(chunk.toString())
            sent.destroy()
          })
          void call('POST', '/volumes/create', { Name: 'vol' }).then(() =>
            call('POST', '/secrets/create', { Name: 's', Data: 'YQ==' }),
          )
        },
      )
      sent.on('error', reject)
      sent.end()
    })
    expect(JSON.parse(await lines)).toMatchObject({
      Type: 'secret',
      Action: 'create',
      Actor: { Attributes: { name: 's' } },
    })
  })

  it('remembers past ones', async () => {
    await call('POST', '/volumes/create', { Name: 'past' })
    const of = filter({ type: ['volume'], volume: ['past'] })
    expect((await call('GET', `/events?since=0&until=1&${of}`)).text).toBe('')
    const until = Math.ceil(Date.now() / 1000)
    const past = await call('GET', `/events?since=${until - 60}&until=${until}&${of}`)
    expect(JSON.parse(past.text.split('\n')[0] ?? '')).toMatchObject({
      Action: 'create',
      Actor: { ID: 'past' },
    })
  })
}

describeEngines('the engine', { nodes }, (bench) => {
  describe('system calls', () => systemCalls(bench))
  describe('services and the scheduler', () => services(bench))
  describe('networks, volumes, secrets, configs', () => things(bench))
  describe('containers', () => containers(bench))
  describe('events', () => events(bench))
})
