import { describe, expect, it } from 'vitest'
import { Metrics, withProcessMetrics } from '../../src/watch/metrics.ts'

describe('the figures of a watcher', () => {
  it('are what Prometheus reads', () => {
    const metrics = new Metrics()
    metrics.gauge('tenantry_load', 'Load.\nOf a \\ host.')
    metrics.counter('tenantry_deeds_total', 'Deeds.')
    metrics.set('tenantry_load', 12.5)
    metrics.add('tenantry_deeds_total', { deed: 'paused', why: 'a "b"\\\nc' })
    metrics.add('tenantry_deeds_total', { deed: 'paused', why: 'a "b"\\\nc' }, 2)
    expect(metrics.text()).toBe(
      [
        '# HELP tenantry_load Load.\\nOf a \\\\ host.',
        '# TYPE tenantry_load gauge',
        'tenantry_load 12.5',
        '# HELP tenantry_deeds_total Deeds.',
        '# TYPE tenantry_deeds_total counter',
        'tenantry_deeds_total{deed="paused",why="a \\"b\\"\\\\\\nc"} 3',
        '',
      ].join('\n'),
    )
  })

  it('spell what is no plain number as Prometheus does', () => {
    const metrics = new Metrics()
    metrics.gauge('a', 'A.')
    for (const [of, value] of Object.entries({ x: Number.NaN, y: Infinity, z: -Infinity }))
      metrics.set('a', value, { of })
    expect(metrics.text().split('\n').slice(2, 5)).toEqual([
      'a{of="x"} NaN',
      'a{of="y"} +Inf',
      'a{of="z"} -Inf',
    ])
  })

  it('are not made up by a slip of a name', () => {
    expect(() => new Metrics().set('tenantry_lood', 1)).toThrow('was not told of')
  })

  it('tell of the process', () => {
    const metrics = new Metrics()
    withProcessMetrics(metrics)()
    expect(metrics.text()).toMatch(/^process_resident_memory_bytes \d{7,}$/m)
  })
})
