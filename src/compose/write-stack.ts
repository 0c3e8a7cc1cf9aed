import { posix } from 'node:path'
import { type Checked, type Issue, sortIssues } from '../core/issue.ts'
import { checkOutput } from './check-schema.ts'
import { mapValues, scalar, withEntry } from './make-node.ts'
import type { Replaced } from './merge.ts'
import { fitSwarm } from './stack/fit-swarm.ts'
import { originRemarks } from './stack/origins.ts'
import { stackVersion } from './stack/stack-version.ts'
import { commentText, stackYaml } from './stack/stack-yaml.ts'
import { childAt, textOf, type YamlMap, type YamlNode, type YamlPath } from './yaml-node.ts'

/** What a stack is written from beside its model. */
export interface StackInput {
  /** What lost to what in the merge, for the comments. */
  readonly replaced: readonly Replaced[]
  /** Values that hold variables for whoever deploys; dollars elsewhere are meant as they are. */
  readonly templates: readonly YamlPath[]
  /** Lines of the comment at the top. */
  readonly heading: readonly string[]
  /** The project's folder seen from the folder of the stack file, for the files that the stack names: `.`, `../app`. */
  readonly folder: string
}

/** A stack file, and what was left out of it. */
export interface WrittenStack {
  readonly text: string
  readonly warnings: readonly Issue[]
}

const isRelative = (path: string): boolean => !posix.isAbsolute(path) && !path.startsWith('~')

/** `docker stack deploy` looks for the files of secrets and configs from the folder of the stack file. */
const withPaths = (model: YamlMap, kind: string, folder: string): YamlMap => {
  const own = model.entries.get(kind)
  if (own?.node.kind !== 'map') return model
  const node = mapValues(own.node, ({ node: resource }) => {
    const file = childAt(resource, 'file')
    const path = textOf(file)
    if (resource.kind !== 'map' || file === undefined || path === undefined || !isRelative(path))
      return resource
    const joined = posix.join(folder, path)
    const shown = joined.startsWith('.') || posix.isAbsolute(joined) ? joined : `./${joined}`
    const key = { key: 'file', keySource: file.source }
    return withEntry(resource, { ...key, node: scalar(shown, file.source) })
  })
  return withEntry(model, { ...own, node })
}

const withVersion = (stack: YamlMap): YamlMap => ({
  ...stack,
  entries: new Map([
    ['version', { key: 'version', keySource: stack.source, node: scalar(stackVersion(stack), stack.source) }],
    ...stack.entries,
  ]),
})

const keyOf = (path: YamlPath): string => JSON.stringify(path.map(String))

const textOfStack = (stack: YamlMap, { replaced, templates, heading }: StackInput): string => {
  const isTemplateKey = new Set(templates.map(keyOf))
  const remarkOf = originRemarks(replaced)
  const yaml = stackYaml(stack, {
    remarkOf: (node: YamlNode, path) => (path[0] === 'version' ? undefined : remarkOf(node, path)),
    isTemplate: (path) => isTemplateKey.has(keyOf(path)),
  })
  return `${heading.map((line) => `# ${commentText(line)}\n`).join('')}${yaml}`
}

/**
 * A finished model as the stack file that `docker stack deploy` takes: version 3.8 or the lowest later one that has its fields,
 * keys sorted, each value with the place that gave it, the same bytes for the same input.
 *
 * Issue codes: `compose/not-in-swarm`, and `compose/unknown-field`, `compose/wrong-value` of the schema of stacks; of warnings
 * `compose/left-out`, `compose/unset-variable`; all sorted. Never throws.
 */
export const writeStack = (model: YamlMap, input: StackInput): Checked<WrittenStack> => {
  const issues: Issue[] = []
  const warnings: Issue[] = []
  const telling = { issue: (one: Issue) => issues.push(one), warning: (one: Issue) => warnings.push(one) }
  const fitted = fitSwarm(model, telling)
  if (issues.length > 0) return { ok: false, issues: sortIssues(issues) }
  const stack = withVersion(
    ['secrets', 'configs'].reduce((own, kind) => withPaths(own, kind, input.folder), fitted),
  )
  const wrong = checkOutput(stack)
  if (wrong.length > 0) return { ok: false, issues: sortIssues(wrong) }
  return { ok: true, value: { text: textOfStack(stack, input), warnings: sortIssues(warnings) } }
}
