import { defineHold, defineOverride, defineWaiver } from '../../src/exception/define.ts'
import { defineFleet } from '../../src/fleet/define.ts'
import { defineCompliance } from '../../src/policy/define.ts'

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

export const waiver = defineWaiver({
  ...said,
  organization: 'acme',
  rules: ['scan/over-ceiling'],
  vulnerabilities: ['CVE-2024-6387'],
})

// @ts-expect-error no such rule
export const unknownComplianceRule = defineWaiver({ ...said, organization: 'acme', rules: ['everything'] })

// @ts-expect-error a waiver for nobody
export const ownerless = defineWaiver({ ...said, rules: ['root/user'] })

export const policy = defineCompliance({
  owner: said.owner,
  rules: { 'root/user': { severity: 'critical', reason: 'SEC-1: as the catalogue' } },
  capabilities: ['IPC_LOCK'],
  stages: { prod: { scanMaxAgeDays: 7 } },
})

// @ts-expect-error a rule without a reason
export const reasonless = defineCompliance({ owner: said.owner, rules: { 'root/user': { off: true } } })

// @ts-expect-error root by another name
export const almighty = defineCompliance({ owner: said.owner, capabilities: ['SYS_ADMIN'] })

// @ts-expect-error a policy of nobody's
export const unowned = defineCompliance({})
