import * as z from 'zod'
import { key } from '../core/fields.ts'

const share = z.number().min(0).max(100)

/** A pool that the cluster's organizations share. */
export const Pool = z
  .strictObject({
    offer: z.enum(['run/std', 'run/edge', 'build/std']).describe('The offer that runs on it.'),
    machine: key('A machine').describe('One of `machines`.'),
    min: z.int().min(1).max(500).describe('Fewest VMs.'),
    max: z.int().min(1).max(500).describe('Most VMs; the cluster watcher grows the pool up to it.'),
    reservedPercent: share
      .optional()
      .describe(
        'So much of the hardware of its fewest VMs the hosts keep free for it, whoever else wants it: vCenter refuses what they do not have; 0 where absent, so that shares alone decide.',
      ),
  })
  .describe('VMs that an offer runs on.')

const machines = (least: number) => z.int().min(least).max(10_000)

/** Who may have VMs of their own, which, and how many. */
export const DedicatedPools = z
  .strictObject({
    machines: z
      .array(key('A machine'))
      .min(1)
      .describe(
        'Kinds of VMs that a tenant file may name, each one of `machines`; the others are the platform’s.',
      ),
    perOrganization: machines(0).describe('Most VMs of one organization: the `max` of its pool may be that.'),
    organizations: z
      .record(key('An organization'), machines(0))
      .optional()
      .describe(
        'Another quota by organization; 0 lets it have none; `perOrganization` for everyone where absent.',
      ),
    total: machines(0).describe(
      'Most VMs of all organizations’ own pools together: what the hosts have for them.',
    ),
  })
  .describe('VMs of organizations’ own (`run/edge`): which kinds, and how many.')
export type DedicatedPools = z.infer<typeof DedicatedPools>

const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?):\d{1,5}$/

/** How a fresh VM becomes a node. */
export const Swarm = z
  .strictObject({
    managers: z
      .array(z.string().regex(address, "a manager's address and port, e.g. '10.60.0.11:2377'"))
      .min(1)
      .max(9)
      .describe('Where the managers listen for nodes that join, each with its port; asked in this order.'),
    joinToken: z
      .string()
      .regex(/^[a-z0-9-]+(?:\/[a-z0-9-]+)*$/, "a path below Vault's mount `platform`, e.g. 'swarm/nonprod'")
      .describe(
        'Path below the KV mount `platform` in Vault, with the field `worker`: the token that workers join with. It goes to each VM once, in a wrapping that opens once, and stays on none.',
      ),
  })
  .describe('How a fresh VM joins the swarm.')
export type Swarm = z.infer<typeof Swarm>
