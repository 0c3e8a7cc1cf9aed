import * as z from 'zod'
import { bytes, cpu } from '../core/fields.ts'

const ceiling = z.int().min(0).max(100_000)

/** How many vulnerabilities of each severity an image may have. Severities by CVSS 3: critical from 9, high from 7, medium from 4. */
export const Ceilings = z
  .strictObject({
    critical: ceiling.optional().describe('CVSS 9 and more; 0 where absent.'),
    high: ceiling.optional().describe('CVSS 7 to 8.9; 0 on stage prod and 10 on nonprod where absent.'),
    medium: ceiling.optional().describe('CVSS 4 to 6.9; 0 on stage prod and 50 on nonprod where absent.'),
    low: ceiling.optional().describe('Below CVSS 4; any number where absent.'),
  })
  .describe('How many vulnerabilities of each severity an image may have; waived ones do not count.')
export type Ceilings = z.infer<typeof Ceilings>

const registryPrefix = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/,
    "a registry, or a path of it, e.g. 'mirror.bank.example/library'",
  )
  .max(200)

const days = z.int().min(1).max(366)

const Container = z
  .strictObject({
    cpu: cpu
      .optional()
      .describe("CPU limit; the smaller of quota and the offer's largest machine where absent."),
    memory: bytes
      .optional()
      .describe("Memory limit; the smaller of quota and the offer's largest machine where absent."),
  })
  .describe('What one container may have at most.')

/** What the checks of compose files go by on a cluster. */
export const ClusterCompliance = z
  .strictObject({
    registries: z
      .array(registryPrefix)
      .max(50)
      .optional()
      .describe(
        "Registries, or paths of them, that everybody may run images of, beside the cluster's own registry, of which a tenant runs its repositories and those of `platform`; no others where absent.",
      ),
    ceilings: Ceilings.optional().describe(
      'Vulnerabilities an image may have at most, whatever a tenant file says; those of the stage where absent.',
    ),
    scanMaxAgeDays: days
      .optional()
      .describe('Days after which a scan result counts no more; 30 where absent.'),
    signaturesMaxAgeDays: days
      .optional()
      .describe("Days after which a malware scanner's signatures count no more; 7 where absent."),
    container: Container.optional(),
  })
  .describe('What the checks of compose files go by.')
export type ClusterCompliance = z.infer<typeof ClusterCompliance>
