import type { ComplianceRule } from '../../src/exception/compliance-rule.ts'

/** A way to hide from the checks: files as somebody would write them, and what has to come of them. */
export interface Evasion {
  readonly files: Readonly<Record<string, string>>
  /** Compose files as the command is given them; `stack.yml` alone where absent. */
  readonly stacks?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** The rule that finds it, or the code of the issue that refuses the file. */
  readonly finds: ComplianceRule | `${'yaml' | 'compose' | 'input' | 'reader'}/${string}`
  /** Where: the file, and a part of its line. */
  readonly at?: readonly [file: string, text: string]
}

/** Keys of a service in which nothing is wrong, each as YAML on one line. */
const goodKeys: Readonly<Record<string, string>> = {
  image: 'registry.nonprod.example/acme/shop:1.4.2',
  user: "'1000:1000'",
  security_opt: "['no-new-privileges:true']",
  networks: '[backend]',
  healthcheck: '{ test: [CMD, /bin/health] }',
  logging: '{ driver: syslog }',
  deploy:
    '{ labels: { com.docker.ucp.access.label: /Run/Std/acme/shop }, resources: { limits: { cpus: "1", memory: 512M }, reservations: { cpus: "0.5", memory: 256M } }, update_config: { failure_action: rollback }, restart_policy: { condition: on-failure } }',
}

const networks = 'networks:\n  backend: { external: true, name: acme-backend }\n'

/** A stack of one service: keys of the good one, others instead or besides; `undefined` leaves one out. */
export const stackFile = (keys: Readonly<Record<string, string | undefined>> = {}, before = ''): string => {
  const lines = Object.entries({ ...goodKeys, ...keys }).flatMap(([key, text]) =>
    text === undefined ? [] : [`    ${key}: ${text}`],
  )
  return `${before}services:\n  web:\n${lines.join('\n')}\n${networks}`
}

const limitless =
  '{ labels: { com.docker.ucp.access.label: /Run/Std/acme/shop }, update_config: { failure_action: rollback }, restart_policy: { condition: on-failure } }'

const limited =
  '{ resources: { limits: { cpus: "1", memory: 512M }, reservations: { cpus: "0.5", memory: 256M } } }'

/** One service whose keys differ. */
const one = (finds: Evasion['finds'], keys: Readonly<Record<string, string | undefined>>): Evasion => ({
  files: { 'stack.yml': stackFile(keys) },
  finds,
})

const users = Object.fromEntries(
  ['"0:0"', '"00"', '"+0"', '"-0"', '!!str 0', '" root "', '"root:1000"', '":1000"', '"0 "'].map((user) => [
    `root written as ${user}`,
    one('root/user', { user }),
  ]),
)

const sockets = Object.fromEntries(
  [
    '/var/run/docker.sock:/var/run/docker.sock',
    '/run/docker.sock:/tmp/x:ro',
    '/var/run/../../run//docker.sock:/x',
    '/var/run:/host',
    '{ type: bind, source: /var/run/docker.sock, target: /x }',
    '{ type: bind, source: /run/., target: /x, read_only: true }',
    '{ type: bind, source: /, target: /host, bind: { propagation: rslave } }',
    '{ type: bind, source: /run/containerd/containerd.sock, target: /x }',
    '{ type: npipe, source: "//./pipe/docker_engine", target: "//./pipe/docker_engine" }',
  ].map((mount) => [
    `the engine’s socket as ${mount}`,
    one('host/docker-socket', { volumes: `[${mount.startsWith('{') ? mount : `'${mount}'`}]` }),
  ]),
)

const mounts = Object.fromEntries(
  [
    './link-to-the-socket:/x',
    '/proc/1/root/run/docker.sock.d:/x',
    '/home/ops/link:/x',
    '../../../etc:/x',
    '{ type: bind, source: ./link, target: /x }',
  ].map((mount) => [
    `a link of the host as ${mount}`,
    one('host/mount', { volumes: `[${mount.startsWith('{') ? mount : `'${mount}'`}]` }),
  ]),
)

