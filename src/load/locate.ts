import type { Expression, Node, Property } from 'acorn'
import type { Loaded } from '../core/loaded.ts'
import { propertyKey } from './literal.ts'
import { sourceOf } from './source-of.ts'

type Path = readonly (string | number)[]

const propertyOf = (node: Expression, part: string | number): Property | undefined => {
  if (node.type !== 'ObjectExpression') return undefined
  return node.properties.find(
    (property): property is Property =>
      property.type === 'Property' && propertyKey(property) === String(part),
  )
}

const childOf = (node: Expression, part: string | number): Expression | undefined => {
  if (node.type !== 'ArrayExpression') return propertyOf(node, part)?.value
  const element = node.elements[Number(part)]
  return element === null || element === undefined || element.type === 'SpreadElement' ? undefined : element
}

interface Found {
  readonly node: Expression
  /** Whether the whole path is in the file; else `node` is the nearest part around it that is. */
  readonly whole: boolean
}

const nodeAt = (root: Expression, path: Path): Found => {
  let node = root
  for (const part of path) {
    const child = childOf(node, part)
    if (child === undefined) return { node, whole: false }
    node = child
  }
  return { node, whole: true }
}

const keyAt = (root: Expression, path: Path): Node => {
  const last = path[path.length - 1]
  if (last === undefined) return root
  const parent = nodeAt(root, path.slice(0, -1))
  const property = parent.whole ? propertyOf(parent.node, last) : undefined
  return property?.key ?? nodeAt(root, path).node
}

/** A read file whose parts can be found again in its text. */
export const loadedFrom = (
  file: string,
  text: string,
  read: { readonly root: Expression; readonly value: unknown },
): Loaded<unknown> => {
  const at = sourceOf(file, text)
  const placeOf = (node: Node) => at(node.start, node.end)
  return {
    file,
    text,
    value: read.value,
    locate: (path) => placeOf(nodeAt(read.root, path).node),
    locateKey: (path) => placeOf(keyAt(read.root, path)),
  }
}
