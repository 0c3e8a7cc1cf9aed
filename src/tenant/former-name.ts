import type { Tenant } from './schema.ts'

/** The name under which a thing was made: every system knows it by that, whatever its file calls it since. Never throws. */
export const madeAs = (name: string, thing: { readonly previously?: string | undefined }): string =>
  thing.previously ?? name

/** The name under which an organization was made: that of its account, collections, registry namespace and stacks. Never throws. */
export const organizationMadeAs = (tenant: Pick<Tenant, 'organization' | 'previously'>): string =>
  madeAs(tenant.organization, tenant)
