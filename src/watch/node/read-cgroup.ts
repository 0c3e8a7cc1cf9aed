import { join } from 'node:path'
import {
  cpuTimesIn,
  type HostCounters,
  meminfoBytesIn,
  quotaCpusIn,
  soleNumberIn,
  statIn,
} from './kernel-figures.ts'
import { type KernelRoots, readKernelFile, readWaited, requireKernelFile } from './read-host.ts'

const microsecondsInMillisecond = 1000
const nanosecondsInMicrosecond = 1000

interface Group {
  /** CPU time that was used, in microseconds. */
  readonly usedMicroseconds: number
  /** Undefined where it may use all. */
  readonly quotaCpus: number | undefined
  readonly waitedMicroseconds: number | undefined
  readonly memoryLimitBytes: number
  readonly memoryUsedBytes: number
}

const readSecond = (folder: string): Group => {
  const read = (name: string) => requireKernelFile(join(folder, name))
  return {
    usedMicroseconds: statIn(read('cpu.stat'), 'usage_usec'),
    quotaCpus: quotaCpusIn(read('cpu.max')),
    waitedMicroseconds: readWaited(join(folder, 'cpu.pressure')),
    memoryLimitBytes: soleNumberIn(read('memory.max')),
    memoryUsedBytes: soleNumberIn(read('memory.current')) - statIn(read('memory.stat'), 'inactive_file'),
  }
}

/** A quota of -1 is none (sched-bwc.rst). */
const firstQuota = (quota: number, period: number): number | undefined =>
  quota === -1 ? undefined : quota / period

const readFirst = (root: string, path: string): Group => {
  const read = (controller: string, name: string) => requireKernelFile(join(root, controller, path, name))
  const memory = read('memory', 'memory.stat')
  return {
    usedMicroseconds: soleNumberIn(read('cpuacct', 'cpuacct.usage')) / nanosecondsInMicrosecond,
    quotaCpus: firstQuota(
      soleNumberIn(read('cpu', 'cpu.cfs_quota_us')),
      soleNumberIn(read('cpu', 'cpu.cfs_period_us')),
    ),
    // Version 1 keeps no pressure figures of a group.
    waitedMicroseconds: undefined,
    memoryLimitBytes: soleNumberIn(read('memory', 'memory.limit_in_bytes')),
    memoryUsedBytes:
      soleNumberIn(read('memory', 'memory.usage_in_bytes')) - statIn(memory, 'total_inactive_file'),
  }
}

/** Whether one tree holds all controllers; else each has its own. */
const isSecondVersion = (root: string): boolean =>
  readKernelFile(join(root, 'cgroup.controllers')) !== undefined

/**
 * What the kernel has counted so far of a host that is a cgroup, e.g. a system container: its limits are the host's size.
 * Memory in use is without the file pages that nobody looked at lately, which the kernel gives back first.
 *
 * @throws {Fault} `missing-tool` naming the file that is not there.
 */
export const readCgroup = ({ proc, cgroup }: KernelRoots, path: string, at: number): HostCounters => {
  const group = isSecondVersion(cgroup) ? readSecond(join(cgroup, path)) : readFirst(cgroup, path)
  const cpus = group.quotaCpus ?? cpuTimesIn(requireKernelFile(join(proc, 'stat'))).cpus
  const wholeMemory = meminfoBytesIn(requireKernelFile(join(proc, 'meminfo')), 'MemTotal')
  return {
    at,
    waitedMicroseconds: group.waitedMicroseconds,
    busyTime: group.usedMicroseconds,
    wholeTime: at * microsecondsInMillisecond * cpus,
    cpus,
    loadAverage: undefined,
    // Version 1 says "no limit" with the largest number it knows.
    memoryBytes: Math.min(group.memoryLimitBytes, wholeMemory),
    memoryUsedBytes: group.memoryUsedBytes,
  }
}
