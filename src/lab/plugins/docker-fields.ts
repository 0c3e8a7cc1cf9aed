import {
  assignmentList,
  assignments,
  type Codec,
  containerLabels,
  duration,
  type Fields,
  field,
  flag,
  labels,
  listOf,
  number,
  numberText,
  objectOf,
  text,
  textMap,
  textsWithout,
} from './docker-codec.ts'

/** The vendor's property names (docker plugin 5.2.0) and the Engine API's, side by side. */

const texts = listOf(text)

export const networkFields: Fields = {
  attachable: field('Attachable', flag),
  driver: field('Driver', text, { computed: true }),
  ingress: field('Ingress', flag),
  internal: field('Internal', flag),
  ipamConfigs: field(
    'Config',
    listOf(
      objectOf({
        auxAddress: field('AuxiliaryAddresses', textMap),
        gateway: field('Gateway', text),
        ipRange: field('IPRange', text),
        subnet: field('Subnet', text),
      }),
    ),
    { computed: true },
  ),
  ipamDriver: field('IpamDriver', text, { computed: true }),
  ipamOptions: field('IpamOptions', textMap, { computed: true }),
  ipv6: field('EnableIPv6', flag),
  labels: field('Labels', labels),
  name: field('Name', text, { required: true }),
  options: field('Options', textMap, { computed: true }),
}

export const volumeFields: Fields = {
  driver: field('Driver', text, { computed: true }),
  driverOpts: field('Options', textMap),
  labels: field('Labels', labels),
  name: field('Name', text, { required: true }),
}

export const payloadFields: Fields = {
  data: field('Data', text),
  labels: field('Labels', labels),
  name: field('Name', text, { required: true }),
}

const ownConstraints = textsWithout((constraint) =>
  /^\s*node\.labels\.com\.docker\.ucp\.(?:collection|orchestrator)\./.test(constraint),
)

/** `spread=node.labels.zone`, the one strategy there is. */
const preference: Codec = {
  check: text.check,
  encode: (value) => ({ Spread: { SpreadDescriptor: String(value).replace(/^spread=/, '') } }),
  decode: (value) => {
    const spread = objectOf({
      Spread: field('Spread', objectOf({ to: field('SpreadDescriptor', text) })),
    }).decode(value)
    const at = JSON.stringify(spread ?? null).match(/"to":"([^"]*)"/)?.[1]
    return at === undefined ? undefined : `spread=${at}`
  },
}

/** `192.0.2.1 name`, as the engine keeps them. */
const host: Codec = {
  check: objectOf({
    host: field('host', text, { required: true }),
    ip: field('ip', text, { required: true }),
  }).check,
  encode: (value) => {
    const { ip, host: name } = { ip: '', host: '', ...(value as Record<string, string>) }
    return `${ip} ${name}`
  },
  decode: (value) => {
    const [ip, name] = String(value ?? '').split(' ')
    return ip === undefined || name === undefined ? undefined : { host: name, ip }
  },
}

/** The engine's defaults for a file's owner and mode (0444), which the vendor's plugin sends too. */
const fileDefaults = { UID: '0', GID: '0', Mode: 0o444 }

const fileOf = (kind: 'secret' | 'config'): Codec => {
  const reference = objectOf({
    [`${kind}Id`]: field(kind === 'secret' ? 'SecretID' : 'ConfigID', text, { required: true }),
    [`${kind}Name`]: field(kind === 'secret' ? 'SecretName' : 'ConfigName', text),
  })
  const file = objectOf(
    {
      fileName: field('Name', text, { required: true }),
      fileUid: field('UID', text),
      fileGid: field('GID', text),
      fileMode: field('Mode', number),
    },
    fileDefaults,
  )
  const all = objectOf({
    [`${kind}Id`]: field('id', text, { required: true }),
    [`${kind}Name`]: field('name', text),
    fileName: field('file', text, { required: true }),
    fileUid: field('uid', text),
    fileGid: field('gid', text),
    fileMode: field('mode', number),
  })
  return {
    check: all.check,
    encode: (value) => ({ ...(reference.encode(value) as object), File: file.encode(value) }),
    decode: (value) => {
      const target = value !== null && typeof value === 'object' && 'File' in value ? value.File : undefined
      const decoded = { ...(reference.decode(value) as object), ...(file.decode(target) as object) }
      return Object.keys(decoded).length === 0 ? undefined : decoded
    },
  }
}

