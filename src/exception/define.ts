import type { z } from 'zod'
import type { Hold, Override } from './schema.ts'

/** Types a file of `overrides/` in the editor; the file is read as data and this function is never called by Tenantry. */
export const defineOverride = (override: z.input<typeof Override>): z.input<typeof Override> => override

/** Types a file of `holds/` in the editor; the file is read as data and this function is never called by Tenantry. */
export const defineHold = (hold: z.input<typeof Hold>): z.input<typeof Hold> => hold
