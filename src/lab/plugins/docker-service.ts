import { waitFor } from '../../clients/clock.ts'
import type { RegistryAuth } from '../../clients/docker.ts'
import { type Service, ServiceSpec } from '../../clients/docker-objects.ts'
import { Fault, isFault } from '../../core/fault.ts'
import { Secret } from '../../core/secret.ts'
import {
  type Properties,
  type ResourceContext,
  type ResourceType,
  Unfinished,
} from '../../provider/plugin.ts'
import { isPropertyObject } from '../../provider/properties.ts'
import { duration, type Fields, field, nanoseconds, objectOf, text } from './docker-codec.ts'
import { isComputedInService, serviceFields } from './docker-fields.ts'
import {
  checkWith,
  type DockerClient,
  demandOwn,
  diffWith,
  labelsOf,
  nameOf,
  readInputs,
  textAt,
} from './docker-inputs.ts'

const inputFields: Fields = {
  ...serviceFields,
  auth: field(
    'auth',
    objectOf({
      serverAddress: field('serverAddress', text, { required: true }),
      username: field('username', text),
      password: field('password', text),
    }),
  ),
  convergeConfig: field(
    'convergeConfig',
    objectOf({ delay: field('delay', duration), timeout: field('timeout', duration) }),
  ),
}

/**
 * Parts of a task that the vendor's schema replaces the service for; and the whole of it, which is only ever unknown when
 * the engine asks what becomes of a service whose network, secret or config goes before the next one is made: they cannot
 * go while the service uses them.
 */
const replacing =
  /^taskSpec$|^taskSpec\.(?:networksAdvanceds|containerSpec\.(?:hosts|sysctl|labels|mounts\[\d+\]\.volumeOptions\.labels))/

const specOf = (inputs: Properties): ServiceSpec =>
  ServiceSpec.parse({
    Mode: { Replicated: { Replicas: 1 } },
    ...(objectOf(serviceFields).encode(inputs) as object),
  })

const authOf = (inputs: Properties): RegistryAuth | undefined => {
  const auth = inputs.auth
  if (!isPropertyObject(auth)) return undefined
  const [username, password] = [textAt(auth, 'username'), textAt(auth, 'password')]
  return {
    serverAddress: textAt(auth, 'serverAddress') ?? '',
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: new Secret(password) }),
  }
}

const outputsOf = (inputs: Properties): Properties => ({
  endpointSpec: { mode: 'vip' },
  labels: [],
  mode: { replicated: { replicas: 1 } },
  ...inputs,
})

/** How often an update is decided again when somebody else changed the service meanwhile. */
const mostAttempts = 5

const put = async ({ docker }: DockerClient, id: string, inputs: Properties): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    const there = await docker.service(id)
    if (there === undefined)
      throw new Fault('not-found', `Service ${nameOf(inputs)} is gone.`, {
        details: { resource: `service ${nameOf(inputs)}`, hint: 'Refresh, then run again.' },
      })
    try {
      await docker.updateService(there.ID, there.Version.Index, specOf(inputs), authOf(inputs))
      return
    } catch (error) {
      if (!isFault(error, 'out-of-sequence') || attempt >= mostAttempts) throw error
    }
  }
}

const milliseconds = (given: string | undefined, otherwise: string): number =>
  nanoseconds(given ?? otherwise) / 1e6

const runsAsWanted = async ({ docker }: DockerClient, id: string): Promise<true | undefined> => {
  const service = await docker.service(id)
  const tasks = await docker.tasks({ service: [id], 'desired-state': ['running'] })
  const running = tasks.filter(({ Status }) => Status.State === 'running').length
  const wanted = service?.Spec.Mode?.Global ? tasks.length : (service?.Spec.Mode?.Replicated?.Replicas ?? 1)
  const isUpdating = service?.UpdateStatus?.State === 'updating'
  return !isUpdating && running >= wanted && tasks.length <= wanted ? true : undefined
}

