import type { Stage } from '../cluster/schema.ts'
import type { Issue } from '../core/issue.ts'
import type { Operations } from '../core/ucp-operations.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Grant } from '../model/grant.ts'
import type { Resource } from '../model/resource.ts'
import type { Role } from '../model/role.ts'
import { isWithin, offerCollections, resourceCollection, workloadCollection } from './collection-paths.ts'
import { scheduler } from './ucp-builtins.ts'

/** Operations that no production role holds: they reach into a running container or start one outside a service. */
const forbiddenOperations: ReadonlySet<string> = new Set([
  'Container Attach',
  'Container Commit',
  'Container Create',
  'Container Exec',
  'Container Export',
  'Container Filesystem Read',
  'Container Filesystem Write',
])

/** Dangerous variants that no production role holds. `Local Driver Options` mounts any path of the host as a volume. */
const forbiddenVariants: ReadonlySet<string> = new Set([
  'Additional Kernel Capabilities',
  'Credential Spec',
  'Host Bind Mounts',
  'Host Networking Mode',
  'IPC Mode',
  'Local Driver Options',
  'PID Mode',
  'Privileged',
  'User Namespace Mode',
])

/** What looking is: a developer does no more in production. */
const looking = /(?: View| View Tasks| Logs| Stats| Top| History)$/

/** Built-in roles that a grant may name; the others hold what no job role may. */
const grantableBuiltins: ReadonlySet<string> = new Set([scheduler, 'none', 'viewonly'])

const developerRole = /^developer-/

const entriesOf = (operations: Operations): readonly (readonly [string, readonly string[]])[] =>
  Object.values(operations).flatMap((byName) => Object.entries(byName))

/** What a role holds that production forbids, in words: `Container Exec`, `Service Create with Host Bind Mounts`. */
export const forbiddenInProduction = (operations: Operations): readonly string[] =>
  entriesOf(operations).flatMap(([operation, variants]) => [
    ...(forbiddenOperations.has(operation) ? [operation] : []),
    ...variants
      .filter((variant) => forbiddenVariants.has(variant))
      .map((variant) => `${operation} with ${variant}`),
  ])

/** Roles of one form share their operations, so that each is judged once a process. */
const judged = new WeakMap<Operations, Verdict>()

interface Verdict {
  readonly forbidden: readonly string[]
  /** What is no looking. */
  readonly acting: readonly string[]
  readonly schedules: boolean
}

const verdictOn = (operations: Operations): Verdict => {
  const known = judged.get(operations)
  if (known !== undefined) return known
  const names = entriesOf(operations).map(([operation]) => operation)
  const verdict = {
    forbidden: forbiddenInProduction(operations),
    acting: names.filter((operation) => !looking.test(operation)),
    schedules: names.includes('Node Schedule'),
  }
  judged.set(operations, verdict)
  return verdict
}

const productionIssues = (role: Role): readonly Issue[] => {
  const { forbidden, acting } = verdictOn(role.operations)
  return [
    ...forbidden.map((what) => ({
      code: 'policy/production-role',
      message: `Role ${role.name} holds ${what}, which no role holds on production.`,
      hint: 'Take it out of the job role in src/compile/job-roles.ts.',
    })),
    ...(developerRole.test(role.name) ? acting : []).map((what) => ({
      code: 'policy/production-developer',
      message: `Role ${role.name} holds ${what}; developers only look at production.`,
      hint: 'Take it out of the job role in src/compile/job-roles.ts.',
    })),
  ]
}

/** The organization's own collections: a workload collection for each offer, and its resources. */
const ownRoots = (organization: string): readonly string[] => [
  workloadCollection('run/std', organization),
  workloadCollection('run/edge', organization),
  workloadCollection('build/std', organization),
  resourceCollection(organization),
]

/** On an offer's shared nodes or within what is the organization's; edge nodes are others' too, so not on the edge offer. */
const maySchedule = (organization: string, collection: string): boolean =>
  collection === offerCollections['run/std'] ||
  collection === offerCollections['build/std'] ||
  ownRoots(organization).some((root) => isWithin(collection, root))

const describe = (grant: Grant): string => `The grant of ${grant.role} on ${grant.collection}`

const schedules = (grant: Grant, roles: ReadonlyMap<string, Role>): boolean => {
  if (grant.role === scheduler) return true
  const role = roles.get(grant.role)
  return role !== undefined && verdictOn(role.operations).schedules
}

const schedulingIssues = (organization: string, grant: Grant): readonly Issue[] =>
  maySchedule(organization, grant.collection)
    ? []
    : [
        {
          code: 'policy/scheduler-too-high',
          message: `${describe(grant)} lets ${organization} schedule on nodes that are not its own.`,
          hint: 'UCP schedules on everything below the highest such grant: put it on an offer’s collection or below.',
        },
      ]

