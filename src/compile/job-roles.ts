import type { Stage } from '../cluster/schema.ts'
import { digest } from '../core/canonical.ts'
import { compareText } from '../core/issue.ts'
import { physicalName } from '../core/name.ts'
import type { Operations } from '../core/ucp-operations.ts'
import type { JobRole } from '../tenant/schema.ts'

/** Looking at what is there: no logs, which may hold customers' data. */
const state = [
  'Config View',
  'Container Stats',
  'Container Top',
  'Container View',
  'Image History',
  'Image View',
  'Network View',
  'Node View',
  'Secret View',
  'Service View',
  'Service View Tasks',
  'Volume View',
] as const

const logs = ['Container Logs', 'Service Logs'] as const

/**
 * Running stacks: services, and the networks, secrets and configs that a stack makes for them; UCP checks each (reference §6.2).
 * Networks are not attachable, which takes a sub-permission, and stay in the tenant's own collections; data stays when a stack goes.
 */
const deploy = [
  'Config Create',
  'Config Delete',
  'Config Update',
  'Config Use',
  'Network Connect',
  'Network Create',
  'Network Disconnect',
  'Network Remove',
  'Secret Create',
  'Secret Delete',
  'Secret Update',
  'Secret Use',
  'Service Create',
  'Service Delete',
  'Service Update',
  'Volume Create/Attach',
] as const

const restart = [
  'Container Kill',
  'Container Pause',
  'Container Restart',
  'Container Start',
  'Container Stop',
  'Container Unpause',
  'Container Wait',
] as const

/** Getting into a running container; never in production. */
const debug = [
  'Container Attach',
  'Container Changes',
  'Container Exec',
  'Container Filesystem Read',
  'Container Resize',
] as const

/** Putting right what went wrong by hand; never in production. */
const repair = ['Container Filesystem Write', 'Container Remove', 'Volume Remove'] as const

/**
 * What each job role may do, by stage. No list holds `Container Create` (a container outside a service escapes limits and
 * placement) and none a sub-permission (host mounts, privileged, host networking, local driver options).
 */
const operationNames: Readonly<Record<Stage, Readonly<Record<JobRole, readonly string[]>>>> = {
  nonprod: {
    viewer: [...state, ...logs],
    developer: [...state, ...logs, ...deploy, ...restart, ...debug],
    operator: [...state, ...logs, ...deploy, ...restart, ...debug, ...repair],
    'release-manager': [...state, ...logs, ...deploy, ...restart],
    ci: [...state, ...logs, ...deploy, 'Container Wait'],
    auditor: state,
  },
  prod: {
    viewer: state,
    developer: [...state, ...logs],
    operator: [...state, ...logs, ...restart],
    'release-manager': [...state, ...logs, ...deploy],
    ci: [...state, ...deploy],
    auditor: state,
  },
}

/** What a team that is limited to applications may do with what all applications share: look at it and use it. */
const sharedUse: ReadonlySet<string> = new Set([
  'Config Use',
  'Config View',
  'Network Connect',
  'Network Disconnect',
  'Network View',
  'Secret Use',
  'Secret View',
  'Volume Create/Attach',
  'Volume View',
])

/** A job role's form on a stage: on what is its own, or on what an organization's applications share. */
export interface RoleForm {
  /** Without the hash, e.g. `developer-prod`: what the role is called within a stack. */
  readonly label: string
  /** In UCP; ends in a hash of the operations, so that a change is a new role. */
  readonly name: string
  readonly jobRole: JobRole
  readonly stage: Stage
  readonly operations: Operations
  /** Whether its holders start workloads, and so need nodes to start them on. */
  readonly schedules: boolean
}

const asOperations = (names: readonly string[]): Operations => {
  const byResource: Record<string, Record<string, readonly string[]>> = {}
  for (const name of [...names].sort(compareText)) {
    const [resource = ''] = name.split(' ')
    byResource[resource] = { ...byResource[resource], [name]: [] }
  }
  return byResource
}

const roleForm = (jobRole: JobRole, stage: Stage, label: string, names: readonly string[]): RoleForm => {
  const operations = asOperations(names)
  return {
    label,
    name: physicalName('ucpRole', label, digest(operations).slice(0, 8)),
    jobRole,
    stage,
    operations,
    schedules: names.includes('Service Create'),
  }
}

export const jobRoles: readonly JobRole[] = [
  'viewer',
  'developer',
  'operator',
  'release-manager',
  'ci',
  'auditor',
]

const formsOf = (
  select: (names: readonly string[]) => readonly string[],
  label: (jobRole: JobRole, stage: Stage) => string,
): Readonly<Record<Stage, Readonly<Record<JobRole, RoleForm>>>> => {
  const atStage = (stage: Stage) =>
    Object.fromEntries(
      jobRoles.map((jobRole) => [
        jobRole,
        roleForm(jobRole, stage, label(jobRole, stage), select(operationNames[stage][jobRole])),
      ]),
    ) as Record<JobRole, RoleForm>
  return { nonprod: atStage('nonprod'), prod: atStage('prod') }
}

/** Each job role's form on each stage. */
export const roleForms = formsOf(
  (names) => names,
  (jobRole, stage) => `${jobRole}-${stage}`,
)

/** Each job role's form for what the applications of an organization share, where its holders are limited to some. */
export const sharedRoleForms = formsOf(
  (names) => names.filter((name) => sharedUse.has(name)),
  (jobRole, stage) => `${jobRole}-shared-${stage}`,
)
