import { meetsAll } from './constraints.ts'
import type { ServiceNeeds } from './figures.ts'
import type { Swarm, SwarmNode, SwarmService } from './swarm.ts'

/** A service's constraints by their text: many services share them, and there may be thousands of nodes. */
const allowedOn = (nodes: readonly SwarmNode[]) => {
  const known = new Map<string, ReadonlySet<string> | undefined>()
  return ({ constraints }: SwarmService): ReadonlySet<string> | undefined => {
    if (constraints.length === 0) return undefined
    const key = constraints.join('\n')
    if (!known.has(key))
      known.set(key, new Set(nodes.filter((node) => meetsAll(node, constraints)).map(({ id }) => id)))
    return known.get(key)
  }
}

/** What each service needs of a node, by id: one value a service, so that tasks of one are told by identity. Never throws. */
export const needsOf = ({ nodes, services }: Swarm): ReadonlyMap<string, ServiceNeeds> => {
  const allowed = allowedOn(nodes)
  return new Map(
    services.map((service) => {
      const onlyOn = allowed(service)
      return [
        service.id,
        {
          id: service.id,
          reserved: service.reserved,
          ...(service.maxPerNode > 0 ? { maxPerNode: service.maxPerNode } : {}),
          ...(onlyOn === undefined || onlyOn.size === nodes.length ? {} : { onlyOn }),
          ...(service.isGlobal ? { isGlobal: true } : {}),
          ...(service.mustFinish ? { mustFinish: true } : {}),
        },
      ]
    }),
  )
}
