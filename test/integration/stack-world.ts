import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { Image } from '../../src/lab/docker/dockerd-images.ts'
import type { Reference } from './corpus-stacks.ts'
import { type BundleHolder, type Said, withBundle } from './docker-users.ts'
import type { LabSession } from './lab-session.ts'
import type { SeenService } from './stack-observed.ts'
import { byText } from './stack-specs.ts'

export const organization = 'retail-banking'

/** Three nodes that run services; file servers that are nowhere give way to a back end whose driver is here. */
const withNodesAndStorage = (text: string): string => {
  const netapp = (name: string) =>
    `${name}: { kind: 'netapp', driver: 'netapp:latest', svm: 'svm-prod', aggregate: '${name}' }`
  return text
    .replace(/nfs: \{\s*kind: 'nfs',[^}]*\}/, netapp('nfs'))
    .replace(/cifs: \{\s*kind: 'cifs',[^}]*\}/, netapp('cifs'))
    .replace("machine: 'standard', min: 2,", "machine: 'standard', min: 3,")
}

/** Swarm takes no service on a network that one node's VLAN carries (README, "What is not there yet"): overlays of the same names. */
const withOverlays = (text: string): string =>
  text
    .replace(/partners: \{ kind: 'vpn'[^}]*\}/, partners)
    .replace(/web: \{ kind: 'public'[^}]*\}/, "web: { kind: 'overlay', subnet: '10.67.251.0/24' }")
    .replace(/prod: \{ networks: [^}]*\} \} \}/, 'prod: {}')

const partners = "partners: { kind: 'overlay', subnet: '10.67.250.0/24', application: 'payments' }"

const edit = async (
  file: string,
  change: (text: string) => string,
  shows: readonly string[],
): Promise<void> => {
  const after = change(await readFile(file, 'utf8'))
  for (const one of shows) if (!after.includes(one)) throw new Error(`${file} has another shape`)
  await writeFile(file, after)
}

/** The sample files as a lab can be: what needs machines of the bank gives way to what this machine has. */
export const prodOfLab = async (files: string): Promise<void> => {
  const netapps = ["aggregate: 'nfs'", "aggregate: 'cifs'", 'min: 3,']
  await edit(join(files, 'stacks', 'prod.ts'), withNodesAndStorage, netapps)
  const overlays = [partners, "subnet: '10.67.251.0/24'", 'prod: {} },']
  await edit(join(files, 'tenants', `${organization}.ts`), withOverlays, overlays)
}

export interface SeenTaskState {
  readonly ID: string
  readonly NodeID?: string
  readonly DesiredState: string
  readonly Status: {
    readonly State: string
    readonly Err?: string
    readonly Message?: string
    readonly ContainerStatus?: { readonly ContainerID?: string }
  }
}

/** What is there under a label: names by kind of thing. */
export type Left = Readonly<Record<string, readonly string[]>>

interface Labelled {
  readonly ID?: string
  readonly Id?: string
  readonly Name?: string
  readonly Names?: readonly string[]
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly Spec?: { readonly Name: string; readonly Labels: Readonly<Record<string, string>> }
}

interface SeenNode {
  readonly ID: string
  readonly Version: { readonly Index: number }
  readonly Spec: { readonly Labels: Readonly<Record<string, string>> | null }
  readonly Description: { readonly Hostname: string; readonly Resources: { readonly NanoCPUs: number } }
}

/** Whether a node is of the pool that runs services. */
export const isRunNode = (hostname: string): boolean => hostname.startsWith('prod-std-')

const nameOf = ({ Name, Names, Spec }: Labelled): string => Spec?.Name ?? Name ?? Names?.[0] ?? ''

/** The production cluster of a lab, as the platform's own account and people with the `docker` command see it. */
export class StackWorld {
  readonly #session: LabSession
  readonly #agent: Agent
  readonly #holders = new Map<string, Promise<BundleHolder>>()
  readonly cluster: ClusterLab

  constructor(session: LabSession) {
    const cluster = session.lab.clusters.find((one) => one.cluster.cluster === 'prod')
    if (cluster === undefined) throw new Error('the lab has no cluster prod')
    this.#session = session
    this.cluster = cluster
    this.#agent = new Agent({ connect: { ca: cluster.ucp.caCertificate } })
  }

