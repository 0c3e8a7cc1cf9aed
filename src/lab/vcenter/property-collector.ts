import {
  childAt,
  childrenOf,
  leaf,
  node,
  parseXml,
  referenceNode,
  textAt,
  toReference,
  toReferences,
  type Xml,
  type XmlElement,
} from '../../clients/vsphere-xml.ts'
import { type Inventory, type ManagedObject, referenceTo } from './inventory.ts'
import { propertyOf } from './property-values.ts'
import type { Method } from './soap-call.ts'
import { notFound, SoapFault } from './soap-fault.ts'

/** Objects in an answer; vCenter's own default is of this order. */
const pageSize = 100

const managedEntities = new Set<ManagedObject['type']>([
  'Folder',
  'Datacenter',
  'ClusterComputeResource',
  'HostSystem',
  'ResourcePool',
  'Datastore',
  'Network',
  'DistributedVirtualSwitch',
  'DistributedVirtualPortgroup',
  'VirtualMachine',
])

const isA = (object: ManagedObject, type: string): boolean =>
  object.type === type || (type === 'ManagedEntity' && managedEntities.has(object.type))

const selected = (inventory: Inventory, object: ManagedObject, path: string): readonly ManagedObject[] => {
  const value = propertyOf(inventory, object, path)
  if (value === undefined || value === 'unset') return []
  const read = parseXml(`<x xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${value.text}</x>`)
    .children[0]
  const one = toReference(read)
  const all = one === undefined ? toReferences(read) : [one]
  return all.flatMap(({ id }) => inventory.get(id) ?? [])
}

/** The objects of an object set: its root unless skipped, and what the traversals lead to, each once. */
const walk = (inventory: Inventory, objectSet: XmlElement): readonly ManagedObject[] => {
  const reference = toReference(childAt(objectSet, 'obj'))
  const root = reference && inventory.get(reference.id)
  if (reference === undefined || root?.type !== reference.type)
    throw notFound(reference ?? { type: '', id: '' })
  const traversals = childrenOf(objectSet, 'selectSet').filter((one) => textAt(one, 'path') !== undefined)
  const found = new Set<ManagedObject>(textAt(objectSet, 'skip') === 'true' ? [] : [root])
  const follow = (object: ManagedObject, traversal: XmlElement): void => {
    if (!isA(object, textAt(traversal, 'type') ?? '')) return
    const next = childrenOf(traversal, 'selectSet').map((one) => textAt(one, 'name'))
    for (const reached of selected(inventory, object, textAt(traversal, 'path') ?? '')) {
      if (found.has(reached)) continue
      found.add(reached)
      for (const other of traversals) if (next.includes(textAt(other, 'name'))) follow(reached, other)
    }
  }
  for (const traversal of traversals) follow(root, traversal)
  return [...found]
}

const propertyNodes = (inventory: Inventory, object: ManagedObject, path: string): readonly Xml[] => {
  const value = propertyOf(inventory, object, path)
  if (value === undefined)
    throw new SoapFault('InvalidProperty', `${object.type} has no property ${path} here.`, [
      leaf('name', path),
    ])
  return value === 'unset' ? [] : [node('propSet', [leaf('name', path), value])]
}

const contentNode = (inventory: Inventory, specSet: XmlElement, object: ManagedObject): readonly Xml[] => {
  const propSets = childrenOf(specSet, 'propSet').filter((one) => isA(object, textAt(one, 'type') ?? ''))
  if (propSets.length === 0) return []
  const paths = propSets.flatMap((one) => childrenOf(one, 'pathSet').map(({ text }) => text))
  return [
    node('objects', [
      referenceNode('obj', referenceTo(object)),
      ...paths.flatMap((path) => propertyNodes(inventory, object, path)),
    ]),
  ]
}

/** Reads of properties, page by page. */
export class PropertyCollector {
  readonly #pages = new Map<string, readonly Xml[]>()
  #lastToken = 0

  readonly methods: Readonly<Record<string, Method>> = {
    RetrievePropertiesEx: ({ inventory, parameters }) =>
      this.#answer(
        childrenOf(parameters, 'specSet').flatMap((specSet) =>
          childrenOf(specSet, 'objectSet')
            .flatMap((objectSet) => walk(inventory, objectSet))
            .flatMap((object) => contentNode(inventory, specSet, object)),
        ),
      ),
    ContinueRetrievePropertiesEx: ({ parameters }) => {
      const token = textAt(parameters, 'token') ?? ''
      const rest = this.#pages.get(token)
      if (rest === undefined) throw new SoapFault('InvalidArgument', 'The token is not known.')
      this.#pages.delete(token)
      return this.#answer(rest)
    },
  }

  #answer(objects: readonly Xml[]): readonly Xml[] {
    if (objects.length === 0) return []
    if (objects.length <= pageSize) return [node('returnval', objects)]
    this.#lastToken += 1
    const token = String(this.#lastToken)
    this.#pages.set(token, objects.slice(pageSize))
    return [node('returnval', [leaf('token', token), ...objects.slice(0, pageSize)])]
  }
}
