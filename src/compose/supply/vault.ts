import { vaultMountPath } from '../../compile/vault-policies.ts'
import type { Issue, Source } from '../../core/issue.ts'
import { listOf, mapFrom } from '../make-node.ts'
import {
  childAt,
  entriesOf,
  itemsOf,
  textOf,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
} from '../yaml-node.ts'
import type { SupplyContext } from './context.ts'
import { otherApplication } from './networks.ts'
import { joined, type KeyPath, modelsWith, modelWith, type Part, part } from './part.ts'
import { meantBy, onlyNames, type TenantObject, type TenantObjects } from './tenant-objects.ts'

/** What a stack calls the docker secret with the application's half of its log-in to Vault. */
const roleId = { key: 'vault-role-id', target: '/run/secrets/vault-role-id' } as const

/** A secret of the application that Vault holds. */
interface InVault {
  readonly key: string
  /** `orgs/retail-banking/apps/payments/database` */
  readonly path: string
  readonly source: Source
}

/** Secrets that the stack only names and that the tenant file says Vault holds for the application. */
const heldByVault = (context: SupplyContext, model: YamlMap): readonly InVault[] => {
  const { resolvedApplication: application, application: asked, scope, tenant } = context
  if (application === undefined || asked === undefined) return []
  const names = application.secrets.value
  return entriesOf(childAt(model, 'secrets'))
    .filter(({ key, node }) => onlyNames(node) && names.includes(textOf(childAt(node, 'name')) ?? key))
    .map(({ key, node }) => {
      const name = textOf(childAt(node, 'name')) ?? key
      const index = names.indexOf(name)
      return {
        key,
        path: `${vaultMountPath(scope.organization)}/apps/${application.name}/${name}`,
        source: tenant.locate(['applications', asked, 'secrets', index]),
      }
    })
}

const toldOf = (one: YamlEntry, { path, source }: InVault): Issue => ({
  code: 'compose/secret-in-vault',
  message: `secrets.${one.key} is no docker secret: Vault holds it at ${path} by ${source.file}:${source.line}.`,
  source: one.keySource,
  hint: 'Its services are told the path in VAULT_PATHS and log in with the role id; read it from there.',
})

/** A top-level secret gives way to what Vault holds. */
const definitionOf = (one: YamlEntry, held: InVault): Part =>
  part({
    rewrites: [{ path: ['secrets', one.key], node: undefined }],
    replaced: [{ path: ['secrets', one.key], lost: one.node, kept: undefined }],
    warnings: [toldOf(one, held)],
  })

const isOf = (item: YamlNode, held: readonly InVault[]): boolean =>
  held.some(({ key }) => key === textOf(childAt(item, 'source')))

/** A service that names such a secret is told where Vault is, what it may read there, and its half of the log-in. */
const serviceOf = (
  { key, node }: YamlEntry,
  held: readonly InVault[],
  login: TenantObject<unknown>,
  { cluster }: SupplyContext,
): Part => {
  const items = itemsOf(childAt(node, 'secrets'))
  const read = held.filter((one) => items.some((item) => isOf(item, [one])))
  const [first] = read
  if (first === undefined) return part({})
  const mounted = mapFrom({ source: roleId.key, target: roleId.target }, login.source)
  const kept = listOf([...items.filter((item) => !isOf(item, held)), mounted], login.source)
  const at = ['services', key]
  return part({
    rewrites: [{ path: [...at, 'secrets'], node: kept }],
    replaced: items.flatMap((item, index) =>
      isOf(item, held) ? [{ path: [...at, 'secrets', index], lost: item, kept: undefined }] : [],
    ),
    base: variablesOf([...at, 'environment'], read, { first, login, cluster }),
  })
}

/** What a service has to know to read from Vault. */
const variablesOf = (
  path: KeyPath,
  read: readonly InVault[],
  {
    first,
    login,
    cluster,
  }: Pick<SupplyContext, 'cluster'> & { readonly first: InVault; readonly login: TenantObject<unknown> },
): readonly YamlMap[] => {
  const address = cluster.value.endpoints.vault
  const paths = read.map((one) => one.path).join(',')
  return [
    modelWith([...path, 'VAULT_ADDR'], address, cluster.locate(['endpoints', 'vault'])),
    modelWith([...path, 'VAULT_ROLE_ID_FILE'], roleId.target, login.source),
    modelWith([...path, 'VAULT_PATHS'], paths, first.source),
  ]
}

/** A role id that the stack names itself. */
const named = (one: YamlEntry, { secrets }: TenantObjects): Part => {
  const found = meantBy(secrets, one.key, one.node)
  if (found === undefined || !onlyNames(one.node)) return part({})
  if (!found.isOurs) return part({ issues: [otherApplication('secrets', one, found)] })
  const definition = mapFrom({ external: true, name: found.made.name }, found.source)
  return part({ rewrites: [{ path: ['secrets', one.key], node: definition }] })
}

/**
 * Secrets of the application by where Vault holds them: no value of one reaches a stack file or the swarm. What a stack defines
 * itself (`file`, `driver`) stays.
 */
export const vaultSecrets = (context: SupplyContext, model: YamlMap, objects: TenantObjects): Part => {
  const held = heldByVault(context, model)
  const login = objects.secrets.find(({ called }) => called === `${context.application}-role-id`)
  const definitions = entriesOf(childAt(model, 'secrets')).map((one) => {
    const own = held.find(({ key }) => key === one.key)
    return own === undefined || login === undefined ? named(one, objects) : definitionOf(one, own)
  })
  if (login === undefined) return joined(definitions)
  const services = entriesOf(childAt(model, 'services')).map((one) => serviceOf(one, held, login, context))
  const isUsed = services.some(({ rewrites }) => rewrites.length > 0)
  const fields = isUsed ? { external: true, name: login.made.name } : {}
  const base = modelsWith(['secrets', roleId.key], fields, login.source)
  return joined([...definitions, ...services, part({ base })])
}
