import * as z from 'zod'
import { key } from '../core/fields.ts'
import { ComplianceRule } from './compliance-rule.ts'
import { clusters, expires, owner, reason } from './schema.ts'

const serviceName = z.string().regex(/^[a-zA-Z0-9._-]{1,63}$/, "a service's name in the compose file")

const repository = z
  .string()
  .regex(
    /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/,
    "a repository without registry and tag, e.g. 'retail-banking/payments-api'",
  )
  .max(200)

const vulnerability = z
  .string()
  .regex(/^[A-Z]{2,10}-[A-Za-z0-9-]{4,40}$/, "a vulnerability's id, e.g. 'CVE-2024-6387'")

/** The object of `waivers/<name>.ts`. */
export const Waiver = z
  .strictObject({
    owner,
    reason,
    rules: z.array(ComplianceRule).min(1).max(100).describe('The rules whose findings it waives.'),
    organization: key('An organization').describe('The organization whose compose files it is for.'),
    clusters,
    services: z
      .array(serviceName)
      .min(1)
      .max(200)
      .optional()
      .describe('Of these services of a compose file; of all where absent.'),
    images: z
      .array(repository)
      .min(1)
      .max(200)
      .optional()
      .describe('Of images of these repositories; of all where absent.'),
    vulnerabilities: z
      .array(vulnerability)
      .min(1)
      .max(200)
      .optional()
      .describe(
        'Vulnerabilities that do not count, for the rule `scan/over-ceiling` alone; whole findings are waived where absent.',
      ),
    expires,
  })
  .describe('Findings of the checks of compose files that are known and borne for a while.')
export type Waiver = z.infer<typeof Waiver>
