import type { Scenario } from '../scenario.ts'
import { builds } from './builds.ts'
import { critics } from './critics.ts'
import { flapping } from './flapping.ts'
import { growth } from './growth.ts'
import { hostLoss } from './host-loss.ts'
import { monday } from './monday.ts'
import { reservation } from './reservation.ts'

/** The scenarios that come with Tenantry, in the order in which they are shown. */
export const shippedScenarios: readonly Scenario[] = [
  growth,
  monday,
  builds,
  hostLoss,
  flapping,
  reservation,
  critics,
]
