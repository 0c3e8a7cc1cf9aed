import { type Issue, placeText, type Source } from '../../core/issue.ts'
import type { Network } from '../../model/network.ts'
import { mapFrom } from '../make-node.ts'
import { childAt, entriesOf, scalarOf, textOf, type YamlEntry, type YamlMap } from '../yaml-node.ts'
import { isExternal } from './access.ts'
import type { SupplyContext } from './context.ts'
import { joined, modelWith, type Part, part } from './part.ts'
import { meantBy, onlyNames, type TenantObject, type TenantObjects } from './tenant-objects.ts'

/** A thing of the tenant that is another application's alone. */
export const otherApplication = (
  kind: string,
  { key, keySource }: YamlEntry,
  { source }: TenantObject<unknown>,
): Issue => ({
  code: 'compose/other-application',
  message: `${kind}.${key} is another application's alone by ${placeText(source)}.`,
  source: keySource,
  hint: 'Name the application that the stack is of, give the entry another key, or take `application` out of the tenant file.',
})

/** The stack defines a thing of its own under the name of the tenant's. */
export const shadows = (kind: string, { key, keySource }: YamlEntry, source: Source): Issue => ({
  code: 'compose/shadows-tenant',
  message: `${kind}.${key} is defined here, so it is the stack's own and not the one of ${source.file}:${source.line}.`,
  source: keySource,
  hint: `To use the tenant's, leave \`${key}: {}\`; else give it another key.`,
})

const isUsed = (model: YamlMap, key: string): boolean =>
  entriesOf(childAt(model, 'services')).some(
    ({ node }) => childAt(childAt(node, 'networks'), key) !== undefined,
  )

/** The docker plugin has no scope for a network, so an ipvlan network is the node's that made it; overlays are the swarm's. */
const oneNodes = (
  model: YamlMap,
  { key, keySource }: YamlEntry,
  { made, source }: TenantObject<Network>,
): readonly Issue[] =>
  made.driver === 'overlay' || !isUsed(model, key)
    ? []
    : [
        {
          code: 'compose/one-nodes-network',
          message: `networks.${key} is an ${made.driver} network of one node (${source.file}:${source.line}): Swarm takes no service on it.`,
          source: keySource,
          hint: `Put the services on an overlay and publish their ports, or have an operator make ${made.name} by hand with \`--scope swarm\`.`,
        },
      ]

/** The tenant's network is there already. Labels are those it has. */
const existing = ({ key, node }: YamlEntry, { made, source }: TenantObject<Network>): Part => {
  const definition = mapFrom({ external: true, name: made.name }, source)
  const lost = entriesOf(node)
    .filter(({ key: field, node: value }) => scalarOf(value) !== scalarOf(childAt(definition, field)))
    .map((one) => ({
      path: ['networks', key, one.key],
      lost: one.node,
      kept: childAt(definition, one.key),
    }))
  return part({ rewrites: [{ path: ['networks', key], node: definition }], replaced: lost })
}

/** A stack's own network is as the tenant's are: an overlay, encrypted on prod. */
const own = ({ key, node }: YamlEntry, { cluster }: SupplyContext): Part => {
  const driver = textOf(childAt(node, 'driver')) ?? 'overlay'
  const source = cluster.locate(['stage'])
  const at = ['networks', key]
  const isEncrypted = cluster.value.stage === 'prod' && driver === 'overlay'
  return part({
    base: [
      modelWith([...at, 'driver'], driver, source),
      ...(isEncrypted ? [modelWith([...at, 'driver_opts', 'encrypted'], 'true', source)] : []),
    ],
  })
}

const networkOf = (
  one: YamlEntry,
  model: YamlMap,
  context: SupplyContext,
  { networks }: TenantObjects,
): Part => {
  const found = meantBy(networks, one.key, one.node)
  if (found === undefined || !onlyNames(one.node)) {
    const warnings = found === undefined ? [] : [shadows('networks', one, found.source)]
    return isExternal(one.node) ? part({ warnings }) : joined([own(one, context), part({ warnings })])
  }
  if (!found.isOurs) return part({ issues: [otherApplication('networks', one, found)] })
  return joined([existing(one, found), part({ warnings: oneNodes(model, one, found) })])
}

/** Networks of the tenant by the names that UCP knows them by; the stack's own as the platform makes networks. */
export const networks = (context: SupplyContext, model: YamlMap, objects: TenantObjects): Part =>
  joined(entriesOf(childAt(model, 'networks')).map((one) => networkOf(one, model, context, objects)))
