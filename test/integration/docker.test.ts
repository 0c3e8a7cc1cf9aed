import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reserve } from '../../src/compile/reservation.ts'
import { resolveTenant } from '../../src/compile/resolve.ts'
import { destroyStack } from '../../src/engine/run-stack.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import { labStatus } from '../../src/lab/control.ts'
import { findDockerd } from '../../src/lab/docker/dockerd.ts'
import { missingPart } from '../missing-part.ts'
import { type LoggedIn, logIn } from './as-user.ts'
import {
  type BundleHolder,
  hasDockerCommand,
  inNodeNetwork,
  inspectAt,
  kernelLimits,
  withBundle,
} from './docker-users.ts'
import { changesOf, failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import type { SeenTaskState } from './stack-world.ts'
import { missedWorld, readSettledWorld } from './world.ts'

const organization = 'retail-banking'
const mebibyte = 1024 ** 2

/** Long enough for a swarm on a busy machine to place, start and tell of a container. */
const patience = { timeout: 120_000, interval: 100 }

interface Task extends SeenTaskState {
  readonly Spec: {
    readonly Resources?: Readonly<
      Record<'Limits' | 'Reservations', { readonly NanoCPUs?: number; readonly MemoryBytes?: number }>
    >
  }
}

const canRun = async (): Promise<boolean> => {
  if ((await findDockerd()).tools !== undefined && (await hasDockerCommand())) return true
  missingPart('docker', 'a tenant on real Docker Engines')
  return false
}

/** The NFS server of the sample files is nowhere: what stands on it stands on the other back end that has a driver here. */
const withoutNfs = async (files: string): Promise<void> => {
  for (const cluster of ['nonprod', 'prod']) {
    const file = join(files, 'stacks', `${cluster}.ts`)
    const before = await readFile(file, 'utf8')
    const after = before.replace(
      /nfs: \{\s*kind: 'nfs',[^}]*\}/,
      `nfs: { kind: 'netapp', driver: 'netapp:latest', svm: 'svm-${cluster}', aggregate: 'aggr2' }`,
    )
    expect(after).not.toBe(before)
    await writeFile(file, after)
  }
}