  async close(): Promise<void> {
    for (const holder of this.#holders.values()) await (await holder).close()
    await this.#agent.close()
  }

  /** A call of the platform's account. */
  async call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) {
    const { ucp, platformPassword } = this.cluster
    const credentials = Buffer.from(`${ucp.admin.username}:${platformPassword.reveal()}`).toString('base64')
    const answer = await request(`${ucp.address}${path}`, {
      ...{ method, dispatcher: this.#agent },
      headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.body.text()
    return { status: answer.statusCode, text }
  }

  async seen<T>(path: string): Promise<T> {
    const { status, text } = await this.call('GET', path)
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
    return JSON.parse(text) as T
  }

  /** What stacks ask of nodes: each of those that run services in a rack of its own, with a fast disk. */
  async labelNodes(): Promise<void> {
    const nodes = await this.seen<readonly SeenNode[]>('/nodes')
    const running = byText(nodes.filter(({ Description }) => isRunNode(Description.Hostname)))
    for (const [at, { ID, Version, Spec }] of running.entries()) {
      const Labels = { ...Spec.Labels, disk: 'ssd', rack: 'abc'.charAt(at) }
      const { status, text } = await this.call('POST', `/nodes/${ID}/update?version=${Version.Index}`, {
        ...Spec,
        Labels,
      })
      if (status !== 200) throw new Error(`node ${ID}: ${status} ${text}`)
    }
  }

  /** What the nodes that run services have together. */
  async nanoCpus(): Promise<number> {
    const nodes = await this.seen<readonly SeenNode[]>('/nodes')
    return nodes
      .filter(({ Description }) => isRunNode(Description.Hostname))
      .reduce((sum, { Description }) => sum + Description.Resources.NanoCPUs, 0)
  }

  #holderOf(user: string): Promise<BundleHolder> {
    const holder = this.#holders.get(user) ?? withBundle(this.#session.lab, this.cluster, user)
    this.#holders.set(user, holder)
    return holder
  }

  /** The `docker` command of a person of the directory. */
  async docker(user: string, args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Said> {
    return (await this.#holderOf(user)).dockerWith(variables, ...args)
  }

  /** Images on every node, each signed by whom the cluster asks for, in a repository of its own. */
  async provide(images: readonly Image[]): Promise<void> {
    const { registry, docker } = this.cluster
    registry.state.change({ createRepositoryOnPush: true })
    for (const image of images) {
      const [, namespace = '', repository = '', tag = ''] =
        /^[^/]+\/([^/]+)\/([^:]+):(.+)$/.exec(image.reference) ?? []
      registry.pushTag({
        ...{ namespace, repository, tag, author: this.cluster.ucp.admin.username },
        image: { signers: ['ruth', 'samir'] },
      })
      await docker.real?.provideImage(image)
    }
  }

  /** What Vault holds at the places that a merge named, by variable. */
  async fromVault(references: readonly Reference[]): Promise<Readonly<Record<string, string>>> {
    const { address, platformToken } = this.cluster.vault
    const found = references.map(async ({ variable, mount, secret, field }) => {
      const answer = await request(`${address}/v1/${mount}/data/${secret}`, {
        headers: { 'x-vault-token': platformToken.reveal() },
      })
      const { data } = (await answer.body.json()) as { data: { data: Record<string, string> } }
      return [variable, data.data[field] ?? ''] as const
    })
    return Object.fromEntries(await Promise.all(found))
  }

  services(stack: string): Promise<readonly SeenService[]> {
    return this.seen(`/services?status=true&filters=${this.#ofStack(stack)}`)
  }

  /** Tasks of a service that are meant to be there, with those that were and could not. */
  async tasks(service: string): Promise<readonly SeenTaskState[]> {
    return this.seen(`/tasks?filters=${encodeURIComponent(JSON.stringify({ service: [service] }))}`)
  }

  async networkNames(): Promise<ReadonlyMap<string, string>> {
    const networks = await this.seen<readonly { readonly Id: string; readonly Name: string }[]>('/networks')
    return new Map(networks.map(({ Id, Name }) => [Id, Name]))
  }

  async hostnames(): Promise<ReadonlyMap<string, string>> {
    const nodes = await this.cluster.engine.nodes()
    return new Map(nodes.map(({ ID, Description }) => [ID, Description.Hostname]))
  }

  /** The access label of a thing and the path of the collection that it is in; undefined where there is none of that name. */
  async placeOf(kind: string, name: string): Promise<{ label?: string; collection?: string } | undefined> {
    const { status, text } = await this.call('GET', `/${kind}/${encodeURIComponent(name)}`)
    if (status === 404) return undefined
    const thing = JSON.parse(text) as Labelled
    const labels = thing.Spec?.Labels ?? thing.Labels ?? {}
    const label = labels['com.docker.ucp.access.label']
    const id = labels['com.docker.ucp.collection']
    const { path } = await this.seen<{ path: string }>(`/collections/${id}`)
    return { ...(label === undefined ? {} : { label }), collection: path }
  }

  /** Everything that bears a stack's label, by kind. */
  async left(stack: string): Promise<Left> {
    const filter = this.#ofStack(stack)
    const list = async (path: string): Promise<readonly string[]> => {
      const found = await this.seen<readonly Labelled[] | { Volumes: readonly Labelled[] | null }>(path)
      return byText(('Volumes' in found ? (found.Volumes ?? []) : (found as readonly Labelled[])).map(nameOf))
    }
    return {
      services: await list(`/services?filters=${filter}`),
      containers: await list(`/containers/json?all=1&filters=${filter}`),
      networks: await list(`/networks?filters=${filter}`),
      secrets: await list(`/secrets?filters=${filter}`),
      configs: await list(`/configs?filters=${filter}`),
      volumes: [...new Set(await list(`/volumes?filters=${filter}`))],
    }
  }

  #ofStack(stack: string): string {
    return encodeURIComponent(JSON.stringify({ label: [`com.docker.stack.namespace=${stack}`] }))
  }
}
