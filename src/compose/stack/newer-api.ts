import type { Issue } from '../../core/issue.ts'
import { PathTable } from '../path-table.ts'
import { textOf, type YamlEntry, type YamlPath } from '../yaml-node.ts'

/** What UCP 3.2 answers clients in. */
const knownApi = '1.39'

const versionList: readonly (readonly [path: string, version: string])[] = [
  ['services.*.sysctls', '1.40'],
  ['services.*.deploy.placement.max_replicas_per_node', '1.40'],
  ['services.*.cap_add', '1.41'],
  ['services.*.cap_drop', '1.41'],
  ['services.*.deploy.mode', '1.41'],
  ['services.*.deploy.resources.limits.pids', '1.41'],
  ['services.*.ulimits', '1.41'],
  ['services.*.healthcheck.start_interval', '1.44'],
  ['services.*.volumes.*.volume.subpath', '1.45'],
  ['services.*.oom_score_adj', '1.46'],
]

/**
 * The version of the Docker API that brought what a field asks for: an engine that is spoken to in an older one takes the service
 * and drops the field. Source: `adjustForAPIVersion` of moby's `api/server/router/swarm`.
 */
const versions: PathTable<string> = new PathTable(versionList)

const isOldMode = ({ key, node }: YamlEntry): boolean =>
  key === 'mode' && !(textOf(node) ?? '').endsWith('-job')

/** The warning that a field of a stack may come to nothing on a UCP; undefined where every one has it. */
export const newerApi = (path: YamlPath, one: YamlEntry): Issue | undefined => {
  const at = [...path, one.key]
  const version = versions.find(at)
  if (version === undefined || isOldMode(one)) return undefined
  return {
    code: 'compose/newer-api',
    message: `${at.join('.')} stays in the stack, and a UCP whose Docker API is older than ${version} drops it without a word.`,
    source: one.keySource,
    hint: `UCP 3.2 has ${knownApi}; \`docker version\` with its client bundle tells. There the nodes' daemon.json, the image or another field has to do it.`,
  }
}
