import type { Cluster } from '../cluster/schema.ts'
import type { Application, Environment, Tenant } from '../tenant/schema.ts'

const admits = (cluster: Cluster, organization: string): boolean =>
  cluster.tenancy.kind === 'shared' || cluster.tenancy.organizations.includes(organization)

/**
 * Whether an organization is on a cluster: where its file names clusters, on exactly those; else on every shared
 * one and on the dedicated ones that name it. A dedicated cluster takes none but the named organizations. Never throws.
 */
export const isOnCluster = (tenant: Tenant, cluster: Cluster): boolean =>
  admits(cluster, tenant.organization) &&
  (tenant.clusters === undefined || Object.hasOwn(tenant.clusters, cluster.cluster))

/** The environments of an application that run on clusters of a stage, in the order of the file. */
export const environmentsAt = (application: Application, stage: Cluster['stage']): readonly Environment[] =>
  application.environments.filter((environment) => (environment === 'prod') === (stage === 'prod'))
