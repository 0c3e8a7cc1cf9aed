/** A description that tells which stack made the thing: a create that finds it again knows it for its own. */
export const ownerMarked = (stack: string, description: string): string =>
  `${description} [tenantry:${stack}]`
