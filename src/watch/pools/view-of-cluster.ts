import type { Clock } from '../../clients/clock.ts'
import type { Ucp } from '../../clients/ucp.ts'
import type { Vsphere } from '../../clients/vsphere.ts'
import { destroyMachine } from '../../clients/vsphere-folder-machines.ts'
import { isFault } from '../../core/fault.ts'
import type { Hands } from './carry-out.ts'
import type { ReadSight } from './cluster-watcher.ts'
import { NodeHands } from './node-hands.ts'
import { findMachine, isOurs, type MachinePlace, readMachines } from './read-machines.ts'
import { type AskNode, readSamples } from './read-samples.ts'
import { readSwarm } from './read-swarm.ts'

export interface ViewOptions {
  /** Opens a session with the credentials as they are in their files by now. */
  readonly openUcp: () => Ucp
  readonly openVsphere: () => Vsphere
  readonly place: MachinePlace
  readonly ask: AskNode
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** What is seen of a cluster, over one session of UCP and one of vCenter, opened when they are needed and again after a refusal. */
export class ViewOfCluster {
  readonly #options: ViewOptions
  #ucp: Ucp | undefined
  #vsphere: Vsphere | undefined

  constructor(options: ViewOptions) {
    this.#options = options
  }

  ucp(): Ucp {
    this.#ucp ??= this.#options.openUcp()
    return this.#ucp.within({ signal: this.#options.signal })
  }

  vsphere(): Vsphere {
    this.#vsphere ??= this.#options.openVsphere()
    return this.#vsphere
  }

  get options(): ViewOptions {
    return this.#options
  }

  /** @throws {Fault} where any of it cannot be read whole. */
  readonly read: ReadSight = async (owned) => {
    const { place, ask, clock, signal } = this.#options
    try {
      const [swarm, machines] = await Promise.all([
        readSwarm(this.ucp()),
        readMachines(this.vsphere(), place, owned),
      ])
      const { samples, silent } = await readSamples(swarm.nodes, { ask, clock, signal })
      return { sight: { swarm, machines, samples }, silent }
    } catch (error) {
      // A password may have been changed since: the next look logs in with what the files hold then.
      if (isFault(error, 'unauthenticated')) await this.close()
      throw error
    }
  }

  async close(): Promise<void> {
    const [ucp, vsphere] = [this.#ucp, this.#vsphere]
    this.#ucp = undefined
    this.#vsphere = undefined
    await Promise.all([ucp?.close(), vsphere?.close()])
  }
}

/** What the watcher does to what is seen. `verify` @throws {Fault} `lease-lost` where it leads no more. */
export const handsOf = (view: ViewOfCluster, verify: () => Promise<void>): Hands => ({
  nodes: () => new NodeHands({ ucp: view.ucp(), verify, signal: view.options.signal }),
  destroyStray: async (name) => {
    const { place } = view.options
    const machine = await findMachine(view.vsphere(), place, name)
    if (machine === undefined) return 'done'
    // Somebody may have taken it over since it was looked at.
    if (!(await isOurs(view.vsphere(), place, machine))) return 'left'
    await verify()
    await destroyMachine(view.vsphere(), machine)
    return 'done'
  },
})
