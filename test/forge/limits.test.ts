import { describe, expect, test } from 'vitest'
import { limitedForSeconds } from '../../src/clients/github.ts'
import { codeQuality } from '../../src/forge/code-quality.ts'
import { fittedSummary } from '../../src/forge/job-summary.ts'

describe('how long GitHub limits a caller', () => {
  const answer = (status: number, headers: Record<string, string>, text = '') => ({ status, headers, text })
  const now = Date.parse('2026-11-22T12:00:00Z')

  test.each([
    ['Retry-After in seconds', answer(429, { 'retry-after': '17' }), 17],
    ['Retry-After with 403', answer(403, { 'retry-after': '17' }), 17],
    [
      'no calls left',
      answer(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 40) }),
      40,
    ],
    [
      'a moment that is past',
      answer(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 - 40) }),
      1,
    ],
    ['words alone', answer(403, {}, 'You have exceeded a secondary rate limit.'), 60],
    ['429 alone', answer(429, {}), 60],
    ['a right that is missing', answer(403, {}, 'Resource not accessible by integration'), undefined],
    ['calls left', answer(403, { 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': '0' }), undefined],
    ['another answer', answer(404, { 'retry-after': '17' }), undefined],
  ])('%s', (_, given, seconds) => {
    expect(limitedForSeconds(given, now)).toBe(seconds)
  })
})

describe('a job summary', () => {
  test('stays as it is where it fits', () => {
    expect(fittedSummary('# One\n\ntwo\n')).toBe('# One\n\ntwo\n')
  })

  test('is cut at a line’s end below what GitHub takes of a step', () => {
    const fitted = fittedSummary(`${'zwölf Bewohner 🏦\n'.repeat(90_000)}`)
    expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(1024 * 1024)
    expect(fitted).not.toContain('\ufffd')
    expect(fitted.trimEnd().split('\n').at(-1)).toBe('The rest is in the artifacts of this job.')
  })
})

describe('a code quality report', () => {
  const source = { file: 'tenants/acme.ts', line: 3, column: 5 }
  test('tells issues apart and leaves out those without a place', () => {
    const report = codeQuality([
      { code: 'a/b', message: 'One.', source },
      { code: 'a/b', message: 'Two.', source },
      { code: 'a/c', message: 'Nowhere.' },
    ])
    expect(report).toHaveLength(2)
    expect(new Set(report.map(({ fingerprint }) => fingerprint)).size).toBe(2)
    expect(report[0]).toMatchObject({
      check_name: 'a/b',
      location: { path: 'tenants/acme.ts', lines: { begin: 3 } },
    })
  })
})
