import { PathTable } from './path-table.ts'
import { childAt, scalarOf, type YamlNode, type YamlPath } from './yaml-node.ts'

/** Who writes a file. */
export type Layer = 'developers' | 'integrators' | 'operators'

/** What a parameter is about. */
export type Concern = 'application' | 'integration' | 'infrastructure'

/** Who may set what. */
export interface LayerPolicy {
  readonly may: Readonly<Record<Layer, readonly Concern[]>>
  /** By path from the model's top, `*` being any one step; the longest that fits holds for all below it. */
  readonly concerns: readonly (readonly [pattern: string, concern: Concern])[]
}

const all = (concern: Concern, start: string, ...fields: readonly string[]) =>
  fields.map((field) => [`${start}${field}`, concern] as const)

/** Amounts and limits outside of `deploy`. */
const limits = [
  ...['blkio_config', 'cpu_count', 'cpu_percent', 'cpu_period', 'cpu_quota', 'cpu_rt_period'],
  ...['cpu_rt_runtime', 'cpu_shares', 'cpus', 'cpuset', 'mem_limit', 'mem_reservation', 'mem_swappiness'],
  ...[
    'memswap_limit',
    'oom_kill_disable',
    'oom_score_adj',
    'pids_limit',
    'shm_size',
    'storage_opt',
    'ulimits',
  ],
]

/** What opens the host, or another's container, to a service. */
const host = [
  ...['cap_add', 'cap_drop', 'cgroup', 'cgroup_parent', 'credential_spec', 'device_cgroup_rules', 'devices'],
  ...[
    'gpus',
    'group_add',
    'ipc',
    'isolation',
    'mac_address',
    'network_mode',
    'pid',
    'platform',
    'privileged',
  ],
  ...['runtime', 'security_opt', 'sysctls', 'use_api_socket', 'userns_mode', 'uts', 'volumes_from'],
]

/** How a service meets what is around it. */
const integration = [
  ...['dns', 'dns_opt', 'dns_search', 'domainname', 'external_links', 'extra_hosts', 'hostname', 'links'],
  ...['ports', 'scale', 'deploy.endpoint_mode', 'deploy.mode', 'deploy.replicas'],
]

/**
 * The platform's policy. Which networks, volumes, secrets and configs a service needs, and where in its container they stand, its
 * developers know; what these are is the operators' to say. Source: our choice.
 */
export const defaultLayerPolicy: LayerPolicy = {
  may: {
    developers: ['application'],
    integrators: ['application', 'integration'],
    operators: ['application', 'integration', 'infrastructure'],
  },
  concerns: [
    ['*', 'application'],
    ...all('infrastructure', 'services.*.', 'deploy', 'logging', ...limits, ...host),
    ...all('integration', 'services.*.', ...integration),
    ...all('application', 'services.*.', 'deploy.labels'),
    ...all('infrastructure', 'services.*.', 'networks.*.*', 'volumes.*.bind', 'volumes.*.volume'),
    ...all('infrastructure', 'services.*.', 'volumes.*.consistency', 'volumes.*.cluster'),
    ...all('application', 'services.*.', 'networks.*.aliases', 'volumes.*.volume.nocopy'),
    ...all('application', 'services.*.', 'volumes.*.volume.subpath'),
    ...all('infrastructure', '', 'networks.*.*', 'volumes.*.*', 'secrets.*.*', 'configs.*.name'),
    ...all('application', '', 'networks.*.external', 'volumes.*.external', 'secrets.*.external'),
  ],
}

/** Mounts that bring nothing of the host into a container. */
const ownMounts: readonly unknown[] = [undefined, 'volume', 'tmpfs']

/** A mount whose kind makes it infrastructure as a whole: a path or a pipe of the host, an image. */
const isHostMount = (path: YamlPath, root: YamlNode): boolean => {
  if (path[0] !== 'services' || path[2] !== 'volumes' || path.length < 4) return false
  const [, service, , index] = path
  const services = childAt(root, 'services')
  const list = childAt(childAt(services, String(service)), 'volumes')
  const item = list?.kind === 'list' ? list.items[Number(index)] : undefined
  return !ownMounts.includes(scalarOf(childAt(item, 'type')))
}

/** Labels by which UCP decides where an object stands, and who may touch it. */
const isPlacing = (path: YamlPath): boolean => path.some((step) => String(step).startsWith('com.docker.ucp.'))

const longestFit = (table: PathTable<Concern>, path: YamlPath): Concern | undefined => {
  for (let length = path.length; length > 0; length -= 1) {
    const found = table.find(path.slice(0, length))
    if (found !== undefined) return found
  }
  return undefined
}

/** What a value of a document is about, by its path from the top. Never throws. */
export const concernsOf = (policy: LayerPolicy): ((path: YamlPath, root: YamlNode) => Concern) => {
  const table = new PathTable(policy.concerns)
  return (path, root) =>
    isPlacing(path) || isHostMount(path, root) ? 'infrastructure' : (longestFit(table, path) ?? 'application')
}
