import * as z from 'zod'
import { key } from '../core/fields.ts'

const percent = z.int().min(0).max(100).describe('In percent.')

const Share = z
  .strictObject({
    percent: percent
      .optional()
      .describe("More than so many percent are too many; the rule's own where absent."),
    floor: z
      .int()
      .min(0)
      .max(100_000)
      .optional()
      .describe("So many are never too many, whatever their share; the rule's own where absent."),
  })
  .describe(
    'How many of a kind one change may touch: a share, and a number that a small fleet may always reach.',
  )
export type Share = z.infer<typeof Share>

/** Kinds of the desired state whose loss somebody would notice at once. */
export const GuardedKind = z
  .enum(['DockerSecret', 'DockerService', 'Network', 'Repository', 'Team', 'VaultAppRole', 'VirtualMachine'])
  .describe('A kind of the desired state.')
export type GuardedKind = z.infer<typeof GuardedKind>

const Valve = z
  .strictObject({
    tenantsTouched: Share.optional().describe(
      'Tenants that one change touches, of all tenants; 10 percent and a floor of 1 where absent.',
    ),
    membersRemoved: Share.optional().describe(
      'People that a team loses, of all its people; 25 percent and no floor where absent.',
    ),
    grantsRemoved: Share.optional().describe(
      'Grants that a team loses, of all its grants; 25 percent and no floor where absent.',
    ),
    kindsDeleted: z
      .partialRecord(GuardedKind, Share)
      .optional()
      .describe(
        'Resources of a kind that are deleted or replaced, of all of that kind; 10 percent and a floor of 5 where absent.',
      ),
    ownersLeast: z
      .int()
      .min(1)
      .max(10)
      .optional()
      .describe("Fewest people who may change a tenant's services on a cluster; 2 where absent."),
  })
  .describe('What one change may do without an override.')

const Waves = z
  .strictObject({
    from: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe('A change of so many tenants on a cluster, or more, is applied in waves; 10 where absent.'),
    canary: z
      .array(key('An organization'))
      .min(1)
      .max(20)
      .optional()
      .describe(
        'Organizations that get such a change first, by the names they were made under; the first one by name where absent.',
      ),
    percents: z
      .array(z.int().min(1).max(99))
      .max(10)
      .optional()
      .describe('Shares of the tenants that follow, each larger than the one before; 5 and 25 where absent.'),
  })
  .describe('How a change of many tenants is applied: canary, then growing shares, then all.')

/** The object of `fleet.ts`. The one source of the TypeScript type, the JSON Schema and the field tables. */
export const FleetSettings = z
  .strictObject({
    valve: Valve.optional().describe(
      'Thresholds beyond which a change is refused; each its own default where absent.',
    ),
    waves: Waves.optional().describe('How a change of many tenants is applied; the defaults where absent.'),
  })
  .describe('What holds for the whole fleet.')
export type FleetSettings = z.infer<typeof FleetSettings>
