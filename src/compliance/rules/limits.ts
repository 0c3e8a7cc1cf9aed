import { formatBytes, formatCpuMillis } from '../../core/units.ts'
import type { ReservationPolicy } from '../../tenant/schema.ts'
import { type CheckSubject, type Found, inEachService, type Rule } from '../rule.ts'
import { type AmountView, limitsOf, reservationsOf } from '../view/resources.ts'
import { inService, type ServiceView } from '../view/service-view.ts'

type Measure = 'cpu' | 'memory'

const words: Readonly<Record<Measure, { readonly name: string; readonly key: string }>> = {
  cpu: { name: 'CPU', key: 'cpus' },
  memory: { name: 'memory', key: 'memory' },
}

const formats: Readonly<Record<Measure, (amount: number) => string>> = {
  cpu: formatCpuMillis,
  memory: formatBytes,
}

const missing = (measure: Measure) =>
  inEachService((service) => {
    const limit = limitsOf(service)[measure]
    if (limit.amount !== undefined) return []
    const said = limit.text === undefined ? '' : `: '${limit.text}' limits nothing`
    return [
      {
        message: `Service ${service.name} has no ${words[measure].name} limit${said}.`,
        subject: { service: service.name },
        at: limit.path,
      },
    ]
  })

const mostOf = ({ rights }: CheckSubject, measure: Measure): number =>
  measure === 'cpu' ? rights.container.cpuMillis : rights.container.memoryBytes

const aboveEnvelope = (measure: Measure) =>
  inEachService((service, subject) => {
    const { amount, path } = limitsOf(service)[measure]
    const most = mostOf(subject, measure)
    if (amount === undefined || amount <= most) return []
    return [
      {
        message: `Service ${service.name} may use ${formats[measure](amount)} ${words[measure].name} a container; ${subject.rights.organization} may have ${formats[measure](most)} on ${subject.rights.cluster}.`,
        subject: { service: service.name },
        at: path,
      },
    ]
  })

/** What is wrong with a reservation, as the end of a sentence; undefined where the policy is kept. */
const broken = (policy: ReservationPolicy, limit: number, reserved: AmountView): string | undefined => {
  const { amount } = reserved
  if (amount === undefined) return 'reserves nothing'
  if (amount > limit) return 'reserves more than its limit'
  if (policy === 'safe' && amount < limit)
    return "reserves less than its limit, which the policy 'safe' does not"
  if (policy === 'optimized' && amount === limit)
    return "reserves all of its limit, which the policy 'optimized' does not"
  return undefined
}

const reservation = (service: ServiceView, { rights }: CheckSubject, measure: Measure): Found[] => {
  const limit = limitsOf(service)[measure].amount
  const reserved = reservationsOf(service)[measure]
  const what = limit === undefined ? undefined : broken(rights.reservation, limit, reserved)
  if (what === undefined) return []
  return [
    {
      message: `Service ${service.name} ${what}: ${words[measure].name}${reserved.text === undefined ? '' : ` ${reserved.text}`}.`,
      subject: { service: service.name, detail: words[measure].key },
      at: reserved.path,
      fix: `The policy of ${rights.organization} is '${rights.reservation}': ${policyWords[rights.reservation]}`,
    },
  ]
}

const policyWords: Readonly<Record<ReservationPolicy, string>> = {
  safe: 'set the reservation to the limit.',
  optimized: 'reserve less than the limit, half of it by custom.',
  minimum: 'reserve what the container needs after its start under minimum load.',
}

/** Amounts outside of `deploy`, of which the swarm hears nothing. Source: docker/cli, `cli/compose/types`: service keys of version 3. */
const ignoredAmounts: Readonly<Record<string, string>> = {
  cpus: 'deploy.resources.limits.cpus',
  mem_limit: 'deploy.resources.limits.memory',
  mem_reservation: 'deploy.resources.reservations.memory',
  cpu_shares: 'deploy.resources.limits.cpus',
  cpu_quota: 'deploy.resources.limits.cpus',
  cpu_period: 'deploy.resources.limits.cpus',
  cpu_count: 'deploy.resources.limits.cpus',
  cpu_percent: 'deploy.resources.limits.cpus',
  cpu_rt_period: 'deploy.resources.limits.cpus',
  cpu_rt_runtime: 'deploy.resources.limits.cpus',
  cpuset: 'deploy.resources.limits.cpus',
  memswap_limit: 'deploy.resources.limits.memory',
  mem_swappiness: 'deploy.resources.limits.memory',
  pids_limit: 'deploy.resources.limits.pids',
}

