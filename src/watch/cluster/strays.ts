import type { Assessment } from './assess.ts'
import type { PoolFigures, PoolNode, PoolRules } from './figures.ts'
import { type PoolMemory, remember } from './memory.ts'

/** A VM that no stack holds, one that the stack holds and vCenter has no more, or a node whose VM is gone. */
export type Stray =
  | { readonly kind: 'machine'; readonly name: string }
  | { readonly kind: 'lost'; readonly name: string }
  | { readonly kind: 'node'; readonly node: PoolNode }

const keyOf = (stray: Stray): string =>
  stray.kind === 'node' ? `node/${stray.node.id}` : `${stray.kind === 'lost' ? 'lost' : 'vm'}/${stray.name}`

/** What is awaited has its own time. */
const isLost =
  ({ awaited, shrink }: PoolMemory) =>
  (name: string): boolean =>
    awaited[name] === undefined && name !== shrink?.machine

/** A ready node without a VM may be a machine of somebody's own, so only nodes that are down are strays; VMs without our tag never are. */
const strays = (figures: PoolFigures, seen: Assessment, memory: PoolMemory): Stray[] => [
  ...figures.nodeless
    .filter(({ name, isOwned, isMarked }) => !isOwned && isMarked && name !== memory.shrink?.machine)
    .map(({ name }) => ({ kind: 'machine' as const, name })),
  ...(figures.lost ?? []).filter(isLost(memory)).map((name) => ({ kind: 'lost' as const, name })),
  ...seen.machineless
    .filter(({ id, state, isManager }) => state === 'down' && !isManager && id !== memory.shrink?.node)
    .map((node) => ({ kind: 'node' as const, node })),
]

/**
 * What belongs to nobody, with when each was first seen in the memory that comes back, and the first one whose grace time is over. What
 * was gone in between begins anew. Never throws.
 */
export const findStrays = (
  figures: PoolFigures,
  seen: Assessment,
  { memory, now, rules }: { memory: PoolMemory; now: number; rules: PoolRules },
): { readonly memory: PoolMemory; readonly due: Stray | undefined } => {
  const found = strays(figures, seen, memory)
  if (found.length === 0 && Object.keys(memory.strays).length === 0) return { memory, due: undefined }
  const since = Object.fromEntries(found.map((one) => [keyOf(one), memory.strays[keyOf(one)] ?? now]))
  const due = found.find((one) => now - (since[keyOf(one)] ?? now) > rules.watch.graceSeconds * 1000)
  return { memory: remember(memory, { strays: since }), due }
}

/** VMs and nodes that we neither made nor may take away: told, never touched. Never throws. */
export const foreignThings = (figures: PoolFigures, seen: Assessment): string[] => [
  ...figures.nodeless
    .filter(({ isOwned, isMarked }) => !isOwned && !isMarked)
    .map(({ name }) => `VM ${name}`),
  ...seen.machineless.filter(({ state }) => state !== 'down').map(({ hostname }) => `node ${hostname}`),
]
