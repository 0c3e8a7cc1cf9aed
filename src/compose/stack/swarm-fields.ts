import { PathTable } from '../path-table.ts'

/** Fields that a closed part of a stack file has; every other one is left out and told. */
const fieldLists: readonly (readonly [path: string, fields: string])[] = [
  ['services', '*'],
  [
    'services.*',
    'cap_add cap_drop command configs credential_spec depends_on deploy dns dns_search entrypoint environment extra_hosts healthcheck hostname image init isolation labels logging networks oom_score_adj ports read_only secrets security_opt stdin_open stop_grace_period stop_signal sysctls tty ulimits user volumes working_dir',
  ],
  ['services.*.configs.*', 'source target uid gid mode'],
  ['services.*.secrets.*', 'source target uid gid mode'],
  ['services.*.credential_spec', 'config file registry'],
  [
    'services.*.deploy',
    'mode endpoint_mode replicas labels rollback_config update_config resources restart_policy placement',
  ],
  ['services.*.deploy.rollback_config', 'parallelism delay failure_action monitor max_failure_ratio order'],
  ['services.*.deploy.update_config', 'parallelism delay failure_action monitor max_failure_ratio order'],
  ['services.*.deploy.resources', 'limits reservations'],
  ['services.*.deploy.resources.limits', 'cpus memory pids'],
  ['services.*.deploy.resources.reservations', 'cpus memory generic_resources'],
  ['services.*.deploy.restart_policy', 'condition delay max_attempts window'],
  ['services.*.deploy.placement', 'constraints preferences max_replicas_per_node'],
  ['services.*.deploy.placement.preferences.*', 'spread'],
  ['services.*.healthcheck', 'disable interval retries test timeout start_period start_interval'],
  ['services.*.logging', 'driver options'],
  ['services.*.networks.*', 'aliases driver_opts'],
  ['services.*.ports.*', 'mode target published protocol'],
  ['services.*.volumes.*', 'type source target read_only bind volume tmpfs'],
  ['services.*.volumes.*.bind', 'propagation'],
  ['services.*.volumes.*.volume', 'nocopy subpath'],
  ['services.*.volumes.*.tmpfs', 'size'],
  ['networks.*', 'name driver driver_opts ipam external internal attachable labels'],
  ['networks.*.ipam', 'driver config'],
  ['networks.*.ipam.config.*', 'subnet'],
  ['volumes.*', 'name driver driver_opts external labels x-cluster-spec'],
  ['secrets.*', 'name file external labels driver driver_opts template_driver'],
  ['configs.*', 'name file external labels template_driver'],
]

/** The fields that `docker stack deploy` acts on at a path; `undefined` where a part is open. Source: docker/cli v28.5.2, `cli/compose`. */
export const swarmFields: PathTable<ReadonlySet<string>> = new PathTable(
  fieldLists
    .filter(([, fields]) => fields !== '*')
    .map(([path, fields]) => [path, new Set(fields.split(' '))] as const),
)

/** Of a resource that exists already, a stack may say its name only. */
export const externalFields: ReadonlySet<string> = new Set(['name', 'external'])

const noHost = 'a task runs on any node'

const noNamespace = 'Swarm shares no namespaces with a host or another container'
const ownAddress = 'Swarm gives each task an address of its own'
const noLever = 'the engine of a swarm takes no such setting for a task; `deploy.resources` has what there is'
const noHook = 'Swarm runs no commands beside a task: put it into the image, or into a service of its own'

