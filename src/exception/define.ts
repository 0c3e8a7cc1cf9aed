import type { z } from 'zod'
import type { Hold, Override } from './schema.ts'
import type { Waiver } from './waiver-schema.ts'

/** Types a file of `overrides/` in the editor; the file is read as data and this function is never called by Tenantry. */
export const defineOverride = (override: z.input<typeof Override>): z.input<typeof Override> => override

/** Types a file of `holds/` in the editor; the file is read as data and this function is never called by Tenantry. */
export const defineHold = (hold: z.input<typeof Hold>): z.input<typeof Hold> => hold

/** Types a file of `waivers/` in the editor; the file is read as data and this function is never called by Tenantry. */
export const defineWaiver = (waiver: z.input<typeof Waiver>): z.input<typeof Waiver> => waiver
