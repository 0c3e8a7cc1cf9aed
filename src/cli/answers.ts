import * as z from 'zod'
import { OverlayNetwork, PublicNetwork, Tenant, VpnNetwork } from '../tenant/schema.ts'

const prefix = z.int().min(16).max(29).describe('Length of the free block to pick, in bits.')

/** A network whose block is picked: `prefix` instead of `subnet`. */
const PickedOverlay = OverlayNetwork.omit({ subnet: true }).extend({ prefix })
const PickedVpn = VpnNetwork.omit({ subnet: true }).extend({ prefix })

/** What `tenantry new --answers` reads: a tenant, whose networks may leave the choice of the block to Tenantry. */
export const Answers = Tenant.extend({
  networks: z
    .record(z.string(), z.union([OverlayNetwork, PickedOverlay, VpnNetwork, PickedVpn, PublicNetwork]))
    .optional(),
})
export type Answers = z.infer<typeof Answers>
