import { isWithin } from '../../compile/collection-paths.ts'
import { formatBytes, formatCpuMillis } from '../../core/units.ts'
import type { CheckSubject, Found, Rule } from '../rule.ts'
import type { RunningService } from '../running-usage.ts'
import { limitsOf } from '../view/resources.ts'
import { containersOf } from '../view/service-view.ts'

interface Totals {
  readonly cpuMillis: number
  readonly memoryBytes: number
  readonly containers: number
}

const sum = (parts: readonly Totals[]): Totals =>
  parts.reduce(
    (all, one) => ({
      cpuMillis: all.cpuMillis + one.cpuMillis,
      memoryBytes: all.memoryBytes + one.memoryBytes,
      containers: all.containers + one.containers,
    }),
    { cpuMillis: 0, memoryBytes: 0, containers: 0 },
  )

const times = (containers: number, cpuMillis: number, memoryBytes: number): Totals => ({
  containers,
  cpuMillis: containers * cpuMillis,
  memoryBytes: containers * memoryBytes,
})

/** Limits of the stack added up; a service on every node counts with the most nodes that its offers may have. */
const ofStack = ({ services, rights }: CheckSubject): Totals =>
  sum(
    services.map((service) => {
      const { cpu, memory } = limitsOf(service)
      return times(containersOf(service, rights.nodes), cpu.amount ?? 0, memory.amount ?? 0)
    }),
  )

const isTheTenants = ({ collection }: RunningService, { rights }: CheckSubject): boolean =>
  collection !== undefined && rights.organizationWorkloads.some((root) => isWithin(collection, root))

/** What runs of the tenant beside this stack: the stack's own services are replaced by the new ones. */
const ofOthers = (subject: CheckSubject): Totals =>
  sum(
    (subject.running?.services ?? [])
      .filter((one) => isTheTenants(one, subject) && one.stack !== subject.checked.stack)
      .map((one) => times(one.containers ?? subject.rights.nodes, one.cpuLimitMillis, one.memoryLimitBytes)),
  )

interface Measure {
  readonly part: keyof Totals
  readonly name: string
  readonly format: (amount: number) => string
}

const over =
  ({ part, name, format }: Measure) =>
  (subject: CheckSubject): readonly Found[] => {
    const stack = ofStack(subject)[part]
    const others = ofOthers(subject)[part]
    const quota = subject.rights.quota[part]
    if (stack + others <= quota) return []
    const beside = subject.running === undefined ? '' : ` and what runs beside it ${format(others)}`
    return [
      {
        message: `The stack asks for ${format(stack)} ${name}${beside}; the quota of ${subject.rights.organization} on ${subject.rights.cluster} is ${format(quota)}.`,
        subject: {},
        at: ['services'],
      },
    ]
  }

const unknown = (subject: CheckSubject): readonly Found[] =>
  subject.running !== undefined
    ? []
    : [
        {
          message: `What runs of ${subject.rights.organization} on ${subject.rights.cluster} is not known: only this stack was held against the quota.`,
          subject: {},
          at: ['services'],
        },
      ]

const quotaRule = (id: Rule['id'], measure: Measure): Rule => ({
  id,
  title: `The ${measure.name} of all stacks stays within the quota`,
  severity: 'high',
  needs: 'files',
  why: 'The quota is what the tenant pays for, and what the capacity of the cluster is planned by. Limits count, times containers; a service on every node counts with the most nodes its offers may have; what runs already counts, but for the stack itself.',
  fix: 'Lower limits or replicas, stop another stack, or ask for a larger `quota` in the tenant file.',
  find: over(measure),
})

export const quotaRules: readonly Rule[] = [
  quotaRule('quota/cpu', { part: 'cpuMillis', name: 'CPU', format: formatCpuMillis }),
  quotaRule('quota/memory', { part: 'memoryBytes', name: 'memory', format: formatBytes }),
  quotaRule('quota/containers', { part: 'containers', name: 'number of containers', format: String }),
  {
    id: 'quota/usage-unknown',
    title: 'What runs already is known',
    severity: 'medium',
    needs: 'running',
    why: 'A stack that fits by itself may not fit beside the others.',
    fix: 'Name what runs with --running, or check the files alone with --static.',
    find: unknown,
  },
]
