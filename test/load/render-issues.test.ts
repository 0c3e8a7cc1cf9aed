import { describe, expect, it } from 'vitest'
import type { Issue } from '../../src/core/issue.ts'
import { codeFrame, renderIssues } from '../../src/load/render-issues.ts'

const text = "export default {\n  size: 'medum',\n  teams: {\n  },\n}\n"
const source = { file: 'tenants/a.ts', line: 2, column: 9, endLine: 2, endColumn: 16 }
const issue: Issue = {
  code: 'tenant/wrong-value',
  message: 'No such size.',
  source,
  hint: "Did you mean 'medium'?",
}

describe('issues for a person', () => {
  it('have a place, a code, a sentence, the source and the way out', () => {
    expect(renderIssues([issue], new Map([['tenants/a.ts', text]]), { color: false })).toBe(
      `tenants/a.ts:2:9 tenant/wrong-value No such size.
    1 | export default {
  > 2 |   size: 'medum',
      |         ^^^^^^^
    3 |   teams: {
  hint: Did you mean 'medium'?`,
    )
  })

  it('never say what a file’s name would have a terminal do, nor on a line of its own', () => {
    const file = 'tenants/a\u001b[2J\n::error::b.ts'
    const shown = renderIssues(
      [{ ...issue, source: { ...source, file }, message: `The file ${file}.`, hint: `Rename ${file}.` }],
      new Map(),
      { color: false },
    )
    const lines = shown.split('\n')
    expect(lines[0]).toBe(
      'tenants/a\\u{1b}[2J\\u{a}::error::b.ts:2:9 tenant/wrong-value The file tenants/a\ufffd[2J',
    )
    // Of a message of several lines each is indented, and a log that obeys lines has them changed once more.
    expect(lines.slice(1).every((line) => line.startsWith('  '))).toBe(true)
    expect(shown).not.toContain('\u001b')
  })

  it('are coloured only where asked', () => {
    const texts = new Map([['tenants/a.ts', text]])
    expect(renderIssues([issue], texts, { color: true })).toContain('\u001b[')
    expect(renderIssues([issue], texts, { color: false })).not.toContain('\u001b[')
  })

  it('go without a frame where there is no text, no place, or none is wanted', () => {
    const plain = "tenants/a.ts:2:9 tenant/wrong-value No such size.\n  hint: Did you mean 'medium'?"
    expect(renderIssues([issue], new Map(), { color: false })).toBe(plain)
    expect(renderIssues([issue], new Map([['tenants/a.ts', text]]), { color: false, frames: false })).toBe(
      plain,
    )
    expect(renderIssues([{ code: 'a/b', message: 'C.' }], new Map(), { color: false })).toBe('a/b C.')
  })

  it('show a file’s name as one line in which nothing acts, whatever somebody called it', () => {
    const file = 'tenants/a\n::error::x\u001b[31m\u202e.ts'
    const message = 'The file a\n::error::x.ts\r\nis odd.'
    const shown = renderIssues([{ ...issue, source: { ...source, file }, message }], new Map(), {
      color: false,
    })
    expect(shown.split('\n')).toEqual([
      'tenants/a\\u{a}::error::x\\u{1b}[31m\\u{202e}.ts:2:9 tenant/wrong-value The file a',
      '  ::error::x.ts',
      '  is odd.',
      "  hint: Did you mean 'medium'?",
    ])
  })

  it('mark the first line alone of a place over several', () => {
    expect(codeFrame({ ...issue, source: { ...source, line: 3, column: 10, endLine: 4 } }, text)).toBe(
      "  2 |   size: 'medum',\n> 3 |   teams: {\n    |          ^\n  4 |   },",
    )
  })

  it('show no line that would flood a terminal, and nothing that it would obey', () => {
    expect(codeFrame({ ...issue, source: { ...source, line: 1 } }, 'x'.repeat(10_000))).toBe('')
    expect(codeFrame({ ...issue, source: { ...source, line: 1 } }, 'a\u001b[2Jb\u202Ec')).toContain(
      'a\uFFFD[2Jb\uFFFDc',
    )
    const hostile = renderIssues([{ code: 'a/b', message: 'is \u001b[31mred' }], new Map(), { color: false })
    expect(hostile).toBe('a/b is \uFFFD[31mred')
  })
})
