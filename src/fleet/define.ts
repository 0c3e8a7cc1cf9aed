import type { z } from 'zod'
import type { FleetSettings } from './schema.ts'

/** Types `fleet.ts` in the editor; the file is read as data and this function is never called by Tenantry. */
export const defineFleet = (settings: z.input<typeof FleetSettings>): z.input<typeof FleetSettings> =>
  settings
