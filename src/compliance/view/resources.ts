import { composeBytes, composeCpuMillis } from '../../compose/amounts.ts'
import { asText, type Path } from './compose-model.ts'
import { inService, type ServiceView } from './service-view.ts'

/**
 * An amount of a service as the swarm takes it: only what stands below `deploy.resources` counts.
 *
 * `amount` is undefined where nothing is said, or zero, which means no limit; `unreadable` where something else than an amount is.
 */
export interface AmountView {
  readonly amount: number | undefined
  readonly text: string | undefined
  readonly unreadable: boolean
  readonly path: Path
}

const amountAt = (
  service: ServiceView,
  path: Path,
  parse: (text: string) => number | undefined,
): AmountView => {
  const value = inService(service, ...path)
  const text = asText(value)
  const amount = text === undefined ? undefined : parse(text)
  return {
    amount: amount === 0 ? undefined : amount,
    text,
    unreadable: value !== undefined && value !== null && amount === undefined,
    path: [...service.path, ...path],
  }
}

/** CPUs in thousandths and memory in bytes. */
export interface AmountsView {
  readonly cpu: AmountView
  readonly memory: AmountView
}

const amountsAt = (service: ServiceView, part: 'limits' | 'reservations'): AmountsView => ({
  cpu: amountAt(service, ['deploy', 'resources', part, 'cpus'], composeCpuMillis),
  memory: amountAt(service, ['deploy', 'resources', part, 'memory'], composeBytes),
})

export const limitsOf = (service: ServiceView): AmountsView => amountsAt(service, 'limits')

export const reservationsOf = (service: ServiceView): AmountsView => amountsAt(service, 'reservations')
