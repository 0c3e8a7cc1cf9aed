import type { NodeSample } from '../node-sample.ts'

/**
 * What a host's kernel has counted up to a moment, in its own units. NaN where a file says something else than it should:
 * a sample made of it is refused.
 */
export interface HostCounters {
  /** Monotonic milliseconds. */
  readonly at: number
  /** Microseconds in which something waited for a CPU; undefined where the kernel keeps no pressure figures. */
  readonly waitedMicroseconds: number | undefined
  /** CPU time that was used, or wanted and taken by the hypervisor, and all of it, in one unit. */
  readonly busyTime: number
  readonly wholeTime: number
  readonly cpus: number
  /** Tasks that ran or waited over the last minute, those that wait for a disk among them; undefined of a cgroup. */
  readonly loadAverage: number | undefined
  readonly memoryBytes: number
  /** Without what the kernel would give back at once. */
  readonly memoryUsedBytes: number
}

/** A sample with what it was made of, for whoever looks at the metrics. */
export interface HostSample extends NodeSample {
  readonly source: 'pressure' | 'load-average' | 'cpu-time'
  readonly cpus: number
  /** Share of the CPU time that was used, in percent. */
  readonly busyPercent: number
  /** Share of the time in which something waited for a CPU, in percent. */
  readonly pressurePercent: number | undefined
}

const fieldOf = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN)

/** `total` of the line `some` of a pressure file (Documentation/accounting/psi.rst). Never throws. */
export const waitedMicrosecondsIn = (text: string): number => fieldOf(text, /^some .*\btotal=(\d+)$/m)

/** The first of the three averages of `/proc/loadavg`. Never throws. */
export const loadAverageIn = (text: string): number => fieldOf(text, /^(\d+\.\d+) /)

/** A line of `/proc/meminfo` in bytes; it says `kB` and means KiB (proc(5)). Never throws. */
export const meminfoBytesIn = (text: string, name: string): number =>
  fieldOf(text, new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm')) * 1024

/** Times of all CPUs since the boot in `/proc/stat`, and how many are online (proc(5)). Never throws. */
export const cpuTimesIn = (
  text: string,
): { readonly busy: number; readonly whole: number; readonly cpus: number } => {
  const fields = /^cpu +(\d[\d ]*)$/m.exec(text)?.[1]?.split(' ').map(Number) ?? []
  // user nice system idle iowait irq softirq steal; the guests' times that follow are in `user` already.
  const times = fields.slice(0, 8)
  const whole = times.length < 4 ? Number.NaN : times.reduce((sum, time) => sum + time, 0)
  const [, , , idle = Number.NaN, iowait = 0] = times
  return { busy: whole - idle - iowait, whole, cpus: text.match(/^cpu\d+ /gm)?.length ?? Number.NaN }
}

/** A number that stands alone in a file; `max` is as much as there is. Never throws. */
export const soleNumberIn = (text: string): number =>
  text.trim() === 'max' ? Number.POSITIVE_INFINITY : Number(text.trim() || Number.NaN)

/** A `name value` line of `cpu.stat` or `memory.stat`. Never throws. */
export const statIn = (text: string, name: string): number =>
  fieldOf(text, new RegExp(`^${name} (\\d+)$`, 'm'))

/** CPUs that `cpu.max` of cgroup v2 lets be used, `quota period`; undefined where it sets no limit. Never throws. */
export const quotaCpusIn = (text: string): number | undefined => {
  const [quota = '', period = ''] = text.trim().split(' ')
  return quota === 'max' ? undefined : Number(quota || Number.NaN) / Number(period || Number.NaN)
}

/** At most 100, since two files are not read at one moment. NaN of a whole that did not grow: a counter was set back. */
const share = (part: number, whole: number): number =>
  whole > 0 ? Math.min(100, (100 * part) / whole) : Number.NaN

const pressureOf = (before: HostCounters, now: HostCounters): number | undefined =>
  before.waitedMicroseconds === undefined || now.waitedMicroseconds === undefined
    ? undefined
    : share(now.waitedMicroseconds - before.waitedMicroseconds, (now.at - before.at) * 1000)

const loadOf = (
  { cpus, loadAverage }: HostCounters,
  busyPercent: number,
  pressurePercent: number | undefined,
): Pick<HostSample, 'loadPercent' | 'source'> => {
  if (pressurePercent !== undefined)
    return { loadPercent: Math.min(pressurePercent, busyPercent), source: 'pressure' }
  return loadAverage === undefined
    ? { loadPercent: busyPercent, source: 'cpu-time' }
    : { loadPercent: (100 * loadAverage) / cpus, source: 'load-average' }
}

/**
 * The sample of the time between two readings of a host.
 *
 * Load is the share of the time in which work waited for a CPU (PSI `cpu some`), but no more than the share of CPU time that
 * was used: PSI also counts a container that is held back by its own CPU limit, which on this platform every container has,
 * and one such container would have its host paused. Without PSI it is the load average over the CPUs. A cgroup has none, and
 * without PSI its CPU time stands in.
 *
 * Undefined where the readings are of one moment. Never throws.
 */
export const sampleBetween = (before: HostCounters, now: HostCounters): HostSample | undefined => {
  if (now.at <= before.at) return undefined
  const busyPercent = Math.max(0, share(now.busyTime - before.busyTime, now.wholeTime - before.wholeTime))
  const pressurePercent = pressureOf(before, now)
  return {
    at: now.at,
    ...loadOf(now, busyPercent, pressurePercent),
    memoryPercent: (100 * now.memoryUsedBytes) / now.memoryBytes,
    cpus: now.cpus,
    busyPercent,
    pressurePercent,
  }
}
