import { digest } from '../core/canonical.ts'
import type { Tenant } from './schema.ts'

/** Digest of what a tenant's file says, but for its place in life: whoever freezes a tenant edits nothing of it. Never throws. */
export const fileDigest = ({ lifecycle: _, ...said }: Tenant): string => digest(said)