describe.runIf(await canRun())('a tenant on real Docker Engines', () => {
  let session: LabSession
  const holders: { close: () => Promise<void> }[] = []

  beforeAll(async () => {
    session = await openLabSession({ docker: 'real', prepare: withoutNfs })
  })
  afterAll(async () => {
    for (const { close } of holders) await close()
    await session?.close()
  })

  const clusterLab = (name: string): ClusterLab => {
    const found = session.lab.clusters.find(({ cluster }) => cluster.cluster === name)
    if (found === undefined) throw new Error(`no cluster ${name}`)
    return found
  }

  const bundleOf = async (cluster: string, user: string): Promise<BundleHolder> => {
    const holder = await withBundle(session.lab, clusterLab(cluster), user)
    holders.push(holder)
    return holder
  }

  const person = async (cluster: string, user: string): Promise<LoggedIn> => {
    const found = await logIn(session.lab, cluster, user)
    holders.push(found)
    return found
  }

  /** What the platform's account sees of a cluster. */
  const seen = async (cluster: string, path: string): Promise<unknown> => {
    const { ucp, platformPassword } = clusterLab(cluster)
    const credentials = Buffer.from(`${ucp.admin.username}:${platformPassword.reveal()}`).toString('base64')
    const { Agent, request } = await import('undici')
    const dispatcher = new Agent({ connect: { ca: ucp.caCertificate } })
    try {
      const headers = { authorization: `Basic ${credentials}` }
      const answer = await request(`${ucp.address}${path}`, { dispatcher, headers })
      return await answer.body.json()
    } finally {
      await dispatcher.close()
    }
  }

  const tasksOf = async (cluster: string, service: string): Promise<readonly Task[]> => {
    const filters = encodeURIComponent(JSON.stringify({ service: [service], 'desired-state': ['running'] }))
    return (await seen(cluster, `/tasks?filters=${filters}`)) as readonly Task[]
  }

  /** The tasks of a service once as many run as are wanted. */
  const running = async (cluster: string, service: string, count = 1): Promise<readonly Task[]> => {
    const states = async () =>
      (await tasksOf(cluster, service)).map(({ Status }) =>
        Status.State === 'running' ? 'running' : `${Status.State}: ${Status.Err ?? Status.Message}`,
      )
    await expect.poll(states, patience).toEqual(Array.from({ length: count }, () => 'running'))
    return tasksOf(cluster, service)
  }

  const containerOf = ({ Status }: Task): string => Status.ContainerStatus?.ContainerID ?? ''

  const hostnamesOf = async (cluster: string, tasks: readonly Task[]): Promise<readonly string[]> => {
    const nodes = await clusterLab(cluster).engine.nodes()
    return tasks.map(
      ({ NodeID }) => nodes.find(({ ID }) => ID === NodeID)?.Description.Hostname ?? `no node ${NodeID}`,
    )
  }

  const resolved = async (cluster: string) => {
    const { tenants, clusters } = await session.fleet()
    const tenant = tenants.find(({ value }) => value.organization === organization)
    const of = clusters.find(({ value }) => value.cluster === cluster)
    if (tenant === undefined || of === undefined) throw new Error('the sample fleet has another shape')
    return resolveTenant(tenant.value, of.value)
  }

  /** Limits of one of as many containers as the tenant may have, and what its application's policy reserves of them. */
  const amountsOf = async (cluster: string, application: string) => {
    const { quota, applications } = await resolved(cluster)
    const policy = applications.find(({ name }) => name === application)?.reservation.value
    if (policy === undefined) throw new Error(`no application ${application}`)
    const share = (whole: number): number => Math.floor(whole / quota.containers.value)
    const limits = {
      cpuMillis: share(quota.cpuMillis.value),
      memoryBytes: Math.floor(share(quota.memoryBytes.value) / mebibyte) * mebibyte,
    }
    return { limits, reserved: reserve(policy, limits, { cpuMillis: 50, memoryBytes: 64 * mebibyte }) }
  }

  const imageOf = (cluster: string, repository: string): string =>
    `${clusterLab(cluster).registry.address.replace('https://', '')}/${organization}/${repository}:1.0.0`

  const provide = async (
    cluster: string,
    repository: string,
    command?: readonly string[],
  ): Promise<string> => {
    const reference = imageOf(cluster, repository)
    await clusterLab(cluster).docker.real?.provideImage({
      reference,
      ...(command === undefined ? {} : { command }),
    })
    return reference
  }

  const createArguments = async (options: {
    readonly cluster: string
    readonly name: string
    readonly application: string
    readonly image: string
    readonly more?: readonly string[]
  }): Promise<string[]> => {
    const { limits, reserved } = await amountsOf(options.cluster, options.application)
    return [
      ...['service', 'create', '--quiet', '--detach', '--no-resolve-image', '--name', options.name],
      ...['--label', `com.docker.ucp.access.label=/Run/Std/${organization}/${options.application}`],
      ...['--limit-cpu', `${limits.cpuMillis / 1000}`, '--limit-memory', `${limits.memoryBytes}b`],
      ...['--reserve-cpu', `${reserved.cpuMillis / 1000}`, '--reserve-memory', `${reserved.memoryBytes}b`],
      ...(options.more ?? []),
      options.image,
    ]
  }

  test('stands on what the lab says it is', async () => {
    const { tools } = await findDockerd()
    const { record } = await labStatus(session.files)
    const docker = (record?.parts ?? []).filter(({ name }) => name === 'docker')
    expect(docker.map(({ reality, version }) => [reality, version])).toEqual([
      ['real', tools?.version],
      ['real', tools?.version],
    ])
    for (const cluster of ['nonprod', 'prod']) {
      const nodes = (await seen(cluster, '/nodes')) as {
        Description: { Engine: { EngineVersion: string } }
      }[]
      expect(nodes.length).toBeGreaterThanOrEqual(3)
      for (const { Description } of nodes)
        expect(Description.Engine.EngineVersion).toContain(tools?.version ?? 'none')
    }
  })

  test('is brought up whole, and a second run changes nothing', async () => {
    const stacks = await session.stacks([organization])
    const first = await session.run('up', stacks)
    expect(failuresOf(first.results)).toEqual([])
    for (const { stack, resources } of first.results)
      expect(resources.length, stack).toBe(stacks.find((state) => state.stack === stack)?.resources.length)
    const world = await readSettledWorld(session.lab, clusterLab('nonprod'))
    const second = await session.run('up', stacks)
    expect(failuresOf(second.results)).toEqual([])
    expect(changesOf(second.results)).toEqual([])
    expect(await missedWorld(world, session.lab, clusterLab('nonprod'))).toEqual([])
  })

  test('has what its file says in the engine itself: networks, volumes, secrets, configs', async () => {
    for (const cluster of ['nonprod', 'prod']) {
      const state = (await session.stacks([organization])).find(
        ({ stack }) => stack === `${cluster}.${organization}`,
      )
      const wanted = (kind: string) =>
        (state?.resources ?? [])
          .flatMap((one) => (one.kind === kind && 'name' in one ? [one.name] : []))
          .sort()
      const names = async (path: string): Promise<readonly string[]> => {
        const json = await seen(cluster, path)
        const items = (Array.isArray(json) ? json : (json as { Volumes: unknown[] }).Volumes) as {
          Name?: string
          Spec?: { Name: string }
        }[]
        return items
          .map(({ Name, Spec }) => Name ?? Spec?.Name ?? '')
          .filter((name) => name.startsWith(organization))
          .sort()
      }
      expect(await names('/networks')).toEqual(wanted('Network'))
      expect(await names('/volumes')).toEqual(wanted('Volume'))
      expect(await names('/secrets')).toEqual(wanted('DockerSecret'))
      expect(await names('/configs')).toEqual(wanted('DockerConfig'))
      expect(await names('/services')).toEqual(wanted('DockerService'))
    }
  })

  test('has its Jenkins controller running where builds run, with the limits of its file', async () => {
    const { ci, reservation } = await resolved('nonprod')
    if (ci === null) throw new Error('the sample has no CI')
    const limits = {
      cpuMillis: ci.controller.cpuMillis.value,
      memoryBytes: ci.controller.memoryBytes.value,
    }
    expect(limits).toEqual({ cpuMillis: 2000, memoryBytes: 4 * 1024 ** 3 })
    const reserved = reserve(reservation.value, limits, { cpuMillis: 0, memoryBytes: 0 })
    const [task] = await running('nonprod', `${organization}-jenkins`)
    if (task === undefined) throw new Error('no task')
    expect(task.Spec.Resources).toMatchObject({
      Limits: { NanoCPUs: limits.cpuMillis * 1e6, MemoryBytes: limits.memoryBytes },
      Reservations: { NanoCPUs: reserved.cpuMillis * 1e6, MemoryBytes: reserved.memoryBytes },
    })
    expect((await hostnamesOf('nonprod', [task]))[0]).toMatch(/^nonprod-build-/)
    const container = await inspectAt(clusterLab('nonprod'), containerOf(task))
    expect(container.config).toMatchObject({
      NanoCpus: limits.cpuMillis * 1e6,
      Memory: limits.memoryBytes,
    })
    expect(await kernelLimits(containerOf(task))).toEqual({ cpus: 2, memoryBytes: limits.memoryBytes })
  })

  describe('a developer, with the docker command and a client bundle', () => {
    test('runs a service within the limits that the file gives, on the nodes of its collection only', async () => {
      const ben = await bundleOf('nonprod', 'ben')
      for (const [application, repository] of [
        ['payments', 'payments-api'],
        ['cards', 'cards-core'],
      ] as const) {
        const { limits, reserved } = await amountsOf('nonprod', application)
        const made = await ben.docker(
          ...(await createArguments({
            ...{ cluster: 'nonprod', name: repository, application },
            image: await provide('nonprod', repository),
            more: ['--replicas', '4'],
          })),
        )
        expect(made.err).toBe('')
        const tasks = await running('nonprod', repository, 4)
        const hostnames = await hostnamesOf('nonprod', tasks)
        for (const hostname of hostnames) expect(hostname).toMatch(/^nonprod-std-/)
        for (const task of tasks) {
          expect(task.Spec.Resources).toMatchObject({
            Limits: { NanoCPUs: limits.cpuMillis * 1e6, MemoryBytes: limits.memoryBytes },
            Reservations: { NanoCPUs: reserved.cpuMillis * 1e6, MemoryBytes: reserved.memoryBytes },
          })
          const { config, hostname } = await inspectAt(clusterLab('nonprod'), containerOf(task))
          expect(hostnames).toContain(hostname)
          expect(config).toMatchObject({ NanoCpus: limits.cpuMillis * 1e6, Memory: limits.memoryBytes })
          expect(await kernelLimits(containerOf(task))).toEqual({
            cpus: limits.cpuMillis / 1000,
            memoryBytes: limits.memoryBytes,
          })
        }
      }
    })

    test('gets no more than what is left to reserve', async () => {
      const ben = await bundleOf('nonprod', 'ben')
      const command = await createArguments({
        ...{ cluster: 'nonprod', name: 'greedy', application: 'payments' },
        image: imageOf('nonprod', 'payments-api'),
        more: ['--limit-memory', '80g', '--reserve-memory', '80g'],
      })
      expect((await ben.docker(...command)).err).toBe('')
      const complaint = async () => (await tasksOf('nonprod', 'greedy'))[0]?.Status.Err ?? ''
      await expect.poll(complaint, patience).toMatch(/insufficient resources/)
      expect((await ben.docker('service', 'rm', 'greedy')).code).toBe(0)
    })

    test('cannot place it anywhere else', async () => {
      const ben = await bundleOf('nonprod', 'ben')
      const image = imageOf('nonprod', 'payments-api')
      const common = { cluster: 'nonprod', name: 'elsewhere', application: 'payments', image }
      const forced = await ben.docker(
        ...(await createArguments({ ...common, more: ['--constraint', 'node.role==manager'] })),
      )
      expect(forced.err).toBe('')
      const complaint = async () => (await tasksOf('nonprod', 'elsewhere'))[0]?.Status.Err ?? ''
      await expect.poll(complaint, patience).toMatch(/no suitable node/)
      expect((await ben.docker('service', 'rm', 'elsewhere')).code).toBe(0)
      for (const [label, operation] of [
        ['/Run/Std/insurance/claims', /no such collection|access denied/],
        ['/Build/Std/CI-CD', /access denied/],
      ] as const) {
        const refused = await ben.docker(
          ...['service', 'create', '--quiet', '--detach', '--no-resolve-image', '--name', 'elsewhere'],
          ...['--label', `com.docker.ucp.access.label=${label}`, image],
        )
        expect(refused.code, label).not.toBe(0)
        expect(refused.err, label).toMatch(operation)
      }
    })

    test('reads its log, and so do those who may; other tenants’ people are refused', async () => {
      for (const user of ['ben', 'claire', 'elena']) {
        const { docker } = await bundleOf('nonprod', user)
        const log = await docker('service', 'logs', '--raw', 'payments-api')
        expect(log.err, user).toBe('')
        expect(log.out, user).toContain('started as 1000:1000')
      }
      const [task] = await running('nonprod', 'payments-api', 4)
      if (task === undefined) throw new Error('no task')
      const carla = await person('nonprod', 'carla')
      for (const path of [
        '/services/payments-api/logs?stdout=1',
        `/tasks/${task.ID}/logs?stdout=1`,
        `/containers/${containerOf(task)}/logs?stdout=1`,
        `/containers/${containerOf(task)}/json`,
      ])
        expect((await carla.call('GET', path)).status, path).toBe(403)
      const greta = await person('nonprod', 'greta')
      const refused = await greta.call('GET', '/services/payments-api/logs?stdout=1')
      expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('Service Logs')])
    })

    test('gets into it on non-prod, which others do not', async () => {
      const [task] = await running('nonprod', 'payments-api', 4)
      if (task === undefined) throw new Error('no task')
      const container = containerOf(task)
      const ben = await bundleOf('nonprod', 'ben')
      const said = await ben.docker('exec', container, 'sh', '-c', 'id -u; hostname; exit 7')
      expect(said).toEqual({ code: 7, out: `1000\n${container.slice(0, 12)}\n`, err: '' })
      for (const user of ['claire', 'greta', 'farid', 'carla']) {
        const { docker } = await bundleOf('nonprod', user)
        const refused = await docker('exec', container, 'id')
        expect(refused.code, user).not.toBe(0)
        expect(refused.err, user).toMatch(/access denied|Container Exec/)
      }
    })
  })

  describe('production', () => {
    test('runs what a release manager deploys, and lets nobody in', async () => {
      const { registry } = clusterLab('prod')
      await registry.pushTag({
        ...{ namespace: organization, repository: 'payments-api-prod', tag: '1.0.0' },
        ...{ author: 'svc-tenantry', image: { signers: ['ruth', 'samir'] } },
      })
      const image = await provide('prod', 'payments-api-prod', ['httpd', '-f', '-p', '8080', '-h', '/etc'])
      const command = await createArguments({
        ...{ cluster: 'prod', name: 'payments', application: 'payments', image },
        more: ['--replicas', '2', '--network', `${organization}-backend`, '--endpoint-mode', 'dnsrr'],
      })
      const ben = await bundleOf('prod', 'ben')
      const denied = await ben.docker(...command)
      expect(denied.code).not.toBe(0)
      expect(denied.err).toMatch(/access denied/)
      const farid = await bundleOf('prod', 'farid')
      expect((await farid.docker(...command)).err).toBe('')
      const [task] = await running('prod', 'payments', 2)
      if (task === undefined) throw new Error('no task')
      for (const user of ['ben', 'claire', 'elena', 'farid', 'greta', 'svc-retail-ci', 'carla']) {
        const { call } = await person('prod', user)
        for (const page of ['exec', 'attach'] as const) {
          const refused = await call('POST', `/containers/${containerOf(task)}/${page}`, {
            ...{ Cmd: ['id'], AttachStdout: true },
          })
          expect(refused.status, `${user} ${page}`).toBe(403)
          expect(refused.text, user).toMatch(/no access to Container (?:Exec|Attach), on collection/)
        }
      }
      const log = await (await bundleOf('prod', 'ben')).docker('service', 'logs', '--raw', 'payments')
      expect(log.code).toBe(0)
      const viewer = await person('prod', 'claire')
      expect((await viewer.call('GET', '/services/payments/logs?stdout=1')).status).toBe(403)
    })

    test('has the engine encrypt what its containers say to each other across nodes', async () => {
      const tasks = await running('prod', 'payments', 2)
      const places = await hostnamesOf('prod', tasks)
      expect(new Set(places).size).toBe(2)
      const daemons = clusterLab('prod').docker.real?.daemons() ?? []
      for (const hostname of places) {
        const socket = daemons.find((one) => one.hostname === hostname)?.socketPath ?? ''
        // Security associations of the node, or, where its kernel has no ESP, the engine's complaint that it could not add them.
        const asked = async () =>
          (await inNodeNetwork(socket, ['ip', 'xfrm', 'state'])) +
          (await readFile(join(session.lab.layout.logs, `dockerd-${hostname}.log`), 'utf8'))
        await expect.poll(asked, patience).toMatch(/proto esp|Failed Adding .SA\{.*Proto: esp/)
      }
    })
  })

  test('goes without a trace but its data', async () => {
    const volumes = async (): Promise<readonly string[]> => {
      const { Volumes } = (await seen('nonprod', '/volumes')) as {
        Volumes: { Name: string; Driver: string }[]
      }
      return Volumes.map(({ Name, Driver }) => `${Name} on ${Driver}`).sort()
    }
    const before = await volumes()
    expect(before.join('\n')).toContain(`${organization}-ledger on netapp:latest`)
    for (const [cluster, user] of [
      ['nonprod', 'ben'],
      ['prod', 'farid'],
    ] as const) {
      const { docker } = await bundleOf(cluster, user)
      const services = (await docker('service', 'ls', '--format', '{{.Name}}')).out.split('\n')
      for (const name of services.filter((one) => one !== '' && one !== `${organization}-jenkins`))
        expect((await docker('service', 'rm', name)).err).toBe('')
      // A repository with signed tags is not deleted: whoever signed takes the signatures back first.
      const { tags } = clusterLab(cluster).registry.state
      for (const tag of tags.all()) tags.remove(tag)
      const { engine, environment } = session
      const stack = `${cluster}.${organization}`
      expect(failuresOf([await destroyStack({ stack, engine, environment })])).toEqual([])
      for (const path of ['/services', '/networks', '/secrets', '/configs'])
        expect(JSON.stringify(await seen(cluster, path)), path).not.toContain(organization)
      const left = async () => JSON.stringify(await seen(cluster, '/containers/json?all=1'))
      await expect.poll(left, patience).not.toContain(organization)
    }
    expect(await volumes()).toEqual(before)
  })
})
