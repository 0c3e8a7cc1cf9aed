/** Columns of the report, by the beginning of the type token; the first that fits counts. */
const groups: readonly (readonly [prefix: string, group: string])[] = [
  ['ucp:index:Organization', 'orgs, teams'],
  ['ucp:index:Team', 'orgs, teams'],
  ['ucp:index:Collection', 'collections'],
  ['ucp:index:Role', 'roles'],
  ['ucp:index:NodePlacement', 'nodes'],
  ['ucp:index:ContentTrust', 'cluster'],
  ['ucp:index:', 'grants'],
  ['ucp:registry:', 'registry'],
  ['docker:index/network:', 'networks'],
  ['vsphere:index/distributedPortGroup:', 'networks'],
  ['docker:index/volume:', 'volumes'],
  ['docker:', 'services'],
  ['vault:', 'vault'],
  ['vsphere:index/virtualMachine:', 'VMs'],
  ['vsphere:', 'vSphere'],
]

/** The column of a type token; `other` of one that no rule knows. */
export const groupOf = (type: string): string =>
  groups.find(([prefix]) => type.startsWith(prefix))?.[1] ?? 'other'

/** `ucp:index:NodePlacement` → `NodePlacement`, `vault:index/mount:Mount` → `vault Mount`. */
export const kindOf = (type: string): string => {
  const [plugin = '', , name = type] = type.split(':')
  return plugin === 'ucp' ? name : `${plugin} ${name}`
}
