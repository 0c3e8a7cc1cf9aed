import * as z from 'zod'
import { ClusterCompliance } from '../cluster/compliance-schema.ts'
import { ComplianceRule } from '../exception/compliance-rule.ts'
import { owner, reason } from '../exception/schema.ts'

/** How grave a finding is, gravest first. */
export const Severity = z
  .enum(['critical', 'high', 'medium', 'low'])
  .describe('How grave a finding is, gravest first.')
export type Severity = z.infer<typeof Severity>

/**
 * Capabilities that a policy may let every service have. What is left out is root by another name: it loads modules, mounts, opens
 * files whoever owns them, becomes uid 0 or looks into other processes. Source: capabilities(7).
 */
export const Capability = z
  .enum([
    'AUDIT_WRITE',
    'BLOCK_SUSPEND',
    'IPC_LOCK',
    'KILL',
    'LEASE',
    'NET_BIND_SERVICE',
    'NET_RAW',
    'SYS_CHROOT',
    'SYS_NICE',
    'SYS_RESOURCE',
    'WAKE_ALARM',
  ])
  .describe('A capability of Linux, without `CAP_`.')
export type Capability = z.infer<typeof Capability>

/** What the platform makes of one rule. */
export const RuleSetting = z
  .strictObject({
    off: z
      .literal(true)
      .optional()
      .describe('The rule is not applied, and every report says so; it is applied where absent.'),
    severity: Severity.optional().describe("How grave its findings are; the rule's own where absent."),
    reason,
  })
  .describe('What the platform makes of a rule: `off` or `severity`, with the reason.')
export type RuleSetting = z.infer<typeof RuleSetting>

const { ceilings, scanMaxAgeDays, signaturesMaxAgeDays, registries, container } = ClusterCompliance.shape

/** What may be said for all stages, and differently for one. */
const Part = z.strictObject({
  rules: z
    .partialRecord(ComplianceRule, RuleSetting)
    .optional()
    .describe('Rules of which the platform makes something else; each as the catalogue has it where absent.'),
  ceilings: ceilings.describe(
    'Vulnerabilities an image may have at most; what the cluster file says, else the default of its stage where absent.',
  ),
  scanMaxAgeDays: scanMaxAgeDays.describe(
    'Days after which a scan result counts no more; what the cluster file says, else 30 where absent.',
  ),
  signaturesMaxAgeDays: signaturesMaxAgeDays.describe(
    "Days after which a malware scanner's signatures count no more; what the cluster file says, else 7 where absent.",
  ),
  registries: registries.describe(
    "Registries, or paths of them, that everybody may run images of beside the cluster's own; a cluster file may name fewer; what the cluster file says where absent.",
  ),
  container: container.describe(
    'What one container may have at most; what the cluster file says where absent.',
  ),
  capabilities: z
    .array(Capability)
    .max(20)
    .optional()
    .describe('Capabilities that a service may add without a finding; none where absent.'),
})

/** The part of the policy that differs on one stage. */
const StagePart = Part.describe('What differs on this stage: each field instead of the one above.')
export type PolicyPart = z.infer<typeof Part>

/** The object of `compliance.ts`. The one source of the TypeScript type, the JSON Schema and the field tables. */
export const CompliancePolicy = Part.extend({
  owner: owner.describe('Who answers for it.'),
  neverWaived: z
    .array(ComplianceRule)
    .max(100)
    .optional()
    .describe(
      'Rules whose findings no waiver and no baseline bears, beside `malware/found`; no others where absent.',
    ),
  stages: z
    .strictObject({
      nonprod: StagePart.optional(),
      prod: StagePart.optional(),
    })
    .optional()
    .describe('What differs on the clusters of one stage; nothing where absent.'),
}).describe('What the checks of compose files go by on every cluster, whatever cluster and tenant files say.')
export type CompliancePolicy = z.infer<typeof CompliancePolicy>