const reasonsOf = async ({ docker }: DockerClient, id: string): Promise<string> => {
  const tasks = await docker.tasks({ service: [id], 'desired-state': ['running'] })
  const reasons = tasks.flatMap(({ Status }) => (Status.Err ? [Status.Err] : []))
  return [...new Set(reasons)].join('; ')
}

/**
 * Waits until all tasks run, where `convergeConfig` is given (7 s between looks, 3 minutes in all where it leaves them out).
 *
 * Errors: `@throws {Fault}` `timeout` with the tasks' errors.
 */
const converge = async (
  client: DockerClient,
  id: string,
  inputs: Properties,
  { signal }: ResourceContext,
): Promise<void> => {
  const wanted = inputs.convergeConfig
  if (!isPropertyObject(wanted)) return
  const patience = {
    stepMilliseconds: milliseconds(textAt(wanted, 'delay'), '7s'),
    totalMilliseconds: milliseconds(textAt(wanted, 'timeout'), '3m'),
  }
  const done = await waitFor(() => runsAsWanted(client, id), { clock: client.clock, patience, signal })
  if (done !== undefined) return
  const reasons = await reasonsOf(client, id)
  throw new Fault(
    'timeout',
    `Service ${nameOf(inputs)} does not run all its tasks after ${patience.totalMilliseconds / 1000} s${reasons === '' ? '' : `: ${reasons}`}.`,
    { details: { resource: `service ${nameOf(inputs)}`, hint: 'See its tasks: docker service ps.' } },
  )
}

/** The service is there whatever comes of its tasks: the state must know it. */
const converged = async (
  client: DockerClient,
  id: string,
  inputs: Properties,
  context: ResourceContext,
): Promise<Properties> => {
  try {
    await converge(client, id, inputs, context)
  } catch (error) {
    throw new Unfinished(id, outputsOf(inputs), error)
  }
  return outputsOf(inputs)
}

const byName = async ({ docker }: DockerClient, name: string): Promise<Service | undefined> => {
  const there = await docker.service(name)
  return there?.Spec.Name === name ? there : undefined
}

const diff = diffWith(inputFields, {
  inPlace: ['convergeConfig', 'endpointSpec', 'labels', 'rollbackConfig', 'taskSpec', 'updateConfig'],
  replacesAt: (path) => replacing.test(path),
})

/** What the engine has of what the inputs say; all that it has where there are none. */
const seenInputs = (there: Service, inputs: Properties | undefined): Properties => {
  const { auth, convergeConfig, ...said } = inputs ?? {}
  return {
    ...readInputs(serviceFields, inputs === undefined ? undefined : said, there.Spec, isComputedInService),
    ...(auth === undefined ? {} : { auth }),
    ...(convergeConfig === undefined ? {} : { convergeConfig }),
  }
}

/** One that is as wanted is left alone: a swarm forgets a task that waits for a node when its service is written anew. */
const ensure = async (client: DockerClient, inputs: Properties): Promise<string> => {
  const there = await byName(client, nameOf(inputs))
  if (there === undefined) return client.docker.createService(specOf(inputs), authOf(inputs))
  demandOwn(`Service ${nameOf(inputs)}`, labelsOf(serviceFields, inputs), there.Spec.Labels)
  const seen = seenInputs(there, inputs)
  if (diff({ inputs: seen }, inputs).changes) await put(client, there.ID, inputs)
  return there.ID
}

/** `docker:index/service:Service`. The id is the engine's; it changes in place but for name, mode, networks and the like. */
export const service: ResourceType<DockerClient> = {
  check: checkWith(inputFields),
  diff,
  async create(client, inputs, context) {
    const id = await ensure(client, inputs)
    return { id, outputs: await converged(client, id, inputs, context) }
  },
  async read({ docker }, id, inputs) {
    const there = await docker.service(id)
    if (there === undefined) return undefined
    const seen = seenInputs(there, inputs)
    return { id: there.ID, inputs: seen, outputs: outputsOf(seen) }
  },
  async update(client, id, _olds, news, context) {
    await put(client, id, news)
    return converged(client, id, news, context)
  },
  delete: ({ docker }, id) => docker.removeService(id),
}
