/** Columns of the report, narrow enough for 80 columns together, by the concern of a resource. */
export const concernColumns: readonly (readonly [concern: string, column: string])[] = [
  ['cluster', 'access'],
  ['access', 'access'],
  ['registry', 'repos'],
  ['networks', 'nets'],
  ['volumes', 'vols'],
  ['secrets', 'secrets'],
  ['ci', 'ci'],
  ['nodes', 'nodes'],
]

/** The component that a resource stands in, out of the qualified type in its URN: `…$tenantry:index:Access$…`. */
export const concernOf = (urn: string): string =>
  [...urn.matchAll(/tenantry:index:(\w+)/g)].at(-1)?.[1]?.toLowerCase() ?? 'other'

/** `ucp:index:NodePlacement` → `NodePlacement`, `vault:index/mount:Mount` → `vault Mount`. */
export const kindOf = (type: string): string => {
  const [plugin = '', , name = type] = type.split(':')
  return plugin === 'ucp' ? name : `${plugin} ${name}`
}
