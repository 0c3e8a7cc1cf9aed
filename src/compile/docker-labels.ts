/** UCP's label: the collection an object stands in. */
export const accessLabel = 'com.docker.ucp.access.label'

/** Tenantry's label: the stack that made an object. */
export const ownerLabel = 'tenantry.owner'

/**
 * Labels of a docker object. Only what never changes for it: a network's, volume's or secret's labels cannot be
 * edited, a new one would replace it.
 */
export const dockerLabels = (stack: string, collection: string): Readonly<Record<string, string>> => ({
  [accessLabel]: collection,
  [ownerLabel]: stack,
})
