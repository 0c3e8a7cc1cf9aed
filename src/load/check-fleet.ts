import type { Issue } from '../core/issue.ts'
import { checkAccounts } from './check-accounts.ts'
import { checkCompliance } from './check-compliance.ts'
import { checkEndpoints } from './check-endpoints.ts'
import { checkFormerOrganizations } from './check-former-names.ts'
import { checkNames } from './check-names.ts'
import { checkOverlaps } from './check-overlaps.ts'
import { checkPlacements } from './check-placements.ts'
import { checkPools } from './check-pools.ts'
import { checkPorts } from './check-ports.ts'
import { checkQuotas } from './check-quotas.ts'
import { checkTenancy } from './check-tenancy.ts'
import { type Fleet, placementsOf } from './fleet.ts'

/**
 * What the files together say that cannot hold: names, addresses, accounts and quotas that two of them claim, and what
 * tenants ask of clusters. Organizations and clusters are unique in a fleet; `checkUnique` sees to that.
 *
 * Issue codes: `fleet/*`, `tenant/*`, `cluster/*`, `compliance/*`, `waiver/never`; unsorted. Never throws.
 */
export const checkFleet = (fleet: Fleet): Issue[] => {
  const placements = placementsOf(fleet)
  return [
    ...checkAccounts(fleet),
    ...checkTenancy(fleet),
    ...checkFormerOrganizations(fleet),
    ...checkEndpoints(fleet),
    ...checkPlacements(placements),
    ...checkOverlaps(fleet, placements),
    ...checkNames(fleet, placements),
    ...checkQuotas(placements),
    ...checkPools(fleet, placements),
    ...checkPorts(placements),
    ...checkCompliance(fleet, placements),
  ]
}
