import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kernelSampler, samplerOf } from '../../../src/watch/node/sampler.ts'

let folder: string
let now: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-kernel-'))
  now = 1000
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), `${text}\n`)
  }
}
const sampler = (group?: string) =>
  kernelSampler(
    { proc: join(folder, 'host-proc'), cgroup: join(folder, 'cgroup') },
    { clock: { now: () => now }, group },
  )

/** A host with two CPUs and 1000 KiB. */
const host = (busy: number, whole: number) => ({
  'host-proc/stat': `cpu  ${busy} 0 0 ${whole - busy} 0 0 0 0 0 0\ncpu0 1 0 0 1\ncpu1 1 0 0 1\nintr 1`,
  'host-proc/meminfo': 'MemTotal:       1000 kB\nMemFree:          10 kB\nMemAvailable:    750 kB',
  'host-proc/loadavg': '3.00 1.00 1.00 1/1 1',
})
const waited = (microseconds: number) =>
  `some avg10=0.00 avg60=0.00 avg300=0.00 total=${microseconds}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0`

describe('a host', () => {
  it('is sampled by its pressure, at the place where its /proc is mounted', () => {
    write({ ...host(0, 1000), 'host-proc/pressure/cpu': waited(10) })
    const take = sampler()
    expect(take()).toBeUndefined()
    now = 6000
    write({ ...host(950, 2000), 'host-proc/pressure/cpu': waited(4_500_010) })
    expect(take()).toMatchObject({
      at: 6000,
      loadPercent: 90,
      memoryPercent: 25,
      source: 'pressure',
      cpus: 2,
    })
  })

  it('is sampled by its load where the kernel keeps no pressure', () => {
    write(host(0, 1000))
    const take = sampler()
    take()
    now = 6000
    write(host(100, 2000))
    expect(take()).toMatchObject({ loadPercent: 150, source: 'load-average', pressurePercent: undefined })
  })

  it('that cannot be read is a fault that names the file and the way out', () => {
    write(host(0, 1000))
    const take = sampler()
    take()
    rmSync(join(folder, 'host-proc', 'meminfo'))
    expect(take).toThrowError(/host-proc\/meminfo does not exist/)
    write(host(0, 2000))
    now = 6000
    expect(take()).toMatchObject({ loadPercent: 150 })
  })
})

describe('a host that is a cgroup', () => {
  const second = (used: number, waitedMicroseconds: number) => ({
    'cgroup/cgroup.controllers': 'cpu memory',
    'cgroup/lab/node-1/cpu.stat': `usage_usec ${used}\nuser_usec 1`,
    'cgroup/lab/node-1/cpu.max': '50000 100000',
    'cgroup/lab/node-1/cpu.pressure': waited(waitedMicroseconds),
    'cgroup/lab/node-1/memory.max': '409600',
    'cgroup/lab/node-1/memory.current': '204800',
    'cgroup/lab/node-1/memory.stat': 'anon 1\ninactive_file 102400',
  })
  const first = (usedNanoseconds: number, quota: number, limit: string) => ({
    'cgroup/cpuacct/lab/node-1/cpuacct.usage': String(usedNanoseconds),
    'cgroup/cpu/lab/node-1/cpu.cfs_quota_us': String(quota),
    'cgroup/cpu/lab/node-1/cpu.cfs_period_us': '100000',
    'cgroup/memory/lab/node-1/memory.limit_in_bytes': limit,
    'cgroup/memory/lab/node-1/memory.usage_in_bytes': '614400',
    'cgroup/memory/lab/node-1/memory.stat': 'inactive_file 5\ntotal_inactive_file 102400',
  })

  it('of version 2 has its limits as its size', () => {
    write({ ...host(0, 1000), ...second(0, 0) })
    const take = sampler('lab/node-1')
    take()
    now = 5000
    // Half a CPU for four seconds is two seconds of CPU time.
    write({ ...host(0, 2000), ...second(1_900_000, 3_400_000) })
    expect(take()).toMatchObject({
      loadPercent: 85,
      busyPercent: 95,
      memoryPercent: 25,
      cpus: 0.5,
      source: 'pressure',
    })
  })

  it('of version 1 has its limits as its size, and no pressure', () => {
    write({ ...host(0, 1000), ...first(0, 100_000, '1024000') })
    const take = sampler('/lab/node-1')
    take()
    now = 5000
    write({ ...host(0, 2000), ...first(3_600_000_000, 100_000, '1024000') })
    expect(take()).toMatchObject({ loadPercent: 90, memoryPercent: 50, cpus: 1, source: 'cpu-time' })
  })

  it('without limits is as large as the machine', () => {
    const none = '9223372036854771712'
    write({ ...host(0, 1000), ...first(0, -1, none) })
    const take = sampler('lab/node-1')
    take()
    now = 5000
    write({ ...host(0, 2000), ...first(4_000_000_000, -1, none) })
    expect(take()).toMatchObject({ loadPercent: 50, memoryPercent: 50, cpus: 2 })
  })

  it('that is not there is a fault, not the whole machine', () => {
    write({ ...host(0, 1000), ...second(0, 0) })
    expect(sampler('lab/node-2')).toThrowError(/node-2\/cpu.stat does not exist/)
  })
})

it('a reading that throws does not begin the next sample', () => {
  const counters = {
    waitedMicroseconds: 0,
    busyTime: 0,
    wholeTime: 0,
    cpus: 1,
    loadAverage: 1,
    memoryBytes: 1,
    memoryUsedBytes: 0,
  }
  const readings = [0, undefined, 10_000]
  const take = samplerOf(() => {
    const at = readings.shift()
    if (at === undefined) throw new Error('unreadable')
    return { ...counters, at, wholeTime: at, waitedMicroseconds: at * 500, busyTime: at }
  })
  take()
  expect(take).toThrowError()
  expect(take()).toMatchObject({ at: 10_000, loadPercent: 50 })
})
