import type { Cluster } from '../cluster/schema.ts'
import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { duplicates } from './duplicates.ts'
import type { Fleet } from './fleet.ts'
import { placeName } from './place-name.ts'

/** What two clusters may never share, and what it is called. */
const endpointNames = ['ucp', 'registry', 'vault', 'jenkinsDomain'] as const

const sameEndpoint = (endpoint: string): string => endpoint.toLowerCase().replace(/\/+$/, '')

const checkAddresses = ({ clusters }: Fleet): Issue[] =>
  endpointNames.flatMap((name) =>
    duplicates(clusters, ({ value }) => sameEndpoint(value.endpoints[name])).map(({ item, first }) => ({
      code: 'fleet/shared-endpoint',
      message: `The clusters ${first.value.cluster} and ${item.value.cluster} have the same \`${name}\`, ${item.value.endpoints[name]}.`,
      source: item.locate(['endpoints', name]),
      hint: `Each cluster has its own; the other is in ${placeName(first, ['endpoints', name])}.`,
    })),
  )

const vsphereSpot = ({ value }: Loaded<Cluster>): string =>
  [sameEndpoint(value.endpoints.vcenter), value.vsphere.datacenter, value.vsphere.folder].join(' ')

const checkFolders = ({ clusters }: Fleet): Issue[] =>
  duplicates(clusters, vsphereSpot).map(({ item, first }) => ({
    code: 'fleet/shared-folder',
    message: `The clusters ${first.value.cluster} and ${item.value.cluster} keep their VMs in the same folder.`,
    source: item.locate(['vsphere', 'folder']),
    hint: `Give it one of its own; the other is in ${placeName(first, ['vsphere', 'folder'])}.`,
  }))

/** Systems that two clusters would both take for their own. Issue codes: `fleet/*`. Never throws. */
export const checkEndpoints = (fleet: Fleet): Issue[] => [...checkAddresses(fleet), ...checkFolders(fleet)]