const images: Readonly<Record<string, Evasion>> = {
  'an image of the Hub without a registry': one('image/registry', { image: 'acme/shop:1.4.2' }),
  'an image of the Hub by its name': one('image/registry', { image: 'docker.io/acme/shop:1.4.2' }),
  'an image of the Hub by its old name': one('image/registry', { image: 'index.docker.io/acme/shop:1.4.2' }),
  'another port of the cluster’s registry': one('image/registry', {
    image: 'registry.nonprod.example:5000/acme/shop:1.4.2',
  }),
  'a registry in capitals': one('image/registry', { image: 'EVIL.example/acme/shop:1.4.2' }),
  'a registry without a dot': one('image/registry', { image: 'localhost/acme/shop:1.4.2' }),
  'an address for a registry': one('image/registry', { image: "'[::1]:5000/acme/shop:1.4.2'" }),
  'another tenant’s repository, registry in capitals': one('image/repository', {
    image: 'REGISTRY.nonprod.example/other/shop:1.4.2',
  }),
  'a port where a tag would stand': one('image/moving-tag', {
    image: 'registry.nonprod.example:443/acme/shop',
  }),
  'latest in capitals': one('image/moving-tag', { image: 'registry.nonprod.example/acme/shop:LATEST' }),
  'latest because nothing is said': one('image/moving-tag', { image: 'registry.nonprod.example/acme/shop' }),
}

const yamlForms: Readonly<Record<string, Evasion>> = {
  'an anchor of an extension': {
    files: {
      'stack.yml': stackFile({ '<<': '*evil' }, 'x-innocent: &evil\n  privileged: true\n'),
    },
    finds: 'root/privileged',
    at: ['stack.yml', 'privileged: true'],
  },
  'a list of merge keys': {
    files: {
      'stack.yml': stackFile(
        { '<<': '[*nothing, *evil]' },
        'x-a: &nothing { tty: true }\nx-b: &evil { pid: host }\n',
      ),
    },
    finds: 'host/namespace',
    at: ['stack.yml', 'pid: host'],
  },
  'a merge key in a merge key': {
    files: {
      'stack.yml': stackFile(
        { '<<': '*outer' },
        'x-a: &inner { cap_add: [sys_admin] }\nx-b: &outer\n  <<: *inner\n  tty: true\n',
      ),
    },
    finds: 'root/capabilities-added',
  },
  'an alias for a whole service': {
    files: {
      'stack.yml': `x-evil: &evil { image: registry.nonprod.example/acme/shop:1.4.2, userns_mode: host }\n${stackFile().replace(
        'services:\n',
        'services:\n  other: *evil\n',
      )}`,
    },
    finds: 'host/namespace',
  },
  'a key twice': one('yaml/duplicate-key', { user: "'1000'\n    user: root" }),
  'a second document': {
    files: { 'stack.yml': `${stackFile()}---\nservices: { web: { privileged: true } }\n` },
    finds: 'root/privileged',
  },
  'yes for true': one('root/privileged', { privileged: 'yes' }),
  'true as text': one('root/privileged', { privileged: '"true"' }),
  'a tag for true': one('root/privileged', { privileged: '!!bool "true"' }),
  'a user as a number': one('compose/wrong-value', { user: '0' }),
  'a user as a number of another base': one('compose/wrong-value', { user: '0x0' }),
  'a key in capitals': one('compose/unknown-field', { Privileged: 'true' }),
  JSON: {
    files: {
      'stack.yml': '{"services":{"web":{"image":"registry.nonprod.example/acme/shop:1.4.2","uts":"host"}}}',
    },
    finds: 'host/namespace',
  },
}

