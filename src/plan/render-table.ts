import { compareText } from '../core/issue.ts'
import type { DesiredState, StackState } from '../model/desired-state.ts'
import type { Resource } from '../model/resource.ts'
import type { Concern } from '../model/resource-base.ts'

/** Concerns in the order in which a person reads a tenant. */
export const concernOrder: readonly Concern[] = [
  'cluster',
  'access',
  'registry',
  'networks',
  'volumes',
  'secrets',
  'ci',
  'nodes',
]

const memory = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`

/** What a reader wants to know of a resource beside its key; never a secret. */
const detail = (resource: Resource): string => {
  switch (resource.kind) {
    case 'Grant':
    case 'RevokedGrant':
      return `${resource.role} on ${resource.collection}`
    case 'Network':
      return `${resource.name} ${resource.driver} ${resource.subnet}`
    case 'Volume':
      return `${resource.name} ${resource.driver}`
    case 'DockerService':
      return `${resource.name} ${resource.cpuLimitMillis}m CPU, ${memory(resource.memoryLimitBytes)}`
    case 'VirtualMachine':
      return `${resource.cpus} CPUs, ${resource.memoryMib} MiB`
    case 'RepositoryAccess':
      return resource.accessLevel
    case 'PromotionPolicy':
      return `${resource.sourceRepository} → ${resource.targetRepository}`
    case 'Team':
      return resource.ldapSync?.groupDn ?? 'members by name'
    case 'VaultMount':
      return resource.path
    case 'NodePlacement':
      return resource.collection
    default:
      return 'name' in resource ? resource.name : ''
  }
}

const header = ['concern', 'kind', 'key', 'what'] as const

type Row = readonly [string, string, string, string]

const rowsOf = ({ resources }: StackState): readonly Row[] =>
  [...resources]
    .sort(
      (a, b) =>
        concernOrder.indexOf(a.concern) - concernOrder.indexOf(b.concern) ||
        compareText(a.kind, b.kind) ||
        compareText(a.key, b.key),
    )
    .map((resource) => [resource.concern, resource.kind, resource.key, detail(resource)])

/** What a row repeats from the one above is left blank. */
const withoutRepeats = (rows: readonly Row[]): readonly Row[] =>
  rows.map(([concern, kind, key, what], index) => {
    const above = rows[index - 1]
    const sameConcern = above?.[0] === concern
    return [sameConcern ? '' : concern, sameConcern && above?.[1] === kind ? '' : kind, key, what]
  })

const widthsOf = (rows: readonly Row[]): readonly number[] =>
  header.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))

const lineOf = (row: Row, widths: readonly number[]): string =>
  row
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join('  ')
    .trimEnd()

/** A stack as a table: a title, then a line a resource, by concern, kind and key. Ends in a line feed. */
export const renderStackTable = (state: StackState): string => {
  const rows: readonly Row[] = [header, ...withoutRepeats(rowsOf(state))]
  const widths = widthsOf(rows)
  const title = `${state.stack}: ${state.resources.length} resources`
  return `${[title, '', ...rows.map((row) => lineOf(row, widths))].join('\n')}\n`
}

/** Every stack of a cluster as a table. */
export const renderTable = (desired: DesiredState): string => desired.stacks.map(renderStackTable).join('\n')
