import type { Issue } from '../core/issue.ts'
import { mapOf, withEntry, without } from './make-node.ts'
import { mergeNodes } from './merge.ts'
import { clearPaths } from './merge-tags.ts'
import { documentsOf, type Loading, type Prepared, prepare } from './prepare.ts'
import { joinPath, rebase } from './rebase.ts'
import { childAt, entriesOf, textOf, type YamlMap, type YamlNode, type YamlPath } from './yaml-node.ts'

/** The services that `extends` may name, and what the tags of their file take away. */
interface Scope {
  readonly file: string
  readonly services: YamlNode | undefined
  readonly cleared: readonly YamlPath[]
}

/** Where one chain of `extends` has been. */
type Chain = readonly string[]

const issueAt = (node: YamlNode, code: string, message: string, hint: string): Issue => ({
  code: `compose/${code}`,
  message,
  source: node.source,
  hint,
})

/** The services of another file, their paths seen from the project's folder. */
const scopeOfFile = (path: string, reference: YamlNode, loading: Loading): Scope => {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.'
  let services: YamlNode | undefined
  const cleared: YamlPath[] = []
  for (const document of documentsOf(path, loading, reference.source)) {
    const prepared = prepare(document, loading)
    if (prepared === undefined) continue
    cleared.push(...prepared.cleared)
    const own = rebase(prepared.node, folder)
    const model = mapOf(own.kind === 'map' ? own.entries.values() : [], own.source)
    services =
      services === undefined
        ? childAt(model, 'services')
        : mergeNodes(services, childAt(model, 'services') ?? services, ['services'], loading)
  }
  return { file: path, services, cleared }
}

const baseOf = (
  name: string,
  service: YamlMap,
  scope: Scope,
  loading: Loading,
  chain: Chain,
): YamlNode | undefined => {
  const reference = childAt(service, 'extends')
  const wanted = textOf(childAt(reference, 'service'))
  if (reference === undefined || wanted === undefined) return undefined
  const file = textOf(childAt(reference, 'file'))
  const from =
    file === undefined
      ? scope
      : scopeOfFile(joinPath(loading.folder, file).replace(/^\.\//, ''), reference, loading)
  const step = `${from.file} ${wanted}`
  if (chain.includes(step)) {
    loading.issue(
      issueAt(
        reference,
        'extends-loop',
        `The service '${name}' extends itself by way of ${[...chain, step].join(', ')}.`,
        'Take one of these `extends` out.',
      ),
    )
    return undefined
  }
  const base = childAt(from.services, wanted)
  if (base !== undefined) return extend(wanted, base, from, loading, [...chain, step])
  loading.issue(
    issueAt(
      reference,
      'unknown-service',
      `There is no service '${wanted}' in ${from.file} to extend.`,
      'Correct the name, or the file.',
    ),
  )
  return undefined
}

const extend = (name: string, node: YamlNode, scope: Scope, loading: Loading, chain: Chain): YamlNode => {
  if (node.kind !== 'map' || childAt(node, 'extends') === undefined) return node
  const own = without(node, 'extends')
  const base = baseOf(name, node, scope, loading, chain)
  if (base?.kind !== 'map') return own
  const cleared = scope.cleared
    .filter((path) => path[0] === 'services' && path[1] === name)
    .map((path) => path.slice(2))
  const kept = clearPaths(
    without(base, 'extends'),
    cleared.filter((path) => path.length > 0),
    loading,
  )
  return mergeNodes(kept, own, ['services', name], loading)
}

/** The model with every `extends` carried out. Issue codes: `compose/extends-loop`, `compose/unknown-service`. Never throws. */
export const applyExtends = (prepared: Prepared, file: string, loading: Loading): YamlMap => {
  const services = childAt(prepared.node, 'services')
  if (services?.kind !== 'map') return prepared.node
  const scope: Scope = { file, services, cleared: prepared.cleared }
  const extended = entriesOf(services).map((one) => ({
    ...one,
    node: extend(one.key, one.node, scope, loading, [`${file} ${one.key}`]),
  }))
  const entry = prepared.node.entries.get('services')
  if (entry === undefined) return prepared.node
  return withEntry(prepared.node, {
    ...entry,
    node: { ...services, entries: mapOf(extended, services.source).entries },
  })
}
