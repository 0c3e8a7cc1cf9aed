import { Vault } from '../clients/vault.ts'
import { Vsphere } from '../clients/vsphere.ts'
import { Fault } from '../core/fault.ts'
import { Secret } from '../core/secret.ts'
import type { ClusterLab } from './cluster-lab.ts'
import type { DockerEngine } from './docker/engine.ts'
import { type JoiningMachine, NodeJoiner, type Swarm } from './node-joiner.ts'
import type { StopList } from './stop-list.ts'
import type { LabVcenter } from './vcenter/lab-vcenter.ts'

const holds = async (engine: DockerEngine, hostname: string): Promise<boolean> =>
  (await engine.nodes()).some(({ Description }) => Description.Hostname === hostname)

/**
 * Opens a VM's ticket as its first boot would; one that was opened here once is not asked for again. A VM that has none joins by
 * what its template does. @throws {Fault} where the ticket opens nothing.
 */
const ticketOpener = (address: string): ((node: JoiningMachine) => Promise<void>) => {
  const opened = new Set<string>()
  return async ({ hostname, ticket }) => {
    if (ticket === undefined || opened.has(ticket)) return
    const vault = new Vault({ address, token: new Secret(ticket), system: `Vault of ${hostname}` })
    try {
      const { worker } = await vault.openWrapped()
      if (worker === undefined) throw new Fault('protocol', `The ticket of ${hostname} holds no join token.`)
      opened.add(ticket)
    } finally {
      await vault.close()
    }
  }
}

/**
 * Asked twice it does once: a machine that comes back is the node it was. It joins paused, as cloud-init has it join, until it
 * stands in its collection.
 */
const swarmOf = ({ engine, vault }: ClusterLab): Swarm => {
  const open = ticketOpener(vault.nodeAddress)
  return {
    joinNode: async (node) => {
      if (await holds(engine, node.hostname)) return engine.setNodeState(node.hostname, 'ready', node)
      await open(node)
      await engine.joinNode({ ...node, availability: 'pause' })
    },
    markReady: async (node) => {
      if (await holds(engine, node.hostname)) await engine.setNodeState(node.hostname, 'ready', node)
    },
    markDown: async (hostname) => {
      if (await holds(engine, hostname)) await engine.setNodeState(hostname, 'down')
    },
    removeNode: (hostname) => engine.removeNode(hostname),
  }
}

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
  const swarms = Object.fromEntries(clusters.map((one) => [one.cluster.cluster, swarmOf(one)]))
  const joiner = new NodeJoiner({ vsphere, swarms, joinDelayMilliseconds, report: log })
  stops.add(() => joiner.stop())
  joiner.start()
}
