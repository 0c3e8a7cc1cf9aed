import * as z from 'zod'

const port = z.int().min(1).max(65_535)
const ceiling = z.int().min(0).max(100_000)

/** A port, or a first and a last one. */
const PortRange = z
  .strictObject({ from: port.describe('The first port.'), to: port.describe('The last port.') })
  .describe('Ports of the swarm’s ingress network.')

/** What the checks of a tenant's compose files go by; what a cluster says stays the most. */
export const TenantCompliance = z
  .strictObject({
    ceilings: z
      .strictObject({
        critical: ceiling.optional().describe("CVSS 9 and more; the cluster's where absent."),
        high: ceiling.optional().describe("CVSS 7 to 8.9; the cluster's where absent."),
        medium: ceiling.optional().describe("CVSS 4 to 6.9; the cluster's where absent."),
        low: ceiling.optional().describe("Below CVSS 4; the cluster's where absent."),
      })
      .optional()
      .describe(
        "Vulnerabilities an image of it may have at most; the lower of these and the cluster's hold; the cluster's where absent.",
      ),
    publishedPorts: z
      .array(PortRange)
      .min(1)
      .max(20)
      .optional()
      .describe('Ports that its services may publish on every node of its clusters; none where absent.'),
  })
  .describe('What the checks of its compose files go by.')
export type TenantCompliance = z.infer<typeof TenantCompliance>
