import { isWithin } from '../../compile/collection-paths.ts'
import { accessLabel } from '../../compile/docker-labels.ts'
import { type CheckSubject, type Found, inEachService, type Rule } from '../rule.ts'
import type { RunningService } from '../running-usage.ts'
import type { TenantRights } from '../tenant-rights.ts'
import { mountsOf, networksOf, type PortView, portsOf } from '../view/attachments.ts'
import { asText, fieldOf, namedValues, type Path } from '../view/compose-model.ts'
import { inService, type ResourceKind, type ResourceView, type ServiceView } from '../view/service-view.ts'

const foreign = (
  { resources, rights }: CheckSubject,
  kind: ResourceKind,
  own: ReadonlySet<string>,
  word: string,
): Found[] =>
  resources[kind]
    .filter(({ external, name }) => external && !own.has(name))
    .map(({ key, name, path }) => ({
      message: `${word} '${name}' is none of ${rights.organization} on ${rights.cluster}.`,
      subject: { detail: `${kind}.${key}` },
      at: path,
    }))

/** Drivers with which a network reaches further than the swarm's overlay. */
const ownDriver = ({ key, value, external, path, name }: ResourceView, rights: TenantRights): Found[] => {
  const driver = asText(fieldOf(value, 'driver')) ?? 'overlay'
  if (external || driver === 'overlay' || rights.networks.has(name)) return []
  return [
    {
      message: `Network '${key}' is made with the driver ${driver.slice(0, 60)}: it reaches the hosts' wires beside the tenant's own networks.`,
      subject: { detail: `networks.${key}` },
      at: [...path, 'driver'],
    },
  ]
}

const networks = (subject: CheckSubject): readonly Found[] => [
  ...foreign(subject, 'networks', subject.rights.networks, 'Network'),
  ...subject.resources.networks.flatMap((network) => ownDriver(network, subject.rights)),
]

const volumes = (subject: CheckSubject): readonly Found[] => [
  ...subject.resources.volumes
    .filter(({ name }) => !subject.rights.volumes.has(name))
    .map(({ key, name, path }) => ({
      message: `Volume '${name}' is none of ${subject.rights.organization} on ${subject.rights.cluster}.`,
      subject: { detail: `volumes.${key}` },
      at: path,
    })),
  ...subject.services.flatMap((service) => anonymous(service)),
]

const anonymous = (service: ServiceView): Found[] =>
  mountsOf(service)
    .filter(({ type, source }) => type === 'volume' && source === '')
    .map(({ target, path }) => ({
      message: `Service ${service.name} keeps ${target} in a volume without a name: it stays behind on a host, and the next container finds nothing.`,
      subject: { service: service.name, detail: target },
      at: path,
    }))

const secretsAndConfigs = (subject: CheckSubject): readonly Found[] => [
  ...foreign(subject, 'secrets', subject.rights.secrets, 'Secret'),
  ...foreign(subject, 'configs', subject.rights.configs, 'Config'),
]

const isAllowed = ({ first, last }: PortView, { settings }: TenantRights): boolean =>
  first > 0 && settings.publishedPorts.some(({ from, to }) => from <= first && last <= to)

const ports = inEachService((service, { rights }) =>
  portsOf(service)
    .filter((port) => !port.host && !isAllowed(port, rights))
    .map(({ shown, path, first }) => ({
      message: `Service ${service.name} publishes '${shown}'${first === 0 ? ' on a port that the swarm chooses' : ''}, which is no port of ${rights.organization}.`,
      subject: { service: service.name, detail: shown },
      at: path,
    })),
)

const hostPorts = inEachService((service) =>
  portsOf(service)
    .filter(({ host }) => host)
    .map(({ shown, path }) => ({
      message: `Service ${service.name} takes '${shown}' of each host that it runs on.`,
      subject: { service: service.name, detail: shown },
      at: path,
    })),
)

interface TakenPort {
  readonly port: string
  readonly by: string
}

const othersPorts = ({ running, checked }: CheckSubject): readonly TakenPort[] =>
  (running?.services ?? [])
    .filter(({ stack }: RunningService) => stack !== checked.stack)
    .flatMap(({ name, publishedPorts }) =>
      publishedPorts.map((port) => ({ port, by: `service ${name}, which runs` })),
    )

/** A range counts port by port, up to where nobody publishes any more by hand. */
const mostOfRange = 1000

const portNames = ({ first, last, protocol }: PortView): string[] =>
  first === 0
    ? []
    : Array.from({ length: Math.min(last - first, mostOfRange) + 1 }, (_, at) => `${first + at}/${protocol}`)

const takenPorts = (subject: CheckSubject): readonly Found[] => {
  const taken = new Map(othersPorts(subject).map(({ port, by }) => [port, by]))
  return subject.services.flatMap((service) =>
    portsOf(service).flatMap((port) => {
      const names = portNames(port)
      const first = names.find((name) => taken.has(name))
      const by = first === undefined ? undefined : taken.get(first)
      for (const name of names) if (!taken.has(name)) taken.set(name, `service ${service.name} of this stack`)
      if (first === undefined || by === undefined) return []
      return [
        {
          message: `Port ${first} of service ${service.name} is taken by ${by}.`,
          subject: { service: service.name, detail: first },
          at: port.path,
        },
      ]
    }),
  )
}

/** Something that UCP puts into a collection by its access label. */
interface Labelled {
  readonly what: string
  readonly label: string | undefined
  readonly path: Path
  readonly allowed: readonly string[]
  readonly subject: Found['subject']
}

const labelAt = (value: unknown, path: Path): string | undefined =>
  namedValues(value, path).find(({ name }) => name === accessLabel)?.value

