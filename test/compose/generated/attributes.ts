import * as fc from 'fast-check'
import type { Raw, Written } from './yaml-text.ts'

type Values = fc.Arbitrary<Written>

const raw = (text: string): Raw => ({ raw: text })

const one = (...values: readonly Written[]): Values => fc.constantFrom(...values)

/** Texts of a file: some hold variables, of which `A` and `PORT` are set and `NONE` is not. */
const text: Values = one(
  'x',
  'y z',
  '$A',
  '${A}',
  '${NONE:-d}',
  '${NONE-${A}}',
  '$$A',
  '',
  'a=b',
  '0',
  'true',
  '${A:+set}',
  '${NONE:+set}',
)

const name: Values = one('a', 'b', 'c')
const names = fc.uniqueArray(name, { maxLength: 3 })

const whole: Values = one(0, 1, 2, 80, '3', '${PORT}')
const flag: Values = one(true, false, 'true', '${YES}')
const duration: Values = one('1s', '10s', '1m30s', '0s')
const bytes: Values = one('64M', '1g', '512k', '1.5gb')
const cpus: Values = one('0.5', 0.5, 1, '2', '.25')

const some = (fields: Readonly<Record<string, Values>>, required: readonly string[] = []): Values =>
  fc.record(fields, { requiredKeys: [...required] })

/** Short and long forms of one list, mixed. */
const mixed = (...forms: readonly Values[]): Values =>
  fc.uniqueArray(fc.oneof(...forms), { maxLength: 4, selector: (value) => JSON.stringify(value) })

const key = fc.constantFrom('A', 'B', 'C.d', 'tier')

const scalar: Values = fc.oneof(
  text,
  one(1, 2.5, true, false, null, 1e21, raw('0x1F'), raw('0644'), raw('1_000')),
)

/** A map, or a list of `KEY=value`. */
const pairs: Values = fc.oneof(
  fc.dictionary(key, scalar, { maxKeys: 3 }),
  fc.uniqueArray(
    fc.tuple(key, one('=1', '=x', '=', '', '=a=b', '=${A}')).map(([a, b]) => `${a}${b}`),
    { maxLength: 3, selector: (value) => value.split('=')[0] },
  ),
)

const hosts: Values = fc.oneof(
  fc.dictionary(
    fc.constantFrom('h', 'g.x'),
    fc.oneof(one('1.1.1.1', '::1'), fc.constant(['1.1.1.1', '2.2.2.2'])),
    {
      maxKeys: 2,
    },
  ),
  fc.uniqueArray(one('h=1.1.1.1', 'g.x=2.2.2.2', 'h:3.3.3.3'), { minLength: 1, maxLength: 3 }),
)

const listOrText: Values = fc.oneof(
  one('1.1.1.1'),
  fc.uniqueArray(one('1.1.1.1', '8.8.8.8', '9.9.9.9'), { maxLength: 3 }),
)

const command: Values = fc.oneof(text, one('run --it "a b"'), fc.array(text, { maxLength: 3 }), one(null))

const port: Values = fc.oneof(
  one(
    '80',
    '80:80',
    '8080:80/udp',
    '127.0.0.1:81:80',
    '7000-7002:7000-7002',
    '9000-9002:90',
    90,
    '${PORT}:80',
    '[::1]:82:80',
    '443/tcp',
    '127.0.0.1::80',
  ),
  some(
    {
      target: one(80, 443, '90'),
      published: one('80', 8081, '8443', '9000-9001'),
      protocol: one('tcp', 'udp'),
      mode: one('host', 'ingress'),
      host_ip: one('127.0.0.1', '0.0.0.0'),
      name: one('web'),
      app_protocol: one('http'),
    },
    ['target'],
  ),
)

const volume: Values = fc.oneof(
  one(
    'a:/x',
    'b:/x:ro',
    '/h:/y:rshared',
    './rel:/z',
    '~/home:/w',
    '/only',
    'c:/y/../x',
    '../up:/q:z,ro',
    'a:/n:nocopy',
    'b:/m:rw',
  ),
  some(
    {
      type: one('volume'),
      source: name,
      target: one('/x', '/y'),
      read_only: flag,
      volume: some({ nocopy: flag, subpath: one('s'), labels: pairs }),
      consistency: one('cached'),
    },
    ['type', 'target'],
  ),
  some(
    {
      type: one('bind'),
      source: one('/h', './rel'),
      target: one('/x', '/z'),
      bind: some({ propagation: one('rshared'), create_host_path: flag, selinux: one('z', 'Z') }),
    },
    ['type', 'source', 'target'],
  ),
  some(
    {
      type: one('tmpfs'),
      target: one('/t', '/x'),
      tmpfs: some({ size: bytes, mode: one(0o700, raw('0755')) }),
    },
    ['type', 'target'],
  ),
)

const mounted = (root: string): Values =>
  mixed(
    name,
    some(
      {
        source: name,
        target: one(`${root}/a`, '/else'),
        uid: one('1'),
        gid: one('2'),
        mode: one(raw('0400'), 256, '0440'),
      },
      ['source'],
    ),
  )

