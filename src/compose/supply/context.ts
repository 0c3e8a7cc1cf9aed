import {
  nodeCollection,
  ownedCollection,
  resourceCollection,
  workloadCollection,
} from '../../compile/collection-paths.ts'
import { isOnCluster } from '../../compile/on-cluster.ts'
import type { FieldPath } from '../../compile/provenance.ts'
import type { ResolvedApplication } from '../../compile/resolve.ts'
import { type TenantScope, tenantScope } from '../../compile/tenant-scope.ts'
import type { Checked, Issue, Source } from '../../core/issue.ts'
import { didYouMean } from '../../load/did-you-mean.ts'
import { madeAs } from '../../tenant/former-name.ts'
import type { SupplyInput } from './supplied.ts'

/** A collection, the line it follows from, and where else an object of its kind may stand. */
interface Place {
  readonly collection: string
  readonly source: Source
  readonly allowed: readonly string[]
}

/** What everything supplied follows from. */
export interface SupplyContext extends SupplyInput {
  readonly scope: TenantScope
  /** In the names under which it was made. */
  readonly resolvedApplication: ResolvedApplication | undefined
  readonly workloads: Place
  readonly resources: Place
  /** The collection whose nodes run the stack. */
  readonly nodes: { readonly collection: string; readonly source: Source }
}

const refused = (issue: Issue): Checked<never> => ({ ok: false, issues: [issue] })

const notOnCluster = ({ tenant, cluster }: SupplyInput): Issue => ({
  code: 'compose/not-on-cluster',
  message: `${tenant.value.organization} is not on ${cluster.value.cluster}.`,
  source: tenant.locate(['clusters']),
  hint: `Add '${cluster.value.cluster}' to \`clusters\` of the tenant file, or name another cluster.`,
})

const unknownApplication = (
  { tenant, cluster }: SupplyInput,
  application: string,
  here: readonly string[],
) => ({
  code: 'compose/unknown-application',
  message: `${tenant.value.organization} has no application '${application}' on ${cluster.value.cluster}.`,
  source: tenant.locateKey(['applications', application]),
  hint: didYouMean(application, here),
})

const noOffer = ({ tenant, cluster }: SupplyInput, offer: string): Issue => ({
  code: 'compose/no-offer',
  message: `${tenant.value.organization} does not use the offer '${offer}' on ${cluster.value.cluster}, so nothing of it runs there.`,
  source: tenant.locate(['offers']),
  hint: `Add '${offer}' to \`offers\` of the tenant file.`,
})

const runOffers = ['run/std', 'run/edge'] as const

/** The offer of the application, else the first of the organization that runs services, and the line that says so. */
const offerOf = (scope: TenantScope, application: ResolvedApplication | undefined) => {
  const own = runOffers.find((name) => scope.resolved.offers.some((one) => one.name === name))
  if (application === undefined)
    return { name: own ?? 'run/std', path: ['offers', own ?? 'run/std'] } as const
  return { name: application.offer.value, path: application.offer.path }
}

type Offer = { readonly name: 'run/std' | 'run/edge'; readonly path: FieldPath }

const contextOf = (
  input: SupplyInput,
  scope: TenantScope,
  application: ResolvedApplication | undefined,
  offer: Offer,
): SupplyContext => {
  const { organization } = scope
  const at = input.application === undefined ? ['organization'] : ['applications', input.application]
  const source = input.tenant.locateKey(at)
  const root = workloadCollection(offer.name, organization)
  const workload = application === undefined ? root : `${root}/${application.name}`
  const owned = ownedCollection(organization, application?.name ?? null)
  const shared = ownedCollection(organization, null)
  const resources = application === undefined ? [resourceCollection(organization)] : [owned, shared]
  return {
    ...input,
    scope,
    resolvedApplication: application,
    workloads: { collection: workload, source, allowed: [workload] },
    resources: { collection: owned, source, allowed: resources },
    nodes: {
      collection: nodeCollection(offer.name, organization),
      source: input.tenant.locate(offer.path),
    },
  }
}

/** Issue codes: `compose/not-on-cluster`, `compose/unknown-application`, `compose/no-offer`. */
export const supplyContext = (input: SupplyInput): Checked<SupplyContext> => {
  const { tenant, cluster, application } = input
  if (!isOnCluster(tenant.value, cluster.value)) return refused(notOnCluster(input))
  const scope = tenantScope(tenant.value, cluster.value)
  const names = new Map(
    Object.entries(tenant.value.applications).map(([name, one]) => [name, madeAs(name, one)]),
  )
  const made = application === undefined ? undefined : names.get(application)
  const resolved = scope.resolved.applications.find(({ name }) => name === made)
  if (application !== undefined && resolved === undefined) {
    const here = [...names].filter(([, name]) => scope.resolved.applications.some((one) => one.name === name))
    return refused(
      unknownApplication(
        input,
        application,
        here.map(([name]) => name),
      ),
    )
  }
  const offer = offerOf(scope, resolved)
  if (!scope.resolved.offers.some(({ name }) => name === offer.name))
    return refused(noOffer(input, offer.name))
  return { ok: true, value: contextOf(input, scope, resolved, offer) }
}
