import type { Cluster } from '../cluster/schema.ts'
import { contains, overlaps, parseHost, parseSubnet, type Subnet } from '../compile/subnet.ts'
import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { formatBytes, formatCpuMillis, parseBytes, parseCpuMillis } from '../core/units.ts'
import { checkDedicatedKinds } from './check-pools.ts'
import { checkRange, checkSubnet, prefixRanges } from './check-subnet.ts'
import { checkWatch } from './check-watch.ts'
import { didYouMean } from './did-you-mean.ts'
import { duplicates } from './duplicates.ts'

type File = Loaded<Cluster>
type Path = readonly (string | number)[]

const checkPools = (file: File): Issue[] =>
  Object.entries(file.value.pools).flatMap(([name, pool]) => [
    ...checkRange(file, pool, { path: ['pools', name], code: 'cluster/pool-range' }),
    ...checkMachine(file, name, pool.machine),
  ])

const checkMachine = (file: File, pool: string, machine: string): Issue[] =>
  Object.hasOwn(file.value.machines, machine)
    ? []
    : [
        {
          code: 'cluster/unknown-machine',
          message: `The cluster has no machine '${machine}'.`,
          source: file.locate(['pools', pool, 'machine']),
          hint: didYouMean(machine, Object.keys(file.value.machines)),
        },
      ]

interface Space {
  readonly path: Path
  readonly text: string
}

/** Every space that addresses of the cluster come from; no two may overlap. */
const spacesOf = ({ overlaySpace, vlans, publicPool, jenkins }: Cluster): Space[] => [
  ...overlaySpace.map((text, index) => ({ path: ['overlaySpace', index], text })),
  ...Object.entries(vlans).map(([name, { subnet }]) => ({ path: ['vlans', name, 'subnet'], text: subnet })),
  ...(publicPool === undefined ? [] : [{ path: ['publicPool', 'subnet'], text: publicPool.subnet }]),
  { path: ['jenkins', 'subnet'], text: jenkins.subnet },
]

const checkSpaces = (file: File): Issue[] =>
  spacesOf(file.value).flatMap(({ path, text }) =>
    checkSubnet(file, text, { path, area: 'cluster', range: prefixRanges.space }),
  )

const checkOverlaps = (file: File): Issue[] => {
  const spaces = spacesOf(file.value)
  return spaces.flatMap((space, index) => {
    const other = spaces.slice(0, index).find((earlier) => textsOverlap(earlier.text, space.text))
    if (other === undefined) return []
    return [
      {
        code: 'cluster/overlapping-spaces',
        message: `${space.text} overlaps ${other.text} of \`${other.path.join('.')}\`.`,
        source: file.locate(space.path),
        hint: 'Give each space addresses of its own: networks of tenants are cut from them.',
      },
    ]
  })
}

const textsOverlap = (a: string, b: string): boolean => {
  const [one, other] = [parseSubnet(a), parseSubnet(b)]
  return one !== undefined && other !== undefined && overlaps(one, other)
}

interface Inside {
  readonly inner: Subnet | undefined
  readonly text: string
  readonly path: Path
  readonly space: string
}

/** Gateways and reserved blocks, each with the space it lies in. */
const innerParts = ({ vlans, publicPool }: Cluster): Inside[] => [
  ...Object.entries(vlans).map(([name, { gateway, subnet }]) => ({
    inner: parseHost(gateway),
    text: gateway,
    path: ['vlans', name, 'gateway'],
    space: subnet,
  })),
  ...(publicPool === undefined ? [] : publicParts(publicPool)),
]

const publicParts = ({ gateway, subnet, reserved }: NonNullable<Cluster['publicPool']>): Inside[] => [
  { inner: parseHost(gateway), text: gateway, path: ['publicPool', 'gateway'], space: subnet },
  ...(reserved ?? []).map((text, index) => ({
    inner: parseSubnet(text),
    text,
    path: ['publicPool', 'reserved', index],
    space: subnet,
  })),
]

