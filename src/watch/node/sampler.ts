import type { Clock } from '../../clients/clock.ts'
import { type HostCounters, type HostSample, sampleBetween } from './kernel-figures.ts'
import { readCgroup } from './read-cgroup.ts'
import { type KernelRoots, readHost } from './read-host.ts'

/** Samples a host; the first call only begins, since figures are taken between two readings. */
export type Sampler = () => HostSample | undefined

/** A sampler over anything that reads counters. A reading that throws leaves the one before it as the beginning. */
export const samplerOf = (read: () => HostCounters): Sampler => {
  let before: HostCounters | undefined
  return () => {
    const now = read()
    const sample = before === undefined ? undefined : sampleBetween(before, now)
    before = now
    return sample
  }
}

/**
 * Samples the host whose kernel is read at the roots: all of it, or the cgroup that is the host.
 *
 * A call @throws {Fault} `missing-tool` naming the kernel's file that cannot be read.
 */
export const kernelSampler = (
  roots: KernelRoots,
  { clock, group }: { readonly clock: Pick<Clock, 'now'>; readonly group: string | undefined },
): Sampler =>
  samplerOf(() =>
    group === undefined ? readHost(roots, clock.now()) : readCgroup(roots, group, clock.now()),
  )
