import type { StorageBackend } from '../cluster/schema.ts'
import { sha256 } from '../core/canonical.ts'
import { compareText } from '../core/issue.ts'
import { physicalName } from '../core/name.ts'
import type { DockerConfig } from '../model/docker-config.ts'
import type { DockerSecret } from '../model/docker-secret.ts'
import type { DockerService } from '../model/docker-service.ts'
import type { Network } from '../model/network.ts'
import type { Resource } from '../model/resource.ts'
import type { Volume } from '../model/volume.ts'
import { ciBlock, pinnedCiBlock } from './ci-block.ts'
import { ciCollection, nodeCollection } from './collection-paths.ts'
import { dependsOn } from './depends-on.ts'
import { accessLabel, dockerLabels } from './docker-labels.ts'
import { jenkinsConfiguration } from './jenkins-configuration.ts'
import { keys } from './keys.ts'
import { registryImage } from './registry-image.ts'
import { type Amounts, reserve } from './reservation.ts'
import type { ResolvedCi, ResolvedLimits } from './resolve.ts'
import type { TenantScope } from './tenant-scope.ts'
import { vaultMountPath } from './vault-policies.ts'
import { driverOf } from './volumes.ts'

const mebibyte = 1024 ** 2

/**
 * What a controller and an agent need after their start under minimum load.
 * Source: our choice; a controller's JVM idles at about 700 MiB, an agent's remoting at about 200 MiB.
 */
const floors = {
  controller: { cpuMillis: 100, memoryBytes: 768 * mebibyte },
  agent: { cpuMillis: 50, memoryBytes: 256 * mebibyte },
} as const

/** Where the controller finds its files and its port. */
const controller = {
  home: '/var/jenkins_home',
  configuration: '/run/configs/jenkins.yaml',
  vaultLogin: '/run/secrets/vault-approle',
  port: 8080,
} as const

/** Heap of the controller's JVM, in percent of its memory limit; the rest is for metaspace, threads and buffers. */
const heapPercent = 60

const jenkinsName = (scope: TenantScope): string =>
  physicalName('dockerService', scope.organization, 'jenkins')

const networkOf = (scope: TenantScope): Network => {
  const pinned = pinnedCiBlock(scope.tenant, scope.cluster.cluster)
  const subnet = ciBlock(scope.cluster.jenkins, scope.organization, pinned)
  if (subnet === undefined) throw new Error(`unchecked: no CI network fits ${scope.cluster.jenkins.subnet}`)
  return {
    kind: 'Network',
    key: keys.network('ci/controller'),
    concern: 'ci',
    dependsOn: [],
    name: physicalName('dockerNetwork', scope.organization, 'ci'),
    driver: 'overlay',
    internal: false,
    attachable: false,
    options: scope.cluster.stage === 'prod' ? { encrypted: 'true' } : {},
    subnet,
    gateway: null,
    ipRange: null,
    labels: dockerLabels(scope.stack, ciCollection),
  }
}

/** Back ends that can hold a controller's home, best first: it needs a POSIX file system that follows it to another node. */
const homeKinds: readonly StorageBackend['kind'][] = ['nfs', 'netapp']

const homeBackend = (scope: TenantScope): StorageBackend | undefined => {
  const backends = Object.entries(scope.cluster.storage)
    .sort(([a], [b]) => compareText(a, b))
    .map(([, backend]) => backend)
  return homeKinds
    .map((kind) => backends.find((backend) => backend.kind === kind))
    .find((one) => one !== undefined)
}

/** Source: our choice; configuration, plugins and the build records of a year. */
const homeBytes = 50 * 1024 * mebibyte

/** The home is local to a node only on a cluster without a back end for it. */
const homeOf = (scope: TenantScope): Volume => {
  const backend = homeBackend(scope)
  const share = {
    cluster: scope.cluster.cluster,
    organization: scope.organization,
    name: 'jenkins-home',
    sizeBytes: homeBytes,
    secured: false,
  }
  return {
    kind: 'Volume',
    key: keys.volume('ci/jenkins-home'),
    concern: 'ci',
    dependsOn: [],
    retained: 'data',
    name: physicalName('dockerVolume', scope.organization, 'jenkins-home'),
    ...(backend === undefined ? { driver: 'local', driverOptions: {} } : driverOf(backend, share)),
    labels: dockerLabels(scope.stack, ciCollection),
  }
}

/**
 * Properties that Jenkins' Vault plugin reads. The secret id is no part of it: whoever starts the controller hands it over,
 * so that nothing in swarm's store is a whole log-in.
 */
