import { compareText } from '../core/issue.ts'
import { madeAs } from '../tenant/former-name.ts'
import type { Tenant } from '../tenant/schema.ts'
import type { Resolved } from './provenance.ts'
import type { ResolvedTenant } from './resolve.ts'

interface Made {
  readonly name: string
  readonly madeAs: string
}

const byName = (a: Made, b: Made): number => compareText(a.name, b.name)

const asMade = <T extends Made>(thing: T): T => ({ ...thing, name: thing.madeAs })

/**
 * A resolved tenant in the names under which its things were made, so that what is compiled from it stands still while its
 * file renames: no system here renames an organization, a collection, a namespace, a volume or a network, and a new one
 * beside the old would leave the data behind. What people read (display names, descriptions) keeps the file's words.
 * Never throws.
 */
export const withFormerNames = (resolved: ResolvedTenant, tenant: Tenant): ResolvedTenant => {
  const former = (application: string): string => madeAs(application, tenant.applications[application] ?? {})
  const owned = <T extends Made & { readonly application: Resolved<string | null> }>(thing: T): T => {
    const { value } = thing.application
    return asMade({
      ...thing,
      application: { ...thing.application, value: value === null ? null : former(value) },
    })
  }
  return {
    ...resolved,
    organization: resolved.madeAs,
    teams: resolved.teams
      .map((team) => {
        const limits = team.applications.value
        const value = limits === null ? null : limits.map(former).sort(compareText)
        return asMade({ ...team, applications: { ...team.applications, value } })
      })
      .sort(byName),
    applications: resolved.applications.map(asMade).sort(byName),
    networks: resolved.networks.map(owned).sort(byName),
    volumes: resolved.volumes.map(owned).sort(byName),
  }
}
