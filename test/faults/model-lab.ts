import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../src/clients/clock.ts'
import type { Vault } from '../../src/clients/vault.ts'
import type { Vsphere } from '../../src/clients/vsphere.ts'
import type { Cluster } from '../../src/cluster/schema.ts'
import type { Connected } from '../../src/deploy/connected.ts'
import { readConnection } from '../../src/deploy/read-connection.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import { type Lab, startLab } from '../../src/lab/lab.ts'
import type { DockerClient } from '../../src/lab/plugins/docker-inputs.ts'
import { dockerPlugin } from '../../src/lab/plugins/docker-plugin.ts'
import { vaultPlugin } from '../../src/lab/plugins/vault-plugin.ts'
import { vspherePlugin } from '../../src/lab/plugins/vsphere-plugin.ts'
import { readDirectory } from '../../src/lab/ucp/directory.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import type { Plugin, Properties } from '../../src/provider/plugin.ts'
import { oneAtATime, type UcpClient } from '../../src/provider/ucp/client.ts'
import { ucpPlugin } from '../../src/provider/ucp/plugin.ts'
import { fastClock } from './model-engine/fast-time.ts'
import type { HostedPlugin, HostedPlugins } from './model-engine/provider-host.ts'

/** A lab of one cluster in this process, all of it stand-ins behind fault proxies, that lives through many cases. */
export interface ModelLab {
  readonly lab: Lab
  readonly cluster: Cluster
  readonly nonprod: ClusterLab
  readonly connected: Connected
  /** The real plugins; waits of theirs take no time. */
  readonly plugins: HostedPlugins
  readonly stop: () => Promise<void>
}

/**
 * A plugin that keeps its connections from run to run: to shake hands anew at each of some thousand runs costs more than the
 * runs. What a process remembers beside its log-ins is fresh at every run.
 */
const hosted = <Client>(
  plugin: Plugin<Client>,
  {
    close,
    fresh = (client) => client,
  }: {
    readonly close: (client: Client) => Promise<unknown>
    readonly fresh?: (client: Client) => Client
  },
): HostedPlugin => {
  const known = new Map<string, Client>()
  const configure = (inputs: Properties): Client => {
    const key = JSON.stringify(inputs)
    const client = known.get(key) ?? plugin.configure(inputs)
    known.set(key, client)
    return fresh(client)
  }
  return {
    plugin: { ...plugin, configure } as unknown as Plugin<unknown>,
    die: async () => {
      const clients = [...known.values()]
      known.clear()
      await Promise.allSettled(clients.map(close))
    },
  }
}

/** The plugins that the engine starts as processes, in this one. `clock` is what waits ask. */
export const realPlugins = (clock: Clock = systemClock): HostedPlugins => {
  return {
    ucp: hosted<UcpClient>(ucpPlugin({ clock }), {
      close: ({ ucp, registry }) => Promise.allSettled([ucp.close(), registry.close()]),
      fresh: (client) => ({ ...client, grantsPut: new Set(), oneAtATime: oneAtATime() }),
    }),
    docker: hosted<DockerClient>(dockerPlugin, {
      close: ({ docker }) => docker.close(),
      fresh: (client) => ({ ...client, clock }),
    }),
    vault: hosted<Vault>(vaultPlugin, { close: (vault) => vault.close() }),
    vsphere: hosted<Vsphere>(vspherePlugin, { close: (vsphere) => vsphere.close() }),
  }
}

const clusterOf = async (): Promise<Cluster> => {
  const fleet = await loadFleet(checkoutRoot())
  const found = fleet.ok ? fleet.value.clusters.find(({ value }) => value.cluster === 'nonprod') : undefined
  if (found === undefined) throw new Error('no cluster file nonprod')
  return found.value
}

/** Each credential is read once: a run asks for them anew. */
const remembered = (connected: Connected): Connected => {
  const ucp = connected.ucp()
  const registry = connected.registry()
  const docker = connected.docker()
  const vault = connected.vault()
  const vcenter = connected.vcenter()
  return {
    ucp: () => ucp,
    registry: () => registry,
    docker: () => docker,
    vault: () => vault,
    vcenter: () => vcenter,
  }
}

export const startModelLab = async (): Promise<ModelLab> => {
  const cluster = await clusterOf()
  const root = await mkdtemp(join(tmpdir(), 'tenantry-model-'))
  await mkdir(join(root, '.tenantry'), { recursive: true })
  const lab = await startLab({
    root,
    clusters: [cluster],
    directory: await readDirectory(join(checkoutRoot(), 'lab', 'directory.json')),
    report: () => undefined,
    real: false,
    faultProxies: true,
    joinDelayMilliseconds: 1,
  })
  const [nonprod] = lab.clusters
  if (nonprod === undefined) throw new Error('the lab has no cluster')
  const { connections } = lab.layout
  return {
    lab,
    cluster,
    nonprod,
    connected: remembered(
      readConnection({ cluster: cluster.cluster, file: connections, endpoints: () => cluster.endpoints }),
    ),
    plugins: realPlugins(fastClock()),
    stop: async () => {
      await lab.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}