const mount = objectOf({
  bindOptions: field('BindOptions', objectOf({ propagation: field('Propagation', text) })),
  readOnly: field('ReadOnly', flag),
  source: field('Source', text),
  target: field('Target', text, { required: true }),
  tmpfsOptions: field(
    'TmpfsOptions',
    objectOf({ mode: field('Mode', number), sizeBytes: field('SizeBytes', number) }),
  ),
  type: field('Type', text, { required: true }),
  volumeOptions: field('VolumeOptions', {
    check: objectOf({
      driverName: field('driverName', text),
      driverOptions: field('driverOptions', textMap),
      labels: field('labels', labels),
      noCopy: field('noCopy', flag),
    }).check,
    encode: (value) => ({
      ...(objectOf({ labels: field('Labels', labels), noCopy: field('NoCopy', flag) }).encode(
        value,
      ) as object),
      DriverConfig: driverConfig.encode(value),
    }),
    decode: (value) => {
      const decoded = {
        ...(objectOf({ labels: field('Labels', containerLabels), noCopy: field('NoCopy', flag) }).decode(
          value,
        ) as object),
        ...(driverConfig.decode(
          value !== null && typeof value === 'object' && 'DriverConfig' in value
            ? value.DriverConfig
            : undefined,
        ) as object),
      }
      return Object.keys(decoded).length === 0 ? undefined : decoded
    },
  }),
})

const driverConfig = objectOf({
  driverName: field('Name', text),
  driverOptions: field('Options', textMap),
})

const privileges = objectOf({
  credentialSpec: field(
    'CredentialSpec',
    objectOf({ file: field('File', text), registry: field('Registry', text) }),
  ),
  seLinuxContext: field(
    'SELinuxContext',
    objectOf({
      disable: field('Disable', flag),
      level: field('Level', text),
      role: field('Role', text),
      type: field('Type', text),
      user: field('User', text),
    }),
  ),
})

const containerSpec = objectOf({
  args: field('Args', texts),
  capAdds: field('CapabilityAdd', texts),
  capDrops: field('CapabilityDrop', texts),
  commands: field('Command', texts),
  configs: field('Configs', listOf(fileOf('config'))),
  dir: field('Dir', text),
  dnsConfig: field(
    'DNSConfig',
    objectOf({
      nameservers: field('Nameservers', texts, { required: true }),
      options: field('Options', texts),
      searches: field('Search', texts),
    }),
  ),
  env: field('Env', assignments),
  groups: field('Groups', texts),
  healthcheck: field(
    'Healthcheck',
    objectOf({
      interval: field('Interval', duration),
      retries: field('Retries', number),
      startPeriod: field('StartPeriod', duration),
      tests: field('Test', texts),
      timeout: field('Timeout', duration),
    }),
  ),
  hostname: field('Hostname', text),
  hosts: field('Hosts', listOf(host)),
  image: field('Image', text, { required: true }),
  init: field('Init', flag),
  isolation: field('Isolation', text),
  labels: field('Labels', containerLabels),
  mounts: field('Mounts', listOf(mount)),
  privileges: field('Privileges', privileges),
  readOnly: field('ReadOnly', flag),
  secrets: field('Secrets', listOf(fileOf('secret'))),
  stopGracePeriod: field('StopGracePeriod', duration),
  stopSignal: field('StopSignal', text),
  sysctl: field('Sysctls', textMap),
  user: field('User', text),
})

const amounts = { memoryBytes: field('MemoryBytes', number), nanoCpus: field('NanoCPUs', number) }

/** `id` and `name` both say which network; the engine keeps its id, which is what is read back as the name. */
const networkAttachment: Codec = {
  check: objectOf({
    driverOpts: field('driverOpts', texts),
    id: field('id', text),
    name: field('name', text),
  }).check,
  encode: (value) => {
    const { id, name, driverOpts } = value as Record<string, string | undefined>
    return {
      Target: id || name || '',
      ...(driverOpts === undefined ? {} : { DriverOpts: assignmentList.encode(driverOpts) }),
    }
  },
  decode: (value) =>
    objectOf({ name: field('Target', text), driverOpts: field('DriverOpts', assignmentList) }).decode(value),
}

