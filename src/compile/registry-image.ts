import type { Cluster } from '../cluster/schema.ts'

/** An image of the cluster's own registry by its full name: `registry.nonprod.bank.example/platform/jenkins-agent:3283`. */
export const registryImage = ({ endpoints }: Cluster, image: string): string =>
  `${new URL(endpoints.registry).host}/${image}`
