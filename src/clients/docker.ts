import * as z from 'zod'
import { Fault } from '../core/fault.ts'
import type { Secret } from '../core/secret.ts'
import { orMissing } from './answer.ts'
import {
  ContainerStats,
  type ContainerUsage,
  ListedContainer,
  Network,
  type NetworkForm,
  Node,
  Payload,
  type PayloadSpec,
  Service,
  type ServiceSpec,
  Task,
  usageIn,
  Volume,
  type VolumeForm,
  VolumeUsage,
} from './docker-objects.ts'
import { Http, type HttpOptions, type Tls } from './http.ts'
import type { HttpCall } from './http-call.ts'

/** How to reach a Docker Engine, or UCP in front of one. */
export interface DockerOptions {
  /** `tcp://host:port` or `unix:///path`, as `DOCKER_HOST` has it. */
  readonly host: string
  /** A client bundle's material; plain HTTP on TCP where absent. */
  readonly tls?: Tls
  readonly timeoutMilliseconds?: number
  readonly retries?: HttpOptions['retries']
  readonly sleep?: HttpOptions['sleep']
}

/** The Engine API version the calls are written against (reference §7: UCP 3.2's). */
const apiVersion = '/v1.39'

/** Of an image of many gigabytes on a busy engine. */
const longestArchiveMilliseconds = 60 * 60_000

const endpointOf = ({ host, tls }: DockerOptions): string => {
  if (!host.startsWith('tcp://')) return host
  return `${tls === undefined ? 'http' : 'https'}://${host.slice('tcp://'.length)}`
}

const Info = z.looseObject({
  Name: z.string(),
  ServerVersion: z.string(),
  Swarm: z.looseObject({ LocalNodeState: z.string(), Nodes: z.number().optional() }).optional(),
})
export type Info = z.infer<typeof Info>

const Volumes = z.looseObject({ Volumes: z.array(Volume).nullish() })

const DiskUsage = z.looseObject({ Volumes: z.array(VolumeUsage).nullish() })

/** Credentials of a registry, for pulling a service's image. */
export interface RegistryAuth {
  readonly serverAddress: string
  readonly username?: string
  readonly password?: Secret
}

/** What to look for, e.g. `{ name: ['web'] }`. Names match by part: compare them again. */
export type ListFilters = Readonly<Record<string, readonly string[]>>

const filtered = (path: string, filters: ListFilters): string =>
  Object.keys(filters).length === 0
    ? path
    : `${path}${path.includes('?') ? '&' : '?'}filters=${encodeURIComponent(JSON.stringify(filters))}`

const authHeader = ({ serverAddress, username = '', password }: RegistryAuth): string =>
  Buffer.from(
    JSON.stringify({ username, password: password?.reveal() ?? '', serveraddress: serverAddress }),
  ).toString('base64url')

/** Kinds of swarm payloads: the folder of each in the API. */
export type PayloadFolder = 'secrets' | 'configs'

/**
 * The calls of the Docker Engine API that Tenantry makes, on an engine or through UCP.
 *
 * Reads of one thing answer undefined where it is not there; removals succeed where it is gone.
 * Errors: `@throws {Fault}`, `protocol` when an answer is not the engine's.
 */
export class Docker {
  readonly #http: Http

