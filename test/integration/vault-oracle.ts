import type { Cluster } from '../../src/cluster/schema.ts'
import type { JobRole, Tenant } from '../../src/tenant/schema.ts'

/** One thing that can be done to a secret, or to the names around it. */
export type Action =
  | 'read'
  | 'create'
  | 'update'
  | 'delete'
  | 'undelete'
  | 'destroy'
  | 'read metadata'
  | 'write metadata'
  | 'delete metadata'
  | 'list'

export const actions: readonly Action[] = [
  ...(['read', 'create', 'update', 'delete', 'undelete', 'destroy'] as const),
  ...(['read metadata', 'write metadata', 'delete metadata', 'list'] as const),
]

/** A secret of an organization, by its path in the organization's mount. */
export interface Place {
  readonly organization: string
  /** E.g. `apps/payments/database`, `shared/tool`, `ci/jenkins`. */
  readonly path: string
}

/** Those that leave everything as it is. */
export const looks: readonly Action[] = ['read', 'read metadata', 'list']

/** A policy as the README promises it; written by hand, from the tenant file, without the compiler. */
export interface Promised {
  readonly name: string
  readonly may: (action: Action, place: Place) => boolean
}

/** What a person or a machine of a job role may do to values and names, by stage. */
const rights: Readonly<Record<Cluster['stage'], Readonly<Record<JobRole, readonly Action[]>>>> = (() => {
  const names: readonly Action[] = ['read metadata', 'list']
  const blind: readonly Action[] = [...names, 'create', 'update']
  const readers: readonly Action[] = [...names, 'read']
  const all: readonly Action[] = [...names, 'read', 'create', 'update', 'delete', 'delete metadata']
  return {
    nonprod: {
      viewer: names,
      auditor: names,
      developer: all,
      operator: all,
      'release-manager': blind,
      ci: readers,
    },
    prod: {
      viewer: names,
      auditor: names,
      developer: names,
      operator: blind,
      'release-manager': blind,
      ci: names,
    },
  }
})()

const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`)

const applicationsOn = (tenant: Tenant, stage: Cluster['stage']): readonly string[] =>
  Object.entries(tenant.applications)
    .filter(([, { environments }]) =>
      environments.some((environment) =>
        stage === 'prod' ? environment === 'prod' : environment !== 'prod',
      ),
    )
    .map(([name]) => name)

const wholeRole = ({ organization }: Tenant, stage: Cluster['stage'], role: JobRole): Promised => ({
  name: `${organization}-${role}`,
  may: (action, place) => {
    if (place.organization !== organization) return false
    if (isBelow(place.path, 'apps') || isBelow(place.path, 'shared'))
      return rights[stage][role].includes(action)
    // Pipelines read their own credentials on both stages.
    return role === 'ci' && isBelow(place.path, 'ci') && ['read', 'read metadata', 'list'].includes(action)
  },
})

const limitedRole = (
  { organization }: Tenant,
  { stage, role, application }: { stage: Cluster['stage']; role: JobRole; application: string },
): Promised => ({
  name: `${organization}-${role}-${application}`,
  may: (action, place) =>
    place.organization === organization &&
    isBelow(place.path, `apps/${application}`) &&
    rights[stage][role].includes(action),
})

const application = ({ organization, applications }: Tenant, name: string): Promised => ({
  name: `${organization}-app-${name}`,
  may: (action, place) => {
    if (place.organization !== organization) return false
    if (isBelow(place.path, 'shared')) return ['read', 'read metadata', 'list'].includes(action)
    const named = (applications[name]?.secrets ?? []).map((secret) => `apps/${name}/${secret}`)
    return named.includes(place.path) && ['read', 'read metadata'].includes(action)
  },
})

/** The policies of one team by the tenant file. */
const ofTeam = (tenant: Tenant, stage: Cluster['stage'], team: string): readonly Promised[] => {
  const { role, applications } = tenant.teams[team] ?? {}
  if (role === undefined) throw new Error(`no team ${team}`)
  if (applications === undefined) return [wholeRole(tenant, stage, role)]
  return applicationsOn(tenant, stage)
    .filter((name) => applications.includes(name))
    .map((name) => limitedRole(tenant, { stage, role, application: name }))
}

/** Every policy that an organization has on a cluster, each once. */
export const promisedPolicies = (tenant: Tenant, { stage }: Cluster): readonly Promised[] => {
  const all = [
    ...Object.keys(tenant.teams).flatMap((team) => ofTeam(tenant, stage, team)),
    ...applicationsOn(tenant, stage).map((name) => application(tenant, name)),
    ...(tenant.ci === undefined ? [] : [wholeRole(tenant, stage, 'ci')]),
  ]
  return [...new Map(all.map((one) => [one.name, one])).values()]
}

/** Names of the policies of an LDAP group's members: common name in lower case → names, sorted. */
export const promisedGroups = (
  tenant: Tenant,
  { stage }: Cluster,
): ReadonlyMap<string, readonly string[]> => {
  const groups = new Map<string, readonly string[]>()
  for (const [team, { ldapGroup }] of Object.entries(tenant.teams)) {
    const group = /^CN=([^,]+)/.exec(ldapGroup ?? '')?.[1]?.toLowerCase()
    const names = ofTeam(tenant, stage, team).map(({ name }) => name)
    if (group !== undefined && names.length > 0)
      groups.set(group, [...new Set([...(groups.get(group) ?? []), ...names])].sort())
  }
  return groups
}

/** One secret of every kind of path that an organization can have on a cluster. */
export const placesOf = (tenant: Tenant, { stage }: Cluster): readonly Place[] => {
  const { organization } = tenant
  const inApplications = applicationsOn(tenant, stage).flatMap((name) => [
    ...(tenant.applications[name]?.secrets ?? []).map((secret) => `apps/${name}/${secret}`),
    `apps/${name}/not-named-in-the-file`,
  ])
  return [...inApplications, 'shared/tool', 'ci/jenkins', 'elsewhere/thing'].map((path) => ({
    organization,
    path,
  }))
}
