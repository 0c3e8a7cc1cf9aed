import { Network as DockerNetwork } from '@pulumi/docker/network.js'
import type { Network } from '../model/network.ts'
import { labelList } from './labels.ts'
import type { Registrations } from './site.ts'
import { VsphereDistributedPortGroup } from './vsphere/distributed-port-group.ts'

const addressing = (network: Network) => ({
  subnet: network.subnet,
  ...(network.gateway === null ? {} : { gateway: network.gateway }),
  ...(network.ipRange === null ? {} : { ipRange: network.ipRange }),
})

/** Docker networks, and the port groups that carry their VLANs. */
export const networks = {
  /** Replaced by name: Docker refuses a second network of the same name. */
  Network: (network, site) =>
    new DockerNetwork(
      network.key,
      {
        name: network.name,
        driver: network.driver,
        internal: network.internal,
        attachable: network.attachable,
        options: network.options,
        ipamConfigs: [addressing(network)],
        labels: labelList(network.labels),
      },
      { ...site.options(network, 'docker'), deleteBeforeReplace: true },
    ),
  PortGroup: (group, site) =>
    new VsphereDistributedPortGroup(
      group.key,
      {
        name: group.name,
        distributedVirtualSwitchUuid: site.vsphere.distributedSwitchId({
          datacenter: group.datacenter,
          name: group.distributedSwitch,
        }),
        vlanId: group.vlanId,
      },
      site.options(group, 'vsphere'),
    ),
} satisfies Partial<Registrations>
