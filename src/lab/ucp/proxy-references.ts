import type { NetworkForm, ServiceSpec, VolumeForm } from '../../clients/docker-objects.ts'
import type { ContainerForm } from '../docker/containers.ts'
import { configIds, networkTargets, secretIds, volumeNames } from '../docker/service-references.ts'

/** Things a workload points at, by subject, with the operation that using one needs in that one's collection. */
export interface Reference {
  readonly subject: 'network' | 'secret' | 'config' | 'volume'
  readonly reference: string
  readonly operation: string
}

const networkModes = new Set(['host', 'bridge'])

const networkReference = (reference: string): Reference => ({
  subject: 'network',
  reference,
  operation: 'Network Connect',
})

const volumeReference = (reference: string): Reference => ({
  subject: 'volume',
  reference,
  operation: 'Volume Create/Attach',
})

/** Everything a service uses. Pure. */
export const serviceReferences = (spec: ServiceSpec): Reference[] => [
  ...networkTargets(spec)
    .filter((target) => !networkModes.has(target))
    .map(networkReference),
  ...secretIds(spec).map(
    (reference): Reference => ({ subject: 'secret', reference, operation: 'Secret Use' }),
  ),
  ...configIds(spec).map(
    (reference): Reference => ({ subject: 'config', reference, operation: 'Config Use' }),
  ),
  ...volumeNames(spec).map(volumeReference),
]

const when = (condition: boolean, variant: string): string[] => (condition ? [variant] : [])

/** The dangerous variants of Service Create and Update that a spec needs (reference §4.3). Pure. */
export const serviceVariants = (spec: ServiceSpec): string[] => {
  const container = spec.TaskTemplate.ContainerSpec
  const networks = networkTargets(spec)
  return [
    ...when(Boolean(container?.Privileges?.CredentialSpec), 'Credential Spec'),
    ...when(
      (container?.Mounts ?? []).some(({ Type }) => Type === 'bind'),
      'Host Bind Mounts',
    ),
    ...when(networks.includes('host'), 'Host Networking Mode'),
    ...when(networks.includes('bridge'), 'Bridge Networking Mode'),
  ]
}

const bindSources = (form: ContainerForm): string[] => [
  ...(form.HostConfig?.Binds ?? []).map((bind) => bind.split(':', 1)[0] ?? ''),
  ...(form.HostConfig?.Mounts ?? []).flatMap(({ Type, Source = '' }) =>
    Type === 'bind' ? [`/${Source}`] : [Source],
  ),
]

/** Everything a container uses. Pure. */
export const containerReferences = (form: ContainerForm): Reference[] => {
  const mode = form.HostConfig?.NetworkMode ?? ''
  const named = Object.keys(form.NetworkingConfig?.EndpointsConfig ?? {})
  const networks = new Set([...named, mode])
  return [
    ...[...networks]
      .filter(
        (name) => !['', 'default', 'none', ...networkModes].includes(name) && !name.startsWith('container:'),
      )
      .map(networkReference),
    ...bindSources(form)
      .filter((source) => source !== '' && !source.startsWith('/'))
      .map(volumeReference),
  ]
}

const usesHost = (value: unknown): boolean =>
  typeof value === 'string' && (value === 'host' || value.startsWith('container:'))

/** The dangerous variants of Container Create that a form needs (reference §4.3). Pure. */
export const containerVariants = (form: ContainerForm): string[] => {
  const host = form.HostConfig ?? {}
  const added = host.CapAdd
  return [
    ...when(usesHost(host.IpcMode), 'IPC Mode'),
    ...when(usesHost(host.PidMode), 'PID Mode'),
    ...when(usesHost(host.NetworkMode), 'Host Networking Mode'),
    ...when(host.NetworkMode === 'bridge', 'Bridge Networking Mode'),
    ...when(host.Privileged === true, 'Privileged'),
    ...when(
      bindSources(form).some((source) => source.startsWith('/')),
      'Host Bind Mounts',
    ),
    ...when(Array.isArray(added) && added.length > 0, 'Additional Kernel Capabilities'),
    ...when(host.UsernsMode === 'host', 'User Namespace Mode'),
  ]
}

export const networkVariants = (form: NetworkForm): string[] => when(form.Attachable === true, 'Attachable')

export const volumeVariants = (form: VolumeForm): string[] =>
  when(
    (form.Driver ?? 'local') === 'local' && Object.keys(form.DriverOpts ?? {}).length > 0,
    'Local Driver Options',
  )
