import type { HandChange } from '../../src/cli/hand-changes.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { Hands } from './by-hand.ts'

/** Something that a person does at a server, and what a refresh must say of it. */
export interface HandMade {
  /** Key of the desired state. */
  readonly resource: string
  readonly what: HandChange['what']
  /** Paths that are told, each with its property first; none where it was removed. */
  readonly properties?: readonly string[]
  /** What is told to be there now, by path. */
  readonly to?: Readonly<Record<string, unknown>>
  readonly by: (hands: Hands) => Promise<unknown>
}

type Item = Readonly<Record<string, unknown>>

/** The resource of a key, of the kind that it must be. */
export const resourceOf = <Kind extends Resource['kind']>(
  state: StackState,
  key: string,
  kind: Kind,
): Extract<Resource, { kind: Kind }> => {
  const found = state.resources.find((one) => one.key === key)
  if (found?.kind !== kind) throw new Error(`${state.stack} has no ${kind} ${key}`)
  return found as Extract<Resource, { kind: Kind }>
}

const itemsOf = (value: unknown): readonly Item[] => (Array.isArray(value) ? (value as Item[]) : [])

const textOf = (item: Item | undefined, name: string): string => String(item?.[name] ?? '')

/** The id of what UCP calls an account, a team's path, a collection or a role. */
export const idOf = async (hands: Hands, path: string): Promise<string> =>
  textOf((await hands.ucp('GET', path)) as Item, 'id')

export const collectionId = async (hands: Hands, path: string): Promise<string> =>
  idOf(hands, `/collectionByPath?path=${encodeURIComponent(path)}`)

export const roleId = async (hands: Hands, name: string): Promise<string> => {
  const found = itemsOf(await hands.ucp('GET', '/roles')).find((one) => one.name === name)
  if (found === undefined) throw new Error(`no role ${name}`)
  return textOf(found, 'id')
}

export interface GrantIds {
  readonly subject: string
  readonly collection: string
  readonly role: string
}

export const grantsOf = async (hands: Hands, role: string): Promise<readonly GrantIds[]> => {
  const answer = (await hands.ucp('GET', `/collectionGrants?roleID=${role}&limit=10000`)) as Item
  return itemsOf(answer.grants).map((one) => ({
    subject: textOf(one, 'subjectID'),
    collection: textOf(one, 'objectID'),
    role: textOf(one, 'roleID'),
  }))
}

const grantPath = ({ subject, collection, role }: GrantIds): string =>
  `/collectionGrants/${subject}/${encodeURIComponent(collection)}/${role}`

export const putGrant = (hands: Hands, grant: GrantIds): Promise<unknown> =>
  hands.ucp('PUT', grantPath(grant), {})

export const removeGrant = (hands: Hands, grant: GrantIds): Promise<unknown> =>
  hands.ucp('DELETE', grantPath(grant))

/** What UCP must be asked to edit a role: its grants and itself go, and another comes under its name. */
export const editRole = async (hands: Hands, name: string, operations: object): Promise<void> => {
  const old = await roleId(hands, name)
  const grants = await grantsOf(hands, old)
  for (const grant of grants) await removeGrant(hands, grant)
  await hands.ucp('DELETE', `/roles/${old}`)
  await hands.ucp('POST', '/roles', { name, operations })
  const role = await roleId(hands, name)
  for (const grant of grants) await putGrant(hands, { ...grant, role })
}

type NodeSpec = Item & { readonly Labels: Readonly<Record<string, string>> }
interface EngineItem {
  readonly ID: string
  readonly Version: { readonly Index: number }
}

/** Changes a node's spec as `docker node update` does. */
export const changeNode = async (
  hands: Hands,
  hostname: string,
  change: (spec: NodeSpec) => object,
): Promise<void> => {
  const nodes = (await hands.ucp('GET', '/nodes')) as (EngineItem & {
    Spec: NodeSpec
    Description: { Hostname: string }
  })[]
  const node = nodes.find(({ Description }) => Description.Hostname === hostname)
  if (node === undefined) throw new Error(`no node ${hostname}`)
  await hands.ucp('POST', `/nodes/${node.ID}/update?version=${node.Version.Index}`, change(node.Spec))
}

/** Changes the spec of a service, a secret or a config, as `docker <kind> update` does. */
export const changeSpec = async <Spec>(
  hands: Hands,
  path: string,
  change: (spec: Spec) => unknown,
): Promise<void> => {
  const found = (await hands.ucp('GET', path)) as EngineItem & { readonly Spec: Spec }
  const folder = path.split('/')[1]
  await hands.ucp('POST', `/${folder}/${found.ID}/update?version=${found.Version.Index}`, change(found.Spec))
}

/** The id of the first policy of a repository to another, or of its webhook of an event. */
export const policyId = async (hands: Hands, source: string): Promise<string> =>
  textOf(
    itemsOf(await hands.registry('GET', `/repositories/${source}/promotionPolicies?source=true`))[0],
    'id',
  )

export const webhookId = async (hands: Hands, repository: string, event: string): Promise<string> =>
  textOf(
    itemsOf(await hands.registry('GET', `/repositories/${repository}/webhooks`)).find(
      ({ type }) => type === event,
    ),
    'id',
  )
