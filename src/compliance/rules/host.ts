import { type CheckSubject, type Found, inEachService, type Rule } from '../rule.ts'
import { type MountView, mountsOf, networksOf, normalPath } from '../view/attachments.ts'
import { asList, asText, fieldOf, namedValues, saysYes } from '../view/compose-model.ts'
import { inService, type ResourceView, type ServiceView } from '../view/service-view.ts'

/** Keys that share a namespace of the host. Source: Compose specification, service attributes. */
const namespaceKeys = ['pid', 'ipc', 'uts', 'userns_mode', 'network_mode', 'cgroup'] as const

const sharesHost = (said: string): boolean => said === 'host' || said.startsWith('container:')

const namespaces = (service: ServiceView): Found[] =>
  namespaceKeys.flatMap((key) => {
    const said = asText(inService(service, key))?.trim().toLowerCase() ?? ''
    if (!sharesHost(said)) return []
    return [
      {
        message: `Service ${service.name} shares a namespace that is not its own: \`${key}: ${said.slice(0, 60)}\`.`,
        subject: { service: service.name, detail: key },
        at: [...service.path, key],
      },
    ]
  })

/** The swarm's way into the host's network: a network of the name `host`. */
const hostNetwork = (service: ServiceView, { resources }: CheckSubject): Found[] => {
  const hosts = new Set(resources.networks.filter(({ name }) => name === 'host').map(({ key }) => key))
  return networksOf(service)
    .filter(
      ({ key }) => hosts.has(key) || (key === 'host' && !resources.networks.some((one) => one.key === key)),
    )
    .map(({ path }) => ({
      message: `Service ${service.name} is on the host's own network.`,
      subject: { service: service.name, detail: 'network' },
      at: path,
    }))
}

/** Folders that hold an engine's socket, with those above, and what a socket is called elsewhere. */
const socketFolders = new Set([
  '/',
  '/run',
  '/run/containerd',
  '/run/docker',
  '/run/podman',
  '/var',
  '/var/run',
  '/var/run/containerd',
  '/var/run/docker',
  '/var/run/podman',
])

const isSocket = (path: string): boolean => {
  const normal = normalPath(path)
  return socketFolders.has(normal) || normal.toLowerCase().endsWith('.sock')
}

const opensEngine = ({ type, source, target }: MountView): boolean =>
  (type === 'bind' && (isSocket(source) || /\/(?:docker|containerd)\.sock$/.test(normalPath(target)))) ||
  type === 'npipe' ||
  /pipe[\\/]+docker/i.test(source)

const engineMount = (service: ServiceView): Found[] =>
  mountsOf(service)
    .filter(opensEngine)
    .map(({ source, path }) => ({
      message: `Service ${service.name} mounts '${source}', through which it can speak to the engine of the host.`,
      subject: { service: service.name, detail: normalPath(source) },
      at: path,
    }))

/** File systems that are no part of the host. */
const remote = /^(?:nfs[34]?|cifs|smb3|tmpfs)$/

/** A local volume that is a place of the host in disguise. With `bind` among the options the kernel does not look at the type. */
const hostDevice = ({ value, external }: ResourceView): string | undefined => {
  const driver = asText(fieldOf(value, 'driver')) ?? 'local'
  const options = fieldOf(value, 'driver_opts')
  const device = asText(fieldOf(options, 'device'))
  if (external || driver !== 'local' || device === undefined) return undefined
  const type = (asText(fieldOf(options, 'type')) ?? 'none').trim().toLowerCase()
  const binds = /(?:^|,)\s*r?bind\s*(?:,|$)/i.test(asText(fieldOf(options, 'o')) ?? '')
  return remote.test(type) && !binds ? undefined : device
}

const volumesOnHost = ({ resources }: CheckSubject, socket: boolean): Found[] =>
  resources.volumes.flatMap((volume) => {
    const device = hostDevice(volume)
    if (device === undefined || isSocket(device) !== socket) return []
    return [
      {
        message: `Volume ${volume.key} is '${device}' of the host.`,
        subject: { detail: `volumes.${volume.key}` },
        at: [...volume.path, 'driver_opts', 'device'],
      },
    ]
  })

const apiSocket = (service: ServiceView): Found[] =>
  saysYes(inService(service, 'use_api_socket'))
    ? [
        {
          message: `Service ${service.name} asks for the socket of the engine.`,
          subject: { service: service.name, detail: 'use_api_socket' },
          at: [...service.path, 'use_api_socket'],
        },
      ]
    : []

const hostMounts = (service: ServiceView): Found[] => [
  ...mountsOf(service)
    .filter((mount) => mount.type === 'bind' && !opensEngine(mount))
    .map(({ source, path }) => ({
      message: `Service ${service.name} mounts '${source}' of the host.`,
      subject: { service: service.name, detail: normalPath(source) },
      at: path,
    })),
  ...asList(inService(service, 'volumes_from')).map((entry, index) => ({
    message: `Service ${service.name} takes the volumes of '${asText(entry) ?? ''}', whatever they are.`,
    subject: { service: service.name, detail: `volumes_from.${index}` },
    at: [...service.path, 'volumes_from', index],
  })),
]

