import type { Cluster } from '../cluster/schema.ts'
import { isOnCluster } from '../compile/on-cluster.ts'
import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import type { Tenant } from '../tenant/schema.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Fleet } from './fleet.ts'

type Path = readonly (string | number)[]

const checkClusterNames = ({ tenants, clusters }: Fleet): Issue[] => {
  const known = clusters.map(({ value }) => value.cluster)
  return tenants.flatMap((tenant) =>
    Object.keys(tenant.value.clusters ?? {})
      .filter((name) => !known.includes(name))
      .map((name) => ({
        code: 'tenant/unknown-cluster',
        message: `There is no cluster '${name}'.`,
        source: tenant.locateKey(['clusters', name]),
        hint: didYouMean(name, known),
      })),
  )
}

/** A tenant that names a dedicated cluster which is not for it. */
const checkAdmission = ({ tenants, clusters }: Fleet): Issue[] =>
  clusters.flatMap((cluster) => {
    const { tenancy, cluster: name } = cluster.value
    if (tenancy.kind === 'shared') return []
    return tenants
      .filter(
        ({ value }) =>
          Object.hasOwn(value.clusters ?? {}, name) && !tenancy.organizations.includes(value.organization),
      )
      .map((tenant) => ({
        code: 'tenant/not-admitted',
        message: `The cluster ${name} is dedicated to ${tenancy.organizations.join(', ')}.`,
        source: tenant.locateKey(['clusters', name]),
        hint: `Leave it out of \`clusters\`, or add the organization to \`tenancy\` in ${cluster.file}.`,
      }))
  })

const checkDedicated = ({ tenants, clusters }: Fleet): Issue[] => {
  const known = tenants.map(({ value }) => value.organization)
  return clusters.flatMap((cluster) => {
    const { tenancy } = cluster.value
    const organizations = tenancy.kind === 'dedicated' ? tenancy.organizations : []
    return organizations.flatMap((organization, index) =>
      known.includes(organization)
        ? []
        : [
            {
              code: 'cluster/unknown-organization',
              message: `No tenant file describes the organization '${organization}'.`,
              source: cluster.locate(['tenancy', 'organizations', index]),
              hint: didYouMean(organization, known),
            },
          ],
    )
  })
}

const stageOf = (environment: string): Cluster['stage'] => (environment === 'prod' ? 'prod' : 'nonprod')

/** Every environment runs somewhere: on a cluster of its stage that the organization is on. */
const checkStages = ({ tenants, clusters }: Fleet): Issue[] =>
  tenants.flatMap((tenant) => {
    const own = clusters.filter((cluster) => isOnCluster(tenant.value, cluster.value))
    const stages = new Set(own.map(({ value }) => value.stage))
    if (own.length === 0) return [onNoCluster(tenant, clusters)]
    return Object.entries(tenant.value.applications).flatMap(([application, { environments }]) =>
      environments.flatMap((environment, index) =>
        stages.has(stageOf(environment))
          ? []
          : [
              nowhere(tenant, {
                path: ['applications', application, 'environments', index],
                environment,
                own,
              }),
            ],
      ),
    )
  })

const onNoCluster = (tenant: Loaded<Tenant>, clusters: readonly Loaded<Cluster>[]): Issue => ({
  code: 'tenant/no-cluster',
  message: `The organization '${tenant.value.organization}' is on no cluster.`,
  source: tenant.locateKey(['clusters']),
  hint: `Name one in \`clusters\`; there are ${clusters.map(({ value }) => value.cluster).join(', ')}.`,
})

const nowhere = (
  tenant: Loaded<Tenant>,
  at: { path: Path; environment: string; own: readonly Loaded<Cluster>[] },
): Issue => ({
  code: 'tenant/stage-without-cluster',
  message: `The environment '${at.environment}' runs nowhere: the organization is on ${at.own
    .map(({ value }) => `${value.cluster} (${value.stage})`)
    .join(', ')}.`,
  source: tenant.locate(at.path),
  hint: `Add a cluster of stage ${stageOf(at.environment)} to \`clusters\`, or leave the environment out.`,
})

const checks = [checkClusterNames, checkAdmission, checkDedicated, checkStages]

/** Who is on which cluster and whether everything runs somewhere. Issue codes: `tenant/*`, `cluster/*`. Never throws. */
export const checkTenancy = (fleet: Fleet): Issue[] => checks.flatMap((check) => check(fleet))
