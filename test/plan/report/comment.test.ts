import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changeReport } from '../../../src/plan/report/change-report.ts'
import { commentMarker, renderComment, wholeMarkdown } from '../../../src/plan/report/comment.ts'
import { huge, scenarios } from './scenarios.ts'

const limit = 65_536

const large = changeReport(huge())

describe('the comment of a pull request', { timeout: 120_000 }, () => {
  it('is the whole report where that fits', () => {
    for (const input of Object.values(scenarios)) {
      const report = changeReport(input)
      expect(renderComment(report)).toEqual({ body: wholeMarkdown(report), isWhole: true })
    }
  })

  it('begins with the line by which it is found again', () => {
    expect(renderComment(large).body.split('\n', 1)).toEqual([commentMarker])
  })

  it('is cut below the forge’s limit, counts what it leaves out and says where the rest is', () => {
    expect(wholeMarkdown(large).length).toBeGreaterThan(limit)
    const { body, isWhole } = renderComment(large, 'https://ci.example/run/1')
    expect(isWhole).toBe(false)
    expect(body.length).toBeLessThan(limit)
    expect(Buffer.byteLength(body)).toBeLessThan(limit)
    expect(body).toContain('the whole report is in the artifact `https://ci.example/run/1`')
    expect(body).toMatch(/^- and \d+ more$/m)
  })

  it('keeps the summary whatever is cut', () => {
    const whole = wholeMarkdown(large).split('\n')
    const { body } = renderComment(large)
    for (const line of whole.slice(0, 2)) expect(body).toContain(line)
    expect(body).toContain('**Who may do what**')
    expect(body).toContain('**Cost**')
  })

  it('leaves room for what its caller adds', () => {
    for (const reserved of [0, 8000, 40_000, 64_000]) {
      const body = renderComment(large, 'report.md', reserved).body
      expect(Buffer.byteLength(body) + reserved).toBeLessThan(limit)
    }
  })

  it('fits however long names are, in characters and in bytes', () => {
    const letters = ['x', '🙂', '`', '|', '\u202e', 'é', 'ﷺ']
    fc.assert(
      fc.property(fc.constantFrom(...letters), fc.integer({ min: 1, max: 4000 }), (letter, count) => {
        const long = letter.repeat(count)
        const report = JSON.parse(JSON.stringify(large).replaceAll('org-', JSON.stringify(long).slice(1, -1)))
        const { body } = renderComment(report, long)
        expect(body.length).toBeLessThan(limit)
        expect(Buffer.byteLength(body)).toBeLessThan(limit)
      }),
      { numRuns: 6 },
    )
  })
})
