import type { Cluster } from '../cluster/schema.ts'
import type { FieldPath } from '../compile/provenance.ts'
import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Fleet, Placement } from './fleet.ts'

/** Kinds of VMs of organizations’ own that the cluster lacks. Issue code: `cluster/unknown-machine`. Never throws. */
export const checkDedicatedKinds = (file: Loaded<Cluster>): Issue[] => {
  const { machines, dedicatedPools } = file.value
  return (dedicatedPools?.machines ?? []).flatMap((machine, index) =>
    Object.hasOwn(machines, machine)
      ? []
      : [
          {
            code: 'cluster/unknown-machine',
            message: `The cluster has no machine '${machine}'.`,
            source: file.locate(['dedicatedPools', 'machines', index]),
            hint: didYouMean(machine, Object.keys(machines)),
          },
        ],
  )
}

/** A quota for an organization that no file describes is one that was misspelt. */
const checkQuotaNames = ({ tenants, clusters }: Fleet): Issue[] => {
  const known = tenants.map(({ value }) => value.organization)
  return clusters.flatMap((cluster) =>
    Object.keys(cluster.value.dedicatedPools?.organizations ?? {})
      .filter((organization) => !known.includes(organization))
      .map((organization) => ({
        code: 'cluster/unknown-organization',
        message: `No tenant file describes the organization '${organization}'.`,
        source: cluster.locateKey(['dedicatedPools', 'organizations', organization]),
        hint: didYouMean(organization, known),
      })),
  )
}

type Quotas = Pick<NonNullable<Cluster['dedicatedPools']>, 'organizations' | 'perOrganization'>

/** Most VMs that an organization may have of its own. */
const quotaFor = ({ organizations = {}, perOrganization }: Quotas, organization: string): number =>
  Object.hasOwn(organizations, organization)
    ? (organizations[organization] ?? perOrganization)
    : perOrganization

/** An organization's own pool on a cluster, as its file asks for it. */
interface Request {
  readonly placement: Placement
  readonly machine: string
  readonly max: number
  readonly path: FieldPath
}

/** An archived tenant runs nothing and has no VMs. */
const requestsOf = (placement: Placement): readonly Request[] =>
  placement.tenant.value.lifecycle === 'archived'
    ? []
    : placement.resolved.offers.flatMap(({ pool: { value, path } }) =>
        value === null ? [] : [{ placement, machine: value.machine, max: value.max, path }],
      )

const notOffered = ({ placement, path }: Request): Issue => ({
  code: 'tenant/no-own-pools',
  message: `${placement.resolved.cluster} has no VMs of organizations’ own.`,
  source: placement.tenant.locate(path),
  hint: `Leave the pool out there, or have \`dedicatedPools\` added to ${placement.cluster.file}.`,
})

const checkKind = (allowed: readonly string[], { placement, machine, path }: Request): Issue[] =>
  allowed.includes(machine) || !Object.hasOwn(placement.cluster.value.machines, machine)
    ? []
    : [
        {
          code: 'tenant/machine-not-allowed',
          message: `The machine '${machine}' of ${placement.resolved.cluster} is not for organizations’ own pools.`,
          source: placement.tenant.locate([...path, 'machine']),
          hint: `Take one of ${allowed.join(', ')}, or have it added to \`dedicatedPools.machines\` in ${placement.cluster.file}.`,
        },
      ]

const checkQuota = (quota: number, { placement, max, path }: Request): Issue[] =>
  max <= quota
    ? []
    : [
        {
          code: 'tenant/machines-over-quota',
          message: `The pool may grow to ${max} VMs on ${placement.resolved.cluster}; the organization's quota there is ${quota}.`,
          source: placement.tenant.locate([...path, 'max']),
          hint: `Ask for less, or have \`dedicatedPools.organizations\` in ${placement.cluster.file} give it more.`,
        },
      ]

const checkRequest = (request: Request): Issue[] => {
  const { dedicatedPools } = request.placement.cluster.value
  if (dedicatedPools === undefined) return [notOffered(request)]
  const quota = quotaFor(dedicatedPools, request.placement.tenant.value.organization)
  return [...checkKind(dedicatedPools.machines, request), ...checkQuota(quota, request)]
}

const largestNamed = 3

const largest = (requests: readonly Request[]): string =>
  [...requests]
    .sort((a, b) => b.max - a.max)
    .slice(0, largestNamed)
    .map(({ placement, max }) => `${placement.resolved.organization} ${max}`)
    .join(', ')

const checkTotal = (cluster: Loaded<Cluster>, requests: readonly Request[]): Issue[] => {
  const total = cluster.value.dedicatedPools?.total ?? Number.POSITIVE_INFINITY
  const asked = requests.reduce((sum, { max }) => sum + max, 0)
  if (asked <= total) return []
  return [
    {
      code: 'fleet/machines-over-total',
      message: `The own pools of ${requests.length} organizations on ${cluster.value.cluster} may grow to ${asked} VMs; the hosts have ${total} for them.`,
      source: cluster.locate(['dedicatedPools', 'total']),
      hint: `Lower \`max\` (the largest: ${largest(requests)}), or raise the total with the hosts behind it.`,
    },
  ]
}

/**
 * Whether organizations ask only for VMs that they may have: kinds on the allow-list, within their quota, and all of them
 * together within what the hosts have. Issue codes: `tenant/no-own-pools`, `tenant/machine-not-allowed`,
 * `tenant/machines-over-quota`, `fleet/machines-over-total`, `cluster/unknown-organization`. Never throws.
 */
export const checkPools = (fleet: Fleet, placements: readonly Placement[]): Issue[] => {
  const requests = placements.flatMap(requestsOf)
  const ofCluster = (cluster: Loaded<Cluster>) =>
    requests.filter(({ placement }) => placement.cluster === cluster)
  return [
    ...checkQuotaNames(fleet),
    ...requests.flatMap(checkRequest),
    ...fleet.clusters.flatMap((cluster) => checkTotal(cluster, ofCluster(cluster))),
  ]
}
