/** UCP's organization of everyone (reference §2.6). */
export const everyone = 'docker-datacenter'

/** UCP's built-in role that lets its holder start workloads on a collection's nodes (reference §4.2). */
export const scheduler = 'scheduler'
