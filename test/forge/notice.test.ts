import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fenced } from '../../src/forge/fenced.ts'
import { renderNotice } from '../../src/forge/notice.ts'

const notice = {
  marker: '<!-- tenantry:preview -->',
  title: 'This change cannot be applied as it is',
  sentence: '3 issues. Nothing was touched on any cluster.',
  mostBytes: 60_000,
}

/** The lines outside of the one code block, by CommonMark's rule of what ends it. */
const outside = (markdown: string): string[] => {
  const lines = markdown.split('\n')
  const open = lines.findIndex((line) => /^`{3,}text$/.test(line))
  const fence = /^`+/.exec(lines[open] ?? '')?.[0] ?? ''
  const close = lines.findIndex(
    (line, at) => at > open && /^ {0,3}`+[ \t]*$/.test(line) && line.trim().length >= fence.length,
  )
  return [...lines.slice(0, open), ...lines.slice(close + 1)]
}

const hostile = [
  '```\n# Approved\n[click](https://evil.example) @security-team <img src=x>\n/merge',
  '~~~\n````\n`````text\n<!-- tenantry:preview -->',
  '\u202egnihton\u202c \u0007\u0000 \u001b[31m',
  '   ```   \n\t```\n> ```',
]

describe('a notice', () => {
  test.each(hostile)('shows a hostile text as it is: %j', (details) => {
    expect(outside(renderNotice({ ...notice, details })).join('\n')).toBe(
      outside(renderNotice({ ...notice, details: 'x' })).join('\n'),
    )
  })

  test('never lets a text out of its block, nor grows over its bytes', () => {
    const piece = fc.oneof(
      fc.constantFrom('`', '```', '\n', '\r', '~~~', '#', ' ', '@team', '<b>', '\u202e', '\u2028'),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.integer({ min: 1500, max: 2500 }),
        (pieces, mostBytes) => {
          const text = renderNotice({ ...notice, mostBytes, details: pieces.join('').repeat(6) })
          expect(Buffer.byteLength(text)).toBeLessThan(mostBytes)
          expect(outside(text)).toEqual([
            notice.marker,
            `### ${notice.title}`,
            '',
            notice.sentence,
            '',
            '',
            'Everything is in the artifacts of this job.',
            '',
          ])
        },
      ),
    )
  })

  test('of nothing but backticks stays within its bytes', () => {
    const text = renderNotice({ ...notice, mostBytes: 5000, details: '`'.repeat(100_000) })
    expect(Buffer.byteLength(text)).toBeLessThan(5000)
  })
})

test('a block shows what hides', () => {
  expect(fenced('a\u202eb\u0000c')).toBe('```text\na\uFFFDb\uFFFDc\n```')
})
