import type { Cluster } from '../cluster/schema.ts'
import { compareText } from '../core/issue.ts'
import { physicalName } from '../core/name.ts'
import { nodeMarks } from '../core/node-marks.ts'
import type { AntiAffinityRule } from '../model/anti-affinity-rule.ts'
import type { NodePlacement } from '../model/node-placement.ts'
import type { Resource } from '../model/resource.ts'
import type { SwarmJoin, VirtualMachine } from '../model/virtual-machine.ts'
import type { VmResourcePool } from '../model/vm-resource-pool.ts'
import { dependsOn } from './depends-on.ts'
import { keys } from './keys.ts'
import { poolHostnames } from './live-machines.ts'
import { bytesOf } from './provenance.ts'
import type { Amounts } from './reservation.ts'

/** VMs of one kind for one purpose. */
export interface NodePool {
  readonly cluster: Cluster
  /** Within the stack. */
  readonly name: string
  /** In vSphere and, with a number, as host name: `nonprod-std`. */
  readonly physicalName: readonly string[]
  readonly machine: string
  readonly min: number
  readonly max: number
  readonly shares: VmResourcePool['cpuShares']
  /** Of the hardware of its fewest VMs, what the hosts keep free for it. */
  readonly reserved: (fewest: Amounts) => Amounts
  /** Path below the datacenter's VM folder. */
  readonly folder: string
  readonly tagKeys: readonly string[]
  /** Where its nodes stand in UCP; a collection of the same stack. */
  readonly collection: string
  /** Host names of its VMs as the cluster watcher wants them; where absent the fewest. */
  readonly live?: readonly string[]
}

/** MHz that a virtual CPU may use at most. Source: our choice; the base clock of the hosts' processors. */
const mhzPerCpu = 2500

/** How long a clone, its first boot and the join may take. Source: our choice, twice what a template's clone takes on a busy datastore. */
const joinSeconds = 900

const mebibytes = (size: string): number => Math.ceil(bytesOf(size) / 1024 ** 2)

const machineOf = ({ cluster, machine, name }: NodePool): Cluster['machines'][string] => {
  const found = cluster.machines[machine]
  if (found === undefined) throw new Error(`unchecked: pool ${name} names machine ${machine}`)
  return found
}

/** What the hosts keep free for a pool: no more than its fewest VMs have, since the rest may never be cloned. */
const reservationOf = (
  pool: NodePool,
): Pick<VmResourcePool, 'cpuReservationMhz' | 'memoryReservationMib'> => {
  const { cpus, memory } = machineOf(pool)
  const fewest = { cpuMillis: pool.min * cpus * 1000, memoryBytes: pool.min * bytesOf(memory) }
  const { cpuMillis, memoryBytes } = pool.reserved(fewest)
  return {
    cpuReservationMhz: Math.floor((cpuMillis * mhzPerCpu) / 1000),
    memoryReservationMib: Math.floor(memoryBytes / 1024 ** 2),
  }
}

const resourcePoolOf = (pool: NodePool): VmResourcePool => {
  const machine = machineOf(pool)
  return {
    kind: 'VmResourcePool',
    key: keys.resourcePool(pool.name),
    concern: 'nodes',
    dependsOn: [],
    datacenter: pool.cluster.vsphere.datacenter,
    computeCluster: pool.cluster.vsphere.computeCluster,
    name: physicalName('vsphereObject', ...pool.physicalName),
    ...reservationOf(pool),
    cpuShares: pool.shares,
    cpuLimitMhz: pool.max * machine.cpus * mhzPerCpu,
    memoryShares: pool.shares,
    memoryLimitMib: pool.max * mebibytes(machine.memory),
  }
}

/** The host name of a pool's VM, which is its name in vSphere as well; from 0. */
export const hostnameOf = (pool: Pick<NodePool, 'physicalName'>, index: number): string =>
  physicalName('nodeHostname', ...pool.physicalName, String(index + 1).padStart(2, '0'))

/** KV mount of the platform's own secrets, as that of the storage credentials. */
const platformMount = 'platform'

const joinOf = ({ swarm, endpoints }: Cluster): SwarmJoin | null =>
  swarm === undefined
    ? null
    : {
        managers: swarm.managers,
        vault: endpoints.vault,
        token: { kind: 'VaultField', mount: platformMount, path: swarm.joinToken, field: 'worker' },
      }

const virtualMachineOf = (pool: NodePool, hostname: string): VirtualMachine => {
  const { vsphere, cluster } = pool.cluster
  const machine = machineOf(pool)
  return {
    kind: 'VirtualMachine',
    key: keys.machine(hostname),
    concern: 'nodes',
    dependsOn: dependsOn(keys.folder, keys.resourcePool(pool.name), ...pool.tagKeys),
    name: hostname,
    datacenter: vsphere.datacenter,
    computeCluster: vsphere.computeCluster,
    datastore: vsphere.datastore,
    network: vsphere.network,
    template: machine.template,
    folder: pool.folder,
    resourcePool: keys.resourcePool(pool.name),
    cpus: machine.cpus,
    memoryMib: mebibytes(machine.memory),
    diskGib: Math.ceil(bytesOf(machine.disk) / 1024 ** 3),
    tags: pool.tagKeys,
    guestInfo: { 'guestinfo.hostname': hostname, 'guestinfo.tenantry.cluster': cluster },
    join: joinOf(pool.cluster),
  }
}

const placementOf = (pool: NodePool, hostname: string): NodePlacement => ({
  kind: 'NodePlacement',
  key: `node/${hostname}`,
  concern: 'nodes',
  dependsOn: dependsOn(keys.machine(hostname), keys.collection(pool.collection)),
  hostname,
  collection: pool.collection,
  orchestrator: 'swarm',
  availability: 'active',
  labels: { [nodeMarks.pool]: pool.name },
  joinSeconds,
})

const antiAffinityOf = (pool: NodePool, machines: readonly VirtualMachine[]): readonly AntiAffinityRule[] => {
  const machineKeys = machines.map((machine) => machine.key).sort(compareText)
  if (machineKeys.length < 2) return []
  return [
    {
      kind: 'AntiAffinityRule',
      key: `anti-affinity/${pool.name}`,
      concern: 'nodes',
      dependsOn: machineKeys,
      name: physicalName('vsphereObject', ...pool.physicalName),
      datacenter: pool.cluster.vsphere.datacenter,
      computeCluster: pool.cluster.vsphere.computeCluster,
      machines: machineKeys,
    },
  ]
}

/**
 * A pool's resource pool, its live VMs or as many as its fewest, the rule that keeps them on different hosts, and their place in UCP.
 *
 * Throws Error on a machine that the cluster lacks, which the checks across files report first.
 */
export const nodePool = (pool: NodePool): readonly Resource[] => {
  const hostnames = poolHostnames(pool.live, { min: pool.min, nameAt: (index) => hostnameOf(pool, index) })
  const machines = hostnames.map((hostname) => virtualMachineOf(pool, hostname))
  return [
    resourcePoolOf(pool),
    ...machines,
    ...antiAffinityOf(pool, machines),
    ...hostnames.map((hostname) => placementOf(pool, hostname)),
  ]
}
