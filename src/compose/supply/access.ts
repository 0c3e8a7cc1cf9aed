import { isWithin } from '../../compile/collection-paths.ts'
import { accessLabel } from '../../compile/docker-labels.ts'
import type { Issue } from '../../core/issue.ts'
import { childAt, entriesOf, scalarOf, type YamlMap, type YamlNode } from '../yaml-node.ts'
import type { SupplyContext } from './context.ts'
import { joined, type KeyPath, modelWith, type Part, part } from './part.ts'

/** Kinds of a stack's own things, beside services. */
const resourceKinds = ['networks', 'volumes', 'secrets', 'configs'] as const

type Place = SupplyContext['workloads']

const foreign = (
  label: YamlNode,
  path: KeyPath,
  { allowed }: Place,
  { tenant, cluster }: SupplyContext,
): Issue => ({
  code: 'compose/foreign-collection',
  message: `${path.join('.')} stands in '${String(scalarOf(label))}', which is no collection of this stack of ${tenant.value.organization} on ${cluster.value.cluster}.`,
  source: label.source,
  hint: `Leave the label out, or name ${allowed.join(' or ')} or a collection below.`,
})

const labelled = (node: YamlNode, path: KeyPath, place: Place, context: SupplyContext): Part => {
  const labels = ['labels', ...(path[0] === 'services' ? ['deploy'] : [])].reduceRight<YamlNode | undefined>(
    (at, key) => childAt(at, key),
    node,
  )
  const said = childAt(labels, accessLabel)
  const collection = scalarOf(said)
  const isOwn = typeof collection === 'string' && place.allowed.some((root) => isWithin(collection, root))
  if (said !== undefined && !isOwn) return part({ issues: [foreign(said, path, place, context)] })
  const at = path[0] === 'services' ? [...path, 'deploy', 'labels'] : [...path, 'labels']
  return part({ base: [modelWith([...at, accessLabel], place.collection, place.source)] })
}

/** A thing that is there already, and has its labels. */
export const isExternal = (definition: YamlNode): boolean =>
  scalarOf(childAt(definition, 'external')) === true

/**
 * UCP's label on every service and on every network, volume, secret and config that the stack makes, the `default` network too:
 * without one an object lands in the private collection of whoever deploys. Issue code: `compose/foreign-collection`.
 */
export const accessLabels = (context: SupplyContext, model: YamlMap): Part =>
  joined([
    ...entriesOf(childAt(model, 'services')).map(({ key, node }) =>
      labelled(node, ['services', key], context.workloads, context),
    ),
    ...resourceKinds.flatMap((kind) =>
      entriesOf(childAt(model, kind))
        .filter(({ node }) => !isExternal(node))
        .map(({ key, node }) => labelled(node, [kind, key], context.resources, context)),
    ),
  ])
