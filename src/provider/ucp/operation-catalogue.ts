import type { RoleOperations } from '../../clients/ucp-roles.ts'
import { propertyPath } from '../diff-inputs.ts'
import { didYouMean } from '../input-fields.ts'
import type { CheckFailure } from '../plugin.ts'

const networkModes = ['Host Networking Mode', 'Bridge Networking Mode']
const serviceVariants = ['Credential Spec', 'Host Bind Mounts', ...networkModes]
const containerVariants = [
  'IPC Mode',
  'PID Mode',
  ...networkModes,
  'Privileged',
  'Host Bind Mounts',
  'Additional Kernel Capabilities',
  'User Namespace Mode',
]

const plain = (resource: string, verbs: readonly string[]): Record<string, readonly string[]> =>
  Object.fromEntries(verbs.map((verb) => [`${resource} ${verb}`, []]))

const stored = ['Create', 'Delete', 'Update', 'Use', 'View']

/** Every operation of swarm resources with its dangerous variants. Source: reference §4.3. */
export const operationCatalogue: RoleOperations = {
  Config: plain('Config', stored),
  Secret: plain('Secret', stored),
  Container: {
    ...plain('Container', [
      'Attach',
      'Changes',
      'Connect',
      'Disconnect',
      'Exec',
      'Export',
      'Filesystem Read',
    ]),
    ...plain('Container', [
      'Filesystem Write',
      'Kill',
      'Logs',
      'Pause',
      'Remove',
      'Rename',
      'Resize',
      'Restart',
    ]),
    ...plain('Container', ['Start', 'Stats', 'Stop', 'Top', 'Unpause', 'View', 'Wait']),
    'Container Create': containerVariants,
  },
  Image: {
    ...plain('Image', ['Build', 'Commit', 'Create', 'Export', 'History', 'Load', 'Prune', 'Push', 'Search']),
    ...plain('Image', ['Tag', 'View']),
    'Image Remove': ['Force Remove'],
  },
  Network: {
    ...plain('Network', ['Connect', 'Disconnect', 'Remove', 'View']),
    'Network Create': ['Attachable'],
  },
  Node: plain('Node', ['Schedule', 'Update', 'View']),
  Service: {
    ...plain('Service', ['Delete', 'Logs', 'View', 'View Tasks']),
    'Service Create': serviceVariants,
    'Service Update': serviceVariants,
  },
  Volume: { ...plain('Volume', ['Remove', 'View']), 'Volume Create/Attach': ['Local Driver Options'] },
}

const own = <T>(from: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(from, name) ? from[name] : undefined

const checkVariants = (path: string, variants: readonly string[], known: readonly string[]): CheckFailure[] =>
  variants.flatMap((variant, index) =>
    known.includes(variant)
      ? []
      : [
          {
            property: propertyPath(path, index),
            reason: `${JSON.stringify(variant)} is no sub-permission of this operation.${didYouMean(variant, known)}`,
          },
        ],
  )

/** What of a role's operations UCP does not know, by property path. Pure, never throws. */
export const checkOperations = (operations: RoleOperations): CheckFailure[] =>
  Object.entries(operations).flatMap(([resource, byName]) => {
    const path = propertyPath('operations', resource)
    const known = own(operationCatalogue, resource)
    if (known === undefined) {
      const reason = `${JSON.stringify(resource)} is no resource of UCP.${didYouMean(resource, Object.keys(operationCatalogue))}`
      return [{ property: path, reason }]
    }
    return Object.entries(byName).flatMap(([operation, variants]) => {
      const operationPath = propertyPath(path, operation)
      const knownVariants = own(known, operation)
      if (knownVariants !== undefined) return checkVariants(operationPath, variants, knownVariants)
      const reason = `${JSON.stringify(operation)} is no operation of ${resource}.${didYouMean(operation, Object.keys(known))}`
      return [{ property: operationPath, reason }]
    })
  })

/** Operations in the one form that compares: sorted, without resources that allow nothing. Pure. */
export const normalOperations = (operations: RoleOperations): Record<string, Record<string, string[]>> => {
  const sortedEntries = <T>(from: Readonly<Record<string, T>>): [string, T][] =>
    Object.entries(from).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    sortedEntries(operations)
      .filter(([, byName]) => Object.keys(byName).length > 0)
      .map(([resource, byName]) => [
        resource,
        Object.fromEntries(
          sortedEntries(byName).map(([operation, variants]) => [operation, [...new Set(variants)].sort()]),
        ),
      ]),
  )
}
