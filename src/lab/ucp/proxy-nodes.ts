import * as z from 'zod'
import { NodeSpec } from '../../clients/docker-objects.ts'
import type { Access } from './access.ts'
import { Denial } from './proxy-denial.ts'
import { type EngineSocket, messageOf } from './proxy-engine.ts'
import { collectionLabel, joinedNodeLabels } from './proxy-labels.ts'
import type { Engines } from './proxy-members.ts'
import { nodePolicyOf } from './proxy-writes.ts'

const Joined = z.looseObject({
  ID: z.string(),
  Version: z.object({ Index: z.number() }),
  Spec: NodeSpec,
  Status: z.looseObject({ State: z.string().optional() }).nullish(),
})
type Joined = z.infer<typeof Joined>

const nodesOf = async (manager: EngineSocket): Promise<readonly Joined[]> =>
  z.array(Joined).parse((await manager.read('/nodes')) ?? [])

const placeNode = async (manager: EngineSocket, access: Access, node: Joined): Promise<void> => {
  const { ID, Version, Spec } = node
  const home = access.collectionByPath(Spec.Role === 'manager' ? '/System' : '/Shared')
  if (home === undefined) return
  const orchestrator = nodePolicyOf(access).defaultNodeOrchestrator
  const spec = { ...Spec, Labels: joinedNodeLabels(home, orchestrator, Spec.Labels) }
  const { status, text } = await manager.call({
    method: 'POST',
    path: `/nodes/${ID}/update?version=${Version.Index}`,
    body: Buffer.from(JSON.stringify(spec)),
    headers: { 'content-type': 'application/json' },
  })
  // Out of sequence: somebody else has just changed it; the next call looks again.
  if (status >= 400 && !/out of sequence/.test(text)) throw new Denial(status, messageOf(text))
}

/** Labels the nodes that stand in no collection yet; resolves to how many there were. @throws {Denial} of the engine. */
export const placeHomeless = async ({ manager }: Engines, access: Access): Promise<number> => {
  const homeless = (await nodesOf(manager)).filter(({ Spec }) => Spec.Labels?.[collectionLabel] === undefined)
  for (const node of homeless) await placeNode(manager, access, node)
  return homeless.length
}

const runs = ({ Status, Spec }: Joined): boolean =>
  Status?.State === 'ready' && Spec.Availability === 'active'

const containersOn = async (engine: EngineSocket): Promise<number> =>
  z.array(z.unknown()).parse((await engine.read('/containers/json')) ?? []).length

/**
 * The engine that is to run a container outside of any service: of the nodes of a collection the one with the fewest
 * containers. @throws {Denial} 503 where none of them runs.
 */
export const engineForContainer = async (engines: Engines, collectionId: string): Promise<EngineSocket> => {
  const nodes = (await nodesOf(engines.manager)).filter(
    (node) => runs(node) && node.Spec.Labels?.[`${collectionLabel}.${collectionId}`] === 'true',
  )
  const able = (await Promise.all(nodes.map(({ ID }) => engines.ofNode(ID)))).filter(
    (one) => one !== undefined,
  )
  const loads = await Promise.all(
    [...new Set(able)].map(async (engine) => ({ engine, containers: await containersOn(engine) })),
  )
  const [least] = loads.sort((a, b) => a.containers - b.containers)
  if (least === undefined) throw new Denial(503, `no node of collection ${collectionId} can run a container`)
  return least.engine
}
