import { valveSettings } from '../fleet/settings.ts'
import type { Fleet } from '../load/fleet.ts'
import type { Members } from '../plan/report/membership.ts'
import type { ValveInput } from '../plan/valve.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'

/** What the valve goes by in a checkout: the fleet's settings, overrides and names. Pure. */
export const valveInput = (fleet: Fleet, now: Date, members?: Members): ValveInput => {
  const files = new Map(fleet.tenants.map((file) => [organizationMadeAs(file.value), file]))
  return {
    settings: valveSettings(fleet.settings?.value),
    overrides: fleet.overrides,
    now,
    renamed: new Map([...files].map(([madeAs, { value }]) => [madeAs, value.organization])),
    placeOf: (organization) => files.get(organization)?.locate(['organization']),
    ...(members === undefined ? {} : { members }),
  }
}
