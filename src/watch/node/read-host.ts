import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../core/fault.ts'
import {
  cpuTimesIn,
  type HostCounters,
  loadAverageIn,
  meminfoBytesIn,
  waitedMicrosecondsIn,
} from './kernel-figures.ts'

/** Where the kernel is read. */
export interface KernelRoots {
  /** The host's `/proc`: in a container it is mounted at another place, since its own may be masked. */
  readonly proc: string
  /** The host's `/sys/fs/cgroup`. */
  readonly cgroup: string
}

/** No such file, or a kernel that has it and was booted without what fills it (`psi=0`). */
const isAbsent = (error: unknown): boolean =>
  ['ENOENT', 'EOPNOTSUPP', 'ENOTSUP', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')

/** A kernel's file; undefined where this kernel has none. @throws {Fault} `missing-tool` where it cannot be read. */
export const readKernelFile = (path: string): string | undefined => {
  try {
    // A kernel's file is made while it is read and takes microseconds: waiting for a thread would cost more.
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    throw new Fault('missing-tool', `${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`, {
      cause,
      details: {
        hint: 'Mount the host’s /proc and /sys/fs/cgroup read-only, and name where with --proc and --cgroup-root.',
      },
    })
  }
}

/** `readKernelFile` of one that every kernel has. @throws {Fault} `missing-tool` where there is none. */
export const requireKernelFile = (path: string): string => {
  const text = readKernelFile(path)
  if (text !== undefined) return text
  throw new Fault('missing-tool', `${path} does not exist.`, {
    details: {
      hint: 'Name where the host’s /proc and /sys/fs/cgroup are mounted with --proc and --cgroup-root.',
    },
  })
}

/** Microseconds that work waited, by a pressure file; undefined where the kernel keeps none. @throws as `readKernelFile`. */
export const readWaited = (path: string): number | undefined => {
  const text = readKernelFile(path)
  return text === undefined ? undefined : waitedMicrosecondsIn(text)
}

/** What the host's kernel has counted so far. @throws {Fault} `missing-tool` naming the file that it lacks. */
export const readHost = ({ proc }: Pick<KernelRoots, 'proc'>, at: number): HostCounters => {
  const times = cpuTimesIn(requireKernelFile(join(proc, 'stat')))
  const memory = requireKernelFile(join(proc, 'meminfo'))
  const memoryBytes = meminfoBytesIn(memory, 'MemTotal')
  return {
    at,
    waitedMicroseconds: readWaited(join(proc, 'pressure', 'cpu')),
    busyTime: times.busy,
    wholeTime: times.whole,
    cpus: times.cpus,
    loadAverage: loadAverageIn(requireKernelFile(join(proc, 'loadavg'))),
    memoryBytes,
    memoryUsedBytes: memoryBytes - meminfoBytesIn(memory, 'MemAvailable'),
  }
}
