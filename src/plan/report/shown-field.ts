import { isDeepStrictEqual } from 'node:util'
import { formatBytes, formatCpuMillis } from '../../core/units.ts'
import type { Resource } from '../../model/resource.ts'
import { joined, names, own, type Phrase, say } from './phrase.ts'
import { withoutSecrets } from './visible.ts'

type FieldsOf<R> = R extends Resource ? keyof R : never
type Field = FieldsOf<Resource>

/** How a field's difference is told. */
interface Shown {
  readonly label: string
  readonly tell: (before: unknown, after: unknown) => Phrase
}

const none = own('none')

const scalar =
  (format: (value: unknown) => Phrase) =>
  (before: unknown, after: unknown): Phrase =>
    say`${before === undefined || before === null ? none : format(before)} → ${after === undefined || after === null ? none : format(after)}`

const text = scalar((value) => (typeof value === 'string' ? say`${withoutSecrets(value)}` : withheld))
const number = scalar((value) => (typeof value === 'number' ? say`${value}` : withheld))
/** What holds from now on, as a clause of its own. */
const clause =
  (yes: string, no: string): Shown['tell'] =>
  (_, after) =>
    own(after === true ? yes : no)
const cpus = scalar((value) =>
  own(typeof value === 'number' ? `${formatCpuMillis(value)} CPU${value === 1000 ? '' : 's'}` : '?'),
)
const bytes = scalar((value) => own(typeof value === 'number' ? formatBytes(value) : '?'))
const mebibytes = scalar((value) =>
  own(typeof value === 'number' && value >= 0 ? formatBytes(value * 1024 ** 2) : 'none'),
)
const gibibytes = scalar((value) => own(typeof value === 'number' ? formatBytes(value * 1024 ** 3) : '?'))

const withheld = own('[secret]')

/** A field that may hold a secret, or text that a program reads: that it differs is told, nothing of it is. */
const secret = (): Phrase => withheld

const unsaid = (): Phrase => own('changed')

const most = 5

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []

/** What joined a list and what left it. */
const difference = (before: readonly string[], after: readonly string[]): Phrase => {
  const added = after.filter((one) => !before.includes(one))
  const removed = before.filter((one) => !after.includes(one))
  const parts = [
    ...(added.length === 0 ? [] : [say`with ${names(added, most)}`]),
    ...(removed.length === 0 ? [] : [say`without ${names(removed, most)}`]),
  ]
  return parts.length === 0 ? own('in another order') : joined(parts, ', ')
}

const list = (before: unknown, after: unknown): Phrase => difference(textsOf(before), textsOf(after))

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}

/** Names of the entries that differ; their values may be secrets. */
const entryNames = (before: unknown, after: unknown): Phrase => {
  const [then, now] = [recordOf(before), recordOf(after)]
  const differing = [...new Set([...Object.keys(then), ...Object.keys(now)])]
    .filter((name) => !isDeepStrictEqual(then[name], now[name]))
    .sort()
  return say`${names(differing, most)} (${withheld})`
}

/** Which things of its stack a list of objects refers to; their physical names may end in a hash. */
const referred = (before: unknown, after: unknown): Phrase => {
  const keysIn = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.map((one) => String(recordOf(one).source ?? '')) : []
  const [then, now] = [keysIn(before), keysIn(after)]
  return isDeepStrictEqual(then, now) ? own('renewed') : difference(then, now)
}

const operationsIn = (value: unknown): readonly string[] =>
  Object.values(recordOf(value)).flatMap((byName) =>
    Object.entries(recordOf(byName)).flatMap(([operation, variants]) => [
      operation,
      ...textsOf(variants).map((variant) => `${operation} [${variant}]`),
    ]),
  )

const operations = (before: unknown, after: unknown): Phrase =>
  difference(operationsIn(before), operationsIn(after))

const groupDn = (value: unknown): unknown => recordOf(value).groupDn

const ldap = (before: unknown, after: unknown): Phrase => text(groupDn(before), groupDn(after))

const shown = (label: string, tell: Shown['tell']): Shown => ({ label, tell })

/**
 * Every field of the desired state and how a report tells its difference; undefined: it is said by the resource's name, or
 * changes nothing in the world. A field that is new to the model does not compile until somebody has decided.
 */
