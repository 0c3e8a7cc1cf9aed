import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Http } from '../../src/clients/http.ts'
import { isFault } from '../../src/core/fault.ts'
import { createAuthority } from '../../src/lab/certificates.ts'
import { type FaultProxy, startFaultProxy } from '../../src/lab/fault-proxy.ts'
import type { InjectedFault } from '../../src/lab/faults.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** A server that remembers the bodies it got whole, and answers with a long one. */
const upstreamOf = async (server: Server): Promise<{ port: number; took: string[] }> => {
  const took: string[] = []
  server.on('request', (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      took.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`)
      if (request.method === 'DELETE') response.writeHead(204).end()
      else
        response
          .writeHead(200, { 'set-cookie': ['a=1', 'b=2'] })
          .end(JSON.stringify({ text: 'x'.repeat(20_000) }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, took }
}

interface Stand {
  readonly proxy: FaultProxy
  readonly took: readonly string[]
  readonly http: Http
}

/** Of a call that is broken; the others get the time that a busy machine takes. */
const timeoutMilliseconds = 300

const retries = { attempts: 1, baseMilliseconds: 0, totalMilliseconds: 0 }

const plain = async (): Promise<Stand> => {
  const { port, took } = await upstreamOf(createServer())
  const proxy = await startFaultProxy({ upstream: `http://127.0.0.1:${port}` })
  stops.push(proxy.stop)
  return { proxy, took, http: client(proxy) }
}

const client = (proxy: FaultProxy, ca?: string): Http => {
  const http = new Http({
    system: 'Thing',
    endpoint: proxy.address,
    retries,
    ...(ca === undefined ? {} : { tls: { ca } }),
  })
  stops.push(() => http.close())
  return http
}

const secure = async (): Promise<Stand> => {
  const authority = await createAuthority('Fault proxy test')
  const pair = await authority.issueServer('server')
  const { port, took } = await upstreamOf(
    createSecureServer({ cert: pair.certificate, key: pair.key }) as unknown as Server,
  )
  const proxy = await startFaultProxy({
    upstream: `https://127.0.0.1:${port}`,
    upstreamCa: authority.certificate,
    tls: await authority.issueServer('proxy'),
  })
  stops.push(proxy.stop)
  return { proxy, took, http: client(proxy, authority.certificate) }
}

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call
    return 'ok'
  } catch (error) {
    return isFault(error) ? error.code : `not ours: ${String(error)}`
  }
}

const faultCases: readonly {
  readonly fault: InjectedFault
  readonly effects: number
  readonly codes: readonly [post: string, get: string]
}[] = [
  { fault: { kind: 'status', status: 409 }, effects: 0, codes: ['conflict', 'conflict'] },
  { fault: { kind: 'status-after', status: 500 }, effects: 1, codes: ['unavailable', 'unavailable'] },
  { fault: { kind: 'reset-before' }, effects: 0, codes: ['outcome-unknown', 'unreachable'] },
  { fault: { kind: 'reset-in-request' }, effects: 0, codes: ['outcome-unknown', 'unreachable'] },
  { fault: { kind: 'reset-in-body' }, effects: 1, codes: ['outcome-unknown', 'unreachable'] },
  { fault: { kind: 'reset-after' }, effects: 1, codes: ['outcome-unknown', 'unreachable'] },
  { fault: { kind: 'timeout-before' }, effects: 0, codes: ['outcome-unknown', 'timeout'] },
  { fault: { kind: 'timeout-after' }, effects: 1, codes: ['outcome-unknown', 'timeout'] },
  { fault: { kind: 'slow', milliseconds: 5 }, effects: 1, codes: ['ok', 'ok'] },
  {
    fault: { kind: 'refused', milliseconds: 20 },
    effects: 0,
    codes: ['outcome-unknown', 'unreachable'],
  },
]

