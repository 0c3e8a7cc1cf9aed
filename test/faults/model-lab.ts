import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DockerClient } from '../../src/lab/plugins/docker-inputs.ts'
import type { Vault } from '../../src/clients/vault.ts'
import type { Vsphere } from '../../src/clients/vsphere.ts'
import type { Cluster } from '../../src/cluster/schema.ts'
import type { Connected } from '../../src/deploy/connected.ts'
import { readConnection } from '../../src/deploy/read-connection.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import { type Lab, startLab } from '../../src/lab/lab.ts'
import { dockerPlugin } from '../../src/lab/plugins/docker-plugin.ts'
import { vaultPlugin } from '../../src/lab/plugins/vault-plugin.ts'
import { vspherePlugin } from '../../src/lab/plugins/vsphere-plugin.ts'
import { readDirectory } from '../../src/lab/ucp/directory.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import type { Plugin } from '../../src/provider/plugin.ts'
import type { UcpClient } from '../../src/provider/ucp/client.ts'
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

const hosted = <Client>(
  plugin: Plugin<Client>,
  close: (client: Client) => Promise<unknown>,
): HostedPlugin => ({
  plugin: plugin as unknown as Plugin<unknown>,
  close: async (client) => {
    await close(client as Client)
  },
})

const pluginsOf = (): HostedPlugins => {
  const clock = fastClock()
  const withFastClock: Plugin<DockerClient> = {
    ...dockerPlugin,
    configure: (inputs) => ({ ...dockerPlugin.configure(inputs), clock }),
  }
  return {
    ucp: hosted<UcpClient>(ucpPlugin({ clock }), ({ ucp, registry }) =>
      Promise.allSettled([ucp.close(), registry.close()]),
    ),
    docker: hosted(withFastClock, ({ docker }) => docker.close()),
    vault: hosted<Vault>(vaultPlugin, (vault) => vault.close()),
    vsphere: hosted<Vsphere>(vspherePlugin, (vsphere) => vsphere.close()),
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
    plugins: pluginsOf(),
    stop: async () => {
      await lab.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}
