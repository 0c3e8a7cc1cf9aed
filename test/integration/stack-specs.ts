import type { Told } from './corpus-stacks.ts'
import { physicalName, type StackFile, type StackService, type StackThing } from './stack-file.ts'

/** A stack file, what it is deployed as, and the variables it was deployed with. */
export interface Deployed {
  readonly name: string
  readonly file: StackFile
  readonly variables: Readonly<Record<string, string>>
  readonly told: Told
}

type Texts = Readonly<Record<string, string>>

/** As the client fills it in: variables, and dollars that are written twice. */
const filled = (text: string, variables: Texts): string =>
  text.replace(/\$(\$|\{(\w+)[^}]*\})/g, (_, whole: string, name: string | undefined) =>
    name === undefined ? whole.slice(0, 1) : (variables[name] ?? ''),
  )

const filledAll = (texts: Texts | undefined, variables: Texts): Texts =>
  Object.fromEntries(Object.entries(texts ?? {}).map(([key, text]) => [key, filled(text, variables)]))

/** A command that is one text, split into words as a shell would; quotes only. */
const wordsOf = (command: string | readonly string[] | undefined, variables: Texts): readonly string[] => {
  if (typeof command !== 'string') return (command ?? []).map((word) => filled(word, variables))
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) =>
    filled(double ?? single ?? plain ?? '', variables),
  )
}

const sizes: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 }

const bytesOf = (text: string | undefined): number =>
  text === undefined ? 0 : Number.parseFloat(text) * (sizes[text.slice(-1).toUpperCase()] ?? 1)

const amountsOf = (amounts: { readonly cpus?: string; readonly memory?: string } | undefined) => ({
  NanoCPUs: Math.round(Number(amounts?.cpus ?? 0) * 1e9),
  MemoryBytes: bytesOf(amounts?.memory),
})

const modeOf = ({ deploy }: StackService, isDropped: boolean): unknown => {
  const count = deploy.replicas ?? 1
  if (deploy.mode === 'global') return { Global: {} }
  if (deploy.mode === 'replicated-job' && !isDropped) return { ReplicatedJob: { TotalCompletions: count } }
  return { Replicated: { Replicas: count } }
}

/** What a service has beside what the others have too, where the merge did not tell that its engine drops it. */
const extrasOf = (service: StackService, isDropped: (field: string) => boolean): readonly string[] =>
  byText([
    ...(['cap_add', 'cap_drop', 'sysctls', 'ulimits'] as const).filter(
      (field) => service[field] !== undefined && !isDropped(field),
    ),
    ...(service.deploy.resources?.limits?.pids === undefined || isDropped('deploy.resources.limits.pids')
      ? []
      : ['pids']),
  ])

const testOf = ({ healthcheck }: StackService, variables: Texts): readonly string[] => {
  if (healthcheck?.disable === true) return ['NONE']
  const test = healthcheck?.test ?? []
  return typeof test === 'string' ? ['CMD-SHELL', filled(test, variables)] : wordsOf(test, variables)
}

/** In an order of their own, so that lists compare as sets. */
export const byText = <T>(items: readonly T[]): readonly T[] =>
  [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

const usesOf = (
  uses: StackService['secrets'],
  { name, folder, things }: { name: string; folder: string; things: StackFile['secrets'] },
) =>
  byText(
    (uses ?? []).map((use) => ({
      name: physicalName(name, use.source, things?.[use.source]),
      target: use.target ?? `${folder}${use.source}`,
      mode: use.mode ?? 0o444,
      owner: `${use.uid ?? '0'}:${use.gid ?? '0'}`,
    })),
  )

const volumeOf = (source: string, thing: StackThing | undefined, { name, variables }: Deployed) => {
  const labels = thing?.labels === undefined ? {} : { labels: thing.labels }
  return {
    source: physicalName(name, source, thing),
    driver: thing?.driver,
    options: filledAll(thing?.driver_opts, variables),
    ...labels,
  }
}

const mountsOf = (service: StackService, deployed: Deployed) =>
  byText(
    (service.volumes ?? []).map(({ type, source, target, read_only }) => ({
      ...{ type, target, readOnly: read_only === true },
      ...(type === 'volume' && source !== undefined
        ? { volume: volumeOf(source, deployed.file.volumes?.[source], deployed) }
        : {}),
    })),
  )

/** What a service of a stack has to be in the engine, by what its file says. */
export const wantedService = (key: string, deployed: Deployed) => {
  const { name, file, variables, told } = deployed
  const isDropped = (field: string): boolean => told.newerApi.has(`services.${key}.${field}`)
  const service = file.services[key]
  if (service === undefined) throw new Error(`no service ${key}`)
  const { deploy } = service
  return {
    image: service.image,
    user: service.user,
    hostname: service.hostname,
    init: service.init,
    readOnly: service.read_only,
    command: wordsOf(service.entrypoint, variables),
    args: wordsOf(service.command, variables),
    environment: byText(
      Object.entries(filledAll(service.environment, variables)).map((one) => one.join('=')),
    ),
    labels: { ...deploy.labels, 'com.docker.stack.image': service.image, 'com.docker.stack.namespace': name },
    containerLabels: { ...service.labels, 'com.docker.stack.namespace': name },
    logging: service.logging?.driver,
    logOptions: service.logging?.options ?? {},
    networks: byText(
      Object.entries(service.networks ?? { default: null }).map(([network, use]) => ({
        name: physicalName(name, network, file.networks?.[network]),
        aliases: byText([key, ...(use?.aliases ?? [])]),
      })),
    ),
    secrets: usesOf(service.secrets, { name, folder: '', things: file.secrets }),
    configs: usesOf(service.configs, { name, folder: '/', things: file.configs }),
    mounts: mountsOf(service, deployed),
    ports: byText(
      (service.ports ?? []).map(({ mode, target, published, protocol }) => ({
        mode: mode ?? 'ingress',
        ports: `${published ?? 0}:${target}/${protocol ?? 'tcp'}`,
      })),
    ),
    test: testOf(service, variables),
    mode: modeOf(service, isDropped('deploy.mode')),
    extras: extrasOf(service, isDropped),
    endpoint: deploy.endpoint_mode ?? 'vip',
    constraints: byText(deploy.placement?.constraints ?? []),
    mostPerNode: isDropped('deploy.placement.max_replicas_per_node')
      ? 0
      : (deploy.placement?.max_replicas_per_node ?? 0),
    limits: amountsOf(deploy.resources?.limits),
    reservations: amountsOf(deploy.resources?.reservations),
    restart: deploy.restart_policy?.condition,
    onFailure: deploy.update_config && (deploy.update_config.failure_action ?? 'pause'),
    order: deploy.update_config && (deploy.update_config.order ?? 'stop-first'),
  }
}

/** What all replicas of a stack reserve; of a service on every node, what one of them does. */
export const reservedNanoCpus = ({ services }: StackFile): number =>
  Object.values(services)
    .map(({ deploy }) => (deploy.replicas ?? 1) * amountsOf(deploy.resources?.reservations).NanoCPUs)
    .reduce((sum, one) => sum + one, 0)