const checkInside = (file: File): Issue[] =>
  innerParts(file.value).flatMap(({ inner, text, path, space }) => {
    const outer = parseSubnet(space)
    if (outer === undefined || (inner !== undefined && contains(outer, inner))) return []
    return [
      {
        code: 'cluster/outside-subnet',
        message: inner === undefined ? `'${text}' is malformed.` : `${text} lies outside ${space}.`,
        source: file.locate(path),
        hint: `Write an address of ${space}.`,
      },
    ]
  })

const checkVlanIds = (file: File): Issue[] => {
  const { vlans, publicPool } = file.value
  const ids: { id: number; path: Path }[] = Object.entries(vlans).map(([name, { id }]) => ({
    id,
    path: ['vlans', name, 'id'],
  }))
  if (publicPool !== undefined) ids.push({ id: publicPool.vlan, path: ['publicPool', 'vlan'] })
  return duplicates(ids, ({ id }) => String(id)).map(({ item, first }) => ({
    code: 'cluster/duplicate-vlan',
    message: `The VLAN ${item.id} is that of \`${first.path.slice(0, -1).join('.')}\` already.`,
    source: file.locate(item.path),
    hint: 'Each name stands for a VLAN of its own.',
  }))
}

const measures = ['loadPercent', 'memoryPercent'] as const

/** A node that is resumed at what pauses it would be paused and resumed for ever. */
const checkThresholds = (file: File): Issue[] => {
  const { pause, resume } = file.value.thresholds
  return measures
    .filter((measure) => resume[measure] >= pause[measure])
    .map((measure) => ({
      code: 'cluster/thresholds',
      message: `Nodes resume at ${resume[measure]} % and pause at ${pause[measure]} %.`,
      source: file.locate(['thresholds', 'resume', measure]),
      hint: 'Resume below what pauses, e.g. 75 and 80.',
    }))
}

const checkSigners = (file: File): Issue[] => {
  const { required, signers } = file.value.contentTrust
  if (!required || Object.keys(signers).length > 0) return []
  return [
    {
      code: 'cluster/no-signers',
      message: 'Signed images are required, and nobody signs.',
      source: file.locate(['contentTrust', 'signers']),
      hint: 'Name the teams whose signatures count, each with its LDAP group.',
    },
  ]
}

/** What the shared pools hold when they are full. */
const hardwareOf = ({ pools, machines }: Cluster): { cpuMillis: number; memoryBytes: number } => {
  const total = { cpuMillis: 0, memoryBytes: 0 }
  for (const { machine, max } of Object.values(pools)) {
    total.cpuMillis += (machines[machine]?.cpus ?? 0) * 1000 * max
    total.memoryBytes += (parseBytes(machines[machine]?.memory ?? '') ?? 0) * max
  }
  return total
}

const checkCapacity = (file: File): Issue[] => {
  const { capacity, pools, machines } = file.value
  if (!Object.values(pools).every(({ machine }) => Object.hasOwn(machines, machine))) return []
  const { cpuMillis, memoryBytes } = hardwareOf(file.value)
  return [
    ...capacityIssue(
      file,
      'cpu',
      (parseCpuMillis(capacity.cpu) ?? 0) > cpuMillis,
      formatCpuMillis(cpuMillis),
    ),
    ...capacityIssue(
      file,
      'memory',
      (parseBytes(capacity.memory) ?? 0) > memoryBytes,
      formatBytes(memoryBytes),
    ),
  ]
}

const capacityIssue = (file: File, part: 'cpu' | 'memory', isOver: boolean, pools: string): Issue[] =>
  isOver
    ? [
        {
          code: 'cluster/capacity-over-pools',
          message: `The capacity of ${file.value.capacity[part]} ${part} is more than the full pools' ${pools}.`,
          source: file.locate(['capacity', part]),
          hint: 'Lower it, or raise the `max` of pools: quotas are promises.',
        },
      ]
    : []

const checks = [
  checkPools,
  checkDedicatedKinds,
  checkSpaces,
  checkOverlaps,
  checkInside,
  checkVlanIds,
  checkThresholds,
  checkWatch,
  checkSigners,
  checkCapacity,
]

/** What one cluster file says that cannot hold, whatever the other files say. Issue codes: `cluster/*`. Never throws. */
export const checkCluster = (file: Loaded<Cluster>): Issue[] => checks.flatMap((check) => check(file))
