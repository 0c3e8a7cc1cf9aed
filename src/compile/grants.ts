import type { JobRole } from '../tenant/schema.ts'
import {
  applicationCollection,
  nodeCollection,
  ownedCollection,
  resourceCollection,
  workloadCollection,
} from './collection-paths.ts'
import { type RoleForm, roleForms, sharedRoleForms } from './job-roles.ts'
import type { ResolvedApplication } from './resolve.ts'
import type { TenantScope } from './tenant-scope.ts'

/** A role on a collection; which subject has it is the caller's affair. */
export interface Right {
  /** Null for the built-in scheduler. */
  readonly form: RoleForm | null
  readonly collection: string
}

const onEach = (form: RoleForm, collections: readonly string[]): readonly Right[] =>
  collections.map((collection) => ({ form, collection }))

/** A right to nodes, where the form starts workloads. */
const onNodes = (form: RoleForm, collections: readonly string[]): readonly Right[] =>
  form.schedules ? [...new Set(collections)].map((collection) => ({ form: null, collection })) : []

/** Rights of a job role on everything of the organization. */
export const rightsOnOrganization = (scope: TenantScope, jobRole: JobRole): readonly Right[] => {
  const { organization, resolved, cluster } = scope
  const form = roleForms[cluster.stage][jobRole]
  const offers = resolved.offers.map((offer) => offer.name)
  return [
    ...onEach(form, [
      ...offers.map((offer) => workloadCollection(offer, organization)),
      resourceCollection(organization),
    ]),
    ...onNodes(
      form,
      offers.map((offer) => nodeCollection(offer, organization)),
    ),
  ]
}

const isOffered = (scope: TenantScope, application: ResolvedApplication): boolean =>
  scope.resolved.offers.some((offer) => offer.name === application.offer.value)

/** Rights of a job role on some applications of the organization, and on what all of them share. */
export const rightsOnApplications = (
  scope: TenantScope,
  jobRole: JobRole,
  names: readonly string[],
): readonly Right[] => {
  const { organization, resolved, cluster } = scope
  const form = roleForms[cluster.stage][jobRole]
  const applications = resolved.applications.filter((application) => names.includes(application.name))
  const running = applications.filter((application) => isOffered(scope, application))
  if (applications.length === 0) return []
  return [
    ...onEach(
      form,
      running.map(({ offer, name }) => applicationCollection(offer.value, organization, name)),
    ),
    ...onEach(
      form,
      applications.map(({ name }) => ownedCollection(organization, name)),
    ),
    { form: sharedRoleForms[cluster.stage][jobRole], collection: ownedCollection(organization, null) },
    ...onNodes(
      form,
      running.map(({ offer }) => nodeCollection(offer.value, organization)),
    ),
  ]
}
