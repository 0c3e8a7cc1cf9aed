import { formatBytes } from '../../core/units.ts'
import { organizationMadeAs } from '../../tenant/former-name.ts'
import type { StackChange } from '../fleet-change.ts'
import type { Facts } from './change-lines.ts'
import { clusterNamed, type FleetFiles, tenantsAt } from './fleet-files.ts'
import { say } from './phrase.ts'
import { nameOf } from './resource-words.ts'

/** What the file of a stack's tenant says of new volumes: most drivers are not told a size. */
export const tenantFacts = (files: FleetFiles, { cluster, organization }: StackChange): Facts => {
  const place = clusterNamed(files, cluster)
  const tenants = files.tenants.filter((tenant) => organizationMadeAs(tenant) === organization)
  const found = place === undefined ? [] : tenantsAt({ ...files, tenants }, place)
  const volumes = new Map(
    found.flatMap(({ resolved }) => resolved.volumes.map((volume) => [volume.madeAs, volume] as const)),
  )
  return (resource) => {
    const volume = resource.kind === 'Volume' ? volumes.get(nameOf(resource) ?? '') : undefined
    return volume && say`${formatBytes(volume.sizeBytes.value)} on ${volume.backend.value}`
  }
}
