import { joinTicketKey } from '../core/join-ticket.ts'
import type { VirtualMachine } from '../model/virtual-machine.ts'
import { cloudInit, firstBootKeys } from './cloud-init.ts'
import { outputOf, type Registrations, type Site } from './site.ts'
import { UcpNodePlacement } from './ucp/node-placement.ts'
import { VsphereAntiAffinityRule } from './vsphere/anti-affinity-rule.ts'
import { VsphereFolder } from './vsphere/folder.ts'
import { VsphereResourcePool } from './vsphere/resource-pool.ts'
import { VsphereTag } from './vsphere/tag.ts'
import { VsphereTagCategory } from './vsphere/tag-category.ts'
import { VsphereVirtualMachine } from './vsphere/virtual-machine.ts'

const idOf = (site: Site, key: string) => outputOf(site.registered(key), 'id')

const categoryId = (site: Site, name: string) => {
  const own = site.find((resource) => resource.kind === 'TagCategory' && resource.name === name)
  return own === undefined ? site.vsphere.tagCategoryId(name) : idOf(site, own)
}

const hardware = (machine: VirtualMachine) => ({
  numCpus: machine.cpus,
  memory: machine.memoryMib,
  disks: [{ label: 'disk0', size: machine.diskGib }],
})

const standing = (machine: VirtualMachine, site: Site) => {
  const at = (name: string) => ({ datacenter: machine.datacenter, name })
  return {
    resourcePoolId: idOf(site, machine.resourcePool),
    datastoreId: site.vsphere.datastoreId(at(machine.datastore)),
    folder: machine.folder,
    networkInterfaces: [{ networkId: site.vsphere.networkId(at(machine.network)) }],
  }
}

const cloned = (machine: VirtualMachine, site: Site) => {
  const { uuid, ...taken } = site.vsphere.template({ datacenter: machine.datacenter, name: machine.template })
  return { ...taken, clone: { templateUuid: uuid } }
}

/** What is read at the first boot and never after: another text of it is no change of a VM that is there. */
const firstBoot = [joinTicketKey, ...firstBootKeys].map((key) => `extraConfig[${JSON.stringify(key)}]`)

const extraConfigOf = (machine: VirtualMachine, site: Site) => ({
  ...machine.guestInfo,
  ...cloudInit(machine),
  ...(machine.join === null ? {} : { [joinTicketKey]: site.joinTicket(machine.join.token) }),
})

/** Node pools: where VMs stand, the VMs, and the swarm nodes that they become. */
export const nodes = {
  VmFolder: (folder, site) =>
    new VsphereFolder(
      folder.key,
      { path: folder.path, type: 'vm', datacenterId: site.vsphere.datacenterId(folder.datacenter) },
      site.options(folder, 'vsphere'),
    ),
  VmResourcePool: (pool, site) =>
    new VsphereResourcePool(
      pool.key,
      {
        name: pool.name,
        parentResourcePoolId: site.vsphere.rootResourcePoolId({
          datacenter: pool.datacenter,
          name: pool.computeCluster,
        }),
        cpuReservation: pool.cpuReservationMhz,
        memoryReservation: pool.memoryReservationMib,
        cpuShareLevel: pool.cpuShares,
        cpuLimit: pool.cpuLimitMhz,
        memoryShareLevel: pool.memoryShares,
        memoryLimit: pool.memoryLimitMib,
      },
      site.options(pool, 'vsphere'),
    ),
  /** Waits for no guest network: the node's placement waits for the node itself. */
  VirtualMachine: (machine, site) =>
    new VsphereVirtualMachine(
      machine.key,
      {
        name: machine.name,
        ...hardware(machine),
        ...standing(machine, site),
        ...cloned(machine, site),
        extraConfig: extraConfigOf(machine, site),
        extraConfigRebootRequired: false,
        tags: machine.tags.map((tag) => idOf(site, tag)),
        waitForGuestNetTimeout: 0,
      },
      { ...site.options(machine, 'vsphere'), deleteBeforeReplace: true, ignoreChanges: firstBoot },
    ),
  AntiAffinityRule: (rule, site) =>
    new VsphereAntiAffinityRule(
      rule.key,
      {
        name: rule.name,
        computeClusterId: site.vsphere.computeClusterId({
          datacenter: rule.datacenter,
          name: rule.computeCluster,
        }),
        virtualMachineIds: rule.machines.map((machine) => idOf(site, machine)),
      },
      site.options(rule, 'vsphere'),
    ),
  Tag: (tag, site) =>
    new VsphereTag(
      tag.key,
      { name: tag.name, categoryId: categoryId(site, tag.category) },
      site.options(tag, 'vsphere'),
    ),
  /** The schema we hold has no description for it, so none is sent. */
  TagCategory: (category, site) =>
    new VsphereTagCategory(
      category.key,
      { name: category.name, cardinality: 'MULTIPLE', associableTypes: ['VirtualMachine'] },
      site.options(category, 'vsphere'),
    ),
  NodePlacement: (placement, site) =>
    new UcpNodePlacement(
      placement.key,
      {
        hostname: placement.hostname,
        collection: placement.collection,
        orchestrator: placement.orchestrator,
        availability: placement.availability,
        labels: placement.labels,
        joinSeconds: placement.joinSeconds,
      },
      site.options(placement, 'ucp'),
    ),
} satisfies Partial<Registrations>