const dependencies: Values = fc.oneof(
  fc.uniqueArray(one('db', 'job'), { maxLength: 2 }),
  fc.dictionary(
    fc.constantFrom('db', 'job'),
    some(
      {
        condition: one('service_started', 'service_healthy', 'service_completed_successfully'),
        required: one(true, false),
        restart: flag,
      },
      ['condition'],
    ),
    { maxKeys: 2 },
  ),
)

const networks: Values = fc.oneof(
  names,
  fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'default'),
    fc.oneof(
      one(null),
      some({
        aliases: fc.uniqueArray(one('x', 'y'), { maxLength: 2 }),
        ipv4_address: one('10.0.0.9'),
        priority: one(1, 2),
        link_local_ips: one(['169.254.1.1'], ['169.254.1.2']),
        driver_opts: some({ o: one('1', 2) }),
        gw_priority: one(1),
        interface_name: one('eth1'),
        mac_address: one('02:42:ac:11:00:02'),
      }),
    ),
    { maxKeys: 3 },
  ),
)

const logging: Values = some({
  driver: one('json-file', 'gelf', 'none'),
  options: fc.dictionary(fc.constantFrom('max-size', 'tag'), one('1m', 'x', 3), { maxKeys: 2 }),
})

const update: Values = some({
  parallelism: whole,
  delay: duration,
  failure_action: one('pause', 'rollback'),
  monitor: duration,
  max_failure_ratio: one(0, 0.5, '0.25'),
  order: one('start-first', 'stop-first'),
})

const generic: Values = one([{ discrete_resource_spec: { kind: 'fpga', value: 2 } }])

const deploy: Values = some({
  mode: one('replicated', 'global'),
  endpoint_mode: one('vip', 'dnsrr'),
  replicas: whole,
  labels: pairs,
  update_config: update,
  rollback_config: update,
  restart_policy: some({
    condition: one('any', 'on-failure'),
    delay: duration,
    max_attempts: whole,
    window: duration,
  }),
  placement: some({
    constraints: fc.uniqueArray(one('node.role==worker', 'node.labels.ssd==true'), { maxLength: 2 }),
    preferences: one([{ spread: 'node.labels.rack' }], [{ spread: 'node.labels.zone' }], []),
    max_replicas_per_node: whole,
  }),
  resources: some({
    limits: some({ cpus, memory: bytes, pids: whole }),
    reservations: some({
      cpus,
      memory: bytes,
      generic_resources: generic,
      devices: one([{ capabilities: ['gpu'], count: 1 }], [{ capabilities: ['gpu'] }]),
    }),
  }),
})

const healthcheck: Values = some({
  test: fc.oneof(one('curl x', ['CMD', 'a'], ['CMD-SHELL', 'b $$c'], ['NONE'])),
  interval: duration,
  timeout: duration,
  retries: whole,
  start_period: duration,
  start_interval: duration,
  disable: flag,
})

const limit: Values = fc.oneof(whole, fc.record({ soft: whole, hard: whole }))

const build: Values = fc.oneof(
  one('.', './b', 'https://host.example/r.git', '../up'),
  some({
    context: one('.', './b'),
    dockerfile: one('D'),
    args: pairs,
    labels: pairs,
    tags: fc.uniqueArray(one('t:1', 't:2'), { maxLength: 2 }),
    cache_from: one(['x'], ['y', 'x']),
    target: one('t'),
    additional_contexts: fc.oneof(
      fc.dictionary(fc.constantFrom('k', 'l'), one('./k', 'https://host.example/k'), { maxKeys: 2 }),
      one(['k=./m']),
    ),
    extra_hosts: hosts,
    secrets: mounted('/run/secrets'),
    platforms: one(['linux/amd64'], ['linux/arm64', 'linux/amd64']),
    network: one('host'),
    no_cache: flag,
    pull: flag,
    shm_size: bytes,
    ulimits: fc.dictionary(fc.constantFrom('nofile'), limit),
    ssh: one(['default'], ['k=/p'], { default: '/s', key: '/k' }),
    provenance: one(true, 'mode=max'),
    privileged: flag,
  }),
)

const hook: Values = fc.array(
  some({ command, user: name, privileged: flag, environment: pairs }, ['command']),
  { maxLength: 2 },
)

const envFiles: Values = fc.oneof(
  one('one.env', './two.env'),
  mixed(
    one('one.env', 'two.env', 'sub/three.env'),
    some({ path: one('one.env', './two.env', 'none.env'), required: one(false) }, ['path', 'required']),
  ),
)

const list = (...items: readonly Written[]): Values => fc.uniqueArray(one(...items), { maxLength: 3 })

