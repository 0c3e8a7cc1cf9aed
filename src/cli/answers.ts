import * as z from 'zod'
import type { JsonSchema } from '../load/json-schema.ts'
import { schemaIssues } from '../load/schema-issue.ts'
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

const nowhere = () => ({ file: '', line: 1, column: 1 })

/** What a schema refused in the answers, in the words that tenant files are refused with. Never throws. */
export const answersProblems = (value: unknown, issues: readonly z.core.$ZodIssue[]): readonly string[] =>
  schemaIssues(issues, {
    area: 'tenant',
    loaded: { file: '', text: '', value, locate: nowhere, locateKey: nowhere },
    schema: z.toJSONSchema(Answers, { io: 'input' }) as JsonSchema,
  }).map(({ message, hint }) => (hint === undefined ? message : `${message} ${hint}`))