const isolationIssues = (organization: string, grant: Grant): readonly Issue[] => {
  const foreignSubject =
    grant.subject.kind !== 'user' && grant.subject.organization !== organization
      ? [
          {
            code: 'policy/foreign-subject',
            message: `${describe(grant)} is for ${grant.subject.organization}, not for ${organization}.`,
          },
        ]
      : []
  const outside =
    grant.role !== scheduler && !ownRoots(organization).some((root) => isWithin(grant.collection, root))
      ? [
          {
            code: 'policy/foreign-collection',
            message: `${describe(grant)} reaches beyond the collections of ${organization}.`,
          },
        ]
      : []
  return [...foreignSubject, ...outside]
}

const unknownRoleIssues = (grant: Grant, roles: ReadonlyMap<string, Role>): readonly Issue[] =>
  roles.has(grant.role) || grantableBuiltins.has(grant.role)
    ? []
    : [
        {
          code: 'policy/unchecked-role',
          message: `${describe(grant)} names a role that this stack does not define, so nothing says what it holds.`,
        },
      ]

const limitIssues = (resource: Resource): readonly Issue[] =>
  resource.kind === 'DockerService' && !(resource.cpuLimitMillis > 0 && resource.memoryLimitBytes > 0)
    ? [
        {
          code: 'policy/no-limit',
          message: `Service ${resource.name} has no CPU or no memory limit.`,
          hint: 'CPU limits are mandatory on the platform.',
        },
      ]
    : []

/** Kinds whose objects share one space of names with all others of their kind on a cluster. */
const namedKinds: ReadonlySet<Resource['kind']> = new Set([
  'DockerConfig',
  'DockerSecret',
  'DockerService',
  'Network',
  'PortGroup',
  'VaultAppRole',
  'VaultPolicy',
  'VirtualMachine',
  'Volume',
])

interface Named {
  readonly stack: string
  readonly resource: Resource
}

const collision = (name: string, first: Named, second: Named): Issue => ({
  code: 'policy/name-collision',
  message: `${second.resource.kind} ${name} would be both ${first.resource.key} of ${first.stack} and ${second.resource.key} of ${second.stack}.`,
  hint: 'Rename one of the two in its tenant file.',
})

/** Physical names that two resources share: within a stack, or across the stacks of a cluster. Issue: `policy/name-collision`. */
export const nameCollisions = (stacks: readonly StackState[]): readonly Issue[] => {
  const owners = new Map<Resource['kind'], Map<string, Named>>()
  for (const kind of namedKinds) owners.set(kind, new Map())
  const issues: Issue[] = []
  for (const { stack, resources } of stacks)
    for (const resource of resources) {
      const names = owners.get(resource.kind)
      if (names === undefined || !('name' in resource)) continue
      const owner = names.get(resource.name)
      if (owner === undefined) names.set(resource.name, { stack, resource })
      else issues.push(collision(resource.name, owner, { stack, resource }))
    }
  return issues
}

/** What the platform may let an account of its own do: look at nodes and update them, which no workload and no tenant sees. */
const watching: ReadonlySet<string> = new Set(['Node Update', 'Node View'])

const isWatchers = ({ subject, role }: Grant, roles: ReadonlyMap<string, Role>): boolean => {
  const held = entriesOf(roles.get(role)?.operations ?? {})
  return subject.kind === 'user' && held.length > 0 && held.every(([operation]) => watching.has(operation))
}

const platformIssues = (grant: Grant, roles: ReadonlyMap<string, Role>): readonly Issue[] =>
  isWatchers(grant, roles)
    ? []
    : [{ code: 'policy/platform-grant', message: `${describe(grant)} stands in the platform's stack.` }]

const grantIssues = (state: StackState, grant: Grant, roles: ReadonlyMap<string, Role>): readonly Issue[] => {
  const { organization } = state
  if (organization === null) return platformIssues(grant, roles)
  return [
    ...unknownRoleIssues(grant, roles),
    ...isolationIssues(organization, grant),
    ...(schedules(grant, roles) ? schedulingIssues(organization, grant) : []),
  ]
}

/**
 * Why a stack may not be applied, whatever made it: the last look before the engine runs, on states compiled now or
 * handed over. Empty where nothing is wrong. Issue codes: `policy/production-role`, `policy/production-developer`,
 * `policy/scheduler-too-high`, `policy/foreign-subject`, `policy/foreign-collection`, `policy/unchecked-role`,
 * `policy/platform-grant`, `policy/no-limit`, `policy/name-collision`. Never throws.
 */
export const policyIssues = (state: StackState, stage: Stage): readonly Issue[] => {
  const roles = new Map<string, Role>()
  for (const resource of state.resources) if (resource.kind === 'Role') roles.set(resource.name, resource)
  return [
    ...(stage === 'prod' ? [...roles.values()].flatMap(productionIssues) : []),
    ...state.resources.flatMap((resource) =>
      resource.kind === 'Grant' ? grantIssues(state, resource, roles) : limitIssues(resource),
    ),
    ...nameCollisions([state]),
  ]
}