const otherFiles: Readonly<Record<string, Evasion>> = {
  'a secret in an env file': {
    files: { 'stack.yml': stackFile({ env_file: './app.env' }), 'app.env': '# plain\nDB_PASSWORD=hunter2\n' },
    finds: 'secret/in-environment',
    at: ['app.env', 'DB_PASSWORD'],
  },
  'a secret in an env file that may be missing': {
    files: {
      'stack.yml': stackFile({ env_file: '[{ path: ./conf/app.env, required: false }]' }),
      'conf/app.env': 'export API_TOKEN="abcdef123456"\n',
    },
    finds: 'secret/in-environment',
    at: ['conf/app.env', 'API_TOKEN'],
  },
  'a secret in a label file': {
    files: {
      'stack.yml': stackFile({ label_file: './app.labels' }),
      'app.labels': 'bank.api-key=abcdef123456\n',
    },
    finds: 'secret/in-label',
    at: ['app.labels', 'api-key'],
  },
  'a secret in .env that ends up in the command': {
    files: { 'stack.yml': stackFile({ command: `serve --password=${'$'}{PW}` }), '.env': 'PW=hunter2\n' },
    finds: 'secret/in-command',
  },
  'extends of a file outside': {
    files: {
      'app/stack.yml': stackFile({ extends: '{ file: ../shared/base.yml, service: base }' }),
      'shared/base.yml': 'services:\n  base:\n    image: x\n    privileged: true\n',
    },
    stacks: ['app/stack.yml'],
    finds: 'root/privileged',
    at: ['shared/base.yml', 'privileged: true'],
  },
  'extends of extends': {
    files: {
      'stack.yml': stackFile({ extends: '{ file: one.yml, service: a }' }),
      'one.yml': 'services:\n  a:\n    extends: { file: two.yml, service: b }\n',
      'two.yml': 'services:\n  b:\n    volumes: ["/var/run/docker.sock:/x"]\n',
    },
    finds: 'host/docker-socket',
    at: ['two.yml', 'docker.sock'],
  },
  'a service of an included file': {
    files: {
      'stack.yml': `include: [other.yml]\n${stackFile()}`,
      'other.yml': 'services:\n  evil: { image: registry.nonprod.example/acme/shop:1, network_mode: host }\n',
    },
    finds: 'host/namespace',
    at: ['other.yml', 'network_mode'],
  },
  'a limit that only an override behind a profile gives': {
    files: {
      'stack.yml': stackFile({ deploy: limitless }),
      'ops.yml': `services:\n  web:\n    profiles: [production]\n    deploy: ${limited}\n`,
    },
    stacks: ['stack.yml', 'ops.yml'],
    finds: 'limits/behind-a-profile',
    at: ['ops.yml', 'cpus'],
  },
  'a limit that only a service behind a profile gives': {
    files: {
      'stack.yml': stackFile({ deploy: limitless }),
      'ops.yml': `services:\n  web-limited:\n    profiles: [production]\n    extends: { file: stack.yml, service: web }\n    deploy: ${limited}\n`,
    },
    stacks: ['stack.yml', 'ops.yml'],
    finds: 'limits/no-cpu-limit',
  },
  'a limit that an override takes back': {
    files: {
      'stack.yml': stackFile(),
      'ops.yml': 'services:\n  web:\n    deploy: { resources: { limits: !reset null } }\n',
    },
    stacks: ['stack.yml', 'ops.yml'],
    finds: 'limits/no-memory-limit',
  },
  'an option that an override takes back': {
    files: { 'stack.yml': stackFile(), 'ops.yml': 'services:\n  web:\n    security_opt: !reset []\n' },
    stacks: ['stack.yml', 'ops.yml'],
    finds: 'root/no-new-privileges-missing',
  },
  'an option that an override switches off': {
    files: {
      'stack.yml': stackFile(),
      'ops.yml': 'services:\n  web:\n    security_opt: !override ["no-new-privileges:false"]\n',
    },
    stacks: ['stack.yml', 'ops.yml'],
    finds: 'root/no-new-privileges-missing',
    at: ['ops.yml', 'no-new-privileges:false'],
  },
  'a service behind a profile that nobody asked for': {
    files: {
      'stack.yml': `${stackFile().replace(networks, '')}  debug: { profiles: [debug], image: registry.nonprod.example/acme/shop:1, ipc: host }\n${networks}`,
    },
    finds: 'host/namespace',
    at: ['stack.yml', 'ipc: host'],
  },
}

const variables: Readonly<Record<string, Evasion>> = {
  'root as a default': one('root/user', { user: `"${'$'}{APP_USER:-root}"` }),
  'root out of .env': {
    files: { 'stack.yml': stackFile({ user: `"${'$'}{APP_USER}"` }), '.env': 'APP_USER=0\n' },
    finds: 'root/user',
  },
  'privileged by a variable of the shell': {
    files: { 'stack.yml': stackFile({ privileged: `"${'$'}{P:-false}"` }) },
    environment: { P: 'true' },
    finds: 'root/privileged',
  },
  'a variable in a variable': {
    files: { 'stack.yml': stackFile({ pid: `"${'$'}{A:-${'$'}{B:-host}}"` }) },
    finds: 'host/namespace',
  },
  'replicas by a default': one('quota/cpu', {
    deploy: goodKeys.deploy?.replace('{ labels', `{ replicas: "${'$'}{REPLICAS:-500}", labels`),
  }),
}

