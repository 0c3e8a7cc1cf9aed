import { describe, expect, it } from 'vitest'
import {
  cpuTimesIn,
  type HostCounters,
  loadAverageIn,
  meminfoBytesIn,
  quotaCpusIn,
  sampleBetween,
  soleNumberIn,
  statIn,
  waitedMicrosecondsIn,
} from '../../../src/watch/node/kernel-figures.ts'

describe('the kernel’s files', () => {
  it('say how long work waited', () => {
    const text =
      'some avg10=98.72 avg60=96.62 avg300=66.99 total=18790505507\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=3\n'
    expect(waitedMicrosecondsIn(text)).toBe(18_790_505_507)
    expect(waitedMicrosecondsIn('full avg10=0.00 avg60=0.00 avg300=0.00 total=3\n')).toBeNaN()
  })

  it('say the load of the last minute', () => {
    expect(loadAverageIn('17.73 17.80 15.25 3/912 10126\n')).toBe(17.73)
    expect(loadAverageIn('')).toBeNaN()
  })

  it('say what memory is available, which is not what is free', () => {
    const text = 'MemTotal:       1000 kB\nMemFree:          10 kB\nMemAvailable:    600 kB\n'
    expect(meminfoBytesIn(text, 'MemAvailable')).toBe(614_400)
    expect(meminfoBytesIn(text.replace(/MemAvail.*\n/, ''), 'MemAvailable')).toBeNaN()
  })

  it('say CPU times: waiting for a disk is none, a guest’s is the user’s, the hypervisor’s is wanted', () => {
    const text =
      'cpu  100 10 50 800 30 5 5 20 90 10\ncpu0 50 5 25 400 15 2 2 10 45 5\ncpu1 50 5 25 400 15 3 3 10 45 5\nintr 7\n'
    expect(cpuTimesIn(text)).toEqual({ busy: 190, whole: 1020, cpus: 2 })
    expect(cpuTimesIn('cpu0 1 2 3 4\n').whole).toBeNaN()
    expect(cpuTimesIn('cpu  1 2 3 4\n').cpus).toBeNaN()
  })

  it('say numbers, and where there is no limit', () => {
    expect(soleNumberIn('4096\n')).toBe(4096)
    expect(soleNumberIn('max\n')).toBe(Number.POSITIVE_INFINITY)
    expect(soleNumberIn('\n')).toBeNaN()
    expect(statIn('usage_usec 12\nuser_usec 7\n', 'user_usec')).toBe(7)
    expect(statIn('total_inactive_file 12\n', 'inactive_file')).toBeNaN()
    expect(quotaCpusIn('150000 100000\n')).toBe(1.5)
    expect(quotaCpusIn('max 100000\n')).toBeUndefined()
    expect(quotaCpusIn('')).toBeNaN()
  })
})

const before: HostCounters = {
  at: 0,
  waitedMicroseconds: 0,
  busyTime: 0,
  wholeTime: 0,
  cpus: 4,
  loadAverage: 2,
  memoryBytes: 1000,
  memoryUsedBytes: 400,
}
/** Five seconds of four CPUs later. */
const later = (more: Partial<HostCounters>): HostCounters => ({
  ...before,
  at: 5000,
  wholeTime: 2000,
  ...more,
})

describe('a sample between two readings', () => {
  it('is the time that work waited, where the kernel counts it', () => {
    expect(sampleBetween(before, later({ waitedMicroseconds: 4_500_000, busyTime: 1980 }))).toEqual({
      at: 5000,
      loadPercent: 90,
      source: 'pressure',
      memoryPercent: 40,
      cpus: 4,
      busyPercent: 99,
      pressurePercent: 90,
    })
  })

  it('is no more than the CPU time used: a container at its own limit waits on an idle host', () => {
    const throttled = later({ waitedMicroseconds: 5_000_000, busyTime: 300 })
    expect(sampleBetween(before, throttled)).toMatchObject({ loadPercent: 15, pressurePercent: 100 })
  })

  it('is the load over the CPUs without pressure figures', () => {
    const old = later({ waitedMicroseconds: undefined, loadAverage: 6 })
    expect(sampleBetween(before, old)).toMatchObject({ loadPercent: 150, source: 'load-average' })
  })

  it('is the CPU time of a cgroup without pressure figures', () => {
    const group = later({ waitedMicroseconds: undefined, loadAverage: undefined, busyTime: 1000 })
    expect(sampleBetween(before, group)).toMatchObject({ loadPercent: 50, source: 'cpu-time' })
  })

  it('is none of one moment', () => {
    expect(sampleBetween(before, { ...before })).toBeUndefined()
  })

  it('is no number where a counter was set back, or the kernel’s files are not what they should be', () => {
    const backwards = later({ waitedMicroseconds: 1_000_000, wholeTime: -5 })
    expect(sampleBetween(before, backwards)?.loadPercent).toBeNaN()
    expect(sampleBetween(before, later({ memoryUsedBytes: Number.NaN }))?.memoryPercent).toBeNaN()
    expect(
      sampleBetween(later({ at: 0, waitedMicroseconds: 9 }), later({ wholeTime: 9000 }))?.loadPercent,
    ).toBeLessThan(0)
  })

  it('is never above a hundred by the microseconds between two files', () => {
    const over = later({ waitedMicroseconds: 5_000_400, busyTime: 2001 })
    expect(sampleBetween(before, over)).toMatchObject({ loadPercent: 100, busyPercent: 100 })
  })
})