const deviceKeys = ['devices', 'device_cgroup_rules', 'gpus'] as const

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0)

const devices = (service: ServiceView): Found[] => {
  const reserved = ['deploy', 'resources', 'reservations', 'devices']
  const places = [...deviceKeys.map((key) => [key]), reserved]
  return places
    .filter((place) => !isEmpty(inService(service, ...place)))
    .map((place) => ({
      message: `Service ${service.name} uses devices of the host: \`${place.join('.')}\`.`,
      subject: { service: service.name, detail: place.join('.') },
      at: [...service.path, ...place],
    }))
}

/**
 * Parameters that a container has for itself. Source: Docker, "Configure namespaced kernel parameters (sysctls) at runtime"; the engine
 * refuses others when a task starts, and Linux before namespaces sets them for all.
 */
const ownParameter =
  /^(?:net\.|fs\.mqueue\.|kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$)/

const kernelParameters = (service: ServiceView): Found[] => {
  const path = [...service.path, 'sysctls']
  return namedValues(inService(service, 'sysctls'), path)
    .map((one) => ({ ...one, parameter: one.name.trim().replaceAll('/', '.') }))
    .filter(({ parameter }) => !ownParameter.test(parameter))
    .map(({ parameter, path: at }) => ({
      message: `Service ${service.name} sets '${parameter.slice(0, 80)}', a parameter of the host's kernel.`,
      subject: { service: service.name, detail: parameter.slice(0, 80) },
      at,
    }))
}

const cgroups = (service: ServiceView): Found[] => {
  const keys = [
    ...(asText(inService(service, 'cgroup_parent')) === undefined ? [] : ['cgroup_parent']),
    ...(saysYes(inService(service, 'oom_kill_disable')) ? ['oom_kill_disable'] : []),
    ...(Number(asText(inService(service, 'oom_score_adj')) ?? '0') < 0 ? ['oom_score_adj'] : []),
  ]
  return keys.map((key) => ({
    message: `Service ${service.name} takes itself out of what the host keeps containers in: \`${key}\`.`,
    subject: { service: service.name, detail: key },
    at: [...service.path, key],
  }))
}

export const hostRules: readonly Rule[] = [
  {
    id: 'host/namespace',
    title: "No service shares the host's namespaces",
    severity: 'critical',
    needs: 'files',
    why: "In the host's namespaces a container sees and signals every process, reads every packet, or shares the memory of other tenants.",
    fix: 'Take the key, or the network `host`, out; services of one stack reach each other over their network.',
    find: inEachService((service, subject) => [...namespaces(service), ...hostNetwork(service, subject)]),
  },
  {
    id: 'host/docker-socket',
    title: 'No service reaches the engine',
    severity: 'critical',
    needs: 'files',
    why: 'Whoever speaks to the engine starts a privileged container: it is root on the host. A folder that holds the socket, a volume that is that folder, and a named pipe are the same.',
    fix: 'Take the mount out. Agents and proxies that need the engine are run by the platform.',
    find: (subject) => [
      ...subject.services.flatMap((service) => [...engineMount(service), ...apiSocket(service)]),
      ...volumesOnHost(subject, true),
    ],
  },
  {
    id: 'host/mount',
    title: 'No service mounts files of the host',
    severity: 'high',
    needs: 'files',
    why: 'A file of the host is there on one host and not on the next, and the right one makes its reader root. A local volume with `device` is a mount of the host in disguise.',
    fix: 'Use a volume of the tenant file, a config or a secret; `type: tmpfs` for what may be lost.',
    find: (subject) => [...subject.services.flatMap(hostMounts), ...volumesOnHost(subject, false)],
  },
  {
    id: 'host/device',
    title: 'No service uses devices of the host',
    severity: 'high',
    needs: 'files',
    why: 'A disk or the memory of the host as a device goes round every other border.',
    fix: 'Take the devices out; hosts with accelerators are an offer of the platform.',
    find: inEachService(devices),
  },
  {
    id: 'host/cgroup',
    title: 'No service leaves its place on the host',
    severity: 'medium',
    needs: 'files',
    why: 'Another parent of control groups, or no fear of the kernel killing it, makes limits worth nothing when memory is short.',
    fix: 'Take the key out.',
    find: inEachService(cgroups),
  },
  {
    id: 'host/sysctl',
    title: "No service sets parameters of the host's kernel",
    severity: 'high',
    needs: 'files',
    why: 'A parameter that is not of the container alone holds for every tenant of the host; `kernel.core_pattern` runs a program as root. Engines refuse them, each task at its start, on every host anew.',
    fix: 'Take it out: a container sets `net.*`, `fs.mqueue.*`, and of `kernel` what belongs to its own memory and messages.',
    find: inEachService(kernelParameters),
  },
]
