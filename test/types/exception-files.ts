import { defineHold, defineOverride } from '../../src/exception/define.ts'
import { defineFleet } from '../../src/fleet/define.ts'

/** Files that must not compile: `tsc` fails where one of the marked lines does. */

export const settings = defineFleet({
  valve: { tenantsTouched: { percent: 5 }, kindsDeleted: { Network: { floor: 2 } }, ownersLeast: 3 },
  waves: { from: 20, canary: ['innovation-lab'], percents: [5, 25] },
})

export const noSettings = defineFleet({})

// @ts-expect-error no such kind
export const unknownKind = defineFleet({ valve: { kindsDeleted: { Tenant: { floor: 2 } } } })

const said = {
  owner: 'ann@bank.example',
  reason: 'BANK-17: smaller machines',
  expires: '2026-12-31',
} as const

export const override = defineOverride({ ...said, scope: { rules: ['frozen'], organizations: ['acme'] } })

// @ts-expect-error no scope
export const boundless = defineOverride(said)

// @ts-expect-error no such rule
export const unknownRule = defineOverride({ ...said, scope: { rules: ['everything'], fleet: true } })

// @ts-expect-error a fleet-wide scope is said, not denied
export const notFleet = defineOverride({ ...said, scope: { rules: ['tenants-touched'], fleet: false } })

export const hold = defineHold({ ...said, organization: 'acme', clusters: ['prod'] })

// @ts-expect-error a hold without an end
export const endless = defineHold({ owner: said.owner, reason: said.reason, organization: 'acme' })
