import { PathTable } from '../path-table.ts'
import type { YamlNode, YamlPath } from '../yaml-node.ts'

/** Least minor version of a field. Source: the schemas of docker/cli v28.5.2, each against the one before it. */
const since = new PathTable<number>([
  ['services.*.deploy.resources.limits.pids', 9],
  ['services.*.healthcheck.start_interval', 12],
  ['services.*.networks.*.driver_opts', 13],
  ['services.*.oom_score_adj', 13],
  ['volumes.*.x-cluster-spec', 11],
])

/** Oldest version written; engines of the platform's age take it. */
const oldest = 8

const needed = (node: YamlNode, path: YamlPath): number => {
  const own = since.find(path) ?? oldest
  if (node.kind === 'scalar') return own
  const below =
    node.kind === 'list'
      ? node.items.map((item, index) => needed(item, [...path, index]))
      : [...node.entries.values()].map((one) => needed(one.node, [...path, one.key]))
  return below.reduce((most, one) => Math.max(most, one), own)
}

/** The lowest version, from `3.8`, that has every field of a stack: older clients refuse newer ones. Never throws. */
export const stackVersion = (stack: YamlNode): string => `3.${needed(stack, [])}`