const ignored = (service: ServiceView): Found[] =>
  Object.entries(ignoredAmounts).flatMap(([key, instead]) =>
    inService(service, key) === undefined
      ? []
      : [
          {
            message: `\`${key}\` of service ${service.name} reaches no container of a swarm.`,
            subject: { service: service.name, detail: key },
            at: [...service.path, key],
            fix: `Write it as \`${instead}\`.`,
          },
        ],
  )

/**
 * A limit that came from a file which also put the service behind a profile: whoever deploys without the profile may deploy the other
 * file alone, and has the service without its limit.
 */
const behindProfile = inEachService((service, { model }) => {
  if (inService(service, 'profiles') === undefined) return []
  const { file: override } = model.locate([...service.path, 'profiles'])
  const elsewhere = Object.keys(service.value)
    .map((key) => model.locate([...service.path, key]).file)
    .find((file) => file !== override)
  if (elsewhere === undefined) return []
  return (['cpu', 'memory'] as const).flatMap((measure) => {
    const limit = limitsOf(service)[measure]
    if (limit.amount === undefined || model.locate(limit.path).file !== override) return []
    return [
      {
        message: `The ${words[measure].name} limit of service ${service.name} is given only by ${override}, which also puts the service behind a profile; without the profile it has none.`,
        subject: { service: service.name, detail: words[measure].key },
        at: limit.path,
        fix: `Give the limit in ${elsewhere}, or take the profile away.`,
      },
    ]
  })
})

const limitsWhy =
  'Hosts are shared. A container without a limit takes what its neighbours need, and nobody knows how many fit on a host.'

export const limitRules: readonly Rule[] = [
  {
    id: 'limits/no-cpu-limit',
    title: 'Every container has a CPU limit',
    severity: 'high',
    needs: 'files',
    why: limitsWhy,
    fix: 'Set `deploy.resources.limits.cpus` above 0.',
    find: missing('cpu'),
  },
  {
    id: 'limits/no-memory-limit',
    title: 'Every container has a memory limit',
    severity: 'high',
    needs: 'files',
    why: `${limitsWhy} A leak without a limit ends with the kernel killing whoever is largest.`,
    fix: 'Set `deploy.resources.limits.memory` above 0.',
    find: missing('memory'),
  },
  {
    id: 'limits/cpu-above-envelope',
    title: 'No container may use more CPU than the tenant has, or a host has',
    severity: 'high',
    needs: 'files',
    why: 'A container with more than the envelope of its tenant breaks the quota by itself; one with more than the largest host never starts.',
    fix: 'Lower the limit, spread the load over more containers, or ask for a larger quota in the tenant file.',
    find: aboveEnvelope('cpu'),
  },
  {
    id: 'limits/memory-above-envelope',
    title: 'No container may use more memory than the tenant has, or a host has',
    severity: 'high',
    needs: 'files',
    why: 'A container with more than the envelope of its tenant breaks the quota by itself; one with more than the largest host never starts.',
    fix: 'Lower the limit, spread the load over more containers, or ask for a larger quota in the tenant file.',
    find: aboveEnvelope('memory'),
  },
  {
    id: 'limits/reservation',
    title: 'Reservations follow the policy of the tenant',
    severity: 'medium',
    needs: 'files',
    why: 'The reservation decides how many containers share a host: all of the limit (`safe`), less (`optimized`), or what a container needs after its start (`minimum`). Without one the scheduler fills hosts blindly.',
    fix: 'Set `deploy.resources.reservations` as the policy of the tenant asks.',
    find: inEachService((service, subject) => [
      ...reservation(service, subject, 'cpu'),
      ...reservation(service, subject, 'memory'),
    ]),
  },
  {
    id: 'limits/ignored-by-swarm',
    title: 'Limits stand where the swarm reads them',
    severity: 'medium',
    needs: 'files',
    why: '`docker stack deploy` leaves out the keys of a single host (`cpus`, `mem_limit` and their kin) without a word: the file promises a limit that no container has.',
    fix: 'Write amounts below `deploy.resources`.',
    find: inEachService(ignored),
  },
  {
    id: 'limits/behind-a-profile',
    title: 'No limit hangs on a profile',
    severity: 'high',
    needs: 'files',
    why: 'A limit that only an override behind a profile gives is not there when the profile is not chosen: what was checked is not what runs.',
    fix: 'Give limits where the service is described first.',
    find: behindProfile,
  },
]
