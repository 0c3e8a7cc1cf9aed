import { Fault, isFault } from '../../core/fault.ts'
import { type HeldLease, takeLease } from '../../engine/stack-lease.ts'

/** What of a lease a leader needs. */
export interface Lead {
  /** @throws {Fault} `lease-lost`. */
  readonly verify: () => Promise<void>
  readonly release: () => Promise<void>
  /** Higher than that of every leader before. */
  readonly token: number
  /** Aborts when it is lost. */
  readonly signal: AbortSignal
}

/** Becomes the leader. @throws {Fault} `conflict` naming who leads. */
export type TakeLead = () => Promise<Lead>

/** The lease's name beside those of stacks; no stack is called so, since a stack's name has the cluster first. */
export const leadName = (cluster: string): string => `cluster-watcher.${cluster}`

/** Leadership by a lease beside the state: whoever shares the state shares it, and a leader that died is taken over from. */
export const leadByLease =
  (folder: string, cluster: string): TakeLead =>
  async () => {
    const lost = new AbortController()
    const lease: HeldLease = await takeLease({
      folder,
      stack: leadName(cluster),
      operation: 'watch cluster',
      onLoss: (fault: Fault) => lost.abort(fault),
    })
    return { ...lease, signal: lost.signal }
  }

/** Whether this process leads, asked for again at every look while it does not. */
export class Leadership {
  readonly #take: TakeLead
  #lead: Lead | undefined

  constructor(take: TakeLead) {
    this.#take = take
  }

  /** Undefined while another watcher leads. */
  get lead(): Lead | undefined {
    if (this.#lead?.signal.aborted === true) this.#lead = undefined
    return this.#lead
  }

  /** `leads`, or who does. @throws {Fault} `unavailable` where the folder of the leases cannot be used. */
  async ensure(): Promise<{ readonly began: boolean } | { readonly other: string }> {
    if (this.lead !== undefined) return { began: false }
    try {
      this.#lead = await this.#take()
      return { began: true }
    } catch (error) {
      if (isFault(error, 'conflict')) return { other: error.message }
      throw error instanceof Fault ? error : unusable(error)
    }
  }

  /** @throws {Fault} `lease-lost` where this process does not lead. */
  async verify(): Promise<void> {
    const lead = this.lead
    if (lead === undefined) throw new Fault('lease-lost', 'This watcher leads no more: it changes nothing.')
    await lead.verify()
  }

  async end(): Promise<void> {
    const lead = this.#lead
    this.#lead = undefined
    await lead?.release()
  }
}

const unusable = (cause: unknown): Fault =>
  new Fault('unavailable', `The folder of the leases cannot be used: ${String((cause as Error).message)}`, {
    cause,
    details: { hint: 'Check that PULUMI_BACKEND_URL names a folder that this process may write in.' },
  })
