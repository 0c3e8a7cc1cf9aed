import type { StackResult } from '../engine/stack-result.ts'
import type { LabRecord, PartRecord } from '../lab/lab-record.ts'
import { kindOf } from './kind-groups.ts'
import type { LabPerson } from './lab-people.ts'
import { stackTable } from './run-report.ts'
import { renderRows } from './table.ts'
import type { Terminal } from './terminal.ts'
import { wrapped } from './wrap.ts'

const partName = ({ cluster, name }: PartRecord): string => (cluster === null ? name : `${cluster} ${name}`)

/** `emulator, speaks 3.2.8` → `like 3.2.8`: narrow enough for 80 columns. */
const shortVersion = (version: string): string => version.replace(/^.*\bspeaks /, 'like ')

/** A socket is named from the checkout: its whole path would not fit into a line. */
const shortAddress = (address: string, project: string): string =>
  address.startsWith(`unix://${project}/`) ? address.slice(`unix://${project}/`.length) : address

/** Every part of a lab and every plugin: what it is in truth, which version, where. */
export const partsTable = ({ parts, plugins }: LabRecord, project: string): string =>
  renderRows(
    ['part', 'is', 'version', 'address'],
    [
      ...parts.map((part) => [
        partName(part),
        part.reality,
        shortVersion(part.version),
        shortAddress(part.address, project),
      ]),
      ...plugins.map(({ name, reality, version, origin }) => [
        `plugin ${name}`,
        reality,
        version,
        origin === 'bundle' ? 'bundled by this checkout' : origin,
      ]),
      ['plugin ucp', 'real', '0.1.0', 'this checkout'],
    ],
  )

/** How many of each kind a cluster got, most first. */
const kindsOf = (results: readonly StackResult[]): string => {
  const counts = new Map<string, number>()
  for (const { resources } of results)
    for (const { type, change, failed } of resources)
      if (change !== 'delete' && !failed) counts.set(kindOf(type), (counts.get(kindOf(type)) ?? 0) + 1)
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')
}

/** What was made: cluster by cluster and tenant by tenant. */
export const printMade = (terminal: Terminal, results: readonly StackResult[]): void => {
  const clusters = [...new Set(results.map(({ stack }) => stack.slice(0, stack.indexOf('.'))))]
  for (const cluster of clusters) {
    const own = results.filter(
      ({ stack, resources }) => stack.startsWith(`${cluster}.`) && resources.length > 0,
    )
    if (own.length === 0) continue
    terminal.print(`\n${terminal.color.bold(cluster)}`)
    terminal.print(stackTable(own))
    for (const line of wrapped(kindsOf(own), terminal.width, '')) terminal.print(line)
  }
}

/** How to go on with a lab that is left running. */
export const printKept = (terminal: Terminal, people: readonly LabPerson[]): void => {
  const rows = people.map(({ jobRole, team, user, password }) => [jobRole, team, user, password])
  terminal.print('\nThe lab is running. Log in to UCP and the registry of either cluster as:')
  terminal.print(renderRows(['job role', 'team', 'user', 'password'], rows))
  terminal.print(`
Try:
  npx tenantry status
  npx tenantry explain retail-banking quota.memory
  eval "$(npx tenantry lab env)"                      # points pulumi and tenantry at this lab
  pulumi preview --stack nonprod.retail-banking
  npx tenantry preview retail-banking                 # after an edit of tenants/retail-banking.ts
  npx tenantry lab status                             # the addresses again
  npx tenantry lab down                               # when you are done`)
}