const others: Readonly<Record<string, Evasion>> = {
  'an access label twice, the last of which counts': one('access/foreign-label', {
    deploy: goodKeys.deploy?.replace(
      '{ com.docker.ucp.access.label: /Run/Std/acme/shop }',
      '["com.docker.ucp.access.label=/Run/Std/acme/shop", "com.docker.ucp.access.label=/System"]',
    ),
  }),
  'a capability in lower case': one('root/capabilities-added', { cap_add: '[net_admin]' }),
  'a capability by its whole name': one('root/capabilities-added', { cap_add: '[CAP_SYS_ADMIN]' }),
  'a device by the rules of its control group': one('host/device', {
    device_cgroup_rules: '["b 8:* rmw"]',
  }),
  'a device in its long form': one('host/device', {
    devices: '[{ source: /dev/sda, target: /dev/x, permissions: rwm }]',
  }),
  'a graphics card of the deployment': one('host/device', {
    deploy: goodKeys.deploy?.replace('memory: 256M }', 'memory: 256M, devices: [{ capabilities: [gpu] }] }'),
  }),
  'a parameter of the kernel': one('host/sysctl', { sysctls: '["kernel.core_pattern=|/evil"]' }),
  'namespaces of the host: pid': one('host/namespace', { pid: 'host' }),
  'namespaces of the host: ipc': one('host/namespace', { ipc: 'host' }),
  'namespaces of the host: uts': one('host/namespace', { uts: 'host' }),
  'namespaces of the host: users': one('host/namespace', { userns_mode: 'host' }),
  'namespaces of the host: control groups': one('host/namespace', { cgroup: 'host' }),
  'namespaces of the host: network': one('host/namespace', { networks: undefined, network_mode: 'host' }),
  'namespaces of the host: network by a network': {
    files: {
      'stack.yml': stackFile({ networks: '[inner]' }).replace(
        networks,
        'networks:\n  inner: { external: true, name: host }\n',
      ),
    },
    finds: 'host/namespace',
  },
  'the network of another container': one('host/namespace', {
    networks: undefined,
    network_mode: '"container:abc"',
  }),
  'another’s volumes': one('host/mount', { volumes_from: '["container:db:rw"]' }),
  'the host as the device of a volume': {
    files: {
      'stack.yml': `${stackFile({ volumes: '["host:/x"]' })}volumes:\n  host: { driver_opts: { type: none, o: "rw,bind", device: /etc } }\n`,
    },
    finds: 'host/mount',
  },
  'the host below an overlay': {
    files: {
      'stack.yml': `${stackFile({ volumes: '["host:/x"]' })}volumes:\n  host: { driver_opts: { type: overlay, o: "lowerdir=/etc", device: overlay } }\n`,
    },
    finds: 'host/mount',
  },
  'a port of the host in capitals': one('port/host-mode', {
    ports: '[{ target: 80, published: "8443", mode: HOST }]',
  }),
  'a port on the loopback address': one('port/not-the-tenants', { ports: '["127.0.0.1:80:80"]' }),
  'a port with an address of IPv6': one('port/not-the-tenants', { ports: '["[::]:80:80/udp"]' }),
  'a container’s label for a service’s': one('access/no-label', {
    labels: '{ com.docker.ucp.access.label: /Run/Std/acme/shop }',
    deploy: goodKeys.deploy?.replace('labels: { com.docker.ucp.access.label: /Run/Std/acme/shop }, ', ''),
  }),
  'a limit of nothing': one('limits/no-cpu-limit', {
    deploy: goodKeys.deploy?.replace('limits: { cpus: "1"', 'limits: { cpus: "0"'),
  }),
  'a limit below nothing': one('limits/no-memory-limit', {
    deploy: goodKeys.deploy?.replace('memory: 512M', 'memory: "-1"'),
  }),
  'a limit of a single host': one('limits/ignored-by-swarm', { mem_limit: '512m' }),
  'a command that is started beside': one('root/user', { post_start: '[{ command: id, user: root }]' }),
  'the group root beside another': one('root/root-group', { group_add: '["0"]' }),
  'a label of selinux that confines nothing': one('root/profile-off', {
    security_opt: '["no-new-privileges:true", "label=type:spc_t"]',
  }),
  'a seccomp profile of one’s own': one('root/profile-off', {
    security_opt: '["no-new-privileges:true", "seccomp:./all.json"]',
  }),
  'a health check of nothing': one('run/no-health-check', { healthcheck: '{ test: ["NONE"] }' }),
  'a log that goes nowhere': one('run/no-log-driver', { logging: '{ driver: none }' }),
  'a restart of a single host': one('run/no-restart-policy', {
    restart: 'always',
    deploy: goodKeys.deploy?.replace(', restart_policy: { condition: on-failure }', ''),
  }),
}

export const evasions: Readonly<Record<string, Evasion>> = {
  ...users,
  ...sockets,
  ...mounts,
  ...images,
  ...yamlForms,
  ...otherFiles,
  ...variables,
  ...others,
}