const labelledServices = ({ services, rights }: CheckSubject): Labelled[] =>
  services.map((service) => {
    const path = [...service.path, 'deploy', 'labels']
    return {
      what: `Service ${service.name}`,
      label: labelAt(inService(service, 'deploy', 'labels'), path),
      path,
      allowed: rights.workloads,
      subject: { service: service.name },
    }
  })

const kinds = ['networks', 'volumes', 'secrets', 'configs'] as const

/** The network that the engine makes for services that name none. */
const implicitNetwork = 'The network `default`, which the engine makes for services that name none,'

const labelledResources = ({ resources, rights }: CheckSubject): Labelled[] =>
  kinds.flatMap((kind) =>
    resources[kind]
      .filter(({ external }) => !external)
      .map(({ key, path, value }) => ({
        what: kind === 'networks' && key === 'default' ? implicitNetwork : `\`${kind}.${key}\``,
        label: labelAt(fieldOf(value, 'labels'), [...path, 'labels']),
        path: [...path, 'labels'],
        allowed: rights.resources,
        subject: { detail: `${kind}.${key}` },
      })),
  )

/** That network where the model does not mention it. */
const unsaidDefault = ({ services, resources }: CheckSubject): Labelled[] => {
  const isSaid = resources.networks.some(({ key }) => key === 'default')
  const uses = services.some(
    (service) => networksOf(service).length === 0 && inService(service, 'network_mode') === undefined,
  )
  if (isSaid || !uses) return []
  return [
    {
      what: implicitNetwork,
      label: undefined,
      path: ['networks', 'default', 'labels'],
      allowed: [],
      subject: { detail: 'networks.default' },
    },
  ]
}

const labelled = (subject: CheckSubject): Labelled[] => [
  ...labelledServices(subject),
  ...labelledResources(subject),
  ...unsaidDefault(subject),
]

const unlabelled = (subject: CheckSubject): readonly Found[] =>
  labelled(subject)
    .filter(({ label }) => label === undefined || label === '')
    .map((one) => ({
      message: `${one.what} has no access label.`,
      subject: one.subject,
      at: one.path,
    }))

const foreignLabels = (subject: CheckSubject): readonly Found[] =>
  labelled(subject)
    .filter(
      ({ label, allowed }) =>
        label !== undefined && label !== '' && !allowed.some((root) => isWithin(label, root)),
    )
    .map((one) => ({
      message: `${one.what} is put into the collection '${one.label}', which is none of ${subject.rights.organization}.`,
      subject: one.subject,
      at: [...one.path, accessLabel],
      fix: `Collections for it: ${one.allowed.join(', ') || 'none'}, and those below.`,
    }))

export const exposureRules: readonly Rule[] = [
  {
    id: 'network/not-the-tenants',
    title: "Networks are the tenant's, or the stack's own overlays",
    severity: 'high',
    needs: 'files',
    why: "On another tenant's network a service hears what it should not; with a driver of its own it stands on the hosts' wires.",
    fix: 'Name a network of the tenant file by its name on the cluster, e.g. `retail-banking-backend`, or leave the driver out.',
    find: networks,
  },
  {
    id: 'volume/not-the-tenants',
    title: "Volumes are the tenant's",
    severity: 'high',
    needs: 'files',
    why: 'A volume that the tenant file does not make stands on the disk of one host: it counts towards no quota, nobody saves it, and it is empty on the next host.',
    fix: 'Name a volume of the tenant file as `external` with its name on the cluster; `type: tmpfs` for what may be lost.',
    find: volumes,
  },
  {
    id: 'secret/not-the-tenants',
    title: "Secrets and configs are the tenant's",
    severity: 'high',
    needs: 'files',
    why: "Another tenant's secret in a service is that tenant's secret given away; UCP refuses it where its rights hold.",
    fix: 'Name a secret of the tenant file, or one that the stack makes.',
    find: secretsAndConfigs,
  },
  {
    id: 'port/not-the-tenants',
    title: "Published ports are the tenant's",
    severity: 'high',
    needs: 'files',
    why: 'A port of the ingress network is open on every host of the cluster to whoever reaches one, and no other tenant can have it.',
    fix: 'Stand on a network of kind `public` or `vpn`, or have the port written into `compliance.publishedPorts` of the tenant file.',
    find: ports,
  },
  {
    id: 'port/host-mode',
    title: 'No port of a host is taken',
    severity: 'high',
    needs: 'files',
    why: "A port in mode `host` goes round the swarm's network: one container a host, on the host's own address.",
    fix: 'Leave `mode: host` out, or stand on a network of kind `public` or `vpn`.',
    find: hostPorts,
  },
  {
    id: 'port/taken',
    title: 'Published ports are free',
    severity: 'high',
    needs: 'files',
    why: 'The swarm refuses the second service on a port, in the middle of a deployment.',
    fix: 'Publish another port of the tenant.',
    find: takenPorts,
  },
  {
    id: 'access/no-label',
    title: 'Everything has an access label',
    severity: 'high',
    needs: 'files',
    why: "What has no label lands in the private collection of whoever deploys, network `default` too: the team cannot see it, and an auditor does not find it. A service's label stands in `deploy.labels`; `labels` are its containers'.",
    fix: 'Let `tenantry compose merge` write the labels, or set `com.docker.ucp.access.label`.',
    find: unlabelled,
  },
  {
    id: 'access/foreign-label',
    title: "Access labels name the tenant's collections",
    severity: 'critical',
    needs: 'files',
    why: 'The collection decides who may see and change a thing, and on which hosts it runs.',
    fix: "Name one of the tenant's collections.",
    find: foreignLabels,
  },
]
