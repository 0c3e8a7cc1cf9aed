import pLimit from 'p-limit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findDockerd } from '../../src/lab/docker/dockerd.ts'
import { corpus } from '../compose/corpus.ts'
import { missingPart } from '../missing-part.ts'
import { type MergedFile, mergeByCommand } from './corpus-stacks.ts'
import { hasDockerCommand, inspectAt } from './docker-users.ts'
import { failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import { batchesOf } from './stack-batches.ts'
import { physicalName, thingKinds } from './stack-file.ts'
import { imagesOf } from './stack-images.ts'
import { type SeenService, seenService } from './stack-observed.ts'
import { type Deployed, reservedNanoCpus, wantedService } from './stack-specs.ts'
import { isRunNode, organization, prodOfLab, type SeenTaskState, StackWorld } from './stack-world.ts'

/** Long enough for a swarm on a busy machine to start some forty containers and to find each healthy. */
const patience = { timeout: 300_000, interval: 500 }

/** Who releases for the tenant on production. */
const releaser = 'farid'

const canRun = async (): Promise<boolean> => {
  if ((await findDockerd()).tools !== undefined && (await hasDockerCommand())) return true
  missingPart('docker', 'the corpus of stacks on real Docker Engines')
  return false
}

/** Several stacks at once, as a machine can carry. */
const batches = batchesOf(corpus, 3)

describe.runIf(await canRun())('the corpus of stacks on real Docker Engines', () => {
  let session: LabSession
  let world: StackWorld
  const merged = new Map<string, MergedFile>()
  const deployed = new Map<string, Deployed>()

  beforeAll(async () => {
    session = await openLabSession({ docker: 'real', prepare: prodOfLab })
    world = new StackWorld(session)
    const stacks = (await session.stacks([organization])).filter(({ cluster }) => cluster === 'prod')
    const { results } = await session.run('up', stacks)
    expect(failuresOf(results)).toEqual([])
    await world.labelNodes()
    const registry = world.cluster.registry.address.replace('https://', '')
    for (const stack of corpus)
      merged.set(stack.name, await mergeByCommand(stack, { registry, files: session.files }))
    await world.provide(imagesOf([...merged.values()].map(({ file }) => file)))
    await makeForeign()
  })
  afterAll(async () => {
    await world?.close()
    await session?.close()
  })

  const mergedOf = (name: string): MergedFile => {
    const found = merged.get(name)
    if (found === undefined) throw new Error(`no stack ${name}`)
    return found
  }

  const deployedOf = (name: string): Deployed => {
    const found = deployed.get(name)
    if (found === undefined) throw new Error(`${name} was not deployed`)
    return found
  }

  /** Secrets and configs that stacks name and somebody else makes: an operator did, before. */
  const makeForeign = async (): Promise<void> => {
    for (const kind of ['secrets', 'configs'] as const)
      for (const { file } of merged.values())
        for (const [key, thing] of Object.entries(file[kind] ?? {})) {
          const name = physicalName('', key, thing)
          if (thing?.external !== true || (await world.placeOf(kind, name)) !== undefined) continue
          const Labels = { 'com.docker.ucp.access.label': `/Shared/Private/${organization}/Shared` }
          const Data = Buffer.from('made by an operator').toString('base64')
          const { status, text } = await world.call('POST', `/${kind}/create`, { Name: name, Labels, Data })
          expect([status, text], name).toEqual([201, expect.anything()])
        }
  }

  const deploy = (user: string, { name, path }: MergedFile, variables: NodeJS.ProcessEnv = {}) =>
    world.docker(
      user,
      ['stack', 'deploy', '--resolve-image=never', '--detach=true', '-c', path, name],
      variables,
    )

  /** Complaints of tasks that the service still wants. */
  const complaintsOf = async (service: SeenService): Promise<readonly string[]> => {
    const tasks = (await world.tasks(service.Spec.Name)).filter(({ Status }) => Status.State !== 'shutdown')
    return tasks.flatMap(({ Status }) =>
      Status.State === 'running' || Status.Err === undefined ? [] : [`${Status.State}: ${Status.Err}`],
    )
  }

  /** What the client says of a file that it takes: of what the merge told it would ignore, and of nothing else. */
  const complaintOf = ({ told: { ignored } }: MergedFile): string => {
    const fields = new Set(ignored.map((path) => path.split('.').at(-1)))
    return fields.size === 0 ? '' : `Ignoring unsupported options: ${[...fields].sort().join(', ')}\n\n`
  }

  const isRunning = ({ ServiceStatus }: SeenService): boolean =>
    (ServiceStatus?.DesiredTasks ?? 0) > 0 && ServiceStatus?.RunningTasks === ServiceStatus?.DesiredTasks

  /** What the scheduler says where it lacks CPUs or memory, and an engine where a limit is above what it has. */
  const tooLittle = /insufficient resources on \d+ nodes?|Range of CPUs is from 0\.01 to \d+\.00/

  /** What Swarm says where it takes back a task that it placed, as others on the node get their reservations. */
  const takenBack = /assigned node no longer meets constraints/

  const isGivenUp = (complaints: readonly string[], tasks: readonly SeenTaskState[]): boolean =>
    complaints.some((one) => takenBack.test(one)) &&
    tasks.every(({ DesiredState }) => DesiredState === 'shutdown')

  /** Whoever has a service with no restarts starts it again where Swarm took its task back. */
  const startAgain = async (service: string): Promise<void> => {
    const args = ['service', 'update', '--quiet', '--detach', '--no-resolve-image', '--force', service]
    expect((await world.docker(releaser, args)).code, service).toBe(0)
  }

  const isJob = ({ Spec }: SeenService): boolean => Spec.Mode.ReplicatedJob !== undefined

  /** Asks for less: nothing reserved, and a limit that every engine of this machine has. */
  const lower = async (service: SeenService): Promise<void> => {
    const atOnce = ['--update-parallelism', '0', '--update-delay', '0s', '--update-order', 'stop-first']
    const said = await world.docker(releaser, [
      ...['service', 'update', '--quiet', '--detach', '--no-resolve-image'],
      ...(isJob(service) ? [] : atOnce),
      ...['--reserve-cpu', '0', '--reserve-memory', '0', '--limit-cpu', '0.5', service.Spec.Name],
    ])
    expect(said.err, service.Spec.Name).toBe('')
  }

  /** Lowers what cannot be placed, once each; what is left says why it does not run. */
  const settle = async (name: string, lowered: Set<string>): Promise<readonly string[]> => {
    const waiting: string[] = []
    for (const service of await world.services(name)) {
      if (isRunning(service)) continue
      const complaints = await complaintsOf(service)
      if (complaints.some((one) => tooLittle.test(one)) && !lowered.has(service.Spec.Name)) {
        await lower(service)
        lowered.add(service.Spec.Name)
      } else if (isGivenUp(complaints, await world.tasks(service.Spec.Name)))
        await startAgain(service.Spec.Name)
      waiting.push(`${service.Spec.Name}: ${JSON.stringify(service.ServiceStatus)} ${complaints.join(', ')}`)
    }
    return waiting
  }

  const containerOf = ({ Status }: SeenTaskState): string => Status.ContainerStatus?.ContainerID ?? ''

  describe('refuses', () => {
    test.each(['ben', 'claire', 'carla'])(
      'a stack of %s, who may not release, and keeps nothing of it',
      async (user) => {
        const refused = await deploy(user, mergedOf('kafka'))
        expect(refused.code).not.toBe(0)
        expect(refused.err).toMatch(/access denied/)
        for (const names of Object.values(await world.left('kafka'))) expect(names).toEqual([])
      },
    )

    test('an image that nobody signed', async () => {
      const { tags } = world.cluster.registry.state
      const signed = tags.find(`${organization}/site`, '2.8.1')
      if (signed === undefined) throw new Error('the image of the stack `web` is not in the registry')
      tags.remove(signed)
      const refused = await deploy(releaser, mergedOf('web'))
      expect(refused.err).toMatch(/did not meet required signing policy/)
      await world.provide(imagesOf([mergedOf('web').file]))
      expect((await world.docker(releaser, ['stack', 'rm', 'web'])).code).toBe(0)
    })
  })

  describe.each(batches.map((names) => [names.join(', '), names] as const))('%s', (_, names) => {
    test('are taken from who releases', async () => {
      const atOnce = pLimit(2)
      const deployAll = names.map((name) =>
        atOnce(async () => {
          const { file, references, told } = mergedOf(name)
          const variables = await world.fromVault(references)
          const said = await deploy(releaser, mergedOf(name), variables)
          deployed.set(name, { name, file, variables, told })
          return [name, said.code, said.err] as const
        }),
      )
      const wanted = names.map((name) => [name, 0, complaintOf(mergedOf(name))])
      expect(await Promise.all(deployAll)).toEqual(wanted)
    })

    test.each(names)('%s: its services are in the engine what the file says', async (name) => {
      const services = await world.services(name)
      const networkNames = await world.networkNames()
      const own = deployedOf(name)
      const seen = Object.fromEntries(
        services.map((service) => [service.Spec.Name, seenService(service, networkNames)]),
      )
      const wanted = Object.keys(own.file.services).map((key) => [`${name}_${key}`, wantedService(key, own)])
      expect(seen).toEqual(Object.fromEntries(wanted))
    })

    test('run, those that this machine has too little for with less reserved', async () => {
      const lowered = new Set<string>()
      const waiting = async () => (await Promise.all(names.map((name) => settle(name, lowered)))).flat()
      await expect.poll(waiting, patience).toEqual([])
      const asked = names.map((name) => reservedNanoCpus(mergedOf(name).file))
      if (asked.reduce((sum, one) => sum + one, 0) > (await world.nanoCpus()))
        expect(lowered.size).toBeGreaterThan(0)
    })

    test.each(names)(
      '%s: its containers are on the nodes of the offer, within their limits',
      async (name) => {
        const hostnames = await world.hostnames()
        for (const { Spec } of await world.services(name)) {
          const tasks = (await world.tasks(Spec.Name)).filter(({ Status }) => Status.State === 'running')
          expect(tasks.length, Spec.Name).toBeGreaterThan(0)
          for (const { NodeID } of tasks)
            expect(isRunNode(hostnames.get(NodeID ?? '') ?? ''), Spec.Name).toBe(true)
          const [task] = tasks
          if (task === undefined) continue
          const { config } = await inspectAt(world.cluster, containerOf(task))
          const limits = Spec.TaskTemplate.Resources?.Limits
          expect(config, Spec.Name).toMatchObject({ NanoCpus: limits?.NanoCPUs, Memory: limits?.MemoryBytes })
        }
      },
    )

    test.each(names)('%s: each thing it makes has its label and is in that collection', async (name) => {
      const { file } = deployedOf(name)
      const things = thingKinds.flatMap((kind) =>
        Object.entries(file[kind] ?? {})
          .filter(([, thing]) => thing?.external !== true)
          .map(([key, thing]) => [kind, physicalName(name, key, thing), thing?.labels] as const),
      )
      const labels = Object.entries(file.services).map(
        ([key, { deploy: own }]) => ['services', `${name}_${key}`, own.labels] as const,
      )
      for (const [kind, made, own] of [...labels, ...things]) {
        const label = own?.['com.docker.ucp.access.label']
        expect(label, made).toMatch(/^\//)
        expect(await world.placeOf(kind, made), made).toEqual({ label, collection: label })
      }
    })

    test('go without a trace but their data', async () => {
      for (const name of names)
        expect((await world.docker(releaser, ['stack', 'rm', name])).code, name).toBe(0)
      for (const name of names) {
        const { volumes: made } = deployedOf(name).file
        const own = Object.entries(made ?? {}).flatMap(([key, thing]) =>
          thing?.name === undefined ? [`${name}_${key}`] : [],
        )
        const nothing = { services: [], containers: [], networks: [], secrets: [], configs: [] }
        const left = () => world.left(name)
        await expect.poll(left, patience).toEqual({ ...nothing, volumes: own.sort() })
        for (const volume of own)
          expect([204, 404], volume).toContain((await world.call('DELETE', `/volumes/${volume}`)).status)
        expect((await left()).volumes, name).toEqual([])
      }
    })
  })
})