  constructor(options: DockerOptions) {
    this.#http = new Http({
      system: 'Docker',
      endpoint: endpointOf(options),
      credential: 'the client bundle',
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.timeoutMilliseconds === undefined
        ? {}
        : { timeoutMilliseconds: options.timeoutMilliseconds }),
      ...(options.retries === undefined ? {} : { retries: options.retries }),
      ...(options.sleep === undefined ? {} : { sleep: options.sleep }),
    })
  }

  get endpoint(): string {
    return this.#http.endpoint
  }

  /** `GET /info`. */
  info(): Promise<Info> {
    return this.#get('/info', Info)
  }

  nodes(): Promise<Node[]> {
    return this.#get('/nodes', z.array(Node))
  }

  networks(filters: ListFilters = {}): Promise<Network[]> {
    return this.#get(filtered('/networks', filters), z.array(Network))
  }

  /** By id or name. */
  network(reference: string): Promise<Network | undefined> {
    return orMissing(this.#get(`/networks/${encodeURIComponent(reference)}`, Network))
  }

  /** Resolves to the id. */
  async createNetwork(form: NetworkForm): Promise<string> {
    const made = await this.#post('/networks/create', form, z.looseObject({ Id: z.string() }), form.Name)
    return made.Id
  }

  removeNetwork(reference: string): Promise<void> {
    return this.#remove(`/networks/${encodeURIComponent(reference)}`)
  }

  async volumes(filters: ListFilters = {}): Promise<Volume[]> {
    return (await this.#get(filtered('/volumes', filters), Volumes)).Volumes ?? []
  }

  volume(name: string): Promise<Volume | undefined> {
    return orMissing(this.#get(`/volumes/${encodeURIComponent(name)}`, Volume))
  }

  createVolume(form: VolumeForm): Promise<Volume> {
    return this.#post('/volumes/create', form, Volume, form.Name ?? 'a volume')
  }

  removeVolume(name: string): Promise<void> {
    return this.#remove(`/volumes/${encodeURIComponent(name)}`)
  }

  /**
   * Bytes in volumes, by name; one that the engine does not measure (a mount of a remote share, another driver's) is left out.
   * `GET /system/df`, which UCP lets admins do.
   */
  async volumeBytes(): Promise<ReadonlyMap<string, number>> {
    const { Volumes: usages } = await this.#get('/system/df', DiskUsage)
    return new Map(
      (usages ?? []).flatMap(({ Name, UsageData }) =>
        UsageData !== null && UsageData !== undefined && UsageData.Size >= 0
          ? [[Name, UsageData.Size] as const]
          : [],
      ),
    )
  }

  /** Stopped ones too. */
  containers(filters: ListFilters = {}): Promise<ListedContainer[]> {
    return this.#get(filtered('/containers/json?all=1', filters), z.array(ListedContainer))
  }

  /**
   * What a container uses, on whichever node; undefined where it does not run. `GET /containers/{id}/stats`.
   * @throws {Fault} `not-found` where it is gone.
   */
  async containerUsage(id: string): Promise<ContainerUsage | undefined> {
    return usageIn(await this.#get(`/containers/${encodeURIComponent(id)}/stats?stream=0`, ContainerStats))
  }

  payloads(folder: PayloadFolder, filters: ListFilters = {}): Promise<Payload[]> {
    return this.#get(filtered(`/${folder}`, filters), z.array(Payload))
  }

  /** By id or name. */
  payload(folder: PayloadFolder, reference: string): Promise<Payload | undefined> {
    return orMissing(this.#get(`/${folder}/${encodeURIComponent(reference)}`, Payload))
  }

  /** Resolves to the id. */
  async createPayload(folder: PayloadFolder, spec: PayloadSpec): Promise<string> {
    const made = await this.#post(`/${folder}/create`, spec, z.looseObject({ ID: z.string() }), spec.Name)
    return made.ID
  }

  removePayload(folder: PayloadFolder, reference: string): Promise<void> {
    return this.#remove(`/${folder}/${encodeURIComponent(reference)}`)
  }

  services(filters: ListFilters = {}): Promise<Service[]> {
    return this.#get(filtered('/services', filters), z.array(Service))
  }

  /** By id or name. */
  service(reference: string): Promise<Service | undefined> {
    return orMissing(this.#get(`/services/${encodeURIComponent(reference)}`, Service))
  }

  /** Resolves to the id. */
  async createService(spec: ServiceSpec, auth?: RegistryAuth): Promise<string> {
    const made = await this.#post(
      '/services/create',
      spec,
      z.looseObject({ ID: z.string() }),
      spec.Name ?? 'a service',
      auth,
    )
    return made.ID
  }

  /**
   * Puts a spec in place of the one at `version`.
   * @throws {Fault} `out-of-sequence` when somebody changed the service since: read it and decide again.
   */
  async updateService(id: string, version: number, spec: ServiceSpec, auth?: RegistryAuth): Promise<void> {
    await this.#http.send({
      ...write('POST', `/services/${encodeURIComponent(id)}/update?version=${version}`, spec, auth),
      resource: `service ${spec.Name ?? id}`,
    })
  }

  removeService(reference: string): Promise<void> {
    return this.#remove(`/services/${encodeURIComponent(reference)}`)
  }

  tasks(filters: ListFilters = {}): Promise<Task[]> {
    return this.#get(filtered('/tasks', filters), z.array(Task))
  }

  /**
   * `GET /images/{name}/get`: the image as `docker save` writes it, as it comes.
   * @throws {Fault} `not-found` where the engine has no such image.
   */
  async imageArchive(reference: string): Promise<AsyncGenerator<Uint8Array>> {
    const { body } = await this.#http.stream({
      method: 'GET',
      path: `${apiVersion}/images/${encodeURIComponent(reference)}/get`,
      resource: `image ${reference}`,
      totalMilliseconds: longestArchiveMilliseconds,
    })
    return body
  }

  close(): Promise<void> {
    return this.#http.close()
  }

  async #get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
    const call = { method: 'GET', path: `${apiVersion}${path}` } as const
    return this.#parsed(await this.#http.json(call), schema, call)
  }

  async #post<S extends z.ZodType>(
    path: string,
    body: unknown,
    schema: S,
    name: string,
    auth?: RegistryAuth,
  ): Promise<z.output<S>> {
    const call = { ...write('POST', path, body, auth), resource: name }
    return this.#parsed(await this.#http.json(call), schema, call)
  }

  async #remove(path: string): Promise<void> {
    await orMissing(this.#http.send({ method: 'DELETE', path: `${apiVersion}${path}` }))
  }

  #parsed<S extends z.ZodType>(json: unknown, schema: S, call: HttpCall): z.output<S> {
    const parsed = schema.safeParse(json)
    if (parsed.success) return parsed.data
    const [first] = parsed.error.issues
    throw new Fault(
      'protocol',
      `Docker at ${this.endpoint} answered ${call.method} ${call.path.split('?', 1)[0]} in a form that is not the engine's: ${first?.path.join('.')}: ${first?.message}.`,
      { details: { endpoint: this.endpoint } },
    )
  }
}

const write = (method: 'POST', path: string, body: unknown, auth?: RegistryAuth): HttpCall => ({
  method,
  path: `${apiVersion}${path}`,
  body,
  ...(auth === undefined ? {} : { headers: { 'x-registry-auth': authHeader(auth) } }),
})
