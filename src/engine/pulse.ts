import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { checkoutRoot } from './checkout.ts'

/** What is renewed. */
export interface PulsedLease {
  readonly path: string
  readonly token: number
  /** `NAME=value` in the environment of every process that works under the lease. */
  readonly mark: string
  /** Where in the file the count of beats stands, in bytes. */
  readonly offset: number
  readonly beatMilliseconds: number
  /** After so long without a beat others may take the lease. */
  readonly limitMilliseconds: number
}

/** `taken`: somebody else holds it. `unreachable`: it could not be renewed, so somebody else may. */
export type LossReason = 'taken' | 'unreachable'

export interface Pulse {
  readonly stop: () => void
}

interface Loss {
  readonly mark: string
  readonly reason: LossReason
}

interface Pulsing {
  readonly worker: Worker
  readonly onLoss: Map<string, (reason: LossReason) => void>
}

let pulsing: Pulsing | undefined

const start = (): Pulsing => {
  const worker = new Worker(pathToFileURL(join(checkoutRoot(), 'bin', 'lease-pulse.mjs')))
  const onLoss: Pulsing['onLoss'] = new Map()
  worker.on('message', ({ mark, reason }: Loss) => onLoss.get(mark)?.(reason))
  // A watchdog that died watches nobody.
  worker.on('error', () => {
    pulsing = undefined
    for (const tell of onLoss.values()) tell('unreachable')
  })
  worker.unref()
  return { worker, onLoss }
}

const stopPulse = (current: Pulsing, mark: string): void => {
  if (!current.onLoss.delete(mark)) return
  current.worker.postMessage({ type: 'release', mark })
  if (current.onLoss.size > 0) return
  if (pulsing === current) pulsing = undefined
  void current.worker.terminate()
}

/**
 * Renews a lease until it is stopped, also while this process's own thread is busy. Once the lease is lost, ends every
 * process that carries its mark, at once, and then tells.
 *
 * In a thread of this process, not a process of its own: it stops and wakes with what it speaks for.
 */
export const startPulse = (lease: PulsedLease, onLoss: (reason: LossReason) => void): Pulse => {
  pulsing ??= start()
  const current = pulsing
  current.onLoss.set(lease.mark, onLoss)
  current.worker.postMessage({ type: 'hold', ...lease })
  return { stop: () => stopPulse(current, lease.mark) }
}
