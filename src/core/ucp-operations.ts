/** Operations by resource: `{ Service: { 'Service Create': ['Host Bind Mounts'] } }`; inner lists are dangerous variants. */
export type Operations = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

const serviceVariants = [
  'Credential Spec',
  'Host Bind Mounts',
  'Host Networking Mode',
  'Bridge Networking Mode',
]
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

const plain = (resource: string, verbs: string): Record<string, readonly string[]> =>
  Object.fromEntries(verbs.split(', ').map((verb) => [`${resource} ${verb}`, []]))

/** Every operation of swarm resources with its dangerous variants. Source: reference §4.3. */
export const operationCatalogue: Operations = {
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

/** The operations that `keep` lets through, without variants and without resources that have none left. */
const selected = (keep: (operation: string) => boolean): Operations =>
  Object.fromEntries(
    Object.entries(operationCatalogue)
      .map(([resource, operations]) => [
        resource,
        Object.fromEntries(
          Object.keys(operations)
            .filter(keep)
            .map((operation) => [operation, []]),
        ),
      ])
      .filter(([, operations]) => Object.keys(operations ?? {}).length > 0),
  )

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

/** The operations of UCP's own roles, by id (reference §4.2); what Restricted Control holds is inferred there. */
export const builtInOperations: Readonly<Record<string, Operations>> = {
  none: {},
  viewonly: selected((operation) => viewed.has(operation)),
  restrictedcontrol: selected((operation) => !beyondRestrictedControl.has(operation)),
  scheduler: { Node: plain('Node', 'Schedule, View') },
  fullcontrol: operationCatalogue,
}
