import type { Operations } from '../model/role.ts'

type Catalogue = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

const service = [
  'Bridge Networking Mode',
  'Credential Spec',
  'Host Bind Mounts',
  'Host Networking Mode',
] as const

/** Every operation of swarm resources with its dangerous variants, without the resource's name. Source: reference §4.3. */
const catalogue: Catalogue = {
  Config: { Create: [], Delete: [], Update: [], Use: [], View: [] },
  Secret: { Create: [], Delete: [], Update: [], Use: [], View: [] },
  Container: {
    Attach: [],
    Changes: [],
    Connect: [],
    Create: [
      'Additional Kernel Capabilities',
      'Bridge Networking Mode',
      'Host Bind Mounts',
      'Host Networking Mode',
      'IPC Mode',
      'PID Mode',
      'Privileged',
      'User Namespace Mode',
    ],
    Disconnect: [],
    Exec: [],
    Export: [],
    'Filesystem Read': [],
    'Filesystem Write': [],
    Kill: [],
    Logs: [],
    Pause: [],
    Remove: [],
    Rename: [],
    Resize: [],
    Restart: [],
    Start: [],
    Stats: [],
    Stop: [],
    Top: [],
    Unpause: [],
    View: [],
    Wait: [],
  },
  Image: {
    Build: [],
    Commit: [],
    Create: [],
    Export: [],
    History: [],
    Load: [],
    Prune: [],
    Push: [],
    Remove: ['Force Remove'],
    Search: [],
    Tag: [],
    View: [],
  },
  Network: { Connect: [], Create: ['Attachable'], Disconnect: [], Remove: [], View: [] },
  Node: { Schedule: [], Update: [], View: [] },
  Service: { Create: service, Delete: [], Logs: [], Update: service, View: [], 'View Tasks': [] },
  Volume: { 'Create/Attach': ['Local Driver Options'], Remove: [], View: [] },
}

const operationsWhere = (
  keep: (operation: string) => boolean,
  variants: (of: readonly string[]) => readonly string[],
): Operations =>
  Object.fromEntries(
    Object.entries(catalogue).map(([resource, verbs]) => [
      resource,
      Object.fromEntries(
        Object.entries(verbs)
          .map(([verb, of]) => [`${resource} ${verb}`, variants(of)] as const)
          .filter(([operation]) => keep(operation)),
      ),
    ]),
  )

const viewOnly: ReadonlySet<string> = new Set([
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

const withheld: ReadonlySet<string> = new Set(['Container Exec', 'Node Schedule', 'Node Update'])

const none = (): readonly string[] => []

/** UCP's own roles by id (reference §4.2, §4.3); what Restricted Control holds is inferred there. */
export const builtinRoles: ReadonlyMap<string, Operations> = new Map([
  ['none', {}],
  ['viewonly', operationsWhere((operation) => viewOnly.has(operation), none)],
  ['scheduler', { Node: { 'Node Schedule': [], 'Node View': [] } }],
  ['restrictedcontrol', operationsWhere((operation) => !withheld.has(operation), none)],
  [
    'fullcontrol',
    operationsWhere(
      () => true,
      (of) => of,
    ),
  ],
])
