import fc from 'fast-check'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { describe, expect, it } from 'vitest'
import { type ChangeReport, changeReport, type ReportInput } from '../../../src/plan/report/change-report.ts'
import { wholeMarkdown } from '../../../src/plan/report/comment.ts'
import type { Block } from '../../../src/plan/report/document.ts'
import { renderJson } from '../../../src/plan/report/render-json.ts'
import { renderBlocks } from '../../../src/plan/report/render-markdown.ts'
import { renderTextBlocks } from '../../../src/plan/report/render-text.ts'
import { reportBlocks, unlimited } from '../../../src/plan/report/report-blocks.ts'
import { scenarios } from './scenarios.ts'

/** Stands in every hostile text, so that each place it gets to is found. */
const mark = 'EVILMARK'

const fragments = [
  '`',
  '``',
  '```\n',
  '|',
  '\\|',
  '\\',
  '\n',
  '\r\n\r\n',
  '\t',
  ' ',
  '<script>alert(1)</script>',
  '<!--',
  '-->',
  '</code>',
  '</details>',
  '<img src=x onerror=y>',
  '[x](https://evil.example)',
  '![x](https://evil.example/p.png)',
  '[x]: https://evil.example',
  '@bank/everyone',
  '#123',
  'https://evil.example',
  'www.evil.example',
  'a@evil.example',
  '**',
  '__',
  '~~',
  '$x$',
  '$`x`$',
  '&lt;',
  '&#64;',
  '&',
  '# ',
  '\n# ',
  '\n- [ ] ',
  '1. ',
  '> ',
  '| --- |',
  '---\n',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u0000',
  '\u001b[2J',
  '\u0007',
  '\ud800',
  '\u00a0',
  '\u2028',
  'e\u0301\u0301\u0301\u0301',
  '🙂',
] as const

const hostile = fc
  .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 8,
  })
  .chain((parts) =>
    fc.nat({ max: parts.length }).map((at) => [...parts.slice(0, at), mark, ...parts.slice(at)].join('')),
  )

/** Every text and every field's name of a value that holds a word, with the word replaced. */
const infected = <T>(value: T, word: string, by: string): T => {
  const walk = (one: unknown): unknown => {
    if (typeof one === 'string') return one.replaceAll(word, () => by)
    if (one instanceof Map) return new Map([...one].map(([key, child]) => [walk(key), walk(child)]))
    if (Array.isArray(one)) return one.map(walk)
    if (one === null || typeof one !== 'object') return one
    return Object.fromEntries(Object.entries(one).map(([key, child]) => [walk(key), walk(child)]))
  }
  return walk(value) as T
}

/** A list of every resource shows the same keys again and again. */
const few = { ...unlimited, resources: 12 }

/** A change that shows most of a report, with somebody's text for every `acme` in states, files, answers and people. */
const report = (text: string, name = 'tenant-gone'): ChangeReport => {
  const input = scenarios[name]
  if (input === undefined) throw new Error(`no scenario ${name}`)
  const { before, after, stacks } = input.change
  const touched = new Set(stacks.map(({ stack }) => stack))
  const only = (states: ReportInput['change']['before']) => states.filter(({ stack }) => touched.has(stack))
  const change = { stacks, before: only(before), after: only(after) }
  return changeReport(infected<ReportInput>({ ...input, change }, 'acme', text))
}

const shown = [
  'tenant-gone',
  'team-other-role',
  'team-other-group',
  'preview-failed',
  'volume-new',
  'volume-given-up',
  'quota-and-owner',
]

const rendered = (markdown: string): string =>
  micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] })

/** Without what stands in code spans, where nothing acts. */
const outsideCode = (html: string): string => html.replaceAll(/<code>[^<]*<\/code>/g, '')

const ownTags = new Set('h2 h3 h4 p ul li strong code table thead tbody tr th td details summary'.split(' '))

const strangeTags = (html: string): readonly string[] =>
  [...html.matchAll(/<\/?([^\s>]*)[^>]*>?/g)]
    .filter(([tag, name = '']) => !ownTags.has(name) || !/^<\/?[a-z0-9]+>$/.test(tag))
    .map(([tag]) => tag)

const counted = (blocks: readonly Block[]): { items: number; cells: number; headings: number } => {
  const counts = { items: 0, cells: 0, headings: 0 }
  for (const block of blocks) {
    if (block.kind === 'list') counts.items += block.items.length
    if (block.kind === 'heading') counts.headings += 1
    if (block.kind === 'table') counts.cells += (block.rows.length + 1) * block.head.length
    if (block.kind !== 'details') continue
    const inner = counted(block.blocks)
    counts.items += inner.items
    counts.headings += inner.headings
  }
  return counts
}

const count = (html: string, pattern: RegExp): number => [...html.matchAll(pattern)].length

/** A terminal acts on controls; a reader is deceived by what turns or hides. */
const acting = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

describe('whatever somebody writes into a file', { timeout: 120_000 }, () => {
  it.each(shown)('is nothing but the text of code spans in the comment (%s)', (name) => {
    fc.assert(
      fc.property(hostile, (text) => {
        const blocks = reportBlocks(report(text, name), few)
        const html = rendered(renderBlocks(blocks))
        expect(strangeTags(html)).toEqual([])
        const rest = outsideCode(html)
        expect(rest).not.toContain(mark)
        expect(rest).not.toMatch(/[@`]|https?:|www\./)
        expect({
          items: count(html, /<li>/g),
          cells: count(html, /<t[hd]>/g),
          headings: count(html, /<h[234]>/g),
        }).toEqual(counted(blocks))
      }),
      { numRuns: 25 },
    )
  })

  it.each(shown)('neither moves a terminal’s cursor nor turns its text (%s)', (name) => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(renderTextBlocks(reportBlocks(report(text, name), few))).not.toMatch(acting)
      }),
      { numRuns: 15 },
    )
  })

  it('stays JSON', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(JSON.parse(renderJson(report(text)))).toMatchObject({ version: 1 })
      }),
      { numRuns: 15 },
    )
  })

  it('can be read in the comment as it was written', () => {
    const html = rendered(wholeMarkdown(report('a`b|c\u202ed', 'volume-new')))
    expect(html).toContain('<code>a\\u{60}b\\u{7c}c\\u{202e}d</code>')
  })
})