/** Each field that a stack has no place for, and why it is left out. The documentation and the tests read it too. */
export const leftOutReasons: readonly (readonly [path: string, reason: string])[] = [
  [
    'jobs',
    'Swarm has no jobs of compose: a service with `deploy.restart_policy: { condition: none }` runs once',
  ],
  ['models', 'Swarm runs no models; a service may'],
  ['services.*.annotations', 'the engine of a swarm takes no annotations; use labels'],
  ['services.*.attach', 'it says what `docker compose up` shows'],
  ['services.*.blkio_config', noLever],
  ['services.*.build', 'a stack runs images that a registry has'],
  ['services.*.cgroup', noNamespace],
  ['services.*.cgroup_parent', noHost],
  ['services.*.container_name', 'Swarm names the containers of a service, of which there may be several'],
  ...[
    'cpu_count',
    'cpu_percent',
    'cpu_period',
    'cpu_quota',
    'cpu_rt_period',
    'cpu_rt_runtime',
    'cpu_shares',
    'cpuset',
  ].map((field) => [`services.*.${field}`, noLever] as const),
  ['services.*.develop', 'a stack runs images that a registry has'],
  ['services.*.device_cgroup_rules', noHost],
  ['services.*.dns_opt', '`docker stack deploy` does not read it'],
  ['services.*.domainname', '`hostname` may hold the whole name'],
  ['services.*.expose', 'services of one network reach each other on every port'],
  ['services.*.links', 'services of one network find each other by name'],
  ['services.*.external_links', 'services of one network find each other by name'],
  ['services.*.devices', noHost],
  ['services.*.gpus', noHost],
  [
    'services.*.group_add',
    '`docker stack deploy` does not read it; give the user its group in the image, or `user: uid:gid`',
  ],
  ['services.*.mac_address', ownAddress],
  ['services.*.mem_swappiness', noLever],
  ['services.*.memswap_limit', noLever],
  ['services.*.models', 'Swarm runs no models; a service may'],
  ['services.*.oom_kill_disable', noLever],
  ['services.*.pid', noNamespace],
  ['services.*.ipc', noNamespace],
  ['services.*.platform', 'a node takes the image of its own platform; place by `node.platform.arch`'],
  ['services.*.post_start', noHook],
  ['services.*.pre_start', noHook],
  ['services.*.pre_stop', noHook],
  ['services.*.privileged', 'Swarm runs no privileged containers'],
  ['services.*.provider', 'nobody but `docker compose` calls providers'],
  ['services.*.pull_policy', 'every node pulls the image whose digest the manager found'],
  ['services.*.pull_refresh_after', 'every node pulls the image whose digest the manager found'],
  ['services.*.restart', '`deploy.restart_policy` says it'],
  ['services.*.runtime', noHost],
  ['services.*.scale', '`deploy.replicas` says it'],
  ['services.*.cpus', '`deploy.resources.limits.cpus` says it'],
  ['services.*.mem_limit', '`deploy.resources.limits.memory` says it'],
  ['services.*.mem_reservation', '`deploy.resources.reservations.memory` says it'],
  ['services.*.pids_limit', '`deploy.resources.limits.pids` says it'],
  ['services.*.shm_size', 'Swarm has no size of /dev/shm; mount a tmpfs there'],
  ['services.*.storage_opt', noHost],
  ['services.*.umask', '`docker stack deploy` does not read it'],
  ['services.*.use_api_socket', noHost],
  ['services.*.userns_mode', noNamespace],
  ['services.*.uts', noNamespace],
  ['services.*.deploy.resources.reservations.devices', 'Swarm reserves `generic_resources`'],
  ...['ipv4_address', 'ipv6_address', 'link_local_ips', 'mac_address'].map(
    (field) => [`services.*.networks.*.${field}`, ownAddress] as const,
  ),
  ['services.*.networks.*.priority', '`docker stack deploy` does not read it'],
  ['services.*.networks.*.gw_priority', '`docker stack deploy` does not read it'],
  ['services.*.networks.*.interface_name', '`docker stack deploy` does not read it'],
  ['services.*.ports.*.name', 'ports have no names in Swarm'],
  ['services.*.ports.*.app_protocol', 'Swarm knows a port by its number and `protocol`'],
  ['services.*.volumes.*.bind.create_host_path', 'Swarm makes no folders on hosts: it has to be there'],
  ['services.*.volumes.*.bind.recursive', '`docker stack deploy` does not read it'],
  ['services.*.volumes.*.bind.selinux', '`docker stack deploy` does not read it'],
  ['services.*.volumes.*.consistency', 'no engine of a swarm heeds it'],
  ['services.*.volumes.*.image', '`docker stack deploy` does not read it'],
  ['services.*.volumes.*.volume.labels', 'a volume that a stack makes has its labels at the top level'],
  ['services.*.volumes.*.tmpfs.mode', '`docker stack deploy` does not read it'],
  ['networks.*.enable_ipv4', '`docker stack deploy` does not read it'],
  ['networks.*.enable_ipv6', '`docker stack deploy` does not read it'],
  ['networks.*.ipam.options', '`docker stack deploy` does not read it'],
  ...['aux_addresses', 'gateway', 'ip_range'].map(
    (field) => [`networks.*.ipam.config.*.${field}`, '`docker stack deploy` reads the subnet only'] as const,
  ),
]

/** Why a field has no place in a stack, where there is more to say than that it has none. */
export const swarmReasons: PathTable<string> = new PathTable(leftOutReasons)

/** What would change what a stack means if it were only left out, so that its author has to decide. */
export interface Refusal {
  readonly why: string
  readonly hint: string
}

/** What a stack is refused for. The documentation and the tests read it too. */
export const refusals: readonly (readonly [path: string, refusal: Refusal])[] = [
  [
    'services.*.network_mode',
    {
      why: 'a service without a network joins the default one',
      hint: 'Name its networks below `networks:`, or take `network_mode` out in the operators’ file with `!reset`.',
    },
  ],
  [
    'services.*.ports.*.host_ip',
    {
      why: 'Swarm publishes a port on every address of every node',
      hint: 'Take the address out, or the port: services of one network reach each other without it.',
    },
  ],
  [
    'configs.*.content',
    {
      why: 'a stack reads configs from files',
      hint: 'Write the content to a file and name it with `file:`, or make the config external.',
    },
  ],
  [
    'configs.*.environment',
    {
      why: 'a stack reads configs from files',
      hint: 'Write the content to a file and name it with `file:`, or make the config external.',
    },
  ],
  [
    'secrets.*.environment',
    {
      why: 'a stack reads no secrets from variables',
      hint: 'Make the secret external: the tenant file lists the secrets that the platform supplies.',
    },
  ],
  [
    'services.*.volumes_from',
    {
      why: 'Swarm shares no mounts between containers',
      hint: 'Define a volume at the top level and mount it in both services.',
    },
  ],
]

/** Fields that are refused rather than left out. */
export const swarmRefusals: PathTable<Refusal> = new PathTable(refusals)
