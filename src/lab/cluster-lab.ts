import { join } from 'node:path'
import type { Cluster } from '../cluster/schema.ts'
import type { Secret } from '../core/secret.ts'
import type { DockerdTools } from './docker/dockerd.ts'
import type { DockerEngine } from './docker/engine.ts'
import { type JenkinsServer, startJenkins } from './jenkins/serve-jenkins.ts'
import { type LabDocker, platformImages, startLabDocker } from './lab-docker.ts'
import { type LabLayout, randomPassword } from './layout.ts'
import type { Part, PartName } from './part.ts'
import type { People } from './people.ts'
import { type Registry, startRegistry } from './registry/server.ts'
import type { StopList } from './stop-list.ts'
import { storageCredentials } from './storage-credentials.ts'
import { startUcp, type Ucp } from './ucp/server.ts'
import { type LabVault, startLabVault } from './vault/lab-vault.ts'

/** The platform's own account on every cluster, an admin. */
export const platformUser = 'svc-tenantry'

/** One cluster's systems, running. */
export interface ClusterLab {
  readonly cluster: Cluster
  readonly docker: LabDocker
  /** Of `docker`. */
  readonly engine: DockerEngine
  readonly ucp: Ucp
  readonly registry: Registry
  readonly vault: LabVault
  readonly jenkins: JenkinsServer
  readonly platformPassword: Secret
  /** Of Jenkins' account `admin`. */
  readonly jenkinsPassword: Secret
  /** In the order of starting. */
  readonly parts: readonly Part[]
}

export interface ClusterLabOptions {
  readonly cluster: Cluster
  readonly people: People
  readonly layout: LabLayout
  readonly realVault: boolean
  /** Of the real Docker Engine; without them one in memory stands in. */
  readonly dockerd?: DockerdTools | undefined
  /** Puts a fault proxy before Vault. */
  readonly faultProxies?: boolean
  /** Takes what has to be ended, also when starting fails halfway. */
  readonly stops: StopList
  /** Told of every process that was started. */
  readonly onProcess: (pid: number) => Promise<void>
  readonly log?: (line: string) => void
}

const gibibyte = 1024 ** 3

/** What a fresh cluster has before its pools: a manager and two workers that belong to nobody. */
const seedNodes = (cluster: string) =>
  [
    { hostname: `${cluster}-manager-01`, role: 'manager', cpus: 8, memoryBytes: 32 * gibibyte },
    { hostname: `${cluster}-worker-01`, role: 'worker', cpus: 16, memoryBytes: 64 * gibibyte },
    { hostname: `${cluster}-worker-02`, role: 'worker', cpus: 16, memoryBytes: 64 * gibibyte },
  ] as const

const startController = async (
  { cluster, people, stops }: ClusterLabOptions,
  { engine, members }: LabDocker,
  password: Secret,
): Promise<Ucp> => {
  const ucp = await startUcp({
    cluster: cluster.cluster,
    directory: people.directory,
    directoryPasswords: people.passwords,
    users: [{ name: platformUser, fullName: 'Tenantry', isAdmin: true, password }],
    engineSocket: engine.socketPath,
    ...(members === undefined ? {} : { engineMembers: members }),
  })
  stops.add(ucp.stop)
  return ucp
}

/** The platform's own images of the cluster file: signed, as whoever runs the platform would have them. */
const trustPlatformImages = (cluster: Cluster, { state }: Ucp): void => {
  const own = platformImages(cluster)
  const isSigned = state.isSigned
  state.isSigned = (image, signers) => own.includes(image) || isSigned(image, signers)
}

const startSecrets = async (options: ClusterLabOptions): Promise<LabVault> => {
  const { cluster, people, layout, stops, onProcess, faultProxies = false } = options
  const vault = await startLabVault({
    cluster: cluster.cluster,
    people,
    seeds: storageCredentials(cluster),
    folder: join(layout.run, `vault-${cluster.cluster}`),
    logs: layout.logs,
    preferReal: options.realVault,
    faultProxy: faultProxies,
    onProcess,
  })
  stops.add(vault.stop)
  return vault
}

/** Starts one cluster's Docker engine, UCP, registry, Vault and Jenkins, with three nodes that have joined. */
export const startCluster = async (options: ClusterLabOptions): Promise<ClusterLab> => {
  const { cluster, stops } = options
  const platformPassword = randomPassword()
  const jenkinsPassword = randomPassword()
  const vaultStarting = startSecrets(options)
  // Awaited below; a failure before that must not be unhandled.
  vaultStarting.catch(() => undefined)
  try {
    const docker = await startLabDocker({ ...options, tools: options.dockerd })
    const { engine } = docker
    const ucp = await startController(options, docker, platformPassword)
    const registry = await startRegistry({ ucp })
    stops.add(registry.stop)
    trustPlatformImages(cluster, ucp)
    const jenkins = await startJenkins({ password: jenkinsPassword })
    stops.add(jenkins.stop)
    engine.whenJoined(ucp.placeNodes)
    for (const node of seedNodes(cluster.cluster)) await engine.joinNode(node)
    const vault = await vaultStarting
    const running = {
      cluster,
      docker,
      engine,
      ucp,
      registry,
      vault,
      jenkins,
      platformPassword,
      jenkinsPassword,
    }
    return { ...running, parts: partsOf(running) }
  } catch (error) {
    // What still starts adds itself to the stops when it is there.
    await vaultStarting.catch(() => undefined)
    throw error
  }
}

const partsOf = (running: Omit<ClusterLab, 'parts'>): readonly Part[] => {
  const { docker, engine, ucp, registry, vault, jenkins } = running
  const part = (name: PartName, address: string, version: string, stop: () => Promise<void>): Part => ({
    name,
    cluster: running.cluster.cluster,
    reality: 'stand-in',
    version,
    address,
    stop,
  })
  return [
    {
      ...part('docker', `unix://${engine.socketPath}`, docker.version, () => engine.stop()),
      reality: docker.reality,
    },
    part('ucp', ucp.address, `emulator, speaks ${ucp.state.switches.ucpVersion}`, ucp.stop),
    part('registry', registry.address, `emulator, speaks ${registry.state.switches.version}`, registry.stop),
    { ...part('vault', vault.address, vault.version, vault.stop), reality: vault.reality },
    part('jenkins', jenkins.address, jenkins.version, jenkins.stop),
  ]
}
