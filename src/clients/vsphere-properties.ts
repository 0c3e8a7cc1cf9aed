import { Fault } from '../core/fault.ts'
import type { Vsphere } from './vsphere.ts'
import { isVsphereFault } from './vsphere-fault.ts'
import {
  childAt,
  childrenOf,
  leaf,
  node,
  type ObjectReference,
  referenceNode,
  textAt,
  toReference,
  typed,
  type Xml,
  type XmlElement,
} from './vsphere-xml.ts'

/** What was read of one object: the values by property path; what is unset is missing. */
export interface ObjectContent {
  readonly reference: ObjectReference
  readonly properties: ReadonlyMap<string, XmlElement>
}

/** A way from one object to others. Source: `PropertyCollector.TraversalSpec`. */
export interface Traversal {
  /** Unique in its query, so that others can name it. */
  readonly name: string
  readonly type: string
  readonly path: string
  /** Names of the traversals to go on with. */
  readonly next?: readonly string[]
}

export interface Query {
  readonly roots: readonly ObjectReference[]
  /** Whether the roots themselves are not wanted. */
  readonly skipRoots?: boolean
  readonly traversals?: readonly Traversal[]
  /** Properties by the type of object, which may be a supertype. */
  readonly properties: Readonly<Record<string, readonly string[]>>
  readonly resource?: string
}

const traversalNode = ({ name, type, path, next }: Traversal): Xml =>
  typed('selectSet', 'TraversalSpec', [
    leaf('name', name),
    leaf('type', type),
    leaf('path', path),
    leaf('skip', false),
    ...(next ?? []).map((other) => node('selectSet', [leaf('name', other)])),
  ])

const specSet = ({ roots, skipRoots, traversals, properties }: Query): Xml =>
  node('specSet', [
    ...Object.entries(properties).map(([type, paths]) =>
      node('propSet', [leaf('type', type), ...paths.map((path) => leaf('pathSet', path))]),
    ),
    ...roots.map((root) =>
      node('objectSet', [
        referenceNode('obj', root),
        leaf('skip', skipRoots === true),
        ...(traversals ?? []).map(traversalNode),
      ]),
    ),
  ])

const toContent = (element: XmlElement): ObjectContent[] => {
  const reference = toReference(childAt(element, 'obj'))
  if (reference === undefined) return []
  const properties = new Map<string, XmlElement>()
  for (const property of childrenOf(element, 'propSet')) {
    const value = childAt(property, 'val')
    if (value !== undefined) properties.set(textAt(property, 'name') ?? '', value)
  }
  return [{ reference, properties }]
}

const pages = async function* (vsphere: Vsphere, query: Query): AsyncGenerator<XmlElement> {
  const { propertyCollector } = await vsphere.content()
  const about = query.resource === undefined ? {} : { resource: query.resource }
  let answer = await vsphere.call({
    method: 'RetrievePropertiesEx',
    on: propertyCollector,
    parameters: [specSet(query), node('options', [])],
    readOnly: true,
    ...about,
  })
  for (;;) {
    const result = childAt(answer, 'returnval')
    if (result === undefined) return
    yield result
    const token = textAt(result, 'token')
    if (token === undefined) return
    answer = await vsphere.call({
      method: 'ContinueRetrievePropertiesEx',
      on: propertyCollector,
      parameters: [leaf('token', token)],
      ...about,
    })
  }
}

/** Reads properties of many objects in one call, all pages of it. */
export const retrieve = async (vsphere: Vsphere, query: Query): Promise<readonly ObjectContent[]> => {
  const found: ObjectContent[] = []
  for await (const result of pages(vsphere, query))
    found.push(...childrenOf(result, 'objects').flatMap(toContent))
  return found
}

/** Reads properties of one object. `@throws {VsphereFault} ManagedObjectNotFound` where it is gone. */
export const readObject = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  paths: readonly string[],
): Promise<ReadonlyMap<string, XmlElement>> => {
  const resource = `${reference.type} ${reference.id}`
  const query: Query = { roots: [reference], properties: { [reference.type]: paths }, resource }
  const [content] = await retrieve(vsphere, query)
  if (content === undefined)
    throw new Fault('protocol', `vCenter at ${vsphere.endpoint} told nothing of ${resource}.`)
  return content.properties
}

/** Reads properties of one object; undefined where it is gone. */
export const findObject = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  paths: readonly string[],
): Promise<ReadonlyMap<string, XmlElement> | undefined> => {
  try {
    return await readObject(vsphere, reference, paths)
  } catch (error) {
    if (isVsphereFault(error, 'ManagedObjectNotFound')) return undefined
    throw error
  }
}
