import { Cluster } from '../../src/cluster/schema.ts'
import nonprod from '../../stacks/nonprod.ts'

/** The sample cluster with other storage back ends. */
export const clusterWithStorage = (storage: Cluster['storage']): Cluster =>
  Cluster.parse({ ...nonprod, storage })
