import type { z } from 'zod'
import type { Tenant } from './schema.ts'

/** Types a tenant file in the editor; the file is read as data and this function is never called by Tenantry. */
export const defineTenant = (tenant: z.input<typeof Tenant>): z.input<typeof Tenant> => tenant
