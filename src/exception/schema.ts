import * as z from 'zod'
import { key, line } from '../core/fields.ts'

/** What the valve looks at; an override names the rules that it lifts. */
export const ValveRule = z
  .enum([
    'tenants-touched',
    'tenant-gone',
    'stack-gone',
    'data-deleted',
    'members-removed',
    'grants-removed',
    'owners-few',
    'kind-deleted',
    'frozen',
    'draining',
    'archived',
  ])
  .describe('A rule of the valve.')
export type ValveRule = z.infer<typeof ValveRule>

/** Who answers for an exception. */
export const owner = z
  .email('an e-mail address, e.g. claire.martin@bank.example')
  .describe('Who answers for it and takes it away.')

/** Why there is an exception. */
export const reason = line(200).min(10).describe('Why, for whoever reads it in a year: a sentence, a ticket.')

/** Until when there is an exception. */
export const expires = z.iso
  .date("a day, e.g. '2026-12-31'")
  .describe('The last day on which it holds, until midnight UTC.')

/** Where an exception of an organization holds. */
export const clusters = z
  .array(key('A cluster'))
  .min(1)
  .max(20)
  .optional()
  .describe('On these clusters; on all of its clusters where absent.')

const stackName = z
  .string()
  .regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/, "a stack, e.g. 'prod.retail-banking'")
  .max(90)

const Scope = z
  .strictObject({
    rules: z.array(ValveRule).min(1).describe('The rules that it lifts.'),
    organizations: z
      .array(key('An organization'))
      .min(1)
      .max(1000)
      .optional()
      .describe('For these organizations, on every cluster; `stacks` or `fleet` where absent.'),
    stacks: z
      .array(stackName)
      .min(1)
      .max(1000)
      .optional()
      .describe(
        "For these stacks, e.g. `'prod.retail-banking'`, `'prod.platform'`; `organizations` or `fleet` where absent.",
      ),
    fleet: z
      .literal(true)
      .optional()
      .describe(
        'For every stack, which rules that guard data and tenants do not take; `organizations` or `stacks` where absent.',
      ),
  })
  .describe('Which rules it lifts, and for whom: one of `organizations`, `stacks` and `fleet`.')

/** The object of `overrides/<name>.ts`. */
export const Override = z
  .strictObject({ owner, reason, scope: Scope, expires })
  .describe('A change that the valve lets through for a while.')
export type Override = z.infer<typeof Override>

/** The object of `holds/<name>.ts`. */
export const Hold = z
  .strictObject({
    owner,
    reason,
    organization: key('An organization').describe('The organization that is left as it is.'),
    clusters,
    expires,
  })
  .describe('An organization whose drift is reported and not put right for a while.')
export type Hold = z.infer<typeof Hold>
