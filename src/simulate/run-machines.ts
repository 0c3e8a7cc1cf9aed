import type { Rehearsal, SimMachine } from './rehearsal.ts'
import { joinNode, later } from './rehearsal.ts'
import { beginContainers, displace, retryPending } from './run-containers.ts'

/** Anti-affinity: the next VM stands on the host with the fewest. */
const emptiestHost = ({ machines, scenario, lostHosts }: Rehearsal): number => {
  const on = new Int32Array(scenario.hosts)
  for (const { host } of machines.values()) on[host] = (on[host] ?? 0) + 1
  let best = 0
  for (let host = 0; host < scenario.hosts; host++)
    if (!lostHosts.has(host) && ((on[host] ?? 0) < (on[best] ?? 0) || lostHosts.has(best))) best = host
  return best
}

/** How much the time to boot differs. Source: our choice. */
const bootSpread = 0.2
const lateSeconds = 1200

const joinAt = ({ randoms, scenario }: Rehearsal, second: number): number => {
  const { seconds, neverShare, lateShare } = scenario.boot
  const luck = randoms.boots.next()
  if (luck < neverShare) return Number.POSITIVE_INFINITY
  if (luck < neverShare + lateShare) return second + lateSeconds
  return second + seconds * randoms.boots.around(bootSpread)
}

const awaitJoin = (run: Rehearsal, machine: SimMachine): void => {
  const { joinAt: at } = machine
  if (Number.isFinite(at))
    later(run, at, () => {
      const isStill = run.machines.get(machine.name) === machine && machine.joinAt === at
      if (isStill && machine.node === undefined) joinNode(run, machine)
    })
}

const nameOf = (slot: number): string => `sim-${String(slot + 1).padStart(4, '0')}`

/** Names of the next VMs, lowest first. */
export const freeNames = ({ freeSlots }: Rehearsal, most: number): string[] =>
  [...freeSlots]
    .sort((a, b) => a - b)
    .slice(0, most)
    .map(nameOf)

/** Clones a VM; its node joins after a while, or never. */
export const makeMachine = (run: Rehearsal, name: string, second: number): SimMachine => {
  const slot = Number(name.slice('sim-'.length)) - 1
  const at = run.freeSlots.indexOf(slot)
  if (at >= 0) run.freeSlots.splice(at, 1)
  const machine: SimMachine = {
    name,
    slot,
    isOwned: true,
    isMarked: true,
    host: emptiestHost(run),
    joinAt: joinAt(run, second),
    node: undefined,
  }
  run.machines.set(name, machine)
  awaitJoin(run, machine)
  return machine
}

/** Takes a node out of the swarm; what ran on it is placed anew. */
export const dropNode = (run: Rehearsal, machine: SimMachine): void => {
  const { node } = machine
  if (node === undefined) return
  displace(run, node)
  run.nodes.splice(run.nodes.indexOf(node), 1)
  machine.node = undefined
}

export const deleteMachine = (run: Rehearsal, name: string): void => {
  const machine = run.machines.get(name)
  if (machine === undefined) return
  dropNode(run, machine)
  run.machines.delete(name)
  run.freeSlots.push(machine.slot)
}

/** A VM by a new one of the same name. */
export const replaceMachine = (run: Rehearsal, name: string, second: number): void => {
  deleteMachine(run, name)
  makeMachine(run, name, second)
}

const beginMachine = (run: Rehearsal, name: string): void => {
  const machine = makeMachine(run, name, 0)
  machine.joinAt = Number.POSITIVE_INFINITY
  joinNode(run, machine)
}

/** The VMs that a pool begins with, joined already: as the scenario says, else as what runs then needs; as its limits allow. */
export const beginMachines = (run: Rehearsal): void => {
  const { min, max } = run.settings.pool
  const { initial } = run.scenario
  for (const name of freeNames(run, Math.min(Math.max(initial ?? min, min), max))) beginMachine(run, name)
  if (initial !== undefined) return
  run.workload.at(0, run.levels)
  beginContainers(run)
  while (run.pending.length > 0 && run.machines.size < max) {
    for (const name of freeNames(run, 1)) beginMachine(run, name)
    retryPending(run)
  }
}

/** A host fails with every VM on it, and comes back with them. */
export const planHostLosses = (run: Rehearsal): void => {
  const turn = (host: number, state: 'ready' | 'down') => {
    if (state === 'down') run.lostHosts.add(host)
    else run.lostHosts.delete(host)
    for (const machine of run.machines.values()) {
      if (machine.host !== host || machine.node === undefined) continue
      machine.node.state = state
      if (state === 'down') displace(run, machine.node)
    }
    run.hasNewRoom = true
  }
  for (const { atSeconds, forSeconds, host } of run.scenario.hostLosses) {
    later(run, atSeconds, () => turn(host, 'down'))
    later(run, atSeconds + forSeconds, () => turn(host, 'ready'))
  }
}
