import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../core/fault.ts'
import { type LeaseReference, tokenOf } from '../core/lease-reference.ts'

/** Whether the run that started this plugin still holds its stack. */
export interface LeaseGuard {
  /**
   * Called before every call that changes something. Returns while the run holds the stack.
   *
   * @throws {Fault} `lease-lost` from the moment on when another run holds it.
   */
  readonly verify: () => Promise<void>
  /** Whether the lease says so at this very moment; false where it cannot be read. */
  readonly isOpenNow: () => boolean
  /** Looks again and again, and calls `onLoss` once when the stack is lost; what is under way has to be dropped then. */
  readonly watch: (onLoss: () => void) => { readonly stop: () => void }
}

const againMilliseconds = 100
const watchMilliseconds = 1_000

const lost = ({ path, token }: LeaseReference): Fault =>
  new Fault(
    'lease-lost',
    `This run no longer holds its stack: its lease ${token} is over. Nothing more is changed.`,
    {
      details: {
        hint: `Another run took the stack over while this one was stopped, asleep or cut off from ${path}. Run again once that one has ended.`,
      },
    },
  )

const look = async ({ path, token }: LeaseReference): Promise<boolean> =>
  tokenOf(await readFile(path, 'utf8')) === token

/** Once more after a moment: whoever judges a lease moves it aside for as long. One that cannot be read does not count. */
const isHeld = (lease: LeaseReference): Promise<boolean> =>
  look(lease)
    .catch(() => wait(againMilliseconds).then(() => look(lease)))
    .catch(() => false)

const isHeldNow = ({ path, token }: LeaseReference): boolean => {
  try {
    return tokenOf(readFileSync(path, 'utf8')) === token
  } catch {
    return false
  }
}

/** The guard of a plugin's process. Without a lease, as under a plain `pulumi`, everything is allowed. */
export const leaseGuard = (lease: LeaseReference | undefined): LeaseGuard => ({
  verify: async () => {
    if (lease !== undefined && !(await isHeld(lease))) throw lost(lease)
  },
  isOpenNow: () => lease === undefined || isHeldNow(lease),
  watch: (onLoss) => {
    if (lease === undefined) return { stop: () => undefined }
    const timer = setInterval(async () => {
      if (await isHeld(lease)) return
      clearInterval(timer)
      onLoss()
    }, watchMilliseconds)
    timer.unref()
    return { stop: () => clearInterval(timer) }
  },
})