const fields: Readonly<Record<Field, Shown | undefined>> = {
  kind: undefined,
  key: undefined,
  concern: undefined,
  dependsOn: undefined,
  retained: undefined,
  accessLevel: shown('right', text),
  attachable: shown('', clause('containers may join by hand', 'containers may no longer join by hand')),
  availability: shown('availability', text),
  backend: shown('log-in', text),
  category: shown('category', text),
  collection: shown('collection', text),
  computeCluster: shown('cluster of hosts', text),
  configs: shown('configurations', referred),
  constraints: shown('nodes', list),
  cpuLimitMhz: shown('most MHz', number),
  cpuLimitMillis: shown('CPU limit', cpus),
  cpuReservationMhz: shown('MHz kept free', number),
  cpuReservationMillis: shown('CPUs reserved', cpus),
  cpuShares: shown('share of CPU', text),
  cpus: shown('CPUs', number),
  data: shown('content', secret),
  datacenter: shown('datacenter', text),
  datastore: shown('datastore', text),
  description: shown('description', unsaid),
  diskGib: shown('disk', gibibytes),
  distributedSwitch: shown('switch', text),
  driver: shown('driver', text),
  driverOptions: shown('options', entryNames),
  endpoint: shown('address', secret),
  environment: shown('environment', entryNames),
  event: shown('event', text),
  folder: shown('folder', text),
  fullName: shown('name for people', text),
  gateway: shown('gateway', text),
  groupName: shown('group', text),
  guestInfo: shown('settings', entryNames),
  hostname: shown('host name', text),
  image: shown('image', text),
  immutableTags: shown('', clause('its tags are final', 'its tags are no longer final')),
  internal: shown('', clause('it gets no way out', 'it gets a way out')),
  ipRange: shown('range', text),
  join: shown('how its first boot joins', unsaid),
  joinSeconds: shown('seconds to join', number),
  labels: shown('labels', entryNames),
  ldapSync: shown('LDAP group', ldap),
  machines: shown('VMs', list),
  members: undefined,
  memoryLimitBytes: shown('memory limit', bytes),
  memoryLimitMib: shown('most memory', mebibytes),
  memoryMib: shown('memory', mebibytes),
  memoryReservationMib: shown('memory kept free', mebibytes),
  memoryReservationBytes: shown('memory reserved', bytes),
  memoryShares: shown('share of memory', text),
  mounts: shown('volumes', referred),
  name: shown('name', text),
  namespace: shown('organization', text),
  network: shown('network', text),
  networks: shown('networks', referred),
  operations: shown('operations', operations),
  options: shown('options', entryNames),
  orchestrator: shown('orchestrator', text),
  organization: shown('organization', text),
  path: shown('path', text),
  policies: shown('policies', list),
  policy: shown('text', unsaid),
  replicas: shown('replicas', number),
  repository: shown('image repository', text),
  required: shown('', clause('only signed images run', 'unsigned images run too')),
  resourcePool: shown('pool', text),
  role: shown('role', text),
  rules: shown('rules', unsaid),
  scanOnPush: shown('', clause('images are scanned when pushed', 'images are no longer scanned when pushed')),
  secretIdTtlSeconds: shown('seconds that a secret id lives', number),
  secrets: shown('secrets', referred),
  shortDescription: shown('description', unsaid),
  signers: shown('signing teams', list),
  sourceRepository: shown('from', text),
  subject: shown('holder', unsaid),
  subnet: shown('subnet', text),
  tagTemplate: shown('tag', text),
  tags: shown('tags', list),
  targetRepository: shown('to', text),
  team: shown('team', text),
  template: shown('template', text),
  tokenMaxTtlSeconds: shown('longest seconds of a token', number),
  tokenTtlSeconds: shown('seconds of a token', number),
  type: shown('type', text),
  user: shown('account', text),
  vlanId: shown('number', number),
}

const isField = (field: string): field is Field => Object.hasOwn(fields, field)

/** Physical names end in a hash of what they name; that says nothing to a reader beside the field that made it differ. */
const isEcho = (field: string, differing: readonly string[]): boolean =>
  field === 'name' && (differing.includes('operations') || differing.includes('data'))

const fieldOf = (resource: Resource, field: string): unknown => new Map(Object.entries(resource)).get(field)

/**
 * What differs of a resource, field by field, e.g. ‘subnet `10.0.0.0/25` → `10.0.1.0/25`’. Only values that cannot hold a
 * secret are shown; of others it is said that they differ. Empty where nothing differs that a reader would see.
 */
export const fieldChanges = (
  before: Resource,
  after: Resource,
  differing: readonly string[],
): readonly Phrase[] =>
  differing.flatMap((field): readonly Phrase[] => {
    if (!isField(field) || isEcho(field, differing)) return []
    const known = fields[field]
    if (known === undefined) return []
    const told = known.tell(fieldOf(before, field), fieldOf(after, field))
    return [known.label === '' ? told : say`${own(known.label)} ${told}`]
  })
