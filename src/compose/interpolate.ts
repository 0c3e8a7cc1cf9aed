import type { Issue } from '../core/issue.ts'
import { mapValues, scalar } from './make-node.ts'
import { PathTable } from './path-table.ts'
import { type Lookup, type SubstitutionProblem, substitute } from './substitute.ts'
import type { ScalarValue, YamlNode, YamlPath, YamlScalar } from './yaml-node.ts'

type Cast = 'int' | 'float' | 'boolean' | 'umask'

const containerCasts: readonly (readonly [string, Cast])[] = [
  ['cpu_count', 'int'],
  ['cpu_percent', 'float'],
  ['cpu_period', 'int'],
  ['cpu_quota', 'int'],
  ['cpu_rt_period', 'int'],
  ['cpu_rt_runtime', 'int'],
  ['cpus', 'float'],
  ['cpu_shares', 'int'],
  ['init', 'boolean'],
  ['networks.*.use_service_name_alias', 'boolean'],
  ['oom_kill_disable', 'boolean'],
  ['oom_score_adj', 'int'],
  ['pids_limit', 'int'],
  ['privileged', 'boolean'],
  ['read_only', 'boolean'],
  ['umask', 'umask'],
  ['ulimits.*', 'int'],
  ['ulimits.*.hard', 'int'],
  ['ulimits.*.soft', 'int'],
  ['volumes.*.read_only', 'boolean'],
  ['volumes.*.volume.nocopy', 'boolean'],
  ['depends_on.*.required', 'boolean'],
  ['depends_on.*.restart', 'boolean'],
  ['healthcheck.retries', 'int'],
  ['healthcheck.disable', 'boolean'],
  ['ports.*.target', 'int'],
  ['stdin_open', 'boolean'],
  ['tty', 'boolean'],
  ['deploy.replicas', 'int'],
  ['deploy.update_config.parallelism', 'int'],
  ['deploy.update_config.max_failure_ratio', 'float'],
  ['deploy.rollback_config.parallelism', 'int'],
  ['deploy.rollback_config.max_failure_ratio', 'float'],
  ['deploy.restart_policy.max_attempts', 'int'],
  ['deploy.placement.max_replicas_per_node', 'int'],
  ['scale', 'int'],
]

/** Where compose wants a number or a boolean although a variable gives text. */
const casts = new PathTable<Cast>([
  ...containerCasts.map(([path, cast]) => [`services.*.${path}`, cast] as const),
  ...['external', 'internal', 'attachable', 'enable_ipv4', 'enable_ipv6'].map(
    (field) => [`networks.*.${field}`, 'boolean'] as const,
  ),
  ['volumes.*.external', 'boolean'],
  ['secrets.*.external', 'boolean'],
  ['configs.*.external', 'boolean'],
])

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'y', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', 'n', 'no', 'off'].map((word) => [word, false] as const),
])

const castTo: Readonly<Record<Cast, (text: string) => ScalarValue | undefined>> = {
  boolean: (text) => booleans.get(text.toLowerCase()),
  int: (text) => (/^[-+]?\d{1,15}$/.test(text) ? Number(text) : undefined),
  float: (text) => (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined),
  umask: (text) =>
    /^0o?[0-7]{1,10}$/.test(text)
      ? Number.parseInt(text.replace('o', ''), 8)
      : /^\d{1,9}$/.test(text)
        ? Number(text)
        : undefined,
}

const castNames: Readonly<Record<Cast, string>> = {
  boolean: 'true or false',
  int: 'a whole number',
  float: 'a number',
  umask: 'a whole number',
}

interface Interpolating {
  readonly lookup: Lookup
  readonly issues: Issue[]
  readonly warnings: Issue[]
}

const dotted = (path: YamlPath): string => path.join('.')

const problemIssue = (problem: SubstitutionProblem, node: YamlScalar, path: YamlPath): Issue =>
  problem.kind === 'invalid'
    ? {
        code: 'compose/invalid-variable',
        message: `The value of ${dotted(path)} holds a \${…} that is no variable.`,
        source: node.source,
        hint: 'Write `${NAME}`, `${NAME:-default}` or `${NAME:?reason}`, and `$$` for a dollar.',
      }
    : {
        code: 'compose/required-variable',
        message: `The variable ${problem.variable} is required${problem.reason === '' ? '' : `: ${problem.reason}`}.`,
        source: node.source,
        hint: `Set it with \`--env ${problem.variable}=…\` or in an env file given by \`--env-file\`.`,
      }

const cast = (text: string, node: YamlScalar, path: YamlPath, work: Interpolating): YamlScalar => {
  const wanted = casts.find(path)
  if (wanted === undefined) return text === node.value ? node : { ...node, value: text, text }
  const value = castTo[wanted](text)
  if (value !== undefined) return { ...scalar(value, node.source), text }
  work.issues.push({
    code: 'compose/wrong-value',
    message: `The value of ${dotted(path)} is no ${castNames[wanted].replace(/^a /, '')}.`,
    source: node.source,
    hint: `It has to be ${castNames[wanted]}, also where a variable gives it.`,
  })
  return node
}

const fillScalar = (node: YamlScalar, path: YamlPath, work: Interpolating): YamlScalar => {
  if (typeof node.value !== 'string') return node
  const { text, problem, unset } = substitute(node.value, work.lookup)
  for (const variable of unset)
    work.warnings.push({
      code: 'compose/unset-variable',
      message: `The variable ${variable} is not set; ${dotted(path)} gets nothing in its place.`,
      source: node.source,
      hint: `Give a default, \`\${${variable}:-…}\`, or require it, \`\${${variable}:?reason}\`.`,
    })
  if (problem === undefined) return cast(text, node, path, work)
  work.issues.push(problemIssue(problem, node, path))
  return node
}

const fillNode = (node: YamlNode, path: YamlPath, work: Interpolating): YamlNode => {
  if (node.kind === 'scalar') return fillScalar(node, path, work)
  if (node.kind === 'map')
    return mapValues(node, ({ key, node: child }) => fillNode(child, [...path, key], work))
  const items = node.items.map((item, index) => fillNode(item, [...path, index], work))
  return items.every((item, index) => item === node.items[index]) ? node : { ...node, items }
}

/**
 * A document with its variables filled in, and values turned into the numbers and booleans that compose wants at their place.
 * Issue codes: `compose/invalid-variable`, `compose/required-variable`, `compose/wrong-value`; a warning
 * `compose/unset-variable`. Values of variables stand in no message. Never throws.
 */
export const interpolate = (
  root: YamlNode,
  lookup: Lookup,
): { readonly node: YamlNode; readonly issues: readonly Issue[]; readonly warnings: readonly Issue[] } => {
  const work: Interpolating = { lookup, issues: [], warnings: [] }
  return { node: fillNode(root, [], work), issues: work.issues, warnings: work.warnings }
}
