/** Resource → operation → dangerous variants that are allowed besides the plain one (reference §4.3). */
export type Operations = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

const containerVariants = [
  'IPC Mode',
  'PID Mode',
  'Host Networking Mode',
  'Bridge Networking Mode',
  'Privileged',
  'Host Bind Mounts',
  'Additional Kernel Capabilities',
  'User Namespace Mode',
]
const serviceVariants = [
  'Credential Spec',
  'Host Bind Mounts',
  'Host Networking Mode',
  'Bridge Networking Mode',
]

const plain = (resource: string, verbs: string): Record<string, readonly string[]> =>
  Object.fromEntries(verbs.split(', ').map((verb) => [`${resource} ${verb}`, []]))

/** Everything that exists for swarm; the content of `fullcontrol` (reference §4.3, after Trident's full role). */
export const catalogue: Operations = {
  Config: plain('Config', 'Create, Delete, Update, Use, View'),
  Secret: plain('Secret', 'Create, Delete, Update, Use, View'),
  Container: {
    ...plain(
      'Container',
      'Attach, Changes, Connect, Disconnect, Exec, Export, Filesystem Read, Filesystem Write, Kill, Logs, Pause, Remove, Rename, Resize, Restart, Start, Stats, Stop, Top, Unpause, View, Wait',
    ),
    'Container Create': containerVariants,
  },
  Image: {
    ...plain('Image', 'Build, Commit, Create, Export, History, Load, Prune, Push, Search, Tag, View'),
    'Image Remove': ['Force Remove'],
  },
  Network: { ...plain('Network', 'Connect, Disconnect, Remove, View'), 'Network Create': ['Attachable'] },
  Node: plain('Node', 'Schedule, Update, View'),
  Service: {
    ...plain('Service', 'Delete, Logs, View, View Tasks'),
    'Service Create': serviceVariants,
    'Service Update': serviceVariants,
  },
  Volume: { ...plain('Volume', 'Remove, View'), 'Volume Create/Attach': ['Local Driver Options'] },
}

/** The operations that `keep` lets through, without resources that have none left. */
const selected = (
  keep: (operation: string) => boolean,
  variants: (all: readonly string[]) => readonly string[],
): Operations =>
  Object.fromEntries(
    Object.entries(catalogue)
      .map(([resource, operations]) => [
        resource,
        Object.fromEntries(
          Object.entries(operations)
            .filter(([operation]) => keep(operation))
            .map(([operation, all]) => [operation, variants(all)]),
        ),
      ])
      .filter(([, operations]) => Object.keys(operations ?? {}).length > 0),
  )

const withoutVariants = (): readonly string[] => []

const viewed = new Set([
  'Config View',
  'Container Logs',
  'Container Stats',
  'Container Top',
  'Container View',
  'Image History',
  'Image View',
  'Network View',
  'Node View',
  'Secret View',
  'Service Logs',
  'Service View',
  'Service View Tasks',
  'Volume View',
])
const beyondRestrictedControl = new Set(['Container Exec', 'Node Schedule', 'Node Update'])

/** The operations of the built-in roles, by role id (reference §4.2; restrictedcontrol is an approximation). */
export const builtInOperations: Readonly<Record<string, Operations>> = {
  none: {},
  viewonly: selected((operation) => viewed.has(operation), withoutVariants),
  restrictedcontrol: selected((operation) => !beyondRestrictedControl.has(operation), withoutVariants),
  scheduler: { Node: plain('Node', 'Schedule, View') },
  fullcontrol: catalogue,
}

/** A union of operations in the form that checks ask: the operation, and `operation\u0000variant` for each variant. */
export type Allowed = ReadonlySet<string>

export const variantKey = (operation: string, variant: string): string => `${operation}\u0000${variant}`

/** Adds a role's operations to a union. */
export const addAllowed = (target: Set<string>, operations: Operations): void => {
  for (const byName of Object.values(operations))
    for (const [operation, variants] of Object.entries(byName)) {
      target.add(operation)
      for (const variant of variants) target.add(variantKey(operation, variant))
    }
}

/** The union of several roles' operations, sorted. */
export const unionOf = (all: readonly Operations[]): Operations => {
  const union = new Map<string, Map<string, Set<string>>>()
  for (const operations of all)
    for (const [resource, byName] of Object.entries(operations)) {
      const merged = union.get(resource) ?? new Map<string, Set<string>>()
      for (const [operation, variants] of Object.entries(byName))
        merged.set(operation, new Set([...(merged.get(operation) ?? []), ...variants]))
      union.set(resource, merged)
    }
  return Object.fromEntries(
    [...union].map(([resource, byName]) => [
      resource,
      Object.fromEntries([...byName].map(([operation, variants]) => [operation, [...variants].sort()])),
    ]),
  )
}
