import type { z } from 'zod'
import type { Cluster } from './schema.ts'

/** Types a cluster file in the editor; the file is read as data and this function is never called by Tenantry. */
export const defineCluster = (cluster: z.input<typeof Cluster>): z.input<typeof Cluster> => cluster
