import { Vsphere } from '../clients/vsphere.ts'
import type { ClusterLab } from './cluster-lab.ts'
import type { DockerEngine } from './docker/engine.ts'
import { NodeJoiner, type Swarm } from './node-joiner.ts'
import type { StopList } from './stop-list.ts'
import type { LabVcenter } from './vcenter/lab-vcenter.ts'

const holds = async (engine: DockerEngine, hostname: string): Promise<boolean> =>
  (await engine.nodes()).some(({ Description }) => Description.Hostname === hostname)

/** Asked twice it does once: a machine that comes back is the node it was. */
const swarmOf = (engine: DockerEngine): Swarm => ({
  joinNode: async (node) => {
    if (await holds(engine, node.hostname)) await engine.setNodeState(node.hostname, 'ready', node)
    else await engine.joinNode(node)
  },
  markReady: async (node) => {
    if (await holds(engine, node.hostname)) await engine.setNodeState(node.hostname, 'ready', node)
  },
  markDown: async (hostname) => {
    if (await holds(engine, hostname)) await engine.setNodeState(hostname, 'down')
  },
  removeNode: (hostname) => engine.removeNode(hostname),
})

export interface JoiningOptions {
  readonly vcenter: LabVcenter
  readonly clusters: readonly ClusterLab[]
  readonly joinDelayMilliseconds: number
  readonly stops: StopList
  readonly log: (line: string) => void
}

/** From now on a VM that is powered on joins its cluster's swarm after the delay. */
export const startJoining = (options: JoiningOptions): void => {
  const { vcenter, clusters, stops, joinDelayMilliseconds, log } = options
  const vsphere = new Vsphere({
    server: vcenter.address,
    user: vcenter.user,
    password: vcenter.password,
    tls: { ca: vcenter.caCertificate },
  })
  stops.add(() => vsphere.close())
  const swarms = Object.fromEntries(clusters.map(({ cluster, engine }) => [cluster.cluster, swarmOf(engine)]))
  const joiner = new NodeJoiner({ vsphere, swarms, joinDelayMilliseconds, report: log })
  stops.add(() => joiner.stop())
  joiner.start()
}
