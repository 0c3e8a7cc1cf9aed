import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ServedStatus, serveStatus } from '../../src/watch/serve-status.ts'
import { thrownBy } from './provider-harness.ts'

let isWell = true
let served: ServedStatus

beforeAll(async () => {
  served = await serveStatus(
    { metrics: () => 'tenantry_x 1\n', health: () => ({ isWell, availability: 'active' }) },
    { host: '127.0.0.1', port: 0 },
  )
})
afterAll(() => served.stop())

const get = (path: string, method = 'GET') => fetch(`${served.address}${path}`, { method })

describe('a watcher', () => {
  test('shows its figures to Prometheus', async () => {
    const answer = await get('/metrics?x=1')
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await answer.text()).toBe('tenantry_x 1\n')
  })

  test('says whether it is well by its status, and what it knows', async () => {
    const well = await get('/health')
    expect([well.status, await well.json()]).toEqual([200, { status: 'well', availability: 'active' }])
    isWell = false
    const unwell = await get('/health')
    expect([unwell.status, await unwell.json()]).toEqual([503, { status: 'unwell', availability: 'active' }])
  })

  test.each([
    ['/', 'GET', 404],
    ['/metrics', 'POST', 405],
    ['/metrics', 'HEAD', 200],
    ['/constructor', 'GET', 404],
    ['/__proto__', 'GET', 404],
  ])('answers %s by %s with %i', async (path, method, status) => {
    expect((await get(path, method)).status).toBe(status)
  })

  test('answers on loopback alone where it is told so', () => {
    expect(served.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  test('says that its place is taken', async () => {
    const port = Number(new URL(served.address).port)
    const status = { metrics: () => '', health: () => ({ isWell: true }) }
    expect(await thrownBy(serveStatus(status, { host: '127.0.0.1', port }))).toMatchObject({
      code: 'conflict',
      message: `Nothing can listen on 127.0.0.1:${port} (EADDRINUSE).`,
    })
  })
})
