import type { z } from 'zod'
import type { CompliancePolicy } from './schema.ts'

/** Types `compliance.ts` in the editor; the file is read as data and this function is never called by Tenantry. */
export const defineCompliance = (
  policy: z.input<typeof CompliancePolicy>,
): z.input<typeof CompliancePolicy> => policy
