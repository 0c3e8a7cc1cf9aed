import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { catalogue } from '../../../src/compliance/catalogue.ts'
import { cataloguePage } from '../../../src/compliance/catalogue-page.ts'
import { type CheckResult, checkStack } from '../../../src/compliance/check.ts'
import { maskedTexts } from '../../../src/compliance/report/masked-texts.ts'
import { renderJson } from '../../../src/compliance/report/render-json.ts'
import { renderJunit } from '../../../src/compliance/report/render-junit.ts'
import { renderMarkdown } from '../../../src/compliance/report/render-markdown.ts'
import { renderSarif } from '../../../src/compliance/report/render-sarif.ts'
import { modelOf, requestOf } from '../stack-case.ts'

const hostile = 'a`b|<script>&"\u0000\u202e@team #1 ]]>'

/** Findings of every severity, one of them borne, with names that would break a careless report. */
const resultOf = (): CheckResult => {
  const text = JSON.stringify({
    services: {
      [hostile]: {
        image: 'nginx',
        user: 'root',
        environment: { DB_PASSWORD: 'hunter2' },
        cap_add: [hostile.repeat(3)],
      },
    },
  })
  const model = modelOf(text.replaceAll('\u202e', '\\u202e'), 'stacks & co/stack one.yml')
  const request = { ...requestOf({ asked: ['files'] }), model, stack: hostile }
  const [first] = checkStack(request).open
  if (first === undefined) throw new Error('no findings')
  const { fingerprint, rule, message } = first.finding
  const terms = { owner: 'ann@bank.example', reason: hostile, expires: '2026-12-31' }
  return checkStack({
    ...request,
    baseline: [{ fingerprint, rule, message, ...terms }],
    baselineFile: 'known.json',
  })
}

const result = resultOf()
const rendered = {
  json: renderJson(result, false),
  sarif: renderSarif(result),
  junit: renderJunit(result),
  markdown: renderMarkdown(result),
}

describe.each(Object.entries(rendered))('the report as %s', (_, text) => {
  it('names every open finding, and shows no secret and nothing that hides', () => {
    expect(result.open.length).toBeGreaterThan(10)
    for (const { finding } of result.open) expect(text).toContain(finding.rule)
    expect(text).not.toContain('hunter2')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(text).not.toMatch(/[\u0000\u202e]/)
  })

  it('is the same to the byte the next time', () => {
    const again = resultOf()
    expect([
      renderJson(again, false),
      renderSarif(again),
      renderJunit(again),
      renderMarkdown(again),
    ]).toContain(text)
  })
})

describe('the report as SARIF', () => {
  // What zod takes for a URL is no reference to one: that format is looked at by itself below.
  const schema = z.fromJSONSchema(
    JSON.parse(
      readFileSync(join(import.meta.dirname, 'sarif-2.1.0-rtm.5.schema.json'), 'utf8'),
      (key, value) => (key === 'format' && value === 'uri-reference' ? undefined : value),
    ),
  )
  const log = JSON.parse(rendered.sarif)

  it('is valid by the schema of OASIS, which refuses what is not', () => {
    expect(schema.safeParse(log).error).toBeUndefined()
    expect(schema.safeParse({ ...log, version: '3' }).success).toBe(false)
    const [run] = log.runs
    expect(
      schema.safeParse({ ...log, runs: [{ ...run, results: [{ ...run.results[0], level: 'bad' }] }] })
        .success,
    ).toBe(false)
  })

  it('holds every rule, each result by its index, and what is borne as suppressed', () => {
    const [{ tool, results }] = log.runs
    expect(tool.driver.rules).toHaveLength(catalogue.length)
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId)
    const suppressed = results.filter(
      ({ suppressions }: { suppressions: unknown[] }) => suppressions.length > 0,
    )
    expect(suppressed).toHaveLength(result.borne.length)
    expect(suppressed[0].suppressions[0].justification).toContain('ann@bank.example')
  })

  it('writes paths as URIs', () => {
    const [{ locations }] = log.runs[0].results
    expect(locations[0].physicalLocation.artifactLocation).toEqual({
      uri: 'stacks%20%26%20co/stack%20one.yml',
      uriBaseId: '%SRCROOT%',
    })
  })
})

describe('the report as JUnit', () => {
  it('is well formed, with a case for each rule and a failure for each open finding', () => {
    expect(XMLValidator.validate(rendered.junit)).toBe(true)
    const parser = new XMLParser({ ignoreAttributes: false, isArray: (name) => name === 'failure' })
    const { testsuites } = parser.parse(rendered.junit)
    const cases = testsuites.testsuite.testcase as { failure?: unknown[]; skipped?: unknown }[]
    expect(cases).toHaveLength(catalogue.length)
    expect(cases.flatMap(({ failure }) => failure ?? [])).toHaveLength(result.open.length)
    expect(cases.filter(({ skipped }) => skipped !== undefined)).toHaveLength(Number(testsuites['@_skipped']))
    expect(Number(testsuites['@_failures'])).toBe(
      new Set(result.open.map(({ finding }) => finding.rule)).size,
    )
  })
})

describe('the report as JSON', () => {
  it('says what was not checked and who bears what', () => {
    const report = JSON.parse(rendered.json)
    expect(report).toMatchObject({ version: 1, ok: false, notChecked: ['images', 'scans', 'running'] })
    expect(report.findings).toHaveLength(result.open.length)
    expect(report.borne).toMatchObject([{ by: { kind: 'baseline', file: 'known.json' } }])
  })
})

describe('the report as Markdown', () => {
  it('keeps every foreign text in a code span', () => {
    const outside = rendered.markdown.replaceAll(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '')
    expect(outside).not.toMatch(/script|@team|#1/)
  })

  it('is no longer than a comment may be', () => {
    const many = { ...result, open: Array.from({ length: 5000 }, () => result.open).flat() }
    const text = renderMarkdown(many)
    expect(Buffer.byteLength(text)).toBeLessThan(65_536)
    expect(text).toMatch(/and \d+ more/)
  })
})

describe('texts for frames', () => {
  it('show nothing where a secret stands, over several lines too', () => {
    const text =
      'services:\n  web:\n    environment:\n      - TOKEN=abcdef123456\n      - KEY=x\n    command: "a\n      --password=hunter2"\n'
    const request = { ...requestOf({ asked: ['files'] }), model: modelOf(text) }
    const findings = checkStack(request).open.map(({ finding }) => finding)
    const masked = maskedTexts(new Map([['stack.yml', text]]), findings).get('stack.yml') ?? ''
    expect(masked).not.toMatch(/abcdef|hunter2/)
    expect(masked.split('\n').map(({ length }) => length)).toEqual(
      text.split('\n').map(({ length }) => length),
    )
    expect(masked).toContain('KEY=x')
  })
})

describe('the page of the rules', () => {
  it('is fresh and has a section for each', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/compliance-rules.md'), 'utf8')
    expect(page).toBe(cataloguePage())
    for (const { id } of catalogue) expect(page).toContain(`\n## \`${id}\`\n`)
  })
})