const taskSpec = objectOf({
  containerSpec: field('ContainerSpec', containerSpec, { required: true }),
  forceUpdate: field('ForceUpdate', number),
  logDriver: field(
    'LogDriver',
    objectOf({ name: field('Name', text, { required: true }), options: field('Options', textMap) }),
  ),
  networksAdvanceds: field('Networks', listOf(networkAttachment)),
  placement: field(
    'Placement',
    objectOf({
      constraints: field('Constraints', ownConstraints),
      maxReplicas: field('MaxReplicas', number),
      platforms: field(
        'Platforms',
        listOf(
          objectOf({
            architecture: field('Architecture', text, { required: true }),
            os: field('OS', text, { required: true }),
          }),
        ),
      ),
      prefs: field('Preferences', listOf(preference)),
    }),
  ),
  resources: field(
    'Resources',
    objectOf({
      limits: field('Limits', objectOf(amounts)),
      reservation: field('Reservations', objectOf(amounts)),
    }),
  ),
  restartPolicy: field(
    'RestartPolicy',
    objectOf({
      condition: field('Condition', text),
      delay: field('Delay', duration),
      maxAttempts: field('MaxAttempts', number),
      window: field('Window', duration),
    }),
  ),
  runtime: field('Runtime', text),
})

const rollout = objectOf({
  delay: field('Delay', duration),
  failureAction: field('FailureAction', text),
  maxFailureRatio: field('MaxFailureRatio', numberText),
  monitor: field('Monitor', duration),
  order: field('Order', text),
  parallelism: field('Parallelism', number),
})

/** Replicated once where nothing is said; the API has an empty object for global. */
const mode: Codec = {
  check: objectOf({
    global: field('global', flag),
    replicated: field('replicated', objectOf({ replicas: field('replicas', number) })),
  }).check,
  encode: (value) => {
    const { global, replicated } = value as { global?: boolean; replicated?: { replicas?: number } }
    return global === true ? { Global: {} } : { Replicated: { Replicas: replicated?.replicas ?? 1 } }
  },
  decode: (value) => {
    if (value === null || typeof value !== 'object') return undefined
    if ('Global' in value && value.Global) return { global: true }
    const replicated = 'Replicated' in value ? value.Replicated : undefined
    const replicas =
      replicated !== null && typeof replicated === 'object' && 'Replicas' in replicated
        ? Number(replicated.Replicas)
        : 1
    return { replicated: { replicas } }
  },
}

export const serviceFields: Fields = {
  endpointSpec: field(
    'EndpointSpec',
    objectOf({
      mode: field('Mode', text),
      ports: field(
        'Ports',
        listOf(
          objectOf({
            name: field('Name', text),
            protocol: field('Protocol', text),
            publishMode: field('PublishMode', text),
            publishedPort: field('PublishedPort', number),
            targetPort: field('TargetPort', number, { required: true }),
          }),
        ),
      ),
    }),
    { computed: true },
  ),
  labels: field('Labels', labels),
  mode: field('Mode', mode, { computed: true }),
  name: field('Name', text, { required: true }),
  rollbackConfig: field('RollbackConfig', rollout, { computed: true }),
  taskSpec: field('TaskTemplate', taskSpec, { required: true }),
  updateConfig: field('UpdateConfig', rollout, { computed: true }),
}

/** Parts of a service that the engine fills in by itself. Paths without indexes. */
const computedPaths = new Set([
  'endpointSpec',
  'endpointSpec.mode',
  'endpointSpec.ports[].protocol',
  'endpointSpec.ports[].publishMode',
  'endpointSpec.ports[].publishedPort',
  'mode',
  'rollbackConfig',
  'updateConfig',
  'taskSpec.containerSpec.isolation',
  'taskSpec.containerSpec.stopGracePeriod',
  'taskSpec.containerSpec.init',
  'taskSpec.containerSpec.dnsConfig',
  'taskSpec.containerSpec.privileges',
  'taskSpec.containerSpec.secrets[].fileGid',
  'taskSpec.containerSpec.secrets[].fileMode',
  'taskSpec.containerSpec.secrets[].fileUid',
  'taskSpec.containerSpec.secrets[].secretName',
  'taskSpec.containerSpec.configs[].configName',
  'taskSpec.containerSpec.configs[].fileGid',
  'taskSpec.containerSpec.configs[].fileMode',
  'taskSpec.containerSpec.configs[].fileUid',
  'taskSpec.containerSpec.mounts[].volumeOptions',
  'taskSpec.forceUpdate',
  'taskSpec.logDriver',
  'taskSpec.networksAdvanceds[].id',
  'taskSpec.networksAdvanceds[].name',
  'taskSpec.placement.platforms',
  'taskSpec.restartPolicy',
  'taskSpec.runtime',
])

export const isComputedInService = (path: string): boolean => computedPaths.has(path)

/** The same for the other kinds, whose tables say it. */
export const isComputedIn =
  (fields: Fields) =>
  (path: string): boolean =>
    (Object.hasOwn(fields, path) && fields[path]?.computed === true) ||
    path === 'ipamConfigs[].gateway' ||
    path.startsWith('options.')
