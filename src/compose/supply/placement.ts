import { accessLabel } from '../../compile/docker-labels.ts'
import type { Issue } from '../../core/issue.ts'
import { listOf, scalar } from '../make-node.ts'
import {
  childAt,
  entriesOf,
  itemsOf,
  nodeAt,
  textOf,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
} from '../yaml-node.ts'
import type { SupplyContext } from './context.ts'
import { joined, modelWith, type Part, part } from './part.ts'

const label = `node.labels.${accessLabel}`

const withoutBlanks = (node: YamlNode): string => (textOf(node) ?? '').replace(/\s+/g, '')

const elsewhere = ({ key }: YamlEntry, said: YamlNode, { nodes, cluster, tenant }: SupplyContext): Issue => ({
  code: 'compose/foreign-nodes',
  message: `services.${key} asks for nodes by '${textOf(said) ?? ''}'; ${tenant.value.organization} runs on those of ${nodes.collection} on ${cluster.value.cluster}.`,
  source: said.source,
  hint: 'Take the constraint out: the offer of the tenant file says which nodes they are.',
})

const placementOf = (one: YamlEntry, context: SupplyContext): Part => {
  const { collection, source } = context.nodes
  const wanted = `${label}==${collection}`
  const said = itemsOf(nodeAt(one.node, ['deploy', 'placement', 'constraints']))
  const about = said.filter((item) => /^(?:==|!=)/.test(withoutBlanks(item).replace(label, '')))
  const others = about.filter(
    (item) => withoutBlanks(item).startsWith(label) && withoutBlanks(item) !== wanted,
  )
  if (others.length > 0) return part({ issues: others.map((item) => elsewhere(one, item, context)) })
  if (said.some((item) => withoutBlanks(item) === wanted)) return part({})
  const constraints = listOf([scalar(wanted, source)], source)
  return part({
    base: [modelWith(['services', one.key, 'deploy', 'placement', 'constraints'], constraints, source)],
  })
}

/**
 * Every service on the nodes of its offer, beside what operators constrain. Issue code: `compose/foreign-nodes`, where a file asks
 * for the nodes of another collection: no node would fit.
 */
export const placement = (context: SupplyContext, model: YamlMap): Part =>
  joined(entriesOf(childAt(model, 'services')).map((one) => placementOf(one, context)))
