import * as z from 'zod'
import type { JsonSchema } from '../load/json-schema.ts'
import { schemaIssues } from '../load/schema-issue.ts'
import { OverlayNetwork, PublicNetwork, Tenant, VpnNetwork } from '../tenant/schema.ts'

const prefix = z.int().min(16).max(29).optional().describe('Length of the free block to pick, in bits.')

/** Networks whose block may be left to Tenantry: `prefix` instead of `subnet`; a public one has its size from its addresses. */
const AnsweredOverlay = OverlayNetwork.extend({ subnet: OverlayNetwork.shape.subnet.optional(), prefix })
const AnsweredVpn = VpnNetwork.extend({ subnet: VpnNetwork.shape.subnet.optional(), prefix })

/** What `tenantry new --answers` reads: a tenant, whose networks may leave the choice of the block to Tenantry. */
export const Answers = Tenant.extend({
  networks: z
    .record(z.string(), z.discriminatedUnion('kind', [AnsweredOverlay, AnsweredVpn, PublicNetwork]))
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
  }).map(({ message, hint }) => {
    const sentence = message.replace(/^`` /, 'All of it ')
    return hint === undefined ? sentence : `${sentence} ${hint}`
  })
