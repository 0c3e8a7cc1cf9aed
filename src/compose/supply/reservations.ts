import type { FieldPath } from '../../compile/provenance.ts'
import { type Amounts, reserve } from '../../compile/reservation.ts'
import type { Issue } from '../../core/issue.ts'
import type { ReservationPolicy } from '../../tenant/schema.ts'
import { composeBytes, composeCpuMillis } from '../amounts.ts'
import { scalarText } from '../make-node.ts'
import {
  childAt,
  entriesOf,
  nodeAt,
  scalarOf,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
} from '../yaml-node.ts'
import type { SupplyContext } from './context.ts'
import { joined, modelsWith, type Part, part } from './part.ts'

/** What a service may use at most; undefined where it does not say. */
interface Limits {
  readonly cpuMillis: number | undefined
  readonly memoryBytes: number | undefined
}

const amountOf = (node: YamlNode | undefined, parse: (text: string) => number | undefined) => {
  const value = scalarOf(node)
  const amount = value === undefined || value === null ? undefined : parse(scalarText(value))
  return amount === 0 ? undefined : amount
}

const limitsOf = (service: YamlNode): Limits => {
  const limits = nodeAt(service, ['deploy', 'resources', 'limits'])
  return {
    cpuMillis: amountOf(childAt(limits, 'cpus'), composeCpuMillis),
    memoryBytes: amountOf(childAt(limits, 'memory'), composeBytes),
  }
}

/** `1536M`: the largest unit that divides it. Source: go-units `RAMInBytes`, by which docker reads it. */
const memoryText = (bytes: number): string => {
  for (const [unit, size] of [
    ['G', 1024 ** 3],
    ['M', 1024 ** 2],
    ['K', 1024],
  ] as const)
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  return String(bytes)
}

const policyOf = ({
  resolvedApplication,
  scope,
}: SupplyContext): {
  readonly value: ReservationPolicy
  readonly path: FieldPath
} => resolvedApplication?.reservation ?? scope.resolved.reservation

const notMeasured = ({ key, keySource }: YamlEntry): Issue => ({
  code: 'compose/not-measured',
  message: `Nobody measured what ${key} needs after its start, so half of its limits is reserved.`,
  source: keySource,
  hint: 'Start it once under minimum load and hand over what it used with `--measured`.',
})

const nothing: Amounts = { cpuMillis: 0, memoryBytes: 0 }

const reserved = (policy: ReservationPolicy, limits: Limits, floor: Amounts | undefined): Amounts =>
  reserve(
    policy === 'minimum' && floor === undefined ? 'optimized' : policy,
    { cpuMillis: limits.cpuMillis ?? 0, memoryBytes: limits.memoryBytes ?? 0 },
    floor ?? nothing,
  )

const reservationOf = (one: YamlEntry, context: SupplyContext): Part => {
  const limits = limitsOf(one.node)
  const policy = policyOf(context)
  const floor = context.measured.get(one.key)
  const { cpuMillis, memoryBytes } = reserved(policy.value, limits, floor)
  const own = entriesOf(nodeAt(one.node, ['deploy', 'resources', 'reservations'])).map(({ key }) => key)
  const fields = {
    ...(limits.cpuMillis === undefined ? {} : { cpus: String(cpuMillis / 1000) }),
    ...(limits.memoryBytes === undefined ? {} : { memory: memoryText(memoryBytes) }),
  }
  const isGuess = policy.value === 'minimum' && floor === undefined
  const isAsked = Object.keys(fields).some((key) => !own.includes(key))
  return part({
    base: modelsWith(
      ['services', one.key, 'deploy', 'resources', 'reservations'],
      fields,
      context.tenant.locate(policy.path),
    ),
    warnings: isGuess && isAsked ? [notMeasured(one)] : [],
  })
}

/**
 * What each service with a limit reserves, by the policy of its application: all of the limit, half of it, or what it needed
 * after a measured start. Files that say what to reserve keep it.
 */
export const reservations = (context: SupplyContext, model: YamlMap): Part =>
  joined(entriesOf(childAt(model, 'services')).map((one) => reservationOf(one, context)))