const vaultLoginOf = (scope: TenantScope): DockerSecret => {
  const appRole = keys.vaultAppRole('ci')
  return {
    kind: 'DockerSecret',
    key: keys.dockerSecret('ci/vault-approle'),
    concern: 'ci',
    dependsOn: [appRole],
    name: physicalName('dockerSecret', scope.organization, 'jenkins-vault-approle'),
    data: {
      kind: 'SecretText',
      parts: ['CASC_VAULT_APPROLE=', { kind: 'Reference', of: appRole, output: 'roleId' }, '\n'],
    },
    labels: dockerLabels(scope.stack, ciCollection),
  }
}

const configurationOf = (scope: TenantScope, data: string): DockerConfig => ({
  kind: 'DockerConfig',
  key: keys.dockerConfig('ci/jenkins'),
  concern: 'ci',
  dependsOn: [],
  name: physicalName('dockerConfig', scope.organization, 'jenkins', sha256(data).slice(0, 8)),
  data,
  labels: dockerLabels(scope.stack, ciCollection),
})

const amounts = ({ cpuMillis, memoryBytes }: ResolvedLimits): Amounts => ({
  cpuMillis: cpuMillis.value,
  memoryBytes: memoryBytes.value,
})

interface Parts {
  readonly network: Network
  readonly home: Volume
  readonly vaultLogin: DockerSecret
  readonly configuration: DockerConfig
  readonly host: string
}

const environmentOf = (scope: TenantScope): Readonly<Record<string, string>> => ({
  CASC_JENKINS_CONFIG: controller.configuration,
  CASC_VAULT_ENGINE_VERSION: '2',
  CASC_VAULT_FILE: controller.vaultLogin,
  CASC_VAULT_PATHS: `${vaultMountPath(scope.organization)}/ci/jenkins`,
  CASC_VAULT_URL: scope.cluster.endpoints.vault,
  JAVA_OPTS: `-Djenkins.install.runSetupWizard=false -XX:MaxRAMPercentage=${heapPercent}`,
})

/** Interlock routes the host name to the controller (UCP's layer 7 routing). */
const routing = ({ network, host }: Parts): Readonly<Record<string, string>> => ({
  'com.docker.lb.hosts': host,
  'com.docker.lb.network': network.name,
  'com.docker.lb.port': String(controller.port),
})

/**
 * The platform's account creates it and may schedule anywhere, so UCP constrains it to no collection: the label of the
 * nodes does.
 */
const serviceOf = (scope: TenantScope, ci: ResolvedCi, parts: Parts): DockerService => {
  const limits = amounts(ci.controller)
  const reservation = reserve(scope.resolved.reservation.value, limits, floors.controller)
  const { network, home, vaultLogin, configuration } = parts
  return {
    kind: 'DockerService',
    key: 'service/ci/jenkins',
    concern: 'ci',
    dependsOn: dependsOn(network.key, home.key, vaultLogin.key, configuration.key),
    name: jenkinsName(scope),
    image: registryImage(scope.cluster, scope.cluster.jenkins.controllerImage),
    environment: environmentOf(scope),
    replicas: 1,
    cpuLimitMillis: limits.cpuMillis,
    cpuReservationMillis: reservation.cpuMillis,
    memoryLimitBytes: limits.memoryBytes,
    memoryReservationBytes: reservation.memoryBytes,
    secrets: [{ source: vaultLogin.key, name: vaultLogin.name, target: controller.vaultLogin }],
    configs: [{ source: configuration.key, name: configuration.name, target: controller.configuration }],
    networks: [{ source: network.key, name: network.name }],
    mounts: [{ source: home.key, name: home.name, target: controller.home }],
    constraints: [`node.labels.${accessLabel}==${nodeCollection('build/std', scope.organization)}`],
    labels: { ...dockerLabels(scope.stack, ciCollection), ...routing(parts) },
  }
}

/**
 * The organization's Jenkins controller in the platform's CI collection, and what it stands on. Agents come and go with builds and
 * are no part of the desired state; their template is, with limits and a cap.
 *
 * Throws Error on a cluster whose `jenkins.subnet` holds no CI network, which the checks across files report first.
 */
export const ci = (scope: TenantScope): readonly Resource[] => {
  const settings = scope.resolved.ci
  if (settings === null) return []
  const host = `${scope.organization}.${scope.cluster.endpoints.jenkinsDomain}`
  const agentReservation = reserve(scope.resolved.reservation.value, amounts(settings.agents), floors.agent)
  const data = jenkinsConfiguration(scope, { ci: settings, url: `https://${host}/`, agentReservation })
  const parts: Parts = {
    network: networkOf(scope),
    home: homeOf(scope),
    vaultLogin: vaultLoginOf(scope),
    configuration: configurationOf(scope, data),
    host,
  }
  return [parts.network, parts.home, parts.vaultLogin, parts.configuration, serviceOf(scope, settings, parts)]
}
