/** Two files, the second over the first; what both parsers have to agree on. */
export interface MergeCase {
  readonly rule: string
  readonly base: string
  readonly over: string
}

const service = (rule: string, base: string, over: string): MergeCase => ({
  rule,
  base: `services:\n  api:\n    image: a\n${indent(base)}`,
  over: `services:\n  api:\n${indent(over)}`,
})

const indent = (text: string): string =>
  text
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('')

/** One case for each rule of the specification. */
export const mergeCases: readonly MergeCase[] = [
  service('a single value is replaced', 'hostname: a', 'hostname: b'),
  service('nothing replaces nothing', 'hostname: a', 'hostname:'),
  service('lists are joined, equal items once', 'expose: ["1", "2"]', 'expose: ["2", "3"]'),
  service('capabilities are joined', 'cap_add: [A, B]', 'cap_add: [B, C]'),
  service('command is replaced', 'command: [a, b]', 'command: c'),
  service('entrypoint is replaced', 'entrypoint: a', 'entrypoint: [b]'),
  service(
    'healthcheck.test is replaced',
    'healthcheck: {test: [CMD, a], retries: 2}',
    'healthcheck: {test: [CMD, b]}',
  ),
  service('environment: list over map', 'environment: {A: 1, B: true}', 'environment: [B=x, C=]'),
  service('environment: map over list', 'environment: [A=1, B]', 'environment: {B: 2.50, C: null}'),
  service('labels', 'labels: [a=1]', 'labels: {a: "2", b: 3}'),
  service('deploy.labels', 'deploy: {labels: {a: x}}', 'deploy: {labels: [a=y, b=z]}'),
  service('annotations', 'annotations: [a=1]', 'annotations: {b: c}'),
  service('sysctls', 'sysctls: {net.core.somaxconn: 1}', 'sysctls: [net.core.somaxconn=2]'),
  service('build: text under map', 'build: .', 'build: {context: ./b, args: {A: 1}}'),
  service('build.args', 'build: {context: ., args: [A=1]}', 'build: {args: {A: 2, B: 3}}'),
  service(
    'depends_on: list under map',
    'depends_on: [api2]',
    'depends_on: {api2: {condition: service_healthy}}',
  ),
  service('depends_on: list over map', 'depends_on: {b: {condition: service_healthy}}', 'depends_on: [b]'),
  service('dns: text and list', 'dns: 1.1.1.1', 'dns: [8.8.8.8, 1.1.1.1]'),
  service('dns_search', 'dns_search: [a, b]', 'dns_search: [b, c]'),
  service('tmpfs', 'tmpfs: [/a, /b]', 'tmpfs: [/b, /c]'),
  service('extra_hosts', 'extra_hosts: ["a=1.1.1.1"]', 'extra_hosts: {b: 2.2.2.2}'),
  service(
    'ports by address, published and target',
    'ports: ["80:80", "443:443/tcp"]',
    'ports: ["80:80", "8443:443", 9000]',
  ),
  service('ports: ranges', 'ports: ["7000-7001:8000-8001", "9000-9010:90"]', 'ports: ["127.0.0.1:1:2/udp"]'),
  service('ports: long over short', 'ports: ["80:80"]', 'ports: [{target: 80, published: "80", mode: host}]'),
  service('volumes by target', 'volumes: ["a:/x", "b:/y:ro"]', 'volumes: ["c:/x", "/tmp:/z:rshared"]'),
  service('secrets by target', 'secrets: [a, b]', 'secrets: [{source: a, mode: 0400}, c]'),
  service('configs by target', 'configs: [a, {source: b, target: /b}]', 'configs: [{source: c, target: /b}]'),
  service('devices by target', 'devices: ["/dev/a:/dev/x"]', 'devices: ["/dev/b:/dev/x:r", /dev/c]'),
  service('env_file', 'env_file: a.env', 'env_file: [b.env, {path: a.env, required: false}]'),
  service(
    'logging of the same driver',
    'logging: {driver: a, options: {x: "1"}}',
    'logging: {driver: a, options: {y: "2"}}',
  ),
  service('logging of another driver', 'logging: {driver: a, options: {x: "1"}}', 'logging: {driver: b}'),
  service(
    'logging without a driver',
    'logging: {driver: a, options: {x: "1"}}',
    'logging: {options: {x: "3"}}',
  ),
  service('networks: list and map', 'networks: [a]', 'networks: {a: {aliases: [x]}, b: }'),
  service('networks: aliases', 'networks: {a: {aliases: [x]}}', 'networks: {a: {aliases: [x, y]}}'),
  service('ulimits: number over map', 'ulimits: {nofile: {soft: 1, hard: 2}}', 'ulimits: {nofile: 3}'),
  service('ulimits: map over map', 'ulimits: {nofile: {soft: 1, hard: 2}}', 'ulimits: {nofile: {hard: 3}}'),
  service(
    'resources',
    'deploy: {resources: {limits: {cpus: "1"}}}',
    'deploy: {resources: {limits: {memory: 1G}}}',
  ),
  service(
    'placement',
    'deploy: {placement: {constraints: [a==b]}}',
    'deploy: {placement: {constraints: [c==d]}}',
  ),
  service('!reset of a value', 'command: a', 'command: !reset null'),
  service('!reset of a list', 'ports: ["80:80"]', 'ports: !reset []'),
  service('!reset of a part', 'environment: {A: 1}\nhostname: x', 'hostname: !reset ""'),
  service('!override of a list', 'ports: ["80:80"]', 'ports: !override ["81:81"]'),
  service('!override of a map', 'deploy: {replicas: 2, mode: global}', 'deploy: !override {replicas: 3}'),
  service('numbers from text', 'deploy: {replicas: "2"}', 'healthcheck: {retries: "3"}'),
  service('variables', 'hostname: ${A:-x}-$B-${C-none}-${A:+set}-$$x-$1', 'user: ${D:-${A:-nested}}'),
  service('profiles', 'profiles: [a]', 'profiles: [b, a]'),
  service('gpus: all of a kind', 'gpus: [{driver: a}]', 'gpus: [{driver: b, count: 2}]'),
  service('build.ssh', 'build: {context: .}', 'build: {ssh: [k=/k, default]}'),
  service('build: flags as text', 'build: {context: ., provenance: true}', 'build: {sbom: false}'),
  service('build.labels', 'build: {context: ., labels: [a=1]}', 'build: {labels: {a: 2, b: 3}}'),
  service(
    'build.additional_contexts',
    'build: {context: ., additional_contexts: [k=./m]}',
    'build: {additional_contexts: {l: ./l}}',
  ),
  service('dns_opt', 'dns_opt: [a]', 'dns_opt: [a, b]'),
  service('label_file', 'label_file: ./a', 'label_file: [./b, ./a]'),
  service('links', 'links: [a, "b:c"]', 'links: ["b:c", d]'),
  service('models', 'models: [a]', 'models: {b: {endpoint_var: X}}'),
  service(
    'labels of a mounted volume',
    'volumes: [{type: volume, source: v, target: /v, volume: {labels: [a=1]}}]',
    'volumes: [{type: volume, source: w, target: /v}]',
  ),
  service(
    'link_local_ips',
    'networks: {a: {link_local_ips: [169.254.1.1]}}',
    'networks: {a: {link_local_ips: [169.254.1.1, 169.254.1.2]}}',
  ),
  service(
    'build.extra_hosts',
    'build: {context: ., extra_hosts: ["a=1.1.1.1"]}',
    'build: {extra_hosts: {b: 2.2.2.2}}',
  ),
  service(
    'devices: all of a kind',
    'deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}',
    'hostname: x',
  ),
  {
    rule: 'blocks of addresses of one subnet',
    base: 'services: {api: {image: a}}\nnetworks: {n: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.1}]}}}\n',
    over: 'networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.2}]}}}\n',
  },
  {
    rule: 'labels of resources',
    base: 'services: {api: {image: a}}\nvolumes: {v: {labels: [a=1]}}\nnetworks: {n: {labels: {a: b}}}\n',
    over: 'volumes: {v: {labels: {a: 2}}}\nnetworks: {n: {labels: [c=d]}}\n',
  },
  {
    rule: 'extends in one file',
    base: 'services:\n  api: {extends: {service: b}, environment: {A: 2}, ports: ["80:80"]}\n  b: {image: b, environment: [A=1, B=1], ports: ["81:81"]}\n',
    over: 'services: {api: {labels: {x: y}}}\n',
  },
  {
    rule: 'anchors and merge keys',
    base: 'x-a: &a {image: a, labels: {p: q}}\nservices: {api: {<<: *a, hostname: h}, b: *a}\n',
    over: 'services: {b: {image: c}}\n',
  },
  {
    rule: 'old form of external',
    base: 'services: {api: {image: a}}\nnetworks: {n: {external: {name: real}}}\n',
    over: 'volumes: {v: {external: true, name: w}}\n',
  },
]
