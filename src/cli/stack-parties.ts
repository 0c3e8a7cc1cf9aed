import { isOnCluster } from '../compile/on-cluster.ts'
import { didYouMean } from '../load/did-you-mean.ts'
import type { Fleet } from '../load/fleet.ts'
import { UsageError } from './exit-code.ts'
import { checkSelection } from './select.ts'

/** Whose a stack is and where it runs, as options name it. */
export interface StackNames {
  readonly tenant: string
  readonly cluster: string
  readonly application?: string
}

/** Whose a stack is and where it runs, with the files that say so. */
export interface StackParties {
  readonly tenant: Fleet['tenants'][number]
  readonly cluster: Fleet['clusters'][number]
}

/** The files of those that are named. @throws {UsageError} where there are none such, or the tenant is not on the cluster. */
export const stackParties = (fleet: Fleet, { application, ...names }: StackNames): StackParties => {
  checkSelection(fleet, { organizations: [names.tenant], clusters: [names.cluster] })
  const tenant = fleet.tenants.find(({ value }) => value.organization === names.tenant)
  const cluster = fleet.clusters.find(({ value }) => value.cluster === names.cluster)
  if (tenant === undefined || cluster === undefined) throw new Error('unchecked selection')
  if (!isOnCluster(tenant.value, cluster.value))
    throw new UsageError(`${names.tenant} is not on ${names.cluster}.`, 'Name one of its clusters.')
  const applications = Object.keys(tenant.value.applications)
  if (application !== undefined && !applications.includes(application))
    throw new UsageError(
      `${names.tenant} has no application '${application}'.`,
      didYouMean(application, applications),
    )
  return { tenant, cluster }
}
