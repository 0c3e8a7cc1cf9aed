import { describe, expect, test } from 'vitest'
import type { HttpAnswer, HttpCall } from '../../src/clients/http-call.ts'
import { answerFault, connectionFault, messageOf } from '../../src/clients/http-fault.ts'

test.each([
  ['{"message":"no such node"}', 'no such node'],
  ['{"code":"X","message":"bad"}', 'bad'],
  ['{"errors":[{"code":"A","message":"one"},{"code":"B","message":"two"}]}', 'A: one; B: two'],
  ['{"errors":["permission denied"]}', 'permission denied'],
  ['  plain text \n', 'plain text'],
  ['', ''],
  ['[1]', '[1]'],
])('the sentence in %s is %s', (text, message) => {
  expect(messageOf(text)).toBe(message)
})

const server = {
  system: 'UCP',
  endpoint: 'https://ucp.bank.example',
  credential: 'the password of svc-tenantry',
  secrets: [],
}
const now = Date.parse('2026-03-01T12:00:00Z')
const put: HttpCall = { method: 'PUT', path: '/accounts/acme?token=hunter22', resource: 'organization acme' }
const post: HttpCall = { ...put, method: 'POST' }

const answered = (call: HttpCall, status: number, rest: Partial<HttpAnswer> = {}) =>
  answerFault(call, { status, headers: {}, text: '', ...rest }, server, now)

describe('the fault of an answer', () => {
  test.each([
    [401, 'unauthenticated', 'the password of svc-tenantry'],
    [403, 'forbidden', 'administrator of UCP'],
    [404, 'not-found', 'tenantry refresh'],
    [409, 'conflict', 'somebody else'],
    [429, 'rate-limited', 'wait'],
    [500, 'unavailable', 'health'],
    [503, 'unavailable', 'health'],
    [400, 'invalid-request', 'file'],
  ])('of %i is %s and says what to do', (status, code, hint) => {
    const fault = answered(put, status)
    expect(fault).toMatchObject({ code, details: { call: 'PUT /accounts/acme', status } })
    expect(fault.details.hint).toContain(hint)
    expect(fault.message).toContain('UCP at https://ucp.bank.example refused PUT /accounts/acme')
    expect(`${fault.message}${JSON.stringify(fault.details)}`).not.toContain('hunter22')
  })

  test('is “out of sequence” by its text, whatever the status', () => {
    const fault = answered(put, 500, { text: 'rpc error: update out of sequence' })
    expect(fault).toMatchObject({ code: 'out-of-sequence', retryable: false })
  })

  test.each([
    ['PUT', 500, true],
    ['PUT', 502, true],
    ['PUT', 409, false],
    ['POST', 500, false],
    ['POST', 502, false],
    ['POST', 503, true],
    ['POST', 429, true],
    ['GET', 504, true],
    ['GET', 401, false],
  ] as const)('of %s with %i may be repeated: %s', (method, status, retryable) => {
    expect(answered({ ...put, method }, status).retryable).toBe(retryable)
  })

  test('of a POST may be repeated where its caller says so', () => {
    expect(answered({ ...post, repeatable: true }, 500).retryable).toBe(true)
    expect(answered({ ...post, readOnly: true }, 500).retryable).toBe(true)
  })

  test('of a gateway that gave up leaves open what happened', () => {
    expect(answered(post, 504).code).toBe('outcome-unknown')
  })

  test.each([
    ['3', 3],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
  ])('reads Retry-After: %s', (header, seconds) => {
    const fault = answered(post, 429, { headers: { 'retry-after': header } })
    expect(fault.details.retryAfterSeconds).toBe(seconds)
  })
})

describe('the fault of a connection', () => {
  const lost = (call: HttpCall, cause: Error) =>
    connectionFault(call, cause, { server, timeoutMilliseconds: 2_000 })
  const broken = Object.assign(new Error('gone'), { code: 'ECONNRESET' })
  const late = new DOMException('late', 'TimeoutError')

  test.each([
    ['GET', broken, 'unreachable', true],
    ['GET', late, 'timeout', true],
    ['PUT', broken, 'outcome-unknown', true],
    ['POST', broken, 'outcome-unknown', false],
    ['POST', late, 'outcome-unknown', false],
    ['POST', Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), 'unreachable', true],
    ['POST', Object.assign(new Error('no'), { code: 'CERT_HAS_EXPIRED' }), 'certificate', false],
  ] as const)('of %s: %s is %s', (method, cause, code, retryable) => {
    const fault = lost({ ...put, method }, cause)
    expect(fault).toMatchObject({ code, retryable, details: { endpoint: server.endpoint } })
    expect(fault.details.hint).toMatch(/Run again|run again|CA file/)
  })
})
