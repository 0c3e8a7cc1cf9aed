import type { Issue } from '../core/issue.ts'
import { withDefaults } from './defaults.ts'
import { parseEnvText, unreadableEnv } from './env-text.ts'
import { mapOf, withEntry, without } from './make-node.ts'
import { mergeNodes } from './merge.ts'
import { clearPaths } from './merge-tags.ts'
import type { Loading, Prepared } from './prepare.ts'
import { joinPath, rebase } from './rebase.ts'
import type { Lookup } from './substitute.ts'
import { childAt, entriesOf, itemsOf, plainOf, textOf, type YamlMap, type YamlNode } from './yaml-node.ts'

const resources = ['services', 'volumes', 'networks', 'secrets', 'configs'] as const

const withoutDot = (path: string): string => path.replace(/^\.\//, '')

const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.')

const textsOf = (
  node: YamlNode | undefined,
): readonly { readonly text: string; readonly node: YamlNode }[] => {
  if (node === undefined) return []
  return (node.kind === 'list' ? itemsOf(node) : [node]).flatMap((item) => {
    const text = textOf(item)
    return text === undefined ? [] : [{ text, node: item }]
  })
}

interface Include {
  readonly paths: readonly { readonly path: string; readonly at: YamlNode }[]
  readonly folder: string
  readonly envFiles: readonly { readonly text: string; readonly node: YamlNode }[]
  readonly node: YamlNode
}

const includeOf = (node: YamlNode, loading: Loading): Include => {
  const named = textsOf(node.kind === 'map' ? childAt(node, 'path') : node)
  const paths = named.map(({ text, node: at }) => ({ path: withoutDot(joinPath(loading.folder, text)), at }))
  const folder = textOf(childAt(node, 'project_directory'))
  return {
    paths,
    folder:
      folder === undefined ? folderOf(paths[0]?.path ?? '.') : withoutDot(joinPath(loading.folder, folder)),
    envFiles: textsOf(childAt(node, 'env_file')),
    node,
  }
}

const noEnvFile = (path: string, node: YamlNode): Issue => ({
  code: 'compose/no-file',
  message: `There is no env file '${path}'.`,
  source: node.source,
  hint: 'Correct the path; it begins at the folder of the first compose file.',
})

/** What holds around an include wins over its own env files. */
const lookupOf = ({ envFiles, folder, node }: Include, loading: Loading): Lookup => {
  const own = new Map<string, string>()
  const named = envFiles.map(({ text, node: at }) => ({
    path: withoutDot(joinPath(loading.folder, text)),
    at,
    text,
  }))
  const files =
    named.length > 0 ? named : [{ path: folder === '.' ? '.env' : `${folder}/.env`, at: node, text: '' }]
  for (const { path, at, text } of files) {
    if (text === '/dev/null') continue
    const content = loading.files.text(path)
    if (content === undefined && named.length > 0) loading.issue(noEnvFile(path, at))
    if (typeof content === 'object')
      for (const issue of content) loading.issue(unreadableEnv(issue, at.source))
    if (typeof content !== 'string') continue
    const parsed = parseEnvText(path, content, loading.lookup)
    for (const issue of parsed.issues) loading.issue(issue)
    for (const [name, value] of parsed.variables) own.set(name, value)
  }
  return (name) => loading.lookup(name) ?? own.get(name)
}

const loopIssue = (node: YamlNode, path: string, loading: Loading): Issue => ({
  code: 'compose/include-loop',
  message: `The file includes itself by way of ${[...loading.including, path].join(', ')}.`,
  source: node.source,
  hint: 'Take one of these `include` out.',
})

const loadInclude = (include: Include, loading: Loading): YamlNode | undefined => {
  const loop = include.paths.find(({ path }) => loading.including.includes(path))
  if (loop !== undefined) {
    loading.issue(loopIssue(loop.at, loop.path, loading))
    return undefined
  }
  const inner = { ...loading, folder: include.folder, lookup: lookupOf(include, loading) }
  const model = loading.load(
    include.paths.map(({ path, at }) => ({ path, at: at.source })),
    inner,
  )
  return model === undefined ? undefined : rebase(withDefaults(model), include.folder)
}

const isSame = (a: YamlNode, b: YamlNode): boolean =>
  JSON.stringify(plainOf(a)) === JSON.stringify(plainOf(b))

const importKind = (
  model: YamlMap,
  kind: string,
  from: YamlNode,
  prepared: Prepared,
  loading: Loading,
): YamlMap => {
  const imported = childAt(from, kind)
  if (imported?.kind !== 'map') return model
  const own = model.entries.get(kind)
  const present = own?.node.kind === 'map' ? own.node : mapOf([], imported.source)
  const cleared = prepared.cleared.filter((path) => path[0] === kind)
  const entries = new Map(present.entries)
  for (const one of entriesOf(imported)) {
    const conflict = present.entries.get(one.key)
    if (conflict === undefined) entries.set(one.key, one)
    else if (!isSame(conflict.node, one.node)) {
      const paths = cleared
        .filter((path) => path[1] === one.key && path.length > 2)
        .map((path) => path.slice(2))
      const base = clearPaths(one.node, paths, loading)
      entries.set(one.key, { ...conflict, node: mergeNodes(base, conflict.node, [kind, one.key], loading) })
    }
  }
  const keySource = own?.keySource ?? imported.source
  return withEntry(model, { key: kind, keySource, node: { ...present, entries } })
}

/**
 * The model with what its `include` names: each a model of its own, whose relative paths begin at its own folder; what the
 * including file says of the same resource wins. Issue codes: `compose/include-loop`, `compose/no-file`. Never throws.
 */
export const applyIncludes = (prepared: Prepared, loading: Loading): YamlMap => {
  const list = childAt(prepared.node, 'include')
  let model = without(prepared.node, 'include')
  for (const node of itemsOf(list)) {
    const from = loadInclude(includeOf(node, loading), loading)
    if (from === undefined) continue
    for (const kind of resources) model = importKind(model, kind, from, prepared, loading)
  }
  return model
}