/** Values of the attributes that a stack has a place for, or that have rules of their own. */
export const attributes: Readonly<Record<string, Values>> = {
  annotations: pairs,
  build,
  cap_add: list('NET_ADMIN', 'CHOWN', 'ALL'),
  cap_drop: list('ALL', 'CHOWN'),
  command,
  configs: mounted(''),
  container_name: one('one', 'two'),
  credential_spec: some({ file: one('my-spec.json'), config: name }),
  depends_on: dependencies,
  deploy,
  devices: mixed(
    one('/dev/a:/dev/x', '/dev/b', '/dev/b:/dev/x:r'),
    some({ source: one('/dev/a', '/dev/c'), target: one('/dev/x'), permissions: one('rw') }, ['source']),
  ),
  dns: listOrText,
  dns_opt: list('ndots:1', 'rotate'),
  dns_search: listOrText,
  entrypoint: command,
  env_file: envFiles,
  environment: pairs,
  expose: list('80', 81, '90-92', '80/udp'),
  external_links: list('e', 'f:g'),
  extra_hosts: hosts,
  group_add: list('g', 4, 5),
  healthcheck,
  hostname: text,
  image: one('a:1', 'b:${PORT}', '${A}'),
  init: flag,
  ipc: one('host', 'shareable'),
  isolation: one('default'),
  label_file: fc.oneof(one('one.env'), list('one.env', './two.env')),
  labels: pairs,
  links: list('db', 'db:data', 'job'),
  logging,
  network_mode: one('host', 'none'),
  networks,
  oom_score_adj: one(10, -5, '7'),
  pid: one('host'),
  ports: mixed(port),
  post_start: hook,
  privileged: flag,
  profiles: list('p', 'q'),
  read_only: flag,
  restart: one('no', 'always', 'on-failure:3', 'unless-stopped'),
  secrets: mounted('/run/secrets'),
  security_opt: list('no-new-privileges', 'label:disable'),
  stdin_open: flag,
  stop_grace_period: duration,
  stop_signal: one('SIGTERM', 'SIGUSR1'),
  sysctls: pairs,
  tmpfs: fc.oneof(one('/t'), list('/t', '/u', '/t:size=64m')),
  tty: flag,
  ulimits: fc.dictionary(fc.constantFrom('nofile', 'nproc'), limit, { maxKeys: 2 }),
  user: one('1000', '1:2', raw('"0"')),
  volumes: mixed(volume),
  volumes_from: list('db', 'job:ro'),
  working_dir: one('/w', '/v'),
}

/** Values of attributes of single containers, which a stack leaves out. */
export const containerAttributes: Readonly<Record<string, Values>> = {
  attach: flag,
  blkio_config: some({ weight: one(300), device_read_bps: one([{ path: '/dev/a', rate: '1mb' }]) }),
  cgroup: one('host', 'private'),
  cgroup_parent: one('c'),
  cpu_count: whole,
  cpu_percent: one(50, '10'),
  cpu_period: one(1000, '2000'),
  cpu_quota: one(1000, '2000'),
  cpu_rt_period: one('400', 95000),
  cpu_rt_runtime: one('400', 95000),
  cpu_shares: one(10, '73'),
  cpus,
  cpuset: one('0-1'),
  device_cgroup_rules: list('c 1:3 mr', 'a 7:* rmw'),
  domainname: one('d.example'),
  gpus: fc.oneof(one('all'), one([{ driver: 'nvidia', count: 2 }])),
  mac_address: one('02:42:ac:11:00:02'),
  mem_limit: bytes,
  mem_reservation: bytes,
  mem_swappiness: one(10, '20'),
  memswap_limit: bytes,
  oom_kill_disable: flag,
  pids_limit: one(5, '6'),
  platform: one('linux/amd64'),
  pull_policy: one('always', 'missing'),
  runtime: one('runc'),
  scale: whole,
  shm_size: bytes,
  storage_opt: one({ size: '1G' }),
  use_api_socket: one(true, false),
  userns_mode: one('host'),
  uts: one('host'),
}

const external: Values = one(true, false, 'true')

/** Definitions of networks, volumes, secrets and configs below `name`. */
export const definitions: Readonly<Record<string, Values>> = {
  networks: fc.oneof(
    one(null, {}),
    some({
      name: one('net-x', '${A}-net'),
      driver: one('overlay', 'bridge'),
      driver_opts: some({ encrypted: one('true', ''), n: one(1) }),
      ipam: some({
        driver: one('default'),
        config: one(
          [{ subnet: '10.1.0.0/24' }],
          [{ subnet: '10.1.0.0/24', gateway: '10.1.0.1' }, { subnet: '10.2.0.0/24' }],
        ),
      }),
      internal: flag,
      attachable: flag,
      enable_ipv6: flag,
      labels: pairs,
    }),
    fc.record({ external, name: one('there') }),
    one({ external: { name: 'old' } }),
  ),
  volumes: fc.oneof(
    one(null, {}),
    some({
      name: one('vol-x'),
      driver: one('local', 'nfs'),
      driver_opts: some({ type: one('nfs'), size: one(5) }),
      labels: pairs,
    }),
    fc.record({ external, name: one('there') }),
  ),
  secrets: some(
    {
      file: one('./s.txt', '/abs/s', 'sub/s.txt'),
      name: one('sec-x'),
      labels: pairs,
      template_driver: one('golang'),
    },
    ['file'],
  ),
  configs: some(
    {
      file: one('./c.txt', 'sub/c.txt'),
      name: one('con-x'),
      labels: pairs,
      template_driver: one('golang'),
    },
    ['file'],
  ),
}
