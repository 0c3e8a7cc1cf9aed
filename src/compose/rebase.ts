import { mapValues, scalar } from './make-node.ts'
import { PathTable } from './path-table.ts'
import { cleanPath } from './short-forms.ts'
import { childAt, scalarOf, type YamlNode, type YamlPath } from './yaml-node.ts'

/** Whether a build context is no folder of this machine. */
const isRemote = (path: string): boolean =>
  /^(?:[a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/|service:|docker-image:)/i.test(path)

/** From the root, from a person's own folder, or of a drive of Windows. */
const isAbsolute = (path: string): boolean => /^(?:[/~]|[a-zA-Z]:[\\/])/.test(path)

/** A path of another folder as seen from the project's: `./conf` of `shared` is `./shared/conf`. */
export const joinPath = (folder: string, path: string): string => {
  if (folder === '.' || isAbsolute(path) || isRemote(path)) return path
  const joined = cleanPath(`${folder}/${path}`)
  return joined.startsWith('../') || joined === '..' ? joined : `./${joined}`
}

const where = new PathTable<true>([
  ['services.*.build.context', true],
  ['services.*.build.additional_contexts.*', true],
  ['services.*.env_file.*.path', true],
  ['services.*.extends.file', true],
  ['services.*.label_file.*', true],
  ['services.*.volumes.*.source', true],
  ['configs.*.file', true],
  ['secrets.*.file', true],
])

const isBindSource = (path: YamlPath, parent: YamlNode | undefined): boolean =>
  path[2] !== 'volumes' || scalarOf(childAt(parent, 'type')) === 'bind'

const rebaseNode = (node: YamlNode, path: YamlPath, folder: string, parent?: YamlNode): YamlNode => {
  if (node.kind === 'map')
    return mapValues(node, ({ key, node: child }) => rebaseNode(child, [...path, key], folder, node))
  if (node.kind === 'list')
    return {
      ...node,
      items: node.items.map((item, index) => rebaseNode(item, [...path, index], folder, node)),
    }
  if (typeof node.value !== 'string' || where.find(path) === undefined || !isBindSource(path, parent))
    return node
  return scalar(joinPath(folder, node.value), node.source)
}

/** A model in long form whose relative paths begin at `folder`, with paths that begin at the project's folder. Never throws. */
export const rebase = (root: YamlNode, folder: string): YamlNode =>
  folder === '.' ? root : rebaseNode(root, [], folder)
