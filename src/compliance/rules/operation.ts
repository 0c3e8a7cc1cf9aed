import { type CheckSubject, type Found, inEachService, type Rule } from '../rule.ts'
import { asList, asRecord, asText, asTexts, fieldOf, type Path, saysYes } from '../view/compose-model.ts'
import { inService, type ServiceView } from '../view/service-view.ts'

const missing = (service: ServiceView, what: string, ...path: Path): Found => ({
  message: `Service ${service.name} ${what}.`,
  subject: { service: service.name },
  at: [...service.path, ...path],
})

/** Whether the file itself has a health check; undefined where it leaves that to the image. */
const ownHealth = (service: ServiceView): boolean | undefined => {
  const check = inService(service, 'healthcheck')
  if (check === undefined || check === null) return undefined
  if (saysYes(fieldOf(check, 'disable'))) return false
  const test = asTexts(fieldOf(check, 'test'))
  return test.length === 0 ? undefined : test[0] !== 'NONE' && test.join('') !== ''
}

const health = inEachService((service, { images }) => {
  if (service.isJob) return []
  const facts = service.image === undefined ? undefined : images.get(service.image)
  const own = ownHealth(service)
  if (own ?? facts?.configuration.healthCheck ?? false) return []
  const what = own === false ? 'switches its health check off' : 'has no health check'
  return [missing(service, what, 'healthcheck')]
})

const update = inEachService((service) => {
  if (service.isJob) return []
  const policy = inService(service, 'deploy', 'update_config')
  const at = ['deploy', 'update_config']
  if (Object.keys(asRecord(policy)).length === 0) return [missing(service, 'has no update policy', ...at)]
  if (asText(fieldOf(policy, 'failure_action')) === 'continue')
    return [missing(service, 'goes on with an update that fails', ...at, 'failure_action')]
  return asText(fieldOf(policy, 'parallelism')) === '0'
    ? [missing(service, 'updates all of its containers at once', ...at, 'parallelism')]
    : []
})

const restart = inEachService((service) => {
  if (service.isJob) return []
  const policy = inService(service, 'deploy', 'restart_policy')
  const at = ['deploy', 'restart_policy']
  if (Object.keys(asRecord(policy)).length === 0) {
    const old = inService(service, 'restart') === undefined ? '' : ': `restart` reaches no swarm'
    return [missing(service, `has no restart policy${old}`, ...at)]
  }
  return asText(fieldOf(policy, 'condition')) === 'none'
    ? [missing(service, 'is not started again when it ends', ...at, 'condition')]
    : []
})

const logging = inEachService((service) => {
  const driver = asText(inService(service, 'logging', 'driver')) ?? ''
  if (driver !== '' && driver !== 'none') return []
  const what = driver === 'none' ? 'throws its log away' : 'names no log driver'
  return [missing(service, what, 'logging', 'driver')]
})

const unresolvedMark = /(?:^|[^$])\$\{?[A-Za-z_]/

/** Values that decide something, in which nothing may stand that is told only later. */
const decisive: readonly Path[] = [
  ['image'],
  ['user'],
  ['privileged'],
  ['deploy', 'replicas'],
  ['deploy', 'mode'],
  ['deploy', 'resources', 'limits', 'cpus'],
  ['deploy', 'resources', 'limits', 'memory'],
  ['deploy', 'resources', 'reservations', 'cpus'],
  ['deploy', 'resources', 'reservations', 'memory'],
]
const decisiveLists = ['ports', 'volumes', 'networks', 'cap_add', 'security_opt', 'devices'] as const

const textsBelow = (value: unknown, path: Path): (readonly [string, Path])[] => {
  const text = asText(value)
  return text === undefined
    ? Object.entries(asRecord(value)).flatMap(([name, one]) => textAt(one, [...path, name]))
    : [[text, path]]
}

const textAt = (value: unknown, path: Path): (readonly [string, Path])[] => {
  const text = asText(value)
  return text === undefined ? [] : [[text, path]]
}

const unresolved = inEachService((service) => {
  const single = decisive.flatMap((path) => textAt(inService(service, ...path), path))
  const listed = decisiveLists.flatMap((key) =>
    asList(inService(service, key)).flatMap((one, index) => textsBelow(one, [key, index])),
  )
  return [...single, ...listed]
    .filter(([text]) => unresolvedMark.test(text.slice(0, 4096)))
    .map(([, path]) => ({
      message: `\`${path.join('.')}\` of service ${service.name} holds a variable that is not replaced.`,
      subject: { service: service.name, detail: path.join('.') },
      at: [...service.path, ...path],
    }))
})

const atRest = ({ rights, services }: CheckSubject): readonly Found[] =>
  rights.lifecycle === undefined || services.length === 0
    ? []
    : [
        {
          message: `${rights.organization} is ${rights.lifecycle}: nothing new of it is deployed.`,
          subject: {},
          at: ['services'],
        },
      ]

export const operationRules: readonly Rule[] = [
  {
    id: 'run/no-health-check',
    title: 'Every service has a health check',
    severity: 'medium',
    needs: 'files',
    why: 'Without one a container counts as well as soon as its process has started: an update goes on over broken ones, and one that hangs is never replaced.',
    fix: 'Set `healthcheck.test`, or give the image a `HEALTHCHECK`.',
    find: health,
  },
  {
    id: 'run/no-update-policy',
    title: 'Every service says how it is updated',
    severity: 'medium',
    needs: 'files',
    why: 'An update that stops at the first failure, or rolls back, costs one container; another costs the service.',
    fix: 'Set `deploy.update_config`, with `failure_action: rollback` and a `parallelism` above 0.',
    find: update,
  },
  {
    id: 'run/no-restart-policy',
    title: 'Every service says when it is started again',
    severity: 'medium',
    needs: 'files',
    why: 'The default starts a container again for ever and at once: one that dies at its start keeps a host busy.',
    fix: 'Set `deploy.restart_policy` with `condition`, `delay` and `max_attempts`; what should end is `mode: replicated-job`.',
    find: restart,
  },
  {
    id: 'run/no-log-driver',
    title: 'Every service has a log driver',
    severity: 'medium',
    needs: 'files',
    why: "The host's default may keep logs without end on its disk, and what is not sent away is not there when it is asked for.",
    fix: 'Set `logging.driver` with its options; `tenantry compose merge` writes those of the cluster.',
    find: logging,
  },
  {
    id: 'input/unresolved-variable',
    title: 'What decides is written out',
    severity: 'high',
    needs: 'files',
    why: 'A variable that is replaced only when the stack is deployed may then say anything: what was checked is not what runs.',
    fix: 'Give the variable a value for the check (`--env-file`, the environment), or write the value out.',
    find: unresolved,
  },
  {
    id: 'tenant/not-at-work',
    title: 'The tenant is at work',
    severity: 'high',
    needs: 'files',
    why: 'A frozen tenant changes nothing, a draining one starts nothing new, an archived one has nothing but its data.',
    fix: 'Set `lifecycle` in the tenant file in a reviewed change first.',
    find: atRest,
  },
]
