/** Name of the stack of what a cluster shares. No organization can be called `platform` and have a stack beside it. */
export const platformStack = (cluster: string): string => `${cluster}.platform`

/** Name of an organization's stack on a cluster. */
export const tenantStack = (cluster: string, organization: string): string => `${cluster}.${organization}`