describe.each([
  ['HTTP', plain],
  ['HTTPS', secure],
] as const)('a fault proxy over %s', (_name, open) => {
  it('passes calls on as they are, and tells of them', async () => {
    const { proxy, took, http } = await open()
    const answer = await http.send({ method: 'POST', path: '/a?b=c', body: { one: 1 } })
    expect(JSON.parse(answer.text)).toEqual({ text: 'x'.repeat(20_000) })
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(await http.json({ method: 'DELETE', path: '/a' })).toBeUndefined()
    expect(took).toEqual(['POST /a?b=c {"one":1}', 'DELETE /a '])
    await expect
      .poll(() => proxy.calls())
      .toEqual([
        { method: 'POST', path: '/a?b=c', status: 200, upstreamStatus: 200 },
        { method: 'DELETE', path: '/a', status: 204, upstreamStatus: 204 },
      ])
  })

  it.each(faultCases.map((one) => [one.fault.kind, one] as const))(
    'breaks a call by %s, and works again after it',
    async (kind, { fault, effects, codes }) => {
      const { proxy, took, http } = await open()
      const handle = proxy.faults.add({ match: { pathPattern: /^\/broken/ }, fault, times: 2 })
      const body = { text: 'y'.repeat(5_000) }
      expect(await codeOf(http.send({ method: 'POST', path: '/broken', body, timeoutMilliseconds }))).toBe(
        codes[0],
      )
      await expect.poll(() => proxy.calls().length).toBe(1)
      expect(took).toHaveLength(effects)
      expect(await codeOf(http.send({ method: 'POST', path: '/sound', body }))).toMatch(
        kind === 'refused' ? /^(?:ok|unreachable|outcome-unknown)$/ : /^ok$/,
      )
      await expect.poll(() => codeOf(http.send({ method: 'GET', path: '/sound' }))).toBe('ok')
      expect(await codeOf(http.send({ method: 'GET', path: '/broken', timeoutMilliseconds }))).toBe(codes[1])
      expect(handle.hits()).toBe(2)
      await expect.poll(() => proxy.calls().filter((call) => call.fault === kind).length).toBe(2)
    },
  )

  it('refuses connections until it is told to take them again', async () => {
    const { proxy, took, http } = await open()
    const reopen = proxy.refuse()
    await expect(http.send({ method: 'POST', path: '/', body: {} })).rejects.toThrow(/ECONNREFUSED/)
    expect(took).toEqual([])
    await reopen()
    expect(await codeOf(http.send({ method: 'POST', path: '/', body: {} }))).toBe('ok')
  })
})

describe('a fault proxy before SOAP', () => {
  it('matches by the method in the body', async () => {
    const { proxy, http } = await plain()
    proxy.faults.add({
      match: { operation: 'CloneVM_Task' },
      fault: { kind: 'status', status: 503, body: '<no/>', headers: { 'retry-after': '7' } },
    })
    const soap = (method: string): string =>
      `<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="x"><soapenv:Header/><soapenv:Body>\n<${method} xmlns="urn:vim25"><_this/></${method}></soapenv:Body></soapenv:Envelope>`
    expect(await codeOf(http.send({ method: 'POST', path: '/sdk', body: soap('Login') }))).toBe('ok')
    await expect(
      http.send({ method: 'POST', path: '/sdk', body: soap('CloneVM_Task') }),
    ).rejects.toMatchObject({
      code: 'unavailable',
      details: { retryAfterSeconds: 7 },
    })
    await expect
      .poll(() => proxy.calls().map(({ operation }) => operation))
      .toEqual(['Login', 'CloneVM_Task'])
  })

  it('breaks the caller’s connection where the server itself is away', async () => {
    const proxy = await startFaultProxy({ upstream: 'http://127.0.0.1:1' })
    stops.push(proxy.stop)
    expect(await codeOf(client(proxy).send({ method: 'GET', path: '/' }))).toBe('unreachable')
    await expect.poll(() => proxy.calls()).toEqual([{ method: 'GET', path: '/', status: 0 }])
  })
})
